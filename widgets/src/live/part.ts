/** Live predictions on the picture: a button that pauses them, and a line that says what was learned. */
import { element, iconButton } from '../dom';
import { strokeIcon } from '../icons';
import type { Disposable, Scene } from '../scene';

const liveIcon = strokeIcon(
  'live',
  '<path d="M4 20l4-1L19 8l-3-3L5 16z"/><path d="M15 18a3 3 0 0 0 3-3M15 21.500a6.500 6.500 0 0 0 6.500-6.500"/>'
);

export function livePart(scene: Scene): Disposable {
  const { live, labels, toolbar, keys } = scene;
  const shown = new Painted(scene);
  const button = iconButton(liveIcon, 'Predictions while you draw (Shift+Q)', () => live.toggle());
  button.dataset.tool = 'live';
  toolbar.add('draw', button);
  const line = element('div', 'wsinb-live wsinb-surface');
  line.setAttribute('role', 'status');
  scene.lay(line);
  const bound = keys.add({
    ...{ keys: 'Shift+Q', title: 'Predictions while you draw, on or off', group: 'Drawing' },
    act: () => live.state !== null && live.toggle()
  });
  const sync = (): void => {
    const { state } = live;
    button.hidden = line.hidden = state === null;
    button.setAttribute('aria-pressed', String(state !== null && !state.paused));
    line.classList.toggle('wsinb-mod-error', Boolean(state?.error) && !state?.paused);
    line.textContent = state ? `Live: ${state.paused ? 'paused' : state.error || state.state}` : '';
  };
  const paint = (): void => shown.paint();
  live.changed.connect(sync);
  live.predicted.connect(paint);
  labels.changed.connect(paint);
  sync();
  paint();
  if (live.state && !live.planes) {
    live.say({ what: 'again' });
  }
  return {
    dispose: () => {
      live.changed.disconnect(sync);
      live.predicted.disconnect(paint);
      labels.changed.disconnect(paint);
      bound.dispose();
      button.remove();
      line.remove();
    }
  };
}

/** The newest prediction on the picture, in the colours of the labels. */
class Painted {
  private id: string | null = null;
  private told = -1;

  constructor(private readonly scene: Scene) {}

  paint(): void {
    const { live, labels, overlays } = this.scene;
    const { planes, state } = live;
    if (this.id !== null && (this.id !== state?.id || !planes)) {
      overlays.live(this.id).clear();
      this.id = null;
    }
    if (!planes || !state) {
      return;
    }
    this.id = state.id;
    const colours = planes.labels.map(name => labels.colorOf(name));
    overlays.live(state.id).put({ ...planes, colours });
    if (planes.number !== this.told) {
      this.told = planes.number;
      // the second frame begins when the first one has been painted
      requestAnimationFrame(() =>
        requestAnimationFrame(() => live.say({ what: 'painted', number: planes.number }))
      );
    }
  }
}

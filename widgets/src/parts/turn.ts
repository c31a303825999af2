/** Turn and mirror the picture: buttons, keys, Alt with the wheel, and a compass to drag. */
import { element, iconButton } from '../dom';
import { strokeIcon } from '../icons';
import type { Disposable, Scene } from '../scene';

const QUARTER = 90;
/** Degrees of a notch of the wheel, or of an arrow key on the compass. */
const NOTCH = 5;

const rotateIcon = strokeIcon(
  'rotate',
  '<path d="M19.500 12a7.500 7.500 0 1 1-2.500-5.600"/><path d="M20 3.500V8h-4.500"/>'
);
const flipIcon = strokeIcon(
  'flip',
  '<path d="M12 3v18" stroke-dasharray="2.500 2.500"/><path d="M9 7v10H3.500z"/><path d="M15 7v10h5.500z"/>'
);

export function turnPart(scene: Scene): Disposable {
  const { map, turning, toolbar, keys, corner } = scene;
  const quarter = (): void => turning.turnBy(QUARTER);
  const flip = (): void => turning.flip();
  const rotate = iconButton(rotateIcon, 'Rotate by 90° (Shift+T); Alt and the wheel turn freely', quarter);
  rotate.dataset.tool = 'rotate';
  const mirror = iconButton(flipIcon, 'Flip (Shift+Y)', flip);
  mirror.dataset.tool = 'flip';
  toolbar.add('view', rotate, mirror);
  const compass = new Compass(scene);
  corner.append(compass.node);

  const show = (): void => {
    mirror.setAttribute('aria-pressed', String(turning.value.flipped));
    compass.update();
  };
  turning.changed.connect(show);
  show();
  const container = map.getContainer();
  const onWheel = (event: WheelEvent): void => {
    if (event.altKey && event.deltaY !== 0) {
      event.preventDefault();
      event.stopPropagation();
      turning.turnBy(Math.sign(event.deltaY) * NOTCH);
    }
  };
  // before Leaflet zooms
  container.addEventListener('wheel', onWheel, { capture: true, passive: false });
  const group = 'Looking';
  const bindings = keys.add(
    { keys: 'Shift+T', title: 'Rotate by 90°', group, act: quarter },
    { keys: 'Shift+Y', title: 'Flip', group, act: flip }
  );
  return {
    dispose: () => {
      bindings.dispose();
      turning.changed.disconnect(show);
      container.removeEventListener('wheel', onWheel, { capture: true });
      compass.dispose();
    }
  };
}

/** Shows where the slide's top is, once it is not above. */
class Compass {
  readonly node = element('div', 'wsinb-compass wsinb-surface');
  private readonly dial = element('div', 'wsinb-compass-dial');
  private readonly needle = element('div', 'wsinb-compass-needle');
  private readonly angle = element('span', 'wsinb-compass-angle');
  private grip: { pointer: number; degrees: number } | null = null;

  constructor(private readonly scene: Scene) {
    const { dial } = this;
    dial.tabIndex = 0;
    dial.setAttribute('role', 'slider');
    dial.setAttribute('aria-label', 'Rotation of the slide');
    dial.setAttribute('aria-valuemin', '0');
    dial.setAttribute('aria-valuemax', '359');
    dial.title = 'Drag to turn; double click: upright again';
    dial.append(this.needle);
    const reset = element('button', 'wsinb-compass-reset', 'Reset');
    reset.type = 'button';
    reset.title = 'Upright again, and not flipped';
    reset.addEventListener('click', () => this.reset());
    // the dial last: it stays where it is while the text grows
    this.node.append(reset, this.angle, dial);
    dial.addEventListener('pointerdown', this.onDown);
    dial.addEventListener('pointermove', this.onDrag);
    dial.addEventListener('pointerup', () => (this.grip = null));
    dial.addEventListener('dblclick', () => this.reset());
    dial.addEventListener('keydown', this.onKey);
  }

  update(): void {
    const { turning } = this.scene;
    const { degrees, flipped } = turning.value;
    this.node.hidden = turning.isUpright;
    this.needle.style.transform = `rotate(${degrees}deg)`;
    const text = `${Math.round(degrees) % 360}°${flipped ? ' flipped' : ''}`;
    this.angle.textContent = text;
    this.dial.setAttribute('aria-valuenow', String(Math.round(degrees) % 360));
    this.dial.setAttribute('aria-valuetext', text);
  }

  dispose(): void {
    this.node.remove();
  }

  private reset(): void {
    this.scene.turning.reset();
    this.scene.map.getContainer().focus({ preventScroll: true });
  }

  private pointerAngle({ clientX, clientY }: PointerEvent): number {
    const { left, top, width, height } = this.dial.getBoundingClientRect();
    return (Math.atan2(clientY - top - height / 2, clientX - left - width / 2) * 180) / Math.PI;
  }

  private readonly onDown = (event: PointerEvent): void => {
    this.dial.setPointerCapture(event.pointerId);
    this.grip = { pointer: this.pointerAngle(event), degrees: this.scene.turning.value.degrees };
  };

  private readonly onDrag = (event: PointerEvent): void => {
    if (this.grip) {
      const degrees = Math.round(this.grip.degrees + this.pointerAngle(event) - this.grip.pointer);
      this.scene.turning.set({ ...this.scene.turning.value, degrees });
    }
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const by = { ArrowRight: NOTCH, ArrowUp: NOTCH, ArrowLeft: -NOTCH, ArrowDown: -NOTCH }[event.key];
    if (by !== undefined && !event.shiftKey) {
      event.preventDefault();
      event.stopPropagation();
      this.scene.turning.turnBy(by);
    }
  };
}

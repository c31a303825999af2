/** Sliders for focal plane, time point and channel, where there is more than one; time points play. */
import { element, iconButton } from '../dom';
import { pauseIcon, playIcon } from '../icons';
import { Player } from '../image/player';
import type { Disposable, Scene } from '../scene';

interface Axis {
  name: 'z' | 't' | 'c';
  title: string;
  n: number;
  at: () => number;
  go: (to: number) => void;
  text: (at: number) => string;
}

export function planesPart(scene: Scene): Disposable {
  const axes = axesOf(scene).filter(({ n }) => n > 1);
  if (axes.length === 0) {
    return { dispose: () => undefined };
  }
  const { picture, info, image, keys } = scene;
  const node = element('div', 'wsinb-planes wsinb-surface');
  const rows = axes.map(axis => new AxisRow(axis));
  node.append(...rows.map(row => row.node));
  scene.lay(node);
  const play = iconButton(playIcon, 'Play', () => player.toggle());
  play.classList.add('wsinb-play');
  const player = new Player({
    ...{ picture, n: info.planes.t, rate: info.frame_rate },
    ready: t => image.ready({ t }),
    changed: playing => {
      play.replaceChildren();
      (playing ? pauseIcon : playIcon).element({ container: play });
      play.title = playing ? 'Pause' : 'Play';
      play.setAttribute('aria-label', play.title);
      play.setAttribute('aria-pressed', String(playing));
    }
  });
  rows.find(({ axis }) => axis.name === 't')?.node.prepend(play);
  const sync = (): void => rows.forEach(row => row.sync());
  picture.changed.connect(sync);
  const bound = keys.add(...bindings(scene));
  sync();
  return {
    dispose: () => {
      player.stop();
      bound.dispose();
      picture.changed.disconnect(sync);
      node.remove();
    }
  };
}

function axesOf({ info, picture, image }: Scene): Axis[] {
  const { planes, frames } = info;
  const plane = (name: 'z' | 't', title: string): Axis => ({
    ...{ name, title, n: planes[name], at: () => picture.value[name] },
    go: to => picture.set({ [name]: to }),
    text: at => (frames?.kind === name && frames.names[at]) || `${at + 1} / ${planes[name]}`
  });
  const { channels } = image;
  const channel: Axis = {
    ...{
      name: 'c',
      title: 'Channel',
      n: channels && channels.infos.length > 1 ? channels.infos.length + 1 : 0
    },
    // the first place is all of them
    at: () => (channels?.alone ?? -1) + 1,
    go: to => channels?.solo(to === 0 ? null : to - 1),
    text: at => (at === 0 ? 'together' : channels!.infos[at - 1]!.name)
  };
  return [plane('z', 'Focal plane ([ and ])'), plane('t', 'Time point (, and .)'), channel];
}

function bindings({ picture, info: { planes } }: Scene): Parameters<Scene['keys']['add']> {
  const step = (axis: 'z' | 't', by: number) => (): boolean => {
    if (planes[axis] < 2) {
      return false;
    }
    picture.set({ [axis]: Math.max(0, Math.min(planes[axis] - 1, picture.value[axis] + by)) });
    return true;
  };
  const group = 'Looking';
  return [
    { keys: '[', title: 'Focal plane before', group, act: step('z', -1) },
    { keys: ']', title: 'Next focal plane', group, act: step('z', 1) },
    { keys: ',', title: 'Time point before', group, act: step('t', -1) },
    { keys: '.', title: 'Next time point', group, act: step('t', 1) }
  ];
}

class AxisRow {
  readonly node = element('div', 'wsinb-plane-row');
  private readonly range = element('input', 'wsinb-range');
  private readonly text = element('output', 'wsinb-plane-text');

  constructor(readonly axis: Axis) {
    const { name, title, n, go } = axis;
    this.node.dataset.axis = name;
    this.range.type = 'range';
    Object.assign(this.range, { min: 0, max: n - 1, step: 1, title });
    this.range.setAttribute('aria-label', title);
    this.range.addEventListener('input', () => go(Number(this.range.value)));
    this.node.append(element('span', 'wsinb-plane-name', name), this.range, this.text);
  }

  sync(): void {
    const at = this.axis.at();
    this.range.value = String(at);
    this.text.textContent = this.text.title = this.axis.text(at);
  }
}

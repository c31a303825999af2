/** The tab "picture": adjustments of all that is shown, and the channels of slides that have some. */
import { element, textButton } from '../dom';
import { isNeutral, NEUTRAL, type Adjustments } from '../image/adjust';
import type { Channels } from '../image/channels';
import { pictureIcon } from '../icons';
import { ChannelRow } from '../panel/channelrow';
import { Slider } from '../panel/slider';
import type { Picture } from '../picture';
import type { Disposable, Scene } from '../scene';

type Amount = Exclude<keyof Adjustments, 'invert'>;

const SLIDERS: readonly [Amount, string, string, number, number][] = [
  ['brightness', 'Brightness', 'Lighter or darker.', -1, 1],
  ['contrast', 'Contrast', 'Differences from middle grey.', -1, 1],
  ['gamma', 'Gamma', 'Above 1: dark parts become lighter.', 0.1, 10],
  ['saturation', 'Saturation', '0: grey, 1: as it is.', 0, 3]
];

export function picturePart(scene: Scene): Disposable {
  const { picture, tabs, keys, image } = scene;
  const adjust = new AdjustPanel(picture);
  const channels = image.channels && new ChannelPanel(picture, image.channels);
  tabs.add('picture', pictureIcon, 'Picture (Shift+V)', adjust.node, ...(channels ? [channels.node] : []));
  const bound = keys.add({
    ...{ keys: 'Shift+V', title: 'Picture: adjustments and channels', group: 'Looking' },
    act: () => tabs.open('picture')
  });
  return {
    dispose: () => {
      bound.dispose();
      adjust.dispose();
      channels?.dispose();
      tabs.remove('picture');
    }
  };
}

class AdjustPanel {
  readonly node = element('section', 'wsinb-section wsinb-adjust');
  private readonly sliders = new Map<Amount, Slider>();
  private readonly invert = element('input', 'wsinb-check');
  private readonly reset: HTMLButtonElement;

  constructor(private readonly picture: Picture) {
    this.reset = textButton('Reset', 'Show the picture as it is', () => picture.set(NEUTRAL));
    this.reset.classList.add('wsinb-small-button');
    const head = element('div', 'wsinb-section-head');
    head.append(element('h3', 'wsinb-heading', 'Adjustments'), this.reset);
    this.node.append(head);
    for (const [amount, name, title, min, max] of SLIDERS) {
      const slider = new Slider({
        ...{ name, title, min, max, step: 0.01, usual: NEUTRAL[amount], logarithmic: amount === 'gamma' },
        changed: value => picture.set({ [amount]: value })
      });
      slider.node.dataset.amount = amount;
      this.sliders.set(amount, slider);
      this.node.append(slider.node);
    }
    this.invert.type = 'checkbox';
    this.invert.addEventListener('change', () => picture.set({ invert: this.invert.checked }));
    const label = element('label', 'wsinb-check-row');
    label.append(this.invert, 'Invert');
    this.node.append(label);
    picture.changed.connect(this.sync, this);
    this.sync();
  }

  dispose(): void {
    this.picture.changed.disconnect(this.sync, this);
  }

  private sync(): void {
    const { value } = this.picture;
    this.sliders.forEach((slider, amount) => slider.set(value[amount]));
    this.invert.checked = value.invert;
    this.reset.disabled = isNeutral(value);
  }
}

class ChannelPanel {
  readonly node = element('section', 'wsinb-section wsinb-channels');
  private readonly rows: ChannelRow[];
  private readonly reset: HTMLButtonElement;

  constructor(
    private readonly picture: Picture,
    private readonly channels: Channels
  ) {
    this.reset = textButton('Reset', 'Show the channels as the file asks', () => channels.reset());
    this.reset.classList.add('wsinb-small-button');
    const head = element('div', 'wsinb-section-head');
    head.append(element('h3', 'wsinb-heading', 'Channels'), this.reset);
    this.rows = channels.infos.map(
      (info, number) =>
        new ChannelRow(info, {
          set: parts => channels.set(number, parts),
          solo: () => channels.solo(channels.alone === number ? null : number),
          auto: () => channels.auto(number)
        })
    );
    this.node.append(head, ...this.rows.map(row => row.node));
    picture.changed.connect(this.sync, this);
    this.sync();
  }

  dispose(): void {
    this.picture.changed.disconnect(this.sync, this);
  }

  private sync(): void {
    const { looks } = this.channels;
    this.rows.forEach((row, number) => row.show(looks[number]!));
    this.reset.disabled = this.picture.value.channels === null;
  }
}

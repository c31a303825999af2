/** The layers of a version: whether and how each is shown. */
import { element } from '../dom';
import type { LayerLook } from '../look';
import { expander } from './expander';
import { EyeButton } from './eye';
import { Slider } from './slider';
import { Tick } from './tick';

export interface LayerEntry {
  name: string;
  count: number | null;
  look: LayerLook;
}

export class LayerList {
  readonly node = element('div', 'wsinb-layers');
  private rows: LayerRow[] = [];
  private names = '';

  constructor(private readonly change: (name: string, parts: Partial<LayerLook>) => void) {}

  show(layers: readonly LayerEntry[]): void {
    const names = JSON.stringify(layers.map(({ name }) => name));
    if (names !== this.names) {
      this.names = names;
      this.rows = layers.map(({ name }) => new LayerRow(name, parts => this.change(name, parts)));
      this.node.replaceChildren(...this.rows.map(({ node }) => node));
    }
    this.rows.forEach((row, i) => row.sync(layers[i]!));
  }
}

class LayerRow {
  readonly node = element('div', 'wsinb-layer');
  private readonly count = element('span', 'wsinb-count');
  private readonly eye: EyeButton;
  private readonly details = element('div', 'wsinb-layer-details');
  private readonly threshold: Slider;
  private readonly opacity: Slider;
  private readonly fill: Tick;

  constructor(name: string, change: (parts: Partial<LayerLook>) => void) {
    this.threshold = scoreSlider(threshold => change({ threshold }));
    this.opacity = opacitySlider(opacity => change({ opacity }));
    this.fill = new Tick('Fill', `Fill the shapes of ${name}`, fill => change({ fill }));
    this.eye = new EyeButton(name, visible => change({ visible }));
    const head = element('div', 'wsinb-layer-head');
    const title = `Threshold, opacity and fill of ${name}`;
    head.append(expander(name, title, this.details), this.count, this.eye.node);
    this.details.append(this.threshold.node, this.opacity.node, this.fill.node);
    this.node.append(head, this.details);
  }

  sync({ count, look }: LayerEntry): void {
    this.count.textContent = count === null ? '' : count.toLocaleString('en');
    this.node.classList.toggle('wsinb-mod-hidden', !look.visible);
    this.eye.set(look.visible);
    this.threshold.set(look.threshold);
    this.opacity.set(look.opacity);
    this.fill.set(look.fill);
  }
}

export function scoreSlider(changed: (value: number) => void): Slider {
  const title = 'Hides annotations with a lower score.';
  return new Slider({ name: 'Score from', title, min: 0, max: 1, step: 0.01, usual: 0, changed });
}

export function opacitySlider(changed: (value: number) => void): Slider {
  const title = '0: not to be seen, 1: as strong as can be.';
  return new Slider({ name: 'Opacity', title, min: 0, max: 1, step: 0.01, usual: 1, changed });
}

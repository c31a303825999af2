/** The layers of a version: whether and how each is shown. */
import { element, iconButton } from '../dom';
import { eyeIcon, eyeOffIcon, strokeIcon } from '../icons';
import type { LayerLook } from '../look';
import { Slider } from './slider';
import { Tick } from './tick';

const openIcon = strokeIcon('open-layer', '<path d="M9 6l6 6-6 6"/>');

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
  private readonly eye: HTMLButtonElement;
  private readonly details = element('div', 'wsinb-layer-details');
  private readonly threshold: Slider;
  private readonly opacity: Slider;
  private readonly fill: Tick;
  private visible = true;

  constructor(
    private readonly name: string,
    change: (parts: Partial<LayerLook>) => void
  ) {
    this.threshold = scoreSlider(threshold => change({ threshold }));
    this.opacity = opacitySlider(opacity => change({ opacity }));
    this.fill = new Tick('Fill', `Fill the shapes of ${name}`, fill => change({ fill }));
    this.eye = iconButton(eyeIcon, '', () => change({ visible: !this.visible }));
    this.eye.classList.add('wsinb-eye');
    const head = element('div', 'wsinb-layer-head');
    head.append(this.expander(), this.count, this.eye);
    this.details.append(this.threshold.node, this.opacity.node, this.fill.node);
    this.node.append(head, this.details);
  }

  sync({ count, look }: LayerEntry): void {
    this.count.textContent = count === null ? '' : count.toLocaleString('en');
    this.visible = look.visible;
    this.node.classList.toggle('wsinb-mod-hidden', !look.visible);
    const title = `${look.visible ? 'Hide' : 'Show'} ${this.name}`;
    if (this.eye.title !== title) {
      this.eye.title = title;
      this.eye.setAttribute('aria-label', title);
      this.eye.setAttribute('aria-pressed', String(!look.visible));
      this.eye.replaceChildren();
      (look.visible ? eyeIcon : eyeOffIcon).element({ container: this.eye });
    }
    this.threshold.set(look.threshold);
    this.opacity.set(look.opacity);
    this.fill.set(look.fill);
  }

  private expander(): HTMLButtonElement {
    const button = element('button', 'wsinb-layer-button');
    button.type = 'button';
    button.title = `Threshold, opacity and fill of ${this.name}`;
    const arrow = element('span', 'wsinb-layer-arrow');
    openIcon.element({ container: arrow });
    button.append(arrow, element('span', 'wsinb-category-name', this.name));
    const open = (isOpen: boolean): void => {
      this.details.hidden = !isOpen;
      button.setAttribute('aria-expanded', String(isOpen));
    };
    button.addEventListener('click', () => open(this.details.hidden));
    open(false);
    return button;
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

/** How one overlay is shown: whether, in which colours, how strongly, and from which value on. */
import { element, iconButton } from '../dom';
import { trashIcon } from '../icons';
import { expander } from '../panel/expander';
import { EyeButton } from '../panel/eye';
import { Slider } from '../panel/slider';
import { COLOUR_MAPS, colourTable } from './colours';
import { PLAIN_OVERLAY, type OverlayLook, type OverlaySpec } from './spec';

const ONE_COLOUR = 'one colour';
const FIRST_COLOUR = '#e6194b';
const LEGEND_STEPS = 32;

export class OverlayRow {
  readonly node = element('div', 'wsinb-layer wsinb-overlay-row');
  private readonly eye: EyeButton;
  private readonly trouble = element('p', 'wsinb-overlay-trouble');
  private readonly details = element('div', 'wsinb-layer-details');
  private readonly map = element('select', 'wsinb-input wsinb-select');
  private readonly colour = element('input', 'wsinb-swatch wsinb-swatch-input');
  private readonly legend = element('div', 'wsinb-ramp');
  private readonly opacity: Slider;
  private readonly threshold: Slider;

  constructor(
    { name, source }: OverlaySpec,
    private readonly change: (parts: Partial<OverlayLook>) => void,
    remove: () => void
  ) {
    this.eye = new EyeButton(name, visible => change({ visible }));
    this.opacity = slider('Opacity', 'How strongly the greatest value is painted.', opacity =>
      change({ opacity })
    );
    this.threshold = slider('Threshold', 'Hides lower values.', threshold => change({ threshold }));
    const head = element('div', 'wsinb-layer-head');
    head.append(
      expander(name, `Colours, opacity and threshold of ${name}`, this.details, true),
      iconButton(trashIcon, `Take ${name} away`, remove),
      this.eye.node
    );
    this.trouble.setAttribute('role', 'status');
    if (!('live' in source)) {
      this.details.append(this.colours(name), this.legend, ends());
    }
    this.details.append(this.opacity.node, this.threshold.node);
    this.node.append(head, this.trouble, this.details);
  }

  sync({ opacity, threshold, colours, visible }: OverlaySpec, trouble: string | null): void {
    this.node.classList.toggle('wsinb-mod-hidden', !visible);
    this.eye.set(visible);
    this.trouble.textContent = trouble;
    this.trouble.hidden = trouble === null;
    const isMap = colours in COLOUR_MAPS;
    this.map.value = isMap ? colours : ONE_COLOUR;
    this.colour.hidden = isMap;
    if (!isMap) {
      this.colour.value = colours;
    }
    const table = colourTable({ opacity, threshold, colours });
    const stops = Array.from({ length: LEGEND_STEPS + 1 }, (_, step) =>
      css(table[Math.round((step / LEGEND_STEPS) * 255)]!)
    );
    this.legend.style.background = `linear-gradient(to right, ${stops.join(', ')}), #fff`;
    this.opacity.set(opacity);
    this.threshold.set(threshold);
  }

  private colours(name: string): HTMLElement {
    const field = element('div', 'wsinb-overlay-colours');
    this.map.append(...[...Object.keys(COLOUR_MAPS), ONE_COLOUR].map(known => new Option(known, known)));
    this.map.setAttribute('aria-label', `Colours of ${name}`);
    this.map.addEventListener('change', () =>
      this.change({ colours: this.map.value === ONE_COLOUR ? FIRST_COLOUR : this.map.value })
    );
    this.colour.type = 'color';
    this.colour.title = `Colour of ${name}`;
    this.colour.setAttribute('aria-label', this.colour.title);
    this.colour.addEventListener('input', () => this.change({ colours: this.colour.value }));
    field.append(element('span', 'wsinb-slider-name', 'Colours'), this.map, this.colour);
    return field;
  }
}

function slider(name: 'Opacity' | 'Threshold', title: string, changed: (value: number) => void): Slider {
  const usual = name === 'Opacity' ? PLAIN_OVERLAY.opacity : PLAIN_OVERLAY.threshold;
  return new Slider({ name, title, min: 0, max: 1, step: 0.01, usual, changed });
}

function ends(): HTMLElement {
  const node = element('div', 'wsinb-ramp-ends');
  node.append(element('span', '', '0'), element('span', '', '1'));
  return node;
}

function css(word: number): string {
  const [red, green, blue, alpha] = [0, 8, 16, 24].map(shift => (word >>> shift) & 255);
  return `rgb(${red} ${green} ${blue} / ${alpha! / 255})`;
}

/** A row with a name, a slider and a number to type; a double click on the name brings back the usual value. */
import { element } from '../dom';

export interface SliderOptions {
  name: string;
  /** What it does, as a tooltip. */
  title: string;
  min: number;
  max: number;
  step: number;
  usual: number;
  /** Equal factors are equal distances. */
  logarithmic?: boolean;
  changed: (value: number) => void;
}

export class Slider {
  readonly node = element('div', 'wsinb-slider-row');
  private readonly range = element('input', 'wsinb-range');
  private readonly number = element('input', 'wsinb-input wsinb-number');

  constructor(private readonly options: SliderOptions) {
    const { name, title, min, max, step, usual, changed } = options;
    const label = element('span', 'wsinb-slider-name', name);
    label.title = `${title} Double click: ${usual}`;
    label.addEventListener('dblclick', () => changed(usual));
    this.range.type = 'range';
    Object.assign(this.range, { min: this.along(min), max: this.along(max), step: 'any' });
    this.range.setAttribute('aria-label', name);
    this.number.type = 'number';
    Object.assign(this.number, { min, max, step });
    this.number.setAttribute('aria-label', `${name}, number`);
    this.range.addEventListener('input', () => changed(this.rounded(this.back(Number(this.range.value)))));
    this.range.addEventListener('dblclick', () => changed(usual));
    this.number.addEventListener('input', () => {
      const value = this.number.valueAsNumber;
      if (value >= min && value <= max) {
        changed(value);
      }
    });
    this.number.addEventListener('change', () => changed(this.typed()));
    this.node.append(label, this.range, this.number);
    this.set(usual);
  }

  set(value: number): void {
    this.range.value = String(this.along(value));
    if (document.activeElement !== this.number || this.number.valueAsNumber !== value) {
      this.number.value = String(value);
    }
  }

  /** What was typed, within what is possible. */
  private typed(): number {
    const { min, max, usual } = this.options;
    const value = this.number.valueAsNumber;
    return Number.isFinite(value) ? Math.max(min, Math.min(max, value)) : usual;
  }

  private rounded(value: number): number {
    const { step, usual, min, max } = this.options;
    // the usual value is easy to hit
    const near = Math.abs(this.along(value) - this.along(usual)) < (this.along(max) - this.along(min)) / 60;
    return near ? usual : Number((Math.round(value / step) * step).toPrecision(6));
  }

  private along(value: number): number {
    return this.options.logarithmic ? Math.log10(value) : value;
  }

  private back(place: number): number {
    return this.options.logarithmic ? 10 ** place : place;
  }
}

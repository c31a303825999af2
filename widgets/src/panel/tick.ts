/** A named box to tick. */
import { element } from '../dom';

export class Tick {
  readonly node = element('label', 'wsinb-check-row');
  private readonly input = element('input', 'wsinb-check');

  constructor(name: string, title: string, changed: (value: boolean) => void) {
    this.input.type = 'checkbox';
    this.node.title = title;
    this.node.append(this.input, name);
    this.input.addEventListener('change', () => changed(this.input.checked));
  }

  set(value: boolean): void {
    this.input.checked = value;
  }
}

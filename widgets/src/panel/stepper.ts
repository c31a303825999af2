/** Two arrows and "3 of 12" between them. */
import { element, iconButton } from '../dom';
import { nextIcon, previousIcon } from '../icons';

export class Stepper {
  readonly node = element('div', 'wsinb-row wsinb-stepper');
  private readonly text = element('span', 'wsinb-step');
  private readonly buttons: HTMLButtonElement[];

  constructor(
    step: (by: 1 | -1) => void,
    private readonly noun: string
  ) {
    this.buttons = [
      iconButton(previousIcon, `Previous ${noun} (p)`, () => step(-1)),
      iconButton(nextIcon, `Next ${noun} (n)`, () => step(1))
    ];
    this.text.setAttribute('aria-live', 'polite');
    this.node.append(this.buttons[0]!, this.text, this.buttons[1]!);
  }

  /** `position` 0 is before the first step. */
  set(position: number, total: number): void {
    const n = total.toLocaleString('en');
    this.text.textContent =
      position > 0
        ? `${position.toLocaleString('en')} of ${n}`
        : `${n} ${this.noun}${total === 1 ? '' : 's'}`;
    this.buttons.forEach(button => (button.disabled = total === 0));
  }
}

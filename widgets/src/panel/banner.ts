/** Says that what is shown is not the newest version, and leads back to it. */
import { element, textButton } from '../dom';

export class Banner {
  readonly node = element('div', 'wsinb-banner wsinb-surface');
  private readonly text = element('span', 'wsinb-banner-text');

  constructor(back: () => void) {
    this.node.setAttribute('role', 'status');
    this.node.append(this.text, textButton('Back to newest', 'Show the newest version, and edit', back));
    this.node.hidden = true;
  }

  show(text: string): void {
    this.text.textContent = text;
    this.text.title = text;
    this.node.hidden = false;
  }

  hide(): void {
    this.node.hidden = true;
  }
}

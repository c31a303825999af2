/** A small form over the lower left of the picture: opened by a button or key, closed by Esc. */
import { element, iconButton } from '../dom';
import { closeIcon } from '../icons';
import type { Scene } from '../scene';

export class SmallForm {
  readonly node = element('form', 'wsinb-small-form wsinb-surface');
  /** Below the fields: what is wrong. */
  private readonly problem = element('p', 'wsinb-hint wsinb-problem');

  constructor(
    private readonly scene: Scene,
    title: string,
    private readonly button: HTMLButtonElement,
    ...rows: HTMLElement[]
  ) {
    const head = element('div', 'wsinb-section-head');
    const close = iconButton(closeIcon, 'Close (Esc)', () => this.close());
    head.append(element('h3', 'wsinb-heading', title), close);
    this.problem.setAttribute('role', 'alert');
    this.node.setAttribute('aria-label', title);
    this.node.append(head, ...rows, this.problem);
    this.node.hidden = true;
    button.setAttribute('aria-expanded', 'false');
    this.node.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        event.preventDefault();
        event.stopPropagation();
        this.close();
      }
    });
    scene.lay(this.node);
  }

  toggle(): void {
    if (this.node.hidden) {
      this.open();
    } else {
      this.close();
    }
  }

  close(): void {
    this.node.hidden = true;
    this.button.setAttribute('aria-expanded', 'false');
    this.scene.map.getContainer().focus({ preventScroll: true });
  }

  say(problem: string): void {
    this.problem.textContent = problem;
  }

  private open(): void {
    for (const other of this.scene.root.querySelectorAll<HTMLElement>('.wsinb-small-form')) {
      other.hidden = true;
    }
    this.say('');
    this.node.hidden = false;
    this.button.setAttribute('aria-expanded', 'true');
    const first = this.node.querySelector('input');
    first?.focus();
    first?.select();
  }

  dispose(): void {
    this.node.remove();
  }
}

/** Sentences over the picture: errors, and questions with buttons. */
import { element, textButton } from './dom';

export interface Choice {
  text: string;
  title: string;
  act: () => void;
  /** What most will want. */
  accept?: boolean;
}

const CLOSE: Choice = { text: 'Close', title: 'Close this message', act: () => undefined };

export class Notice {
  readonly node = element('div', 'wsinb-notice');
  private timer = 0;

  constructor(private readonly onError: (message: string) => void) {
    this.node.setAttribute('role', 'alert');
    this.clear();
  }

  /** Show what went wrong; it stays until it is closed or another takes its place. */
  error(message: string, choices: Choice[] = []): void {
    this.show('wsinb-mod-error', message, [...choices, CLOSE]);
    this.onError(message);
  }

  /** Show why there is nothing to see; it stays until trying again helps. */
  fatal(message: string, retry: () => void): void {
    this.show('wsinb-mod-error', message, [{ text: 'Try again', title: 'Ask the server again', act: retry }]);
    this.onError(message);
  }

  /** Show good news for a few seconds. */
  info(message: string): void {
    this.show('wsinb-mod-info', message, []);
    this.timer = window.setTimeout(() => this.clear(), 4000);
  }

  /** Ask something; it stays until it is answered. */
  ask(message: string, choices: Choice[]): void {
    this.show('wsinb-mod-ask', message, choices);
  }

  /** Tell what to do first; it stays until it is closed. */
  tell(message: string): void {
    this.show('wsinb-mod-ask', message, [CLOSE]);
  }

  /** A message is not true any more: if it is still there, it goes. */
  takeBack(message: string): void {
    if (this.node.querySelector('.wsinb-notice-text')?.textContent === message) {
      this.clear();
    }
  }

  clear(): void {
    window.clearTimeout(this.timer);
    this.node.hidden = true;
    this.node.replaceChildren();
  }

  private show(className: string, message: string, choices: Choice[]): void {
    this.clear();
    this.node.className = `wsinb-notice ${className}`;
    this.node.append(element('p', 'wsinb-notice-text', message));
    const row = element('div', 'wsinb-notice-buttons');
    for (const { text, title, act, accept } of choices) {
      const button = textButton(text, title, () => {
        this.clear();
        act();
      });
      button.classList.toggle('wsinb-mod-accept', accept === true);
      row.append(button);
    }
    this.node.append(row);
    this.node.hidden = false;
  }
}

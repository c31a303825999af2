/** What is changed and not saved: how much, the way back, and saving it with a message. */
import type { LabIcon } from '@jupyterlab/ui-components';
import { element, iconButton, textButton } from '../dom';
import { plural, shortId } from '../history/words';

export interface SaveHandlers {
  undo: () => void;
  discard: () => void;
  save: (message: string) => void;
}

export class SaveBar {
  readonly node = element('div', 'wsinb-cm-save');
  private readonly state = element('span', 'wsinb-cm-state');
  private readonly message = element('input', 'wsinb-input');
  private readonly undo: HTMLButtonElement;
  private readonly discard: HTMLButtonElement;
  private readonly button: HTMLButtonElement;
  private count = 0;
  private busy = false;

  constructor(
    private readonly handlers: SaveHandlers,
    undoIcon: LabIcon
  ) {
    this.state.setAttribute('role', 'status');
    this.undo = iconButton(undoIcon, 'Undo (Ctrl+Z)', handlers.undo);
    this.discard = textButton('Discard', 'Forget all changes', () => this.onDiscard());
    this.button = textButton('Save', 'Save as a new version (Ctrl+S)', () => this.save());
    this.button.classList.add('wsinb-mod-accept');
    this.message.placeholder = 'What did you change?';
    this.message.title = 'Message of the version; empty writes one for you';
    this.message.setAttribute('aria-label', 'Message of the version');
    this.message.maxLength = 2000;
    this.node.append(this.state, this.undo, this.message, this.discard, this.button);
    // JupyterLab leaves no Enter to a form in an output
    this.message.addEventListener('keydown', event => {
      if (event.key === 'Enter') {
        this.save();
      }
    });
    this.node.addEventListener('focusout', () => this.unask());
  }

  show(count: number, canUndo: boolean, saved: string | null): void {
    this.count = count;
    this.undo.disabled = !canUndo;
    this.node.hidden = count === 0 && !canUndo && saved === null;
    this.node.classList.toggle('wsinb-mod-dirty', count > 0);
    this.state.textContent =
      count > 0 ? plural(count, 'change') : saved === null ? 'No changes' : `Saved as ${shortId(saved)}`;
    this.unask();
    this.able();
  }

  get text(): string {
    return this.message.value.trim();
  }

  save(): void {
    if (this.count > 0 && !this.busy) {
      this.setBusy(true);
      this.handlers.save(this.text);
    }
  }

  /** A save was made, or was refused. */
  done(saved: boolean): void {
    this.setBusy(false);
    if (saved) {
      this.message.value = '';
    }
  }

  private setBusy(busy: boolean): void {
    this.busy = busy;
    this.able();
  }

  private able(): void {
    this.button.disabled = this.discard.disabled = this.busy || this.count === 0;
    this.button.textContent = this.busy ? 'Saving …' : 'Save';
    this.message.hidden = this.discard.hidden = this.button.hidden = this.count === 0;
  }

  /** The first press asks, the second does it. */
  private onDiscard(): void {
    if (this.discard.classList.toggle('wsinb-mod-warn')) {
      this.discard.textContent = 'Forget all?';
    } else {
      this.unask();
      this.handlers.discard();
    }
  }

  private unask(): void {
    this.discard.classList.remove('wsinb-mod-warn');
    this.discard.textContent = 'Discard';
  }
}

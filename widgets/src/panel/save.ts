/** The row that tells what is unsaved, and saves it with a message. */
import { element, iconButton, textButton } from '../dom';
import { plural } from '../history/words';
import { QuestionForm } from './form';
import type { EditStore } from '../edit/store';
import { redoIcon, trashIcon, undoIcon } from '../icons';

export interface SaveActions {
  save: (message: string) => Promise<boolean>;
  discard: () => void;
  removeSelected: () => void;
}

export class SaveRow {
  readonly node = element('section', 'wsinb-section wsinb-save');
  private readonly state = element('span', 'wsinb-state');
  private readonly message = element('input', 'wsinb-input');
  private readonly button: HTMLButtonElement;
  private readonly undo: HTMLButtonElement;
  private readonly redo: HTMLButtonElement;
  private readonly remove: HTMLButtonElement;
  private readonly discard: HTMLButtonElement;
  private readonly foot = element('div', 'wsinb-row wsinb-gap');
  private readonly question = new QuestionForm();
  private readonly kept = element('span', 'wsinb-hint', 'Not kept on the server yet: trying again.');
  private busy = false;

  constructor(
    private readonly store: EditStore,
    private readonly actions: SaveActions
  ) {
    this.state.setAttribute('role', 'status');
    this.undo = iconButton(undoIcon, 'Undo (Ctrl+Z)', () => store.undo());
    this.redo = iconButton(redoIcon, 'Redo (Ctrl+Shift+Z)', () => store.redo());
    this.remove = iconButton(trashIcon, 'Delete the selected shape (Del)', actions.removeSelected);
    this.discard = textButton('Discard', 'Forget all unsaved changes', () => this.askDiscard());
    this.button = textButton('Save', 'Save as a new version (Ctrl+S)', () => void this.save());
    this.button.classList.add('wsinb-mod-accept');
    this.message.placeholder = 'What did you change?';
    this.message.title = 'Message of the version; empty writes one for you';
    this.message.maxLength = 2000;
    this.message.addEventListener('keydown', event => {
      if (event.key === 'Enter') {
        void this.save();
      }
    });
    const head = element('div', 'wsinb-row');
    head.append(this.state, this.undo, this.redo, this.remove);
    this.foot.append(this.discard, this.button);
    this.kept.title = 'These edits are only in this browser at the moment.';
    this.kept.hidden = true;
    this.node.append(head, this.kept, this.message, this.foot, this.question.node);
    store.changed.connect(this.render, this);
    this.setSelected(false);
    this.render();
  }

  setSelected(selected: boolean): void {
    this.remove.disabled = !selected;
  }

  /** Whether the server has what is unsaved; when it has not, say so quietly. */
  setKept(kept: boolean): void {
    this.kept.hidden = kept || this.store.count === 0;
  }

  async save(): Promise<void> {
    if (this.busy || this.store.count === 0) {
      return;
    }
    this.busy = true;
    this.render();
    const saved = await this.actions.save(this.message.value.trim());
    this.busy = false;
    if (saved) {
      this.message.value = '';
    }
    this.render();
  }

  dispose(): void {
    this.store.changed.disconnect(this.render, this);
  }

  private askDiscard(): void {
    this.question.ask({
      sentence: `Forget ${plural(this.store.count, 'unsaved edit')} for good?`,
      accept: 'Discard',
      warn: true,
      act: () => this.actions.discard()
    });
  }

  private render(): void {
    const { count } = this.store;
    if (count === 0) {
      this.question.close();
      this.kept.hidden = true;
    }
    this.state.textContent = this.busy ? 'Saving …' : count === 0 ? 'All saved' : `${count} unsaved`;
    this.node.classList.toggle('wsinb-mod-dirty', count > 0);
    this.undo.disabled = this.busy || !this.store.canUndo;
    this.redo.disabled = this.busy || !this.store.canRedo;
    this.button.disabled = this.discard.disabled = this.busy || count === 0;
  }
}

/** What can be done with patches: another label, or the word that the label is right. */
import { element, textButton } from '../dom';
import { plural } from '../history/words';
import type { LabelInfo } from '../types';

export interface ActionHandlers {
  relabel: (label: string) => void;
  confirm: () => void;
  all: () => void;
  none: () => void;
}

export const CONFIRM_KEYS = 'Shift+C';

export class Actions {
  readonly node = element('div', 'wsinb-cm-actions');
  private readonly state = element('span', 'wsinb-cm-state');
  private readonly buttons = element('div', 'wsinb-cm-labels');
  private readonly all: HTMLButtonElement;
  private readonly none: HTMLButtonElement;

  constructor(private readonly handlers: ActionHandlers) {
    this.node.setAttribute('role', 'toolbar');
    this.node.setAttribute('aria-label', 'What to do with the chosen patches');
    this.all = textButton('Choose all', 'Choose all patches that are here (Ctrl+A)', handlers.all);
    this.none = textButton('None', 'Choose none (Esc)', handlers.none);
    this.all.classList.add('wsinb-cm-quiet');
    this.none.classList.add('wsinb-cm-quiet');
    this.state.setAttribute('role', 'status');
    const row = element('div', 'wsinb-cm-line');
    row.append(this.state, this.all, this.none);
    this.node.append(row, this.buttons);
  }

  setLabels(labels: readonly LabelInfo[]): void {
    const offered = labels.filter(({ active }) => active !== false);
    const confirm = this.button('Label is right', null, CONFIRM_KEYS, () => this.handlers.confirm());
    confirm.classList.add('wsinb-cm-confirm');
    this.buttons.replaceChildren(
      confirm,
      ...offered.map(({ name, color, key }) =>
        this.button(name, color, key, () => this.handlers.relabel(name))
      )
    );
  }

  /** Tell how many an action is about. */
  setChosen(n: number): void {
    this.state.textContent = n > 0 ? `${plural(n, 'patch', 'patches')} chosen` : 'Acts on the patch in focus';
    this.none.disabled = n === 0;
  }

  private button(text: string, color: string | null, key: string | null, act: () => void): HTMLButtonElement {
    const button = element('button', 'wsinb-button wsinb-cm-label');
    button.type = 'button';
    button.title = key ? `${text} (${key})` : text;
    if (color !== null) {
      const swatch = element('span', 'wsinb-swatch');
      swatch.style.backgroundColor = color;
      button.append(swatch);
    }
    button.append(element('span', 'wsinb-cm-name', text));
    if (key && color !== null) {
      button.append(element('kbd', 'wsinb-key', key));
    }
    // the patch that has the keyboard keeps it: an action is about it
    button.addEventListener('mousedown', event => event.preventDefault());
    button.addEventListener('click', act);
    return button;
  }
}

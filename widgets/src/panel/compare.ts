/** Two versions to choose: branches, tags, or any of the versions in the list. */
import { element } from '../dom';
import type { CommitInfo, Refs } from '../types';
import { versionGroups } from './versionlist';

export class CompareForm {
  readonly node = element('form', 'wsinb-form wsinb-compare');
  private readonly from = element('select', 'wsinb-input');
  private readonly to = element('select', 'wsinb-input');

  constructor(compare: (from: string, to: string) => void) {
    const submit = element('button', 'wsinb-button wsinb-mod-accept', 'Compare');
    submit.type = 'submit';
    const row = element('div', 'wsinb-row wsinb-gap');
    row.append(element('span', 'wsinb-state'), submit);
    this.node.append(field('From', this.from), field('To', this.to), row);
    this.node.hidden = true;
    this.node.addEventListener('submit', event => {
      event.preventDefault();
      compare(this.from.value, this.to.value);
    });
  }

  toggle(): void {
    this.node.hidden = !this.node.hidden;
    if (!this.node.hidden) {
      this.from.focus();
    }
  }

  /** What there is to choose from; what is chosen already stays. */
  set(refs: Refs, log: readonly CommitInfo[], branch: string): void {
    const before = log[1]?.id ?? branch;
    for (const [select, fallback] of [
      [this.from, before],
      [this.to, branch]
    ] as const) {
      const chosen = select.value;
      select.replaceChildren(...versionGroups(refs, log));
      select.value = chosen;
      if (select.selectedIndex < 0) {
        select.value = fallback;
      }
    }
  }
}

function field(text: string, select: HTMLSelectElement): HTMLLabelElement {
  const label = element('label', 'wsinb-field');
  label.append(element('span', '', text), select);
  return label;
}

/** Two versions to choose: branches, tags, or any of the versions in the list. */
import { element } from '../dom';
import { shortId } from '../history/words';
import type { CommitInfo, Refs } from '../types';

const LONGEST_MESSAGE = 40;

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
      select.replaceChildren(
        group('Branches', refs.branches.map(({ name }) => [name, name])), // prettier-ignore
        group('Tags', refs.tags.map(({ name }) => [name, name])), // prettier-ignore
        group('Versions', log.map(commit => [commit.id, commitText(commit)])) // prettier-ignore
      );
      select.value = chosen;
      if (select.selectedIndex < 0) {
        select.value = fallback;
      }
    }
  }
}

function commitText({ id, message }: CommitInfo): string {
  const short = message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE - 1)}…` : message;
  return `${shortId(id)}  ${short}`;
}

function group(label: string, options: [string, string][]): HTMLOptGroupElement {
  const node = element('optgroup', '');
  node.label = label;
  node.hidden = options.length === 0;
  node.append(...options.map(([value, text]) => new Option(text, value)));
  return node;
}

function field(text: string, select: HTMLSelectElement): HTMLLabelElement {
  const label = element('label', 'wsinb-field');
  label.append(element('span', '', text), select);
  return label;
}

/** The versions of the slide: branches, the list, and short questions about them. */
import { element, iconButton, textButton } from '../dom';
import { branchIcon, closeIcon, compareIcon, mergeIcon } from '../icons';
import type { CommitInfo, Refs } from '../types';
import { commitRow } from './commitrow';
import { CompareForm } from './compare';
import { QuestionForm } from './form';

export interface HistoryActions {
  close: () => void;
  open: (commit: CommitInfo) => void;
  changes: (commit: CommitInfo) => void;
  compare: (from: string, to: string) => void;
  tag: (name: string, at: string) => void;
  branch: (name: string, at: string) => void;
  revert: (commit: CommitInfo) => void;
  switchTo: (branch: string) => void;
  merge: (from: string) => void;
  more: () => void;
}

export interface HistoryState {
  slide: string;
  branch: string;
  refs: Refs;
  log: readonly CommitInfo[];
  /** Whether the log goes on. */
  more: boolean;
  /** The version on the slide. */
  shown: string | null;
}

const NO_STATE: HistoryState = {
  slide: '',
  branch: '',
  refs: { branches: [], tags: [] },
  log: [],
  more: false,
  shown: null
};

export class HistoryPanel {
  readonly node = element('aside', 'wsinb-surface wsinb-history');
  private readonly branches = element('select', 'wsinb-input');
  private readonly merge: HTMLButtonElement;
  private readonly form = new QuestionForm();
  private readonly compare: CompareForm;
  private readonly list = element('ol', 'wsinb-log');
  private readonly more: HTMLButtonElement;
  private readonly empty = element('p', 'wsinb-hint');
  /** Called when the panel is opened or folded. */
  toggled: (open: boolean) => void = () => undefined;
  private state = NO_STATE;
  private unfolded: string | null = null;

  constructor(private readonly actions: HistoryActions) {
    this.node.setAttribute('aria-label', 'History');
    this.branches.title = 'Branch to work on';
    this.branches.addEventListener('change', () => {
      const wanted = this.branches.value;
      // the switch may be refused: the list says which branch it is
      this.branches.value = this.state.branch;
      actions.switchTo(wanted);
    });
    this.compare = new CompareForm(actions.compare);
    this.merge = iconButton(mergeIcon, 'Merge another branch into this one', () => this.askMerge());
    this.more = textButton('Older versions', 'Show older versions', actions.more);
    this.more.classList.add('wsinb-more');
    this.node.append(this.head(), this.body());
    this.node.hidden = true;
  }

  get open(): boolean {
    return !this.node.hidden;
  }

  set open(open: boolean) {
    this.node.hidden = !open;
    this.toggled(open);
    if (!open) {
      this.form.close();
    }
  }

  set(state: HistoryState): void {
    this.state = state;
    this.compare.set(state.refs, state.log, state.branch);
    const names = state.refs.branches.map(({ name }) => name);
    const known = names.includes(state.branch) ? names : [state.branch, ...names];
    this.branches.replaceChildren(...known.map(name => new Option(name, name)));
    this.branches.value = state.branch;
    this.merge.disabled = known.length < 2;
    this.render();
  }

  private head(): HTMLElement {
    const section = element('section', 'wsinb-section wsinb-history-head');
    const title = element('div', 'wsinb-section-head');
    title.append(
      element('h3', 'wsinb-heading', 'History'),
      iconButton(closeIcon, 'Fold the history away (h)', this.actions.close)
    );
    const row = element('div', 'wsinb-row');
    row.append(
      this.branches,
      iconButton(branchIcon, 'New branch', () => this.askBranch(null)),
      this.merge,
      iconButton(compareIcon, 'Compare two versions', () => this.compare.toggle())
    );
    section.append(title, row, this.compare.node, this.form.node);
    return section;
  }

  private body(): HTMLElement {
    const section = element('section', 'wsinb-section wsinb-history-body');
    section.append(this.list, this.empty, this.more);
    return section;
  }

  private render(): void {
    const { log, refs, shown, slide } = this.state;
    const focused = this.focusedCommit();
    const scroll = this.list.parentElement?.scrollTop ?? 0;
    const at = (list: Refs['tags'], id: string): string[] =>
      list.filter(({ commit }) => commit === id).map(({ name }) => name);
    this.list.replaceChildren(
      ...log.map((commit, i) =>
        commitRow(
          commit,
          {
            slide,
            branches: at(refs.branches, commit.id),
            tags: at(refs.tags, commit.id),
            shown: commit.id === shown,
            unfolded: commit.id === this.unfolded,
            newest: i === 0
          },
          {
            open: chosen => this.openCommit(chosen),
            changes: this.actions.changes,
            tag: chosen => this.askTag(chosen),
            branch: chosen => this.askBranch(chosen),
            revert: chosen => this.askRevert(chosen)
          }
        )
      )
    );
    this.empty.textContent = log.length === 0 ? 'No version has changed this slide yet.' : '';
    this.empty.hidden = log.length > 0;
    this.more.hidden = !this.state.more;
    if (this.list.parentElement) {
      this.list.parentElement.scrollTop = scroll;
    }
    if (focused) {
      const same = this.list.querySelector<HTMLElement>(`[data-commit='${focused}'] button`);
      same?.focus({ preventScroll: true });
    }
  }

  /** The version whose row has the keyboard: drawing the list anew must not take it away. */
  private focusedCommit(): string | null {
    const row = document.activeElement?.closest<HTMLElement>('.wsinb-commit');
    return row && this.list.contains(row) ? (row.dataset.commit ?? null) : null;
  }

  private openCommit(commit: CommitInfo): void {
    this.unfolded = this.unfolded === commit.id && commit.id === this.state.shown ? null : commit.id;
    this.render();
    this.actions.open(commit);
  }

  private askTag(commit: CommitInfo): void {
    this.form.ask({
      sentence: `Tag “${commit.message}”: a name that stays with this version.`,
      text: { placeholder: 'Name of the tag, like v1' },
      accept: 'Tag',
      act: name => this.actions.tag(name, commit.id)
    });
  }

  private askBranch(commit: CommitInfo | null): void {
    this.form.ask({
      sentence: commit
        ? `Begin a branch at “${commit.message}” and work there.`
        : `Begin a branch at the newest version of ${this.state.branch} and work there.`,
      text: { placeholder: 'Name of the branch' },
      accept: 'Begin',
      act: name => this.actions.branch(name, commit?.id ?? this.state.branch)
    });
  }

  private askRevert(commit: CommitInfo): void {
    this.form.ask({
      sentence: `Take back what “${commit.message}” changed? This makes a new version on ${this.state.branch}; nothing is lost.`,
      accept: 'Revert',
      act: () => this.actions.revert(commit)
    });
  }

  private askMerge(): void {
    const { branch, refs } = this.state;
    this.form.ask({
      sentence: `Merge another branch into ${branch}:`,
      choices: refs.branches.map(({ name }) => name).filter(name => name !== branch),
      accept: 'Merge',
      act: from => this.actions.merge(from)
    });
  }
}

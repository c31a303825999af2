/** One version in the list: what, who, when, how much, and what can be done with it. */
import { element, textButton } from '../dom';
import { exactTime, relativeTime } from '../history/times';
import { countsText, shortId } from '../history/words';
import type { CommitInfo } from '../types';

export interface CommitActions {
  open: (commit: CommitInfo) => void;
  changes: (commit: CommitInfo) => void;
  tag: (commit: CommitInfo) => void;
  branch: (commit: CommitInfo) => void;
  revert: (commit: CommitInfo) => void;
}

export interface CommitLook {
  slide: string;
  branches: string[];
  tags: string[];
  /** Whether this version is on the slide now. */
  shown: boolean;
  /** Whether its actions are unfolded. */
  unfolded: boolean;
  newest: boolean;
}

export function commitRow(commit: CommitInfo, look: CommitLook, actions: CommitActions): HTMLLIElement {
  const row = element('li', 'wsinb-commit');
  row.dataset.commit = commit.id;
  row.classList.toggle('wsinb-mod-shown', look.shown);
  const button = element('button', 'wsinb-commit-button');
  button.type = 'button';
  button.title = look.newest ? 'Show the newest version' : 'Show this version, read-only';
  if (look.shown) {
    button.setAttribute('aria-current', 'true');
  }
  button.setAttribute('aria-expanded', String(look.unfolded));
  button.addEventListener('click', () => actions.open(commit));
  button.append(element('span', 'wsinb-commit-message', commit.message), factLine(commit, look.slide));
  if (look.branches.length + look.tags.length > 0) {
    const refs = element('span', 'wsinb-refs');
    look.branches.forEach(name => refs.append(ref('branch', name)));
    look.tags.forEach(name => refs.append(ref('tag', name)));
    button.append(refs);
  }
  row.append(button);
  if (look.unfolded) {
    row.append(actionRow(commit, actions));
  }
  return row;
}

function factLine(commit: CommitInfo, slide: string): HTMLElement {
  const line = element('span', 'wsinb-commit-facts');
  const when = element('time', '', relativeTime(commit.time));
  when.dateTime = commit.time;
  when.title = exactTime(commit.time);
  line.append(element('span', 'wsinb-commit-author', commit.author), element('span', '', '·'), when);
  const counts = countsText(commit.changes[slide]);
  if (counts.length > 0) {
    const shown = element('span', 'wsinb-commit-counts', counts.join(' '));
    shown.title = 'Added, changed, deleted annotations on this slide';
    line.append(shown);
  }
  return line;
}

function ref(kind: 'branch' | 'tag', name: string): HTMLElement {
  const chip = element('span', `wsinb-ref wsinb-mod-${kind}`, name);
  chip.title = kind === 'branch' ? `The newest version of the branch ${name}` : `Tagged ${name}`;
  return chip;
}

function actionRow(commit: CommitInfo, actions: CommitActions): HTMLElement {
  const node = element('div', 'wsinb-commit-actions');
  const id = element('span', 'wsinb-commit-id', `${shortId(commit.id)} · ${exactTime(commit.time)}`);
  id.title = commit.id;
  const row = element('div', 'wsinb-row wsinb-gap');
  const buttons: [string, string, () => void][] = [
    ['Changes', 'Show on the slide what this version changed', () => actions.changes(commit)],
    ['Tag', 'Give this version a name that stays', () => actions.tag(commit)],
    ['Branch', 'Go on from this version, beside the others', () => actions.branch(commit)],
    ['Revert', 'Take back what this version changed, as a new version', () => actions.revert(commit)]
  ];
  buttons.forEach(([text, title, act]) => {
    const button = textButton(text, title, act);
    button.disabled = commit.parents.length === 0 && (text === 'Changes' || text === 'Revert');
    row.append(button);
  });
  node.append(id, row);
  return node;
}

/** Versions to choose from: branches, tags, and the newest ones of a list. */
import { element } from '../dom';
import { shortId } from '../history/words';
import type { CommitInfo, Refs } from '../types';

const LONGEST_MESSAGE = 40;

export function versionGroups({ branches, tags }: Refs, log: readonly CommitInfo[]): HTMLOptGroupElement[] {
  return [
    group('Branches', branches.map(({ name }) => [name, name])), // prettier-ignore
    group('Tags', tags.map(({ name }) => [name, name])), // prettier-ignore
    group('Versions', log.map(commit => [commit.id, commitText(commit)])) // prettier-ignore
  ];
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

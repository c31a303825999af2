/** What a list of edits differs in from what the other side has: only that travels. */

/** In a list, take away `remove` items from `at` on, and put `add` there. */
export interface Splice<T> {
  at: number;
  remove: number;
  add: readonly T[];
}

/** From one list to another, of which most items are the very same. */
export function spliceOf<T>(before: readonly T[], after: readonly T[]): Splice<T> {
  const shorter = Math.min(before.length, after.length);
  let at = 0;
  while (at < shorter && before[at] === after[at]) {
    at += 1;
  }
  let end = 0;
  while (end < shorter - at && before.at(-1 - end) === after.at(-1 - end)) {
    end += 1;
  }
  return { at, remove: before.length - at - end, add: after.slice(at, after.length - end) };
}

export function spliced<T>(list: readonly T[], { at, remove, add }: Splice<T>): T[] {
  return [...list.slice(0, at), ...add, ...list.slice(at + remove)];
}

export function isNothing({ remove, add }: Splice<unknown>): boolean {
  return remove === 0 && add.length === 0;
}

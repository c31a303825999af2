import { describe, expect, it } from 'vitest';
import { isNothing, spliced, spliceOf } from '../src/faces/edits';

const lists = [
  [],
  ['a'],
  ['a', 'b', 'c'],
  ['b', 'c'],
  ['a', 'x', 'c'],
  ['a', 'b', 'c', 'd'],
  ['c', 'b', 'a'],
  ['a', 'a']
];

describe('spliceOf', () => {
  it.each(lists.flatMap(before => lists.map(after => [before, after] as const)))(
    'leads from %j to %j',
    (before, after) => {
      expect(spliced(before, spliceOf(before, after))).toEqual(after);
      expect(isNothing(spliceOf(before, after))).toBe(JSON.stringify(before) === JSON.stringify(after));
    }
  );

  it('tells only what is new', () => {
    expect(spliceOf(['a', 'b', 'c'], ['a', 'x', 'c'])).toEqual({ at: 1, remove: 1, add: ['x'] });
    expect(spliceOf(['a', 'b'], ['a', 'b', 'c'])).toEqual({ at: 2, remove: 0, add: ['c'] });
    expect(spliceOf(['a', 'b', 'c'], [])).toEqual({ at: 0, remove: 3, add: [] });
  });
});

// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { boxOfCase, Cases } from '../src/history/cases';
import { nearestSide } from '../src/history/nearest';
import { mergeSentence, saveSentence, whereText } from '../src/history/words';
import { conflict } from './history';

function cases(perField = true): Cases {
  return new Cases(
    [conflict('a', 'label'), conflict('b', null), conflict('a', 'geometry'), conflict('a', 'label', 'lung')],
    perField
  );
}

describe('Cases', () => {
  it('puts what belongs to one annotation together', () => {
    const { all } = cases();
    expect(all.map(one => [one.slide, one.id, one.conflicts.length])).toEqual([
      ['liver', 'a', 2],
      ['liver', 'b', 1],
      ['lung', 'a', 1]
    ]);
  });

  it('is complete when every field has a side', () => {
    const one = cases();
    one.choose([one.all[0]!.conflicts[0]!], 'theirs');
    expect(one.decided).toBe(0);
    expect(one.choiceFor(one.all[0]!)).toBeNull();
    one.choose(one.all[0]!.conflicts, 'ours');
    expect([one.decided, one.complete]).toEqual([1, false]);
    one.chooseAll('theirs');
    expect(one.complete).toBe(true);
  });

  it('goes on to what is not chosen yet', () => {
    const one = cases();
    one.choose(one.all[1]!.conflicts, 'ours');
    one.advance();
    expect(one.current.slide).toBe('lung');
    one.step(1);
    expect(one.position).toBe(1);
  });

  it('answers by field for a merge, by id for a commit', () => {
    const merge = cases();
    merge.chooseAll('ours');
    merge.choose([merge.all[0]!.conflicts[1]!], 'theirs');
    expect(merge.byField()).toContainEqual({ slide: 'liver', id: 'a', field: 'geometry', choice: 'theirs' });
    expect(merge.byField()).toContainEqual({ slide: 'liver', id: 'b', field: null, choice: 'ours' });
    const commit = new Cases([conflict('a', 'label'), conflict('b', null)], false);
    commit.choose(commit.all[0]!.conflicts, 'theirs');
    commit.choose(commit.all[1]!.conflicts, 'ours');
    expect(commit.byId()).toEqual({ a: 'theirs', b: 'ours' });
  });

  it('knows where the sides are', () => {
    const [moved, deleted] = cases().all;
    expect(boxOfCase(moved!)).toEqual([0, 0, 50, 10]);
    expect(boxOfCase(deleted!)).toEqual([0, 0, 10, 10]);
    expect(nearestSide(moved!, [0.5, 5], 2)).toBe('ours');
    expect(nearestSide(moved!, [50, 5], 2)).toBe('theirs');
    expect(nearestSide(moved!, [25, 5], 2)).toBeNull();
  });
});

describe('sentences', () => {
  it('count', () => {
    expect(saveSentence(1, 'reader-2')).toBe('One of your edits was changed by reader-2 meanwhile.');
    expect(saveSentence(3, 'reader-2')).toBe('3 of your edits were changed by reader-2 meanwhile.');
    expect(mergeSentence(2, 'review', 'main')).toBe('2 annotations were changed on review and on main.');
  });

  it('say where a conflict is', () => {
    const [here, , elsewhere] = cases().all;
    expect(whereText(here!, 'liver')).toBe('');
    expect(whereText(elsewhere!, 'liver')).toBe('On the slide lung');
    const label = { slide: null, id: 'labels/tumor', conflicts: [] };
    expect(whereText(label, 'liver')).toBe('label tumor');
  });
});

import { describe, expect, it } from 'vitest';
import { EditStore } from '../src/edit/store';
import { defaultMessage } from '../src/session';
import type { Feature, StoredFeature } from '../src/types';

function feature(id: string | null, label: string | null = null): Feature {
  return {
    id,
    shape: 'point',
    shape_params: null,
    label,
    layer: 'manual',
    score: null,
    geometry: { type: 'Point', coordinates: [1, 2] },
    properties: {}
  };
}

function stored(id: string): StoredFeature {
  return { ...feature(id), row: 3 };
}

describe('EditStore', () => {
  it('holds what was drawn until it is cleared', () => {
    const store = new EditStore();
    store.add(feature(null));
    expect(store.count).toBe(1);
    expect(store.upsert).toEqual([feature(null)]);
    store.clear();
    expect(store.count).toBe(0);
    expect(store.canUndo).toBe(false);
  });

  it('a stored annotation that is only opened is not unsaved', () => {
    const store = new EditStore();
    const draft = store.open(stored('a'));
    expect(store.count).toBe(0);
    expect(store.shadowedIds).toEqual(['a']);
    expect('row' in draft.feature).toBe(false);
    store.closePristine();
    expect(store.shadowedIds).toEqual([]);
  });

  it('a changed one stays when others are closed', () => {
    const store = new EditStore();
    const { key } = store.open(stored('a'));
    store.update(key, { label: 'x' });
    store.closePristine();
    expect(store.upsert).toEqual([feature('a', 'x')]);
  });

  it('opening twice gives the same draft', () => {
    const store = new EditStore();
    expect(store.open(stored('a')).key).toBe(store.open(stored('a')).key);
  });

  it('removing a stored one deletes it, removing a drawn one forgets it', () => {
    const store = new EditStore();
    store.remove(store.open(stored('a')).key);
    store.remove(store.add(feature(null)).key);
    store.removeStored('b');
    store.removeStored('b');
    expect(store.deleted).toEqual(['a', 'b']);
    expect(store.upsert).toEqual([]);
  });

  it('undoes and redoes every step', () => {
    const store = new EditStore();
    const { key } = store.add(feature(null));
    store.update(key, { label: 'x' });
    store.remove(key);
    store.undo();
    expect(store.upsert[0]!.label).toBe('x');
    store.undo();
    store.undo();
    expect(store.count).toBe(0);
    store.redo();
    store.redo();
    expect(store.upsert[0]!.label).toBe('x');
    store.add(feature(null));
    expect(store.canRedo).toBe(false);
  });

  it('settling lets go of what was saved and keeps what changed meanwhile', () => {
    const store = new EditStore();
    const first = store.add(feature(null));
    const second = store.add(feature(null));
    store.removeStored('gone');
    const { pending, deleted } = store;
    store.update(second.key, { label: 'late' });
    store.add(feature(null, 'new'));
    store.settle(pending, ['a', 'b'], deleted);
    expect(store.draft(first.key)).toBeUndefined();
    expect(store.upsert).toEqual([feature('b', 'late'), feature(null, 'new')]);
    expect(store.deleted).toEqual([]);
    expect(store.canUndo).toBe(false);
  });

  it('taking over equal content changes nothing', () => {
    const store = new EditStore();
    store.add(feature(null));
    let changes = 0;
    store.changed.connect(() => changes++);
    store.replace([feature(null)], []);
    expect(changes).toBe(0);
    store.replace([feature(null), feature('b')], ['c']);
    expect(changes).toBe(1);
    expect(store.count).toBe(3);
  });
});

describe('defaultMessage', () => {
  it('counts what happened', () => {
    expect(defaultMessage([feature(null), feature('a')], ['b', 'c'])).toBe(
      'Annotations: 1 drawn, 1 changed, 2 deleted'
    );
  });

  it('relabels many in one step, in place, and keeps those under edit', () => {
    const store = new EditStore();
    const open = store.open(stored('a'));
    store.update(open.key, { score: 0.5 });
    store.relabel([stored('a'), stored('b'), stored('c')], 'tumor');
    expect(store.upsert.map(({ id, label, score }) => [id, label, score])).toEqual([
      ['a', 'tumor', 0.5],
      ['b', 'tumor', null],
      ['c', 'tumor', null]
    ]);
    expect(store.shadowedIds).toEqual(['a']);
    expect(store.relabelled).toEqual([
      { id: 'b', label: 'tumor' },
      { id: 'c', label: 'tumor' }
    ]);
    store.undo();
    expect(store.upsert.map(({ id }) => id)).toEqual(['a']);
    store.redo();
    // opening one takes it out of its place, with its new label
    const draft = store.open(stored('b'));
    expect(draft.feature.label).toBe('tumor');
    expect(store.shadowedIds).toEqual(['a', 'b']);
    expect(store.count).toBe(3);
    store.update(store.drafts.find(({ feature }) => feature.id === 'c')!.key, { score: 1 });
    expect(store.relabelled).toEqual([]);
  });

  it('relabels nothing that has the label already', () => {
    const store = new EditStore();
    store.relabel([{ ...stored('a'), label: 'tumor' }], 'tumor');
    expect(store.count).toBe(0);
  });

  it('deletes many in one step, open or not', () => {
    const store = new EditStore();
    store.update(store.open(stored('a')).key, { label: 'x' });
    store.removeAll(['a', 'b']);
    expect(store.upsert).toEqual([]);
    expect(store.deleted).toEqual(['a', 'b']);
    store.removeAll(['b', 'c']);
    expect(store.deleted).toEqual(['a', 'b', 'c']);
    store.undo();
    store.undo();
    expect(store.upsert.map(({ id }) => id)).toEqual(['a']);
    expect(store.deleted).toEqual([]);
  });
});

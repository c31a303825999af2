import { describe, expect, it } from 'vitest';
import { BATCH, Changes, loadedText } from '../src/history/changes';
import type { Change } from '../src/types';
import { change, page } from './history';

const NEVER = (): Promise<never> => Promise.reject(new Error('Nothing more should be asked for.'));

function three(): Changes {
  return new Changes(page([change('a', 'added'), change('b', 'moved'), change('c', 'deleted')]), NEVER);
}

describe('Changes', () => {
  it('steps through and goes round at the ends', () => {
    const changes = three();
    expect(changes.position).toBe(0);
    const ids = [1, 1, 1, 1, -1].map(by => changes.step(by as 1 | -1)?.id);
    expect(ids).toEqual(['a', 'b', 'c', 'a', 'c']);
    expect(changes.position).toBe(3);
  });

  it('begins at the end when stepping back', () => {
    expect(three().step(-1)?.id).toBe('c');
  });

  it('leaves hidden kinds out', () => {
    const changes = three();
    changes.step(1);
    changes.toggle('added');
    expect(changes.current).toBeNull();
    expect(changes.shown.map(({ id }) => id)).toEqual(['b', 'c']);
    expect([changes.step(1)?.id, changes.step(1)?.id, changes.step(1)?.id]).toEqual(['b', 'c', 'b']);
    changes.toggle('moved');
    changes.toggle('deleted');
    expect(changes.step(1)).toBeNull();
  });

  it('counts kinds, and says where more may come', () => {
    const some = new Changes(page([change('a', 'added'), change('b', 'moved')], 10), NEVER);
    expect(some.counts().added).toEqual({ n: 1, exact: true });
    expect(some.counts().moved).toEqual({ n: 1, exact: false });
    expect(three().counts().moved).toEqual({ n: 1, exact: true });
  });

  it('loads page by page until enough are there, and more on demand', async () => {
    const all = Array.from({ length: 3 * BATCH }, (_, i): Change => change(String(i), 'moved'));
    const asked: number[] = [];
    const load = (offset: number, limit: number): Promise<ReturnType<typeof page>> => {
      asked.push(offset);
      return Promise.resolve(page(all.slice(offset, offset + limit), all.length));
    };
    const changes = new Changes(page(all.slice(0, 500), all.length), load);
    await changes.loadUntil(BATCH);
    expect(changes.all.length).toBe(BATCH);
    expect(asked).toEqual([500, 1000, 1500]);
    expect(changes.complete).toBe(false);
    await changes.loadMore();
    await changes.loadMore();
    expect(changes.all.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
    expect(changes.complete).toBe(true);
  });

  it('stops loading when it is put away', async () => {
    const changes = new Changes(page([change('a', 'added')], 9), () => {
      changes.dispose();
      return Promise.resolve(page([change('b', 'added')], 9));
    });
    await changes.loadUntil(9);
    expect(changes.all.length).toBe(2);
  });
});

describe('loadedText', () => {
  it('is honest about what is missing', () => {
    expect(loadedText(2000, 10_400)).toBe('First 2,000 of 10,400 shown');
    expect(loadedText(12, 12)).toBe('');
  });
});

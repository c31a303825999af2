import { describe, expect, it } from 'vitest';
import { ApiError } from '../src/api';
import { RowBook } from '../src/rows';
import type { StoredFeature } from '../src/types';

/** A server that has the ids "0" to "999" at rows 1000 to 1999. */
class Store {
  asked = 0;

  annotationsById = (_: unknown, ids: string[]): Promise<StoredFeature[]> => {
    this.asked++;
    return ids.every(id => Number(id) < 1000)
      ? Promise.resolve(ids.map(id => stored(id)))
      : Promise.reject(new ApiError('not there', 404, 'NotFound'));
  };

  annotationsByRow = (_: unknown, rows: number[]): Promise<StoredFeature[]> => {
    this.asked++;
    return Promise.resolve(rows.map(row => stored(String(row - 1000))));
  };
}

function stored(id: string): StoredFeature {
  const point = { type: 'Point' as const, coordinates: [1, 2] as [number, number] };
  const shape = { shape: 'point' as const, shape_params: null, geometry: point };
  return { id, ...shape, label: null, layer: 'manual', score: null, properties: {}, row: 1000 + Number(id) };
}

describe('RowBook', () => {
  it('asks in pages, once, and finds those that are there among those that are not', async () => {
    const store = new Store();
    const book = new RowBook(store, { project: 'p', slide: 's', version: 'v' });
    const ids = Array.from({ length: 400 }, (_, i) => String(i));
    await book.find([...ids, '5000']);
    expect(book.row('399')).toBe(1399);
    expect(book.row('5000')).toBeNull();
    expect(book.rows(['0', '5000', '1'])).toEqual([1000, 1001]);
    const before = store.asked;
    await book.find([...ids, '5000']);
    expect(store.asked).toBe(before);
  });

  it('reads exact shapes in their order', async () => {
    const book = new RowBook(new Store(), { project: 'p', slide: 's', version: 'v' });
    const ids = Array.from({ length: 1000 }, (_, i) => String(i));
    ids.forEach(id => book.remember(id, 1000 + Number(id)));
    const told: number[] = [];
    const features = await book.exact(ids, done => told.push(done));
    expect(features.map(({ id }) => id)).toEqual(ids);
    expect(told).toEqual([500, 1000]);
  });
});

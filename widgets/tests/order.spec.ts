import { describe, expect, it } from 'vitest';
import { arrange, neighbour, type Sort } from '../src/project/order';
import { slide } from './slides';

const SLIDES = [
  slide('liver 10', { n: 5, progress: 'done', metadata: { patient: 'p-1', sites: ['left', { lobe: 3 }] } }),
  slide('liver 2', { n: 70, progress: 'in work', metadata: { patient: null } }),
  slide('Kidney', { n: 5, metadata: { progress: 'to do' } })
];

function names(query: string, sort: Sort = 'name'): string[] {
  return arrange(SLIDES, query, sort).map(({ name }) => name);
}

describe('the order of slides', () => {
  it('goes by name as people count, by progress, or by the number of annotations', () => {
    expect(names('')).toEqual(['Kidney', 'liver 2', 'liver 10']);
    expect(names('', 'progress')).toEqual(['Kidney', 'liver 2', 'liver 10']);
    expect(names('', 'annotations')).toEqual(['liver 2', 'Kidney', 'liver 10']);
  });

  it('leaves the given list as it is', () => {
    const before = [...SLIDES];
    names('', 'annotations');
    expect(SLIDES).toEqual(before);
  });
});

describe('the search', () => {
  it.each([
    ['LIVER', ['liver 2', 'liver 10']],
    ['liver done', ['liver 10']],
    ['p-1', ['liver 10']],
    ['patient', ['liver 2', 'liver 10']],
    ['lobe 3', ['liver 10']],
    ['  ', ['Kidney', 'liver 2', 'liver 10']],
    ['.*', []]
  ])('finds %j', (query, found) => {
    expect(names(query)).toEqual(found);
  });
});

describe('the neighbour of a slide', () => {
  it('is null at the ends and for a slide that is not listed', () => {
    expect(neighbour(SLIDES, 'liver 10', 1)?.name).toBe('liver 2');
    expect(neighbour(SLIDES, 'liver 10', -1)).toBeNull();
    expect(neighbour(SLIDES, 'Kidney', 1)).toBeNull();
    expect(neighbour(SLIDES, 'other', 1)).toBeNull();
    expect(neighbour(SLIDES, null, -1)).toBeNull();
  });
});

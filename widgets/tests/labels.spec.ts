import { describe, expect, it } from 'vitest';
import { Labels, rgb } from '../src/labels';

describe('Labels', () => {
  const labels = new Labels();
  labels.set([
    { name: 'tumor', color: '#cc4444', key: 't' },
    { name: 'stroma', color: '#3377cc', key: null }
  ]);

  it('finds a label by its key, whatever the case', () => {
    expect(labels.byKey('T')?.name).toBe('tumor');
    expect(labels.byKey('x')).toBeUndefined();
  });

  it('suggests a free key and a free colour', () => {
    expect(labels.suggestKey('tubule')).toBe('u');
    expect(labels.suggestKey('t')).toBe('1');
    expect(labels.suggestKey('')).toBe('1');
    expect(['#cc4444', '#3377cc']).not.toContain(labels.suggestColor());
  });

  it('forgets the current label when it is gone', () => {
    labels.current = 'stroma';
    labels.set([{ name: 'tumor', color: '#cc4444', key: 't' }]);
    expect(labels.current).toBeNull();
  });
});

describe('rgb', () => {
  it('reads colours and falls back', () => {
    expect(rgb('#ff8000')).toEqual([255, 128, 0]);
    expect(rgb('#f80')).toEqual([255, 136, 0]);
    expect(rgb('nonsense')).toEqual([107, 122, 144]);
  });
});

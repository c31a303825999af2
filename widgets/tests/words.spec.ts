// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { freeArea, hitBox, zoomFor } from '../src/history/place';
import { boxOf } from '../src/history/strokes';
import { clockText, dayText, relativeTime } from '../src/history/times';
import { areaOf, authorsText, countsText, fieldChange, shortId, valueText } from '../src/history/words';
import { positionsOf } from '../src/edit/features';
import type { CommitInfo, Position } from '../src/types';
import { square } from './history';

const NOW = new Date('2026-05-12T14:05:00');

describe('times', () => {
  it('are said as people say them', () => {
    expect(relativeTime('2026-05-12T14:04:40', NOW)).toBe('just now');
    expect(relativeTime('2026-05-12T11:00:00', NOW)).toBe('3 hours ago');
    expect(relativeTime('2026-05-11T13:00:00', NOW)).toBe('yesterday');
    expect(relativeTime('nonsense', NOW)).toBe('');
  });

  it('leave out what goes without saying', () => {
    expect(clockText('2026-05-12T09:30:00', NOW)).toBe('09:30');
    expect(clockText('2026-05-10T09:30:00', NOW)).toBe('10 May, 09:30');
    expect(dayText('2025-05-10T09:30:00', NOW)).toBe('10 May 2025');
  });
});

describe('fieldChange', () => {
  const before = square(0, 0, 10, 'tumor');
  const after = { ...square(30, 40, 20, null), score: 0.123456, properties: { grade: 2 } };

  it('says what a field was and is', () => {
    expect(fieldChange('label', before, after, null)).toEqual({
      name: 'label',
      before: 'tumor',
      after: 'none'
    });
    expect(fieldChange('score', before, after, null)).toMatchObject({ before: 'none', after: '0.1235' });
    expect(fieldChange('grade', before, after, null)).toMatchObject({ before: 'none', after: '2' });
  });

  it('says how an outline changed, in µm² where the slide tells', () => {
    const moved = fieldChange('geometry', before, after, null);
    expect(moved).toEqual({ name: 'outline', before: '100 px²', after: '400 px², moved by 57 px' });
    expect(fieldChange('geometry', before, after, 0.5).after).toBe('100 µm², moved by 28.5 µm');
  });

  it('takes holes off an area', () => {
    const ring = (x: number, side: number): Position[] => positionsOf(square(x, x, side).geometry);
    const coordinates = [ring(0, 10), ring(2, 4)];
    expect(areaOf({ type: 'Polygon', coordinates })).toBe(84);
    expect(areaOf({ type: 'MultiPolygon', coordinates: [coordinates, coordinates] })).toBe(168);
  });
});

describe('small words', () => {
  it('have no braces', () => {
    expect(valueText({ color: '#cc4444', key: null, order: 2 })).toBe('color #cc4444, order 2');
    expect(valueText([])).toBe('none');
    expect(valueText('x'.repeat(99)).length).toBe(60);
  });

  it('count with signs', () => {
    expect(countsText({ added: 1200, updated: 0, deleted: 3 })).toEqual(['+1,200', '−3']);
    expect(countsText(undefined)).toEqual([]);
  });

  it('name commits and people', () => {
    expect(shortId('0123456789abcdef0123')).toBe('0123456');
    expect(shortId('v1')).toBe('v1');
    const by = (author: string): CommitInfo => ({
      id: '',
      parents: [],
      author,
      time: '',
      message: '',
      changes: {}
    });
    expect(authorsText([by('a'), by('b'), by('a')])).toBe('a and b');
    expect(authorsText([])).toBe('somebody else');
  });
});

describe('places', () => {
  it('keep the zoom where it will do', () => {
    expect(zoomFor([0, 0, 100, 100], 0, 800)).toBe(0);
    expect(zoomFor([0, 0, 100, 100], -5, 800)).toBe(1);
    expect(zoomFor([0, 0, 100_000, 10], 0, 800)).toBeLessThan(-7);
    expect(zoomFor([5, 5, 5, 5], -6, 800)).toBe(1);
  });

  it('lie in what a panel leaves free', () => {
    const view = { width: 1000, height: 800 };
    const panel = { left: 700, top: 12, width: 288, height: 300 };
    expect(freeArea(view, null, panel)).toEqual({ left: 0, top: 0, width: 700, height: 800 });
    const history = { left: 56, top: 12, width: 300, height: 500 };
    expect(freeArea(view, history, panel)).toEqual({ left: 356, top: 0, width: 344, height: 800 });
    const narrow = { left: 68, top: 12, width: 420, height: 300 };
    expect(freeArea({ width: 500, height: 800 }, null, narrow)).toEqual({
      left: 0,
      top: 312,
      width: 500,
      height: 488
    });
    expect(freeArea(view, null, { left: 0, top: 0, width: 0, height: 0 }).width).toBe(1000);
  });

  it('find the smallest box around a point', () => {
    const boxes = [[0, 0, 100, 100] as const, [10, 10, 20, 20] as const];
    expect(hitBox([12, 12], boxes, box => box, 0)).toBe(boxes[1]);
    expect(hitBox([21, 12], boxes, box => box, 2)).toBe(boxes[1]);
    expect(hitBox([50, 50], boxes, box => box, 2)).toBe(boxes[0]);
    expect(hitBox([500, 50], boxes, box => box, 2)).toBeNull();
  });

  it('of nothing are nowhere', () => {
    expect(boxOf(null, undefined)).toBeNull();
  });
});

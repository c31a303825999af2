import { describe, expect, it } from 'vitest';
import { isOnSlide } from '../src/edit/onslide';
import type { Geometry, Position } from '../src/types';

const SLIDE = { width: 100, height: 60 };
const box = (x0: number, y0: number, x1: number, y1: number): Position[] => [
  [x0, y0],
  [x1, y0],
  [x1, y1],
  [x0, y1],
  [x0, y0]
];
const polygon = (...rings: Position[][]): Geometry => ({ type: 'Polygon', coordinates: rings });
const line = (...coordinates: Position[]): Geometry => ({ type: 'LineString', coordinates });

describe('what lies on the slide', () => {
  it.each<[string, Geometry, boolean]>([
    ['a point on its corner', { type: 'Point', coordinates: [100, 60] }, true],
    ['a point beside it', { type: 'Point', coordinates: [100.5, 10] }, false],
    ['one of two points', { type: 'MultiPoint', coordinates: [[-1, 0], [5, 5]] }, true], // prettier-ignore
    ['a line that only crosses it', line([-10, 30], [110, 30]), true],
    ['a line that goes round its corner', line([-10, 30], [-10, -10], [30, -10]), false],
    ['a line that cuts its corner', line([-10, 5], [10, -5]), true],
    ['a line that misses its corner', line([-10, 5], [5, -10]), false],
    ['one of two lines', { type: 'MultiLineString', coordinates: [[[-5, 0], [-1, 0]], [[1, 1], [2, 2]]] }, true], // prettier-ignore
    ['a polygon over its edge', polygon(box(-10, -10, 10, 10)), true],
    ['a polygon beside it', polygon(box(-10, 0, -1, 50)), false],
    ['a polygon around it', polygon(box(-10, -10, 200, 200)), true],
    [
      'a polygon around it, with it as a hole',
      polygon(box(-10, -10, 200, 200), box(-5, -5, 150, 150)),
      false
    ],
    ['an angle whose box meets it', polygon([[-20, 80], [-20, -20], [120, -20], [120, -10], [-10, -10], [-10, 80], [-20, 80]]), false], // prettier-ignore
    [
      'one of two polygons',
      { type: 'MultiPolygon', coordinates: [[box(-9, 0, -1, 5)], [box(1, 1, 2, 2)]] },
      true
    ]
  ])('%s', (_, geometry, expected) => {
    expect(isOnSlide(geometry, SLIDE)).toBe(expected);
  });
});

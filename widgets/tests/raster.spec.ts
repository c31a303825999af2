import { describe, expect, it } from 'vitest';
import { decodeTile, Kind } from '../src/vector/format';
import { COVERAGE, IdRaster, OUTLINE_ONLY } from '../src/vector/raster';
import type { Placement } from '../src/vector/rings';
import { square, tileBytes, type Shape } from './build';

const HERE: Placement = { scale: 1, offsetX: 0, offsetY: 0, density: 1 };

function draw(shapes: Shape[], place = HERE, size = 64): IdRaster {
  const raster = new IdRaster(size);
  raster.draw(decodeTile(tileBytes(shapes)), place);
  return raster;
}

describe('IdRaster', () => {
  it('fills inside and leaves outside', () => {
    const raster = draw([{ rings: [square(10, 10, 20)] }]);
    expect(raster.pick(20, 20)).toBe(0);
    expect(raster.pick(5, 20)).toBe(-1);
    expect(raster.pick(35, 20)).toBe(-1);
    expect(raster.outline[20 * 64 + 10]! & COVERAGE).toBeGreaterThan(64);
    expect(raster.outline[20 * 64 + 20]).toBe(0);
  });

  it('fills the exact number of pixels', () => {
    const raster = draw([{ rings: [square(10, 10, 20)] }]);
    const filled = raster.owner.filter((id, at) => id === 1 && (raster.outline[at]! & OUTLINE_ONLY) === 0);
    expect(filled.length).toBe(400);
  });

  it('keeps holes open', () => {
    const raster = draw([{ rings: [square(10, 10, 40), square(20, 20, 20)] }]);
    expect(raster.pick(15, 15)).toBe(0);
    expect(raster.pick(30, 30)).toBe(-1);
  });

  it('fills all parts of a multipolygon', () => {
    const raster = draw([{ rings: [square(5, 5, 10), square(40, 40, 10)] }]);
    expect(raster.pick(10, 10)).toBe(0);
    expect(raster.pick(45, 45)).toBe(0);
    expect(raster.pick(30, 30)).toBe(-1);
  });

  it('leaves hidden features out, whatever they consist of, and finds the next one', () => {
    const hidden = { rings: [square(0, 0, 60), square(2, 2, 9)] };
    const shown = { rings: [square(40, 40, 10)] };
    const raster = new IdRaster(64);
    raster.draw(decodeTile(tileBytes([hidden, shown])), HERE, Uint32Array.of(0, 0, 0xffffff));
    expect(raster.pick(45, 45)).toBe(1);
    expect(raster.pick(20, 20)).toBe(-1);
  });

  it('strokes a ring of more corners than any before', () => {
    const corners = Array.from({ length: 3000 }, (_, i): [number, number] => [
      32 + 20 * Math.cos(i / 500),
      32 + 20 * Math.sin(i / 500)
    ]);
    const raster = draw([{ rings: [corners] }, { rings: [square(1, 1, 5)] }]);
    expect([raster.pick(32, 32), raster.pick(12, 32), raster.pick(3, 3)]).toEqual([0, 0, 1]);
  });

  it('lets later, smaller features win the pick', () => {
    const raster = draw([{ rings: [square(5, 5, 50)] }, { rings: [square(20, 20, 10)] }]);
    expect(raster.pick(25, 25)).toBe(1);
    expect(raster.pick(50, 50)).toBe(0);
  });

  it('draws dots, boxes, points and lines', () => {
    const raster = draw([
      { rings: [[[8.5, 8.5]]] },
      {
        rings: [
          [
            [20, 20],
            [23, 23]
          ]
        ]
      },
      { kind: Kind.Point, rings: [[[40, 10]]] },
      {
        kind: Kind.Line,
        rings: [
          [
            [5, 40],
            [55, 60]
          ]
        ]
      }
    ]);
    expect(raster.pick(8, 8)).toBe(0);
    expect(raster.pick(21, 21)).toBe(1);
    expect(raster.pick(42, 10)).toBe(2);
    expect(raster.pick(30, 50)).toBe(3);
    expect(raster.pick(30, 40)).toBe(-1);
  });

  it('clips at all edges', () => {
    const raster = draw([{ rings: [square(-100, -100, 400)] }]);
    expect(raster.owner.every(value => value === 1)).toBe(true);
  });

  it('enlarges a part of a tile for closer zooms', () => {
    const place = { scale: 4, offsetX: 64, offsetY: 0, density: 1 };
    const raster = draw([{ rings: [square(20, 4, 4)] }], place);
    expect(raster.pick(18, 18)).toBe(0);
    expect(raster.pick(30, 30)).toBe(0);
    expect(raster.pick(10, 20)).toBe(-1);
    expect(raster.pick(40, 20)).toBe(-1);
  });
});

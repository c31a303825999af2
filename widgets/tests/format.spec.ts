import { describe, expect, it } from 'vitest';
import { decodeTile, Kind } from '../src/vector/format';
import { square, tileBytes } from './build';

describe('decodeTile', () => {
  it('reads features with several rings', () => {
    const tile = decodeTile(
      tileBytes([
        { row: 70000, label: 3, score: 127, rings: [square(1, 2, 10), square(3, 4, 2)] },
        { row: 5, kind: Kind.Point, label: 65535, rings: [[[-1.5, 600]]] }
      ])
    );
    expect([...tile.row]).toEqual([70000, 5]);
    expect([...tile.ringCount]).toEqual([2, 1]);
    expect([...tile.ringVertices]).toEqual([4, 4, 1]);
    expect([...tile.label]).toEqual([3, 65535]);
    expect([...tile.kind]).toEqual([Kind.Polygon, Kind.Point]);
    expect([...tile.score]).toEqual([127, 255]);
    expect([...tile.xy.slice(0, 4)]).toEqual([8, 16, 88, 16]);
    expect([...tile.xy.slice(-2)]).toEqual([-12, 4800]);
    expect(tile.density).toBe(false);
  });

  it('reads density cells', () => {
    const tile = decodeTile(tileBytes([], [{ index: 65535, label: 1, count: 100000 }], 2));
    expect(tile.density).toBe(true);
    expect(tile.cellPx).toBe(2);
    expect(tile.cellIndex[0]).toBe(65535);
    expect(tile.cellLabel[0]).toBe(1);
    expect(tile.cellCount[0]).toBe(100000);
  });

  it('reads an odd number of features without misalignment', () => {
    const rings = [square(0, 0, 4)];
    const tile = decodeTile(
      tileBytes([{ rings }, { rings }, { rings, row: 9 }], [{ index: 1, label: 2, count: 3 }], 2)
    );
    expect(tile.row[2]).toBe(9);
    expect(tile.cellBin[0]).toBe(0);
  });

  it('refuses what is too short, too long, or something else', () => {
    const good = tileBytes([{ rings: [square(0, 0, 4)] }]);
    expect(() => decodeTile(new ArrayBuffer(8))).toThrow(/at least 32/);
    expect(() => decodeTile(good.slice(0, -1))).toThrow(/should have/);
    expect(() => decodeTile(new TextEncoder().encode('<html>'.repeat(20)).buffer as ArrayBuffer)).toThrow(
      /not a vector tile/
    );
  });

  it('refuses outlines that do not add up, and cells without a size', () => {
    const bad = tileBytes([{ rings: [square(0, 0, 4)] }]);
    new DataView(bad).setUint32(36, 3, true);
    expect(() => decodeTile(bad)).toThrow(/do not add up/);
    expect(() => decodeTile(tileBytes([], [{ index: 0, label: 0, count: 1 }], 0))).toThrow(/no size/);
  });
});

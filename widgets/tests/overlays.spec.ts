// @vitest-environment jsdom
/** What lies over the picture: colours, where it lies, which part is painted, and which overlays there are. */
import * as L from 'leaflet';
import { describe, expect, it } from 'vitest';
import { alphaTable, COLOUR_MAPS, colourTable, mixPlanes } from '../src/overlays/colours';
import { OverlayList } from '../src/overlays/list';
import { PlacedCanvas } from '../src/overlays/placed';
import {
  boxOf,
  boxOfPart,
  isSameShape,
  levelAt,
  overlap,
  partFor,
  tilesOf,
  without,
  type Part,
  type Sized
} from '../src/overlays/registration';
import type { Box } from '../src/overlays/spec';
import { grayOf } from '../src/overlays/values';

const WHOLE: Box = [0, 0, 40_000, 30_000];

function picture(width: number, height: number, mpp: number | null = null): Sized {
  return { name: `${width}`, width, height, mpp: mpp === null ? null : [mpp, mpp] };
}

const SLIDE = picture(40_000, 30_000, 0.25);

describe('colours of an overlay', () => {
  it('begin and end with those of the map, and are as strong as the value', () => {
    for (const [colours, stops] of Object.entries(COLOUR_MAPS)) {
      const table = colourTable({ colours, opacity: 1, threshold: 0 });
      const hex = [0, 255].map(value => {
        const [red, green, blue] = [0, 8, 16].map(shift => (table[value]! >>> shift) & 255);
        return `#${[red, green, blue].map(part => part!.toString(16).padStart(2, '0')).join('')}`;
      });
      expect(hex).toEqual([stops[0], stops.at(-1)]);
      expect([0, 100, 255].map(value => table[value]! >>> 24)).toEqual([0, 100, 255]);
    }
  });

  it('may be one colour', () => {
    const table = colourTable({ colours: '#112233', opacity: 1, threshold: 0 });
    expect(new Set(table.map(word => word & 0xffffff))).toEqual(new Set([0x332211]));
  });

  it('are not there below the threshold, and there from it on', () => {
    const alpha = alphaTable({ opacity: 0.5, threshold: 0.4 });
    expect(alpha.findIndex(strength => strength > 0)).toBe(102);
    expect([alpha[101], alpha[102], alpha[255]]).toEqual([0, 51, 128]);
    expect(alphaTable({ opacity: 1, threshold: 1 }).filter(strength => strength > 0)).toHaveLength(1);
    expect(alphaTable({ opacity: 0, threshold: 0 }).every(strength => strength === 0)).toBe(true);
  });

  it('of several planes are those of the surest', () => {
    const planes = [Uint8Array.from([200, 10, 0, 90]), Uint8Array.from([100, 250, 0, 90])];
    const words = new Uint32Array(4);
    mixPlanes(planes, ['#ff0000', '#00ff00'], { opacity: 1, threshold: 0.3 }, words);
    expect([...words]).toEqual([0xc80000ff, 0xfa00ff00, 0x000000ff, 0x5a0000ff]);
  });
});

describe('registration', () => {
  it('is by extent', () => {
    expect(boxOf(picture(2_500, 1_875), SLIDE)).toEqual([0, 0, 40_000, 30_000]);
    expect(boxOf(picture(100, 100), SLIDE, [10, 20, 60, 70])).toEqual([10, 20, 60, 70]);
  });

  it('takes pictures that were made smaller and rounded up, down or off', () => {
    for (const downsample of [3, 7.3, 16, 61]) {
      for (const round of [Math.ceil, Math.floor, Math.round]) {
        expect(isSameShape([40_000, 30_000], [round(40_000 / downsample), round(30_000 / downsample)])).toBe(
          true
        );
      }
    }
  });

  it('refuses other shapes with a sentence', () => {
    expect(() => boxOf(picture(3_000, 4_000), SLIDE)).toThrow(
      /3000 \(3000 x 4000 px\) has another shape than/
    );
    expect(() => boxOf(picture(2_500, 1_880), SLIDE)).toThrow(/another shape/);
    expect(() => boxOf(picture(100, 100), SLIDE, [0, 0, 50, 60])).toThrow(/than the box/);
  });

  it('knows better where the last column ends where both know their pixels', () => {
    const [, , xmax, ymax] = boxOf(picture(5_480, 4_110, 1.825), SLIDE);
    expect([xmax, ymax]).toEqual([5_480 * 7.3, 4_110 * 7.3]);
    // a wrong size of pixels does not move anything
    expect(boxOf(picture(5_480, 4_110, 2), SLIDE)).toEqual(WHOLE);
  });
});

describe('the level and the part that are painted', () => {
  const overlay = picture(5_000, 3_750);

  it('has pixels about as large as those of the screen', () => {
    expect(levelAt(0, overlay, -4, WHOLE)).toEqual({ z: 0, width: 5_000, height: 3_750, across: 8, down: 8 });
    expect(levelAt(-3, overlay, -4, WHOLE).z).toBe(0);
    expect(levelAt(-5.4, overlay, -4, WHOLE)).toEqual({
      z: -2,
      width: 1_250,
      height: 937,
      across: 32,
      down: 32
    });
    expect(levelAt(-20, overlay, -4, WHOLE).z).toBe(-4);
  });

  it('holds what is in view and something around it, and stays the same for small moves', () => {
    const zoom = -3;
    const level = levelAt(zoom, overlay, -4, WHOLE);
    const size = [1_400 * 8, 900 * 8] as const;
    const parts = new Set<string>();
    for (let x = 9_000; x < 9_800; x += 8) {
      const view: Box = [x, 8_000, x + size[0], 8_000 + size[1]];
      const part = partFor(view, zoom, level, WHOLE)!;
      const [xmin, ymin, xmax, ymax] = boxOfPart(part, level, WHOLE);
      expect(xmin <= view[0] - 2048 && xmax >= view[2] + 2048).toBe(true);
      expect(ymin <= view[1] - 2048 && ymax >= view[3] + 2048).toBe(true);
      parts.add(JSON.stringify(part));
    }
    expect(parts.size).toBeLessThanOrEqual(2);
  });

  it('is small where few pixels fill the screen, and within the overlay', () => {
    const level = levelAt(4, overlay, -4, WHOLE);
    const part = partFor([20_000, 15_000, 20_087, 15_056], 4, level, WHOLE)!;
    expect(part.x1 - part.x0).toBeLessThan(30);
    expect(partFor([-900, -900, 500, 500], 0, levelAt(0, overlay, -4, WHOLE), WHOLE)).toMatchObject({
      x0: 0,
      y0: 0
    });
    expect(partFor([50_000, 0, 60_000, 9_000], 0, levelAt(0, overlay, -4, WHOLE), WHOLE)).toBeNull();
  });

  it('consists of tiles, the middle ones first', () => {
    const tiles = tilesOf({ x0: 500, y0: 0, x1: 1_537, y1: 512 }, 512);
    expect(tiles).toHaveLength(4);
    expect(tiles.slice(0, 2).map(([x]) => x)).not.toContain(3);
    expect(tiles.map(String).sort()).toEqual(['0,0', '1,0', '2,0', '3,0']);
  });

  it('is painted once where it was not painted before', () => {
    const part: Part = { x0: 0, y0: 0, x1: 10, y1: 8 };
    for (const known of [
      null,
      { x0: 3, y0: 2, x1: 6, y1: 5 },
      { x0: -4, y0: -4, x1: 5, y1: 5 },
      { x0: 2, y0: -9, x1: 30, y1: 30 },
      { x0: 10, y0: 0, x1: 20, y1: 8 },
      part
    ]) {
      const counts = new Array<number>(80).fill(0);
      const both = known && overlap(part, known);
      for (const { x0, y0, x1, y1 } of [...without(part, known), ...(both ? [both] : [])]) {
        for (let y = y0; y < y1; y++) {
          for (let x = x0; x < x1; x++) {
            counts[y * 10 + x]! += 1;
          }
        }
      }
      expect(counts.every(n => n === 1)).toBe(true);
    }
  });
});

describe('values', () => {
  it('are the brightness; grey stays as it is', () => {
    const grays = Uint8ClampedArray.from({ length: 1024 }, (_, i) => (i % 4 === 3 ? 255 : i >> 2));
    expect([...grayOf(grays)]).toEqual(Array.from({ length: 256 }, (_, value) => value));
    expect([...grayOf(Uint8ClampedArray.from([255, 0, 0, 255, 0, 255, 0, 255]))]).toEqual([76, 149]);
  });
});

describe('a canvas on the slide', () => {
  it('lies where its box is, at any zoom', () => {
    const container = document.createElement('div');
    Object.defineProperties(container, { clientWidth: { value: 900 }, clientHeight: { value: 500 } });
    const map = L.map(container, {
      crs: L.CRS.Simple,
      center: [-300, 400],
      zoom: 0,
      minZoom: -9,
      zoomSnap: 0
    });
    map.createPane('test');
    const placed = new PlacedCanvas('test').addTo(map);
    Object.assign(placed.canvas, { width: 20, height: 10 });
    expect(placed.canvas.hidden).toBe(true);
    placed.lay([100, 200, 300, 300]);
    expect(placed.canvas.hidden).toBe(false);
    for (const zoom of [0, -3, 2]) {
      map.setView([-250, 333], zoom, { animate: false });
      const [, x, y, across, down] = /translate3d\((\S+)px, (\S+)px, 0\) scale\((\S+), (\S+)\)/
        .exec(placed.canvas.style.transform)!
        .map(Number);
      const corner = map.latLngToLayerPoint([-200, 100]);
      expect(Math.abs(x! - corner.x) + Math.abs(y! - corner.y)).toBeLessThan(1.01);
      expect([across, down].map(scale => scale! / 2 ** zoom)).toEqual(
        [10, 10].map(n => expect.closeTo(n) as number)
      );
    }
    placed.lay(null);
    expect(placed.canvas.hidden).toBe(true);
  });
});

describe('the list of overlays', () => {
  it('gives each its own name, keeps the order, and tells of changes once', () => {
    const list = new OverlayList();
    const heard: string[] = [];
    list.changed.connect(({ all }) => heard.push(all.map(({ name }) => name).join()));
    expect(list.add({ path: '/a.tif' }, 'p')).toBe('p');
    expect(list.add({ path: '/b.tif' }, 'p', { opacity: 1 })).toBe('p (2)');
    list.change('p', { threshold: 0.5 });
    list.change('p', { threshold: 0.5 });
    list.remove('p');
    expect(heard).toEqual(['p', 'p,p (2)', 'p,p (2)', 'p (2)']);
    expect(list.all).toEqual([
      {
        ...{ name: 'p (2)', source: { path: '/b.tif' } },
        ...{ opacity: 1, threshold: 0, colours: 'viridis', visible: true }
      }
    ]);
  });
});

// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { circleGeometry } from '../src/edit/features';
import { magnificationSteps, zoomText } from '../src/magnification';
import { wanted } from '../src/place';
import { geometrySize, ringArea, sizeOf, sizeText } from '../src/shapesize';
import type { Feature, Position } from '../src/types';
import { areaText, lengthText } from '../src/units';

const SQUARE: Position[] = [
  [100_000, 200_000],
  [100_010, 200_000],
  [100_010, 200_010],
  [100_000, 200_010],
  [100_000, 200_000]
];
const HOLE: Position[] = [
  [100_002, 200_002],
  [100_002, 200_005],
  [100_004, 200_005],
  [100_004, 200_002],
  [100_002, 200_002]
];

function feature(parts: Partial<Feature>): Feature {
  const nothing = { id: null, shape_params: null, label: null, score: null, geometry: null, properties: {} };
  return { ...nothing, shape: 'polygon', layer: 'manual', ...parts };
}

describe('magnifications', () => {
  it('a screen pixel shows 10/m µm', () => {
    for (const mpp of [0.2277, 0.25, 0.5, 1.3]) {
      for (const { text, zoom } of magnificationSteps({ mpp: [mpp, mpp], magnification: 20 })) {
        expect((parseFloat(text) * mpp) / 2 ** zoom).toBeCloseTo(10, 9);
      }
    }
  });

  it('those beyond twice the own resolution are not useful', () => {
    const useful = magnificationSteps({ mpp: [1, 1], magnification: null }).map(step => step.useful);
    expect(useful).toEqual([true, true, true, true, true, false]);
    const all = magnificationSteps({ mpp: [0.5, 0.5], magnification: null }).map(step => step.useful);
    expect(all).toEqual([true, true, true, true, true, true]);
  });

  it('a slide without µm has those of its objective, or percentages', () => {
    expect(magnificationSteps({ mpp: null, magnification: 40 })[5]).toEqual({
      ...{ text: '40×', zoom: 0, useful: true }
    });
    expect(magnificationSteps({ mpp: null, magnification: null })[4]).toEqual({
      ...{ text: '100 %', zoom: 0, useful: true }
    });
  });

  it('are told with three digits', () => {
    expect(zoomText(-1, 43.917)).toBe('22×');
    expect(zoomText(-2, null)).toBe('25 %');
  });
});

describe('the size of a shape', () => {
  it('of a polygon is without its holes, whichever way the rings go round', () => {
    for (const rings of [
      [SQUARE, HOLE],
      [[...SQUARE].reverse(), HOLE],
      [SQUARE, [...HOLE].reverse()]
    ]) {
      const size = geometrySize({ type: 'Polygon', coordinates: rings }, [1, 1])!;
      expect(size.area).toBe(94);
      expect(size.length).toBe(50);
    }
  });

  it('of several polygons is their sum, and pixels need not be square', () => {
    const parts = { type: 'MultiPolygon' as const, coordinates: [[SQUARE], [SQUARE, HOLE]] };
    expect(geometrySize(parts, [0.5, 0.25])!.area).toBeCloseTo(194 * 0.125, 9);
    expect(geometrySize({ type: 'LineString', coordinates: SQUARE.slice(0, 3) }, [0.5, 0.25])).toEqual({
      ...{ area: null, length: 7.5 }
    });
  });

  it('does not change by rotation and translation (random polygons)', () => {
    for (let n = 3; n < 60; n++) {
      const ring = Array.from({ length: n }, (_, i): Position => {
        const angle = (2 * Math.PI * i) / n;
        const r = 50 + 40 * Math.abs(Math.sin(n * i));
        return [r * Math.cos(angle), r * Math.sin(angle)];
      });
      const [cos, sin] = [Math.cos(n), Math.sin(n)];
      const moved = ring.map(([x, y]): Position => [cos * x - sin * y + 1e5, sin * x + cos * y - 3e4]);
      expect(ringArea(moved, [1, 1]) / ringArea(ring, [1, 1])).toBeCloseTo(1, 6);
    }
  });

  it('of circles and ellipses is exact', () => {
    const circle = feature({
      shape: 'circle',
      shape_params: { cx: 5, cy: 6, r: 10 },
      geometry: circleGeometry(5, 6, 10)
    });
    expect(sizeOf(circle, [0.5, 0.5])!.area).toBeCloseTo(Math.PI * 25, 12);
    expect(sizeOf(circle, [0.5, 0.5])!.length).toBeCloseTo(Math.PI * 10, 12);
    const params = { cx: 5, cy: 6, rx: 10, ry: 4, angle: 30 };
    const ellipse = feature({ shape: 'ellipse', shape_params: params, geometry: circleGeometry(5, 6, 10) });
    expect(sizeOf(ellipse, [1, 1])!.area).toBeCloseTo(Math.PI * 40, 12);
  });

  it('is told in µm² or mm², and pixels', () => {
    const square = feature({ geometry: { type: 'Polygon', coordinates: [SQUARE] } });
    expect(sizeText(square, [0.5, 0.5])).toBe('area 25 µm² · 100 px², outline 20 µm');
    expect(sizeText(square, [100, 100])).toBe('area 1 mm² · 100 px², outline 4 mm');
    expect(sizeText(square, null)).toBe('area 100 px², outline 40 px');
    const line = feature({ geometry: { type: 'LineString', coordinates: SQUARE.slice(0, 2) } });
    expect(sizeText(line, [0.5, 0.5])).toBe('length 5 µm · 10 px');
    expect(sizeText(feature({ geometry: { type: 'Point', coordinates: [1, 2] } }), [1, 1])).toBe('');
    expect(sizeText(feature({ shape: 'image' }), [1, 1])).toBe('');
  });

  it('changes its unit where numbers grow long', () => {
    expect(areaText(99_999)).toBe('100000 µm²');
    expect(areaText(123_456)).toBe('0.1235 mm²');
    expect(lengthText(1234.5678, 4)).toBe('1.235 mm');
    expect(lengthText(0.25)).toBe('250 nm');
    expect(lengthText(0)).toBe('0 µm');
  });
});

describe('what is typed to go to', () => {
  const slide = { width: 2000, height: 1000, mpp: [0.5, 0.25] as [number, number] };
  const place = (text: string): unknown => wanted(text, slide);

  it.each(['100, 20', ' 100,20 ', '100 20 px', '(100; 20)', '50, 5 µm', '50 5um', '0.05 0.005 mm'])(
    '%s is a position',
    text => {
      expect(place(text)).toEqual({ kind: 'position', l0x: expect.closeTo(100), l0y: expect.closeTo(20) });
    }
  );

  it('a whole id is an annotation', () => {
    const id = '0f8fad5b-d9cb-469f-a165-70867728950e';
    expect(place(` ${id.toUpperCase()} `)).toEqual({ kind: 'annotation', id });
  });

  it.each([
    ['0f8fad5b', 'beginning of an id'],
    ['', 'Type a position'],
    ['12', 'Type a position'],
    ['1, 2, 3', 'Type a position'],
    ['tumor', 'Type a position'],
    ['2001, 5', 'outside of the slide'],
    ['-1 5', 'outside of the slide'],
    ['1001, 5 µm', '1000 × 250 µm']
  ])('%s is refused in a sentence', (text, said) => {
    const answer = wanted(text, slide);
    expect(answer.kind === 'problem' && answer.problem).toContain(said);
  });

  it('µm are refused where the slide does not tell how large its pixels are', () => {
    expect(wanted('1, 2 µm', { ...slide, mpp: null })).toMatchObject({ kind: 'problem' });
  });
});

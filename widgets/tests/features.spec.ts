// @vitest-environment jsdom
import * as L from 'leaflet';
import { describe, expect, it } from 'vitest';
import { drawnFeature, fromLatLng, layerOf, shapeFrom, toLatLng } from '../src/edit/features';
import type { Feature, Position } from '../src/types';

function feature(change: Partial<Feature>): Feature {
  return {
    id: 'a',
    shape: 'polygon',
    shape_params: null,
    label: 'x',
    layer: 'manual',
    score: null,
    geometry: null,
    properties: {},
    ...change
  };
}

const RING: Position[] = [
  [0, 0],
  [100, 0],
  [100, 50],
  [0, 50],
  [0, 0]
];

describe('coordinates', () => {
  it('turn y around and round to the grid of the store', () => {
    expect(toLatLng([3, 7])).toEqual(L.latLng(-7, 3));
    expect(fromLatLng(L.latLng(-7.0001, 3.26))).toEqual([3.265625, 7]);
    expect(Object.is(fromLatLng(L.latLng(0, 0))[1], 0)).toBe(true);
  });
});

describe('shapes survive the way to Leaflet and back', () => {
  const hole: Position[] = [
    [10, 10],
    [20, 10],
    [20, 20],
    [10, 10]
  ];
  it.each<[string, Partial<Feature>]>([
    ['point', { shape: 'point', geometry: { type: 'Point', coordinates: [5, 6] } }],
    ['line', { shape: 'line', geometry: { type: 'LineString', coordinates: [RING[0]!, RING[2]!] } }],
    ['polyline', { shape: 'polyline', geometry: { type: 'LineString', coordinates: RING.slice(0, 3) } }],
    ['polygon with a hole', { geometry: { type: 'Polygon', coordinates: [RING, hole] } }],
    ['multipolygon', { geometry: { type: 'MultiPolygon', coordinates: [[RING, hole], [hole]] } }],
    [
      'rectangle',
      {
        shape: 'rectangle',
        shape_params: { x: 0, y: 0, width: 100, height: 50, angle: 0 },
        geometry: { type: 'Polygon', coordinates: [RING] }
      }
    ]
  ])('%s', (_name, change) => {
    const before = feature(change);
    const after = { ...before, ...shapeFrom(layerOf(before, {})!, before) };
    expect(after).toEqual(before);
  });

  it('circle', () => {
    const before = feature({ shape: 'circle', shape_params: { cx: 50, cy: 60, r: 8 } });
    const drawn = { ...before, geometry: { type: 'Point' as const, coordinates: [50, 60] as Position } };
    const layer = layerOf(drawn, {})!;
    expect(layer).toBeInstanceOf(L.Circle);
    const after = shapeFrom(layer, drawn);
    expect(after.shape).toBe('circle');
    expect(after.shape_params).toEqual({ cx: 50, cy: 60, r: 8 });
    expect(after.geometry!.type).toBe('Polygon');
  });

  it('a label of the whole image has no shape', () => {
    expect(layerOf(feature({ shape: 'image' }), {})).toBeNull();
  });
});

describe('edits', () => {
  const ellipse = feature({
    shape: 'ellipse',
    shape_params: { cx: 50, cy: 25, rx: 50, ry: 25, angle: 0 },
    geometry: { type: 'Polygon', coordinates: [RING] }
  });

  it('a moved ellipse stays one', () => {
    const layer = L.polygon(RING.slice(0, 4).map(([x, y]) => toLatLng([x + 7, y - 3])));
    const after = shapeFrom(layer, ellipse);
    expect(after.shape).toBe('ellipse');
    expect(after.shape_params).toEqual({ cx: 57, cy: 22, rx: 50, ry: 25, angle: 0 });
  });

  it('an ellipse with a moved corner is a polygon', () => {
    const corners = RING.slice(0, 4).map(toLatLng);
    corners[2] = toLatLng([120, 60]);
    const after = shapeFrom(L.polygon(corners), ellipse);
    expect(after.shape).toBe('polygon');
    expect(after.shape_params).toBeNull();
  });

  it('what was drawn gets the kind of its tool and the current label', () => {
    const drawn = drawnFeature(L.rectangle(L.latLngBounds(toLatLng([1, 2]), toLatLng([11, 22]))), 'tumor');
    expect(drawn).toMatchObject({ id: null, shape: 'rectangle', label: 'tumor', layer: 'manual' });
    expect(drawn.shape_params).toEqual({ x: 1, y: 2, width: 10, height: 20, angle: 0 });
    expect(drawnFeature(L.circle([0, 0], { radius: 4 }), null).shape).toBe('circle');
    expect(drawnFeature(L.circleMarker([0, 0]), null).shape).toBe('point');
    expect(
      drawnFeature(
        L.polyline([
          [0, 0],
          [1, 1]
        ]),
        null
      ).shape
    ).toBe('line');
    expect(
      drawnFeature(
        L.polyline([
          [0, 0],
          [1, 1],
          [2, 0]
        ]),
        null
      ).shape
    ).toBe('polyline');
    expect(
      drawnFeature(
        L.polygon([
          [0, 0],
          [1, 1],
          [2, 0]
        ]),
        null
      ).shape
    ).toBe('polygon');
  });
});

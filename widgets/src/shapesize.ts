/** How large a shape is: its area and the length of its outline, exact for circles and ellipses' areas. */
import type { Feature, Geometry, Position } from './types';
import { areaText, countText, lengthText } from './units';

export interface Size {
  /** Null for lines and points. */
  area: number | null;
  /** Of the line, or of all outlines. */
  length: number;
}

/** Area and length of a shape, with `unit` units per level-0 pixel along x and y. */
export function sizeOf({ geometry, shape, shape_params: params }: Feature, unit: Position): Size | null {
  if (!geometry) {
    return null;
  }
  if (shape === 'circle' && params?.r !== undefined) {
    return ellipseSize(params.r * unit[0], params.r * unit[1]);
  }
  const size = geometrySize(geometry, unit);
  if (size && shape === 'ellipse' && params?.rx !== undefined && params.ry !== undefined) {
    return { ...size, area: Math.PI * params.rx * params.ry * unit[0] * unit[1] };
  }
  return size;
}

/** The length is Ramanujan's second approximation, exact for a circle. */
function ellipseSize(a: number, b: number): Size {
  const h = ((a - b) / (a + b || 1)) ** 2;
  const length = Math.PI * (a + b) * (1 + (3 * h) / (10 + Math.sqrt(4 - 3 * h)));
  return { area: Math.PI * a * b, length };
}

export function geometrySize(geometry: Geometry, unit: Position): Size | null {
  switch (geometry.type) {
    case 'Point':
    case 'MultiPoint':
      return null;
    case 'LineString':
      return { area: null, length: lineLength(geometry.coordinates, unit) };
    case 'MultiLineString':
      return { area: null, length: sum(geometry.coordinates, line => lineLength(line, unit)) };
    case 'Polygon':
      return polygonSize(geometry.coordinates, unit);
    case 'MultiPolygon': {
      const parts = geometry.coordinates.map(rings => polygonSize(rings, unit));
      return { area: sum(parts, part => part.area ?? 0), length: sum(parts, part => part.length) };
    }
  }
}

/** The first ring is the outline, the others are holes; rings are closed, and go either way round. */
function polygonSize([outline, ...holes]: Position[][], unit: Position): Size {
  const area = ringArea(outline ?? [], unit) - sum(holes, hole => ringArea(hole, unit));
  return { area, length: sum([outline ?? [], ...holes], ring => lineLength(ring, unit)) };
}

/** The shoelace formula, about the first corner: far from the origin nothing is lost. */
export function ringArea(ring: Position[], [ux, uy]: Position): number {
  const [x0, y0] = ring[0] ?? [0, 0];
  let twice = 0;
  for (let i = 0; i < ring.length; i++) {
    const [xa, ya] = ring[i]!;
    const [xb, yb] = ring[(i + 1) % ring.length]!;
    twice += (xa - x0) * (yb - y0) - (xb - x0) * (ya - y0);
  }
  return (Math.abs(twice) / 2) * ux * uy;
}

export function lineLength(line: Position[], [ux, uy]: Position): number {
  let length = 0;
  for (let i = 1; i < line.length; i++) {
    length += Math.hypot((line[i]![0] - line[i - 1]![0]) * ux, (line[i]![1] - line[i - 1]![1]) * uy);
  }
  return length;
}

/** A shape's size in words: in µm where the slide tells how large its pixels are, and in pixels. */
export function sizeText(feature: Feature, mpp: [number, number] | null): string {
  const px = sizeOf(feature, [1, 1]);
  if (!px) {
    return '';
  }
  const um = mpp && sizeOf(feature, mpp);
  const length = um
    ? `${lengthText(um.length, 4)} · ${countText(px.length)} px`
    : `${countText(px.length)} px`;
  if (px.area === null) {
    return `length ${length}`;
  }
  const area = um ? `${areaText(um.area ?? 0)} · ${countText(px.area)} px²` : `${countText(px.area)} px²`;
  return `area ${area}, outline ${um ? lengthText(um.length, 4) : length}`;
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

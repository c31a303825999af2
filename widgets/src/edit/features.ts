/**
 * Between features (level-0 pixels, y down) and Leaflet shapes (CRS.Simple: lat = -y, lng = x).
 *
 * What was drawn is kept in our own record: Geoman forgets that a rectangle was one.
 */
import * as L from 'leaflet';
import type { Feature, Geometry, Position, ShapeKind } from '../types';

export type ShapeLayer = L.Path | L.FeatureGroup;
type Nested = L.LatLng | Nested[];

/** Where shapes go that are drawn by hand. */
export const DRAWN_LAYER = 'manual';
/** The store keeps 1/64 px. */
const GRID = 64;
const CIRCLE_VERTICES = 64;
const POINT_RADIUS_PX = 6;

export function toLatLng([x, y]: Position): L.LatLng {
  return L.latLng(-y, x);
}

export function fromLatLng({ lat, lng }: L.LatLng): Position {
  // adding 0 turns -0 into 0
  return [Math.round(lng * GRID) / GRID + 0, Math.round(-lat * GRID) / GRID + 0];
}

/** A ring around a centre; closed, as GeoJSON asks. */
export function circleGeometry(cx: number, cy: number, r: number): Geometry {
  const ring = Array.from({ length: CIRCLE_VERTICES }, (_, i): Position => {
    const angle = (2 * Math.PI * i) / CIRCLE_VERTICES;
    return [cx + r * Math.cos(angle), cy + r * Math.sin(angle)];
  });
  return { type: 'Polygon', coordinates: [[...ring, ring[0]!]] };
}

/** The Leaflet shape that shows a feature, or null for a label of the whole image. */
export function layerOf(feature: Feature, style: L.PathOptions): ShapeLayer | null {
  const { geometry, shape, shape_params: params } = feature;
  if (!geometry) {
    return null;
  }
  if (shape === 'circle' && params && 'r' in params) {
    return L.circle(toLatLng([params.cx!, params.cy!]), { ...style, radius: params.r! });
  }
  if (shape === 'rectangle' && params && !params.angle) {
    const { x, y, width, height } = params as Record<'x' | 'y' | 'width' | 'height', number>;
    return L.rectangle(L.latLngBounds(toLatLng([x, y]), toLatLng([x + width, y + height])), style);
  }
  switch (geometry.type) {
    case 'Point':
      return point(geometry.coordinates, style);
    case 'MultiPoint':
      return L.featureGroup(geometry.coordinates.map(position => point(position, style)));
    case 'LineString':
      return L.polyline(geometry.coordinates.map(toLatLng), { ...style, fill: false });
    case 'MultiLineString':
      return L.polyline(
        geometry.coordinates.map(line => line.map(toLatLng)),
        { ...style, fill: false }
      );
    case 'Polygon':
      return L.polygon(geometry.coordinates.map(openRing), style);
    case 'MultiPolygon':
      return L.polygon(
        geometry.coordinates.map(rings => rings.map(openRing)),
        style
      );
  }
}

function point(position: Position, style: L.PathOptions): L.CircleMarker {
  return L.circleMarker(toLatLng(position), { ...style, radius: POINT_RADIUS_PX });
}

function openRing(ring: Position[]): L.LatLng[] {
  return ring.slice(0, -1).map(toLatLng);
}

/** What has just been drawn with a tool. */
export function drawnFeature(layer: L.Layer, label: string | null): Feature {
  const feature: Feature = {
    id: null,
    shape: 'polygon',
    shape_params: null,
    label,
    layer: DRAWN_LAYER,
    score: null,
    geometry: null,
    properties: {}
  };
  if (layer instanceof L.Circle) {
    feature.shape = 'circle';
  } else if (layer instanceof L.CircleMarker) {
    feature.shape = 'point';
  } else if (layer instanceof L.Rectangle) {
    feature.shape = 'rectangle';
  } else if (!(layer instanceof L.Polygon)) {
    feature.shape = 'polyline';
  }
  return { ...feature, ...shapeFrom(layer, feature) };
}

/** Whether all of a shape is one point, or one line where there should be an area. */
export function isNothing({ shape, geometry }: Feature): boolean {
  if (shape === 'point') {
    return false;
  }
  const positions = positionsOf(geometry);
  const [xs, ys] = [0, 1].map(axis => new Set(positions.map(position => position[axis])).size);
  const isLine = shape === 'line' || shape === 'polyline';
  return isLine ? xs === 1 && ys === 1 : xs === 1 || ys === 1;
}

type Shape = Pick<Feature, 'geometry' | 'shape' | 'shape_params'>;

/** Shape, parameters and geometry of a layer after an edit of the feature it showed. */
export function shapeFrom(layer: L.Layer, before: Feature): Shape {
  if (layer instanceof L.Circle) {
    const [cx, cy] = fromLatLng(layer.getLatLng());
    const r = Math.round(layer.getRadius() * GRID) / GRID;
    return { shape: 'circle', shape_params: { cx, cy, r }, geometry: circleGeometry(cx, cy, r) };
  }
  if (layer instanceof L.CircleMarker) {
    const coordinates = fromLatLng(layer.getLatLng());
    return { shape: 'point', shape_params: null, geometry: { type: 'Point', coordinates } };
  }
  if (layer instanceof L.Rectangle) {
    return rectangle(layer.getBounds());
  }
  if (layer instanceof L.Polygon) {
    const geometry = polygonGeometry(layer.getLatLngs() as Nested[]);
    return { geometry, ...movedParams(before, geometry) };
  }
  if (layer instanceof L.Polyline) {
    return lineShape(layer.getLatLngs() as Nested[]);
  }
  return before;
}

function rectangle(bounds: L.LatLngBounds): Shape {
  const [x, y] = fromLatLng(bounds.getNorthWest());
  const [right, bottom] = fromLatLng(bounds.getSouthEast());
  const ring: Position[] = [
    [x, y],
    [right, y],
    [right, bottom],
    [x, bottom],
    [x, y]
  ];
  return {
    shape: 'rectangle',
    shape_params: { x, y, width: right - x, height: bottom - y, angle: 0 },
    geometry: { type: 'Polygon', coordinates: [ring] }
  };
}

function polygonGeometry(latlngs: Nested[]): Geometry {
  const closed = (ring: Nested): Position[] => {
    const positions = (ring as L.LatLng[]).map(fromLatLng);
    return [...positions, positions[0]!];
  };
  const nestedTwice = Array.isArray(latlngs[0]) && Array.isArray(latlngs[0][0]);
  return nestedTwice
    ? { type: 'MultiPolygon', coordinates: (latlngs as Nested[][]).map(rings => rings.map(closed)) }
    : { type: 'Polygon', coordinates: latlngs.map(closed) };
}

function lineShape(latlngs: Nested[]): Shape {
  if (Array.isArray(latlngs[0])) {
    const coordinates = (latlngs as L.LatLng[][]).map(line => line.map(fromLatLng));
    return { shape: 'polyline', shape_params: null, geometry: { type: 'MultiLineString', coordinates } };
  }
  const coordinates = (latlngs as L.LatLng[]).map(fromLatLng);
  const shape: ShapeKind = coordinates.length === 2 ? 'line' : 'polyline';
  return { shape, shape_params: null, geometry: { type: 'LineString', coordinates } };
}

/** An ellipse or turned rectangle that was only moved keeps its kind; one whose corners moved is a polygon. */
function movedParams(before: Feature, after: Geometry): Pick<Feature, 'shape' | 'shape_params'> {
  const params = before.shape_params;
  if (!params || (before.shape !== 'ellipse' && before.shape !== 'rectangle')) {
    return { shape: 'polygon', shape_params: null };
  }
  const [was, is] = [positionsOf(before.geometry), positionsOf(after)];
  const [dx, dy] = [is[0]![0] - was[0]![0], is[0]![1] - was[0]![1]];
  const tolerance = 2 / GRID;
  const moved =
    was.length === is.length &&
    was.every(
      ([x, y], i) => Math.abs(is[i]![0] - x - dx) < tolerance && Math.abs(is[i]![1] - y - dy) < tolerance
    );
  if (!moved) {
    return { shape: 'polygon', shape_params: null };
  }
  const shifted =
    before.shape === 'ellipse'
      ? { ...params, cx: params.cx! + dx, cy: params.cy! + dy }
      : { ...params, x: params.x! + dx, y: params.y! + dy };
  return { shape: before.shape, shape_params: shifted };
}

/** All vertices of a geometry, in order. */
export function positionsOf(geometry: Geometry | null): Position[] {
  if (!geometry) {
    return [];
  }
  const flat: Position[] = [];
  const walk = (part: unknown): void => {
    const items = part as unknown[];
    if (typeof items[0] === 'number') {
      flat.push(items as Position);
    } else {
      items.forEach(walk);
    }
  };
  walk(geometry.coordinates);
  return flat;
}

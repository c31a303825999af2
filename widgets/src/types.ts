/** What crosses the wire: the shapes of docs/design/0001-rooms.md. All coordinates are level-0 pixels, y down. */

export const PROTOCOL = 1;

export type ShapeKind =
  'point' | 'line' | 'polyline' | 'polygon' | 'rectangle' | 'circle' | 'ellipse' | 'image';

export type Position = [number, number];

export type Geometry =
  | { type: 'Point'; coordinates: Position }
  | { type: 'MultiPoint' | 'LineString'; coordinates: Position[] }
  | { type: 'Polygon' | 'MultiLineString'; coordinates: Position[][] }
  | { type: 'MultiPolygon'; coordinates: Position[][][] };

export interface Feature {
  id: string | null;
  shape: ShapeKind;
  shape_params: Record<string, number> | null;
  label: string | null;
  layer: string;
  score: number | null;
  geometry: Geometry | null;
  properties: Record<string, unknown>;
}

/** A stored feature, with its row number in the version it was read from. */
export type StoredFeature = Feature & { row: number };

export interface LabelInfo {
  name: string;
  color: string;
  key: string | null;
  shape?: ShapeKind;
  default_size?: number;
  order?: number;
  description?: string;
  active?: boolean;
}

/** One of `path`, or `project` and `slide`. */
export interface Source {
  path?: string;
  project?: string;
  slide?: string;
}

export interface ProjectInfo {
  path: string;
  name: string;
  slide: string | null;
  branch: string;
  head: string;
  labels: LabelInfo[];
}

export interface SlideInfo {
  name: string;
  width: number;
  height: number;
  mpp: [number, number] | null;
  magnification: number | null;
  tile_size: number;
  min_zoom: number;
  fingerprint: string;
  project: ProjectInfo | null;
}

export interface VectorMeta {
  version: string;
  n: number;
  bounds: [number, number, number, number] | null;
  labels: string[];
  layers: string[];
  counts: Record<string, number>;
  images: StoredFeature[];
  density_max_zoom: number | null;
  min_zoom: number;
}

export interface CommitInfo {
  id: string;
  author: string;
  time: string;
  message: string;
}

export interface CommitRequest {
  project: string;
  slide: string;
  branch: string;
  base: string;
  message: string;
  upsert: Feature[];
  delete: string[];
}

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
  /** What the project keeps with the slide, where it has it. */
  checksum?: string | null;
  metadata?: Record<string, unknown>;
}

export interface ChannelInfo {
  name: string;
  /** CSS hexadecimal colour. */
  color: string;
  /** What is shown as black and as the full colour, unless asked otherwise. */
  range: [number, number];
  /** Extremes of the data or its type. */
  limits: [number, number];
  /** What fits the data, whatever the file asks for. */
  auto: [number, number];
  /** Whether it is shown unless asked otherwise. */
  visible: boolean;
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
  /** Name of the file. */
  file: string;
  /** Width and height of each, the largest first. */
  levels: [number, number][];
  planes: { z: number; t: number; c: number };
  properties: Record<string, string>;
  /** Names of the images that came with the slide. */
  associated: string[];
  /** Null for a picture whose colours are its own. */
  channels: ChannelInfo[] | null;
  /** Names of planes of one kind, where they have any. */
  frames: { kind: 'z' | 't'; names: string[] } | null;
  /** Time points per second, of a film. */
  frame_rate: number | null;
  /** What tiles show outside the slide. */
  background: string;
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
  /** What annotations can be coloured by beyond label, layer and score. */
  columns?: ColumnMeta[];
  layer_counts?: Record<string, number>;
}

export interface ColumnMeta {
  name: string;
  kind: 'category' | 'number';
  unit: string | null;
}

export interface Counts {
  added: number;
  updated: number;
  deleted: number;
}

export interface CommitInfo {
  id: string;
  /** Ids; the first one is what the commit was made on. */
  parents: string[];
  author: string;
  time: string;
  message: string;
  /** Per slide. */
  changes: Record<string, Counts>;
}

/** A branch or a tag. */
export interface Ref {
  name: string;
  commit: string;
}

export interface Refs {
  branches: Ref[];
  tags: Ref[];
}

export type ChangeKind = 'added' | 'deleted' | 'moved' | 'relabelled' | 'changed';

/** What happened to one annotation between two versions. */
export interface Change {
  id: string;
  kind: ChangeKind;
  /** The columns that differ; `geometry` stands for shape and parameters as well. */
  fields: string[];
  /** xmin, ymin, xmax, ymax of both sides; null for a label of the whole image. */
  box: [number, number, number, number] | null;
  before: Feature | null;
  after: Feature | null;
}

export interface DiffQuery {
  project: string;
  slide: string;
  from: string;
  to: string;
}

/** A page of a difference; the counts and the total are of all of it. */
export interface DiffPage {
  from: string;
  to: string;
  counts: Counts;
  total: number;
  changes: Change[];
}

/** One field of one thing that two sides changed differently. */
export interface Conflict {
  /** Null for what belongs to no slide: a label, say, whose `id` is then `labels/<name>`. */
  slide: string | null;
  id: string;
  /** Null where one side took the whole thing away. */
  field: string | null;
  base: unknown;
  ours: unknown;
  theirs: unknown;
}

export type Side = 'ours' | 'theirs';

export interface MergeChoice {
  slide: string | null;
  id: string;
  field: string | null;
  choice: Side;
}

export interface MergeRequest {
  project: string;
  from: string;
  into: string;
  message?: string;
  choices?: MergeChoice[];
}

/** A feature on its way to or from the server's journal; `key` is the browser's name for one without id. */
export type KeyedFeature = Feature & { key?: string };

/** What changed in the unsaved edits since the server was told last. */
export interface DraftRequest {
  project: string;
  slide: string;
  branch: string;
  base: string;
  draft: string | null;
  set: KeyedFeature[];
  unset: string[];
  delete: string[];
  undelete: string[];
}

/** An open session of Python; the revision grows with its edits. */
export interface LiveDraft {
  id: string;
  revision: number;
}

/** The commit that a version is, or that a live version builds on. */
export function commitOf(version: string): string {
  return version.split('+', 1)[0]!;
}

/** Unsaved edits that the server kept. */
export interface DraftInfo {
  id: string;
  base: string;
  time: string;
  author: string;
  features: KeyedFeature[];
  deleted: string[];
}

export interface CommitRequest {
  project: string;
  slide: string;
  branch: string;
  base: string;
  message: string;
  upsert: Feature[];
  delete: string[];
  /** By id, for edits of what somebody else has changed meanwhile. */
  choices?: Record<string, Side>;
  /** The draft of these edits, which the commit settles. */
  draft?: string;
}

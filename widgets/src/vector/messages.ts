/** What the page and the engine tell each other. */
import type { Placement } from './rings';

export interface TileRequest {
  /** Which style applies. */
  layer: string;
  key: string;
  url: string;
  /** The column whose categories density cells count; null counts labels. */
  by: string | null;
  /** Where it is, for what comes first. */
  z: number;
  x: number;
  y: number;
  placement: Placement;
  /** Raster pixels a side. */
  size: number;
}

/** What the engine tells without having been asked for an answer. */
export type Told =
  | { what: 'painted'; key: string; bitmap: ImageBitmap }
  | { what: 'failed'; key: string }
  /** Something cannot be loaded and is tried again; null: all is well again. */
  | { what: 'trouble'; layer: string; message: string | null };

export interface Picked {
  /** -1 for a density cell. */
  row: number;
  /** Number of the label in the version's list, or null; so with the layer. */
  label: number | null;
  layer: number | null;
  /** 0..1 or null. */
  score: number | null;
  /** Its value in the column that colours follow: number of a category, or a number. */
  value: number | null;
  /** On a density cell: what it holds, by label (or by category of the column), the most first. */
  cell: { category: number | null; count: number }[] | null;
}

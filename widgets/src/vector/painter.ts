/** What makes a bitmap of a tile: of the raster of feature numbers, a table of their colours, and the cells. */
import type { VectorTile } from './format';
import type { IdRaster } from './raster';
import type { Compiled } from './style';

export interface PaintJob {
  raster: IdRaster;
  tile: VectorTile;
  style: Compiled;
  /** From `style.colors`. */
  colors: Uint32Array;
  /** Raster pixels per screen pixel. */
  density: number;
  /** The column whose categories the density cells count; null counts labels. */
  by: string | null;
  /** Row under the pointer, or -1. */
  hovered: number;
}

export interface Painter {
  /** A bitmap of a tile, which is the caller's; throws where it cannot be made. */
  paint(job: PaintJob): ImageBitmap | Promise<ImageBitmap>;
  /** Called when bitmaps of before may be gone: all that is shown has to be painted again. */
  onLost?: () => void;
}

/** A tile that is wanted: what came for it, what was drawn of it, and what is still to be done. */
import type { VectorTile } from './format';
import type { TileRequest } from './messages';
import { IdRaster } from './raster';

export class Tile {
  /** What is painted; stays until the next one is there. */
  data: VectorTile | null = null;
  /** The column that the cells of `data` count by. */
  by: string | null = null;
  raster: IdRaster | null = null;
  colors: Uint32Array | null = null;
  /** What is still to be done. */
  wants: 'raster' | 'paint' | null = null;
  isLoading = false;
  failures = 0;
  timer: ReturnType<typeof setTimeout> | undefined;
  /** What the raster shows, and the colours it was drawn with: what was hidden is not in it. */
  private rasterOf: VectorTile | null = null;
  private rasterColors: Uint32Array | null = null;

  constructor(public request: TileRequest) {}

  want(what: 'raster' | 'paint'): void {
    // new colours come at once, unless there is something new to colour
    this.wants = this.isDrawn ? what : 'raster';
  }

  /** Whether the raster shows what came last, as large as it is wanted. */
  get isDrawn(): boolean {
    return this.raster?.size === this.request.size && this.rasterOf === this.data;
  }

  /** Whether the raster lacks what is shown by now, or has what is hidden. */
  get isStale(): boolean {
    const { rasterColors, colors } = this;
    return rasterColors !== null && colors !== null && !sameHidden(rasterColors, colors);
  }

  /** Draw the raster anew, with what `colors` does not hide. */
  draw(): void {
    const { size, placement } = this.request;
    if (this.raster?.size !== size) {
      this.raster = new IdRaster(size);
    }
    this.raster.draw(this.data!, placement, this.colors);
    this.rasterOf = this.data;
    this.rasterColors = this.colors;
  }

  /** Do without the raster, which is drawn again when it is needed. */
  letGo(): void {
    this.raster = this.rasterOf = this.rasterColors = null;
  }
}

/** Whether two tables of colours hide the same features. */
function sameHidden(before: Uint32Array, after: Uint32Array): boolean {
  for (let i = 1; i < after.length; i++) {
    if ((before[i] === 0) !== (after[i] === 0)) {
      return false;
    }
  }
  return before.length === after.length;
}

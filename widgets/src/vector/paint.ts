/** Colours for a raster of feature numbers: one pass over the pixels. */
import { NO_LABEL, type VectorTile } from './format';
import { COVERAGE, type IdRaster } from './raster';
import { MARKED, type Compiled } from './style';

const DENSITY_BASE_ALPHA = 70;
const DENSITY_STEP_ALPHA = 32;
const DENSITY_MAX_ALPHA = 215;
/** Screen pixels by which the light rim of what is selected reaches beyond its dark outline. */
const HALO_PX = 2;
/** Of very many in one tile a thin rim is enough. */
const MANY_PIXELS = 40_000;
const HALO = 0xf0ffffff;
const CORE = 0xff1a1a1a;
/** Coverage from which a pixel belongs to an outline. */
const SOLID = 56;

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

/** Paint a raster and the density cells below it; `pixels` are RGBA words, not premultiplied. */
export function paint(pixels: Uint32Array, job: PaintJob): void {
  const { raster, tile, style, colors } = job;
  const { owner, outline } = raster;
  const { alphas } = style;
  if (tile.density) {
    pixels.fill(0);
    paintCells(pixels, job);
    for (let at = 0; at < owner.length; at++) {
      const color = colors[owner[at]!]!;
      if (color !== 0) {
        const alpha = alphas[((color >>> 24) << 8) | outline[at]!]!;
        if (alpha > (pixels[at]! & 0xff000000) >>> 0) {
          pixels[at] = (color & 0xffffff) | alpha;
        }
      }
    }
  } else {
    for (let at = 0; at < owner.length; at++) {
      const color = colors[owner[at]!]!;
      pixels[at] = color === 0 ? 0 : (color & 0xffffff) | alphas[((color >>> 24) << 8) | outline[at]!]!;
    }
  }
  if (colors.some(color => color >= MARKED)) {
    paintMarks(pixels, job);
  }
}

/** Selected features get a dark outline with a light rim, the one under the pointer a wider outline. */
function paintMarks(pixels: Uint32Array, { raster, tile, style, colors, density, hovered }: PaintJob): void {
  const { owner, outline, size } = raster;
  const chosen: number[] = [];
  const over: number[] = [];
  for (let at = 0; at < owner.length; at++) {
    const id = owner[at]!;
    if (colors[id]! >= MARKED && (outline[at]! & COVERAGE) >= SOLID) {
      const row = tile.row[id - 1]!;
      (style.isSelected(row) ? chosen : over).push(at);
      if (row === hovered && style.isSelected(row)) {
        over.push(at);
      }
    }
  }
  const reach = chosen.length > MANY_PIXELS ? 1 : HALO_PX * density;
  chosen.forEach(at => stamp(pixels, size, at, reach, HALO));
  chosen.forEach(at => (pixels[at] = CORE));
  over.forEach(at => stamp(pixels, size, at, density, (colors[owner[at]!]! & 0xffffff) | 0xff000000));
}

function stamp(pixels: Uint32Array, size: number, at: number, reach: number, color: number): void {
  const x = at % size;
  const y = (at - x) / size;
  const x0 = Math.max(0, x - reach);
  const x1 = Math.min(size - 1, x + reach) + 1;
  for (let row = Math.max(0, y - reach); row <= Math.min(size - 1, y + reach); row++) {
    pixels.fill(color, row * size + x0, row * size + x1);
  }
}

// red, green, blue, opacity and count of each cell; shared by all tiles of a thread
let sums = new Float32Array(0);
/** Alpha of a cell by its count; beyond the list it is the greatest. */
const STRENGTH = Float32Array.from({ length: 64 }, (_, count) =>
  Math.min(DENSITY_MAX_ALPHA, DENSITY_BASE_ALPHA + DENSITY_STEP_ALPHA * Math.log2(Math.max(1, count)))
);

/** The colour of a cell is the mean of what it counts, the strength grows with the logarithm of the sum. */
function paintCells(pixels: Uint32Array, { raster: { size }, tile, style, density, by }: PaintJob): void {
  const side = tile.cellPx * density;
  const perRow = Math.round(size / side);
  const nCells = perRow * perRow;
  if (sums.length < 5 * nCells) {
    sums = new Float32Array(5 * nCells);
  }
  sumCells(sums, tile, style, by, nCells);
  for (let cell = 0, at = 0; cell < nCells; cell++, at += 5) {
    const count = sums[at + 4]!;
    if (count > 0) {
      const strength = count < STRENGTH.length ? STRENGTH[count | 0]! : DENSITY_MAX_ALPHA;
      const share = 1 / count;
      const value =
        (sums[at]! * share + 0.5) |
        ((sums[at + 1]! * share + 0.5) << 8) |
        ((sums[at + 2]! * share + 0.5) << 16) |
        ((strength * sums[at + 3]! * share + 0.5) << 24);
      const x = (cell % perRow) * side;
      const y = ((cell / perRow) | 0) * side;
      for (let row = y; row < y + side; row++) {
        for (let column = x; column < x + side; column++) {
          pixels[row * size + column] = value;
        }
      }
      sums[at] = sums[at + 1] = sums[at + 2] = sums[at + 3] = sums[at + 4] = 0;
    }
  }
}

const UNKNOWN = -2;
const BINS = 256;

function sumCells(
  into: Float32Array,
  tile: VectorTile,
  style: Compiled,
  by: string | null,
  nCells: number
): void {
  const { cellIndex, cellLabel, cellLayer, cellBin, cellCount, scoreBins } = tile;
  // the same categories, layers and bins come again and again: by layer, then category and bin
  const known: (Int32Array | undefined)[] = [];
  const span =
    BINS * (2 + cellLabel.reduce((most, label) => (label < NO_LABEL && label > most ? label : most), 0));
  for (let k = 0; k < cellIndex.length; k++) {
    const layer = cellLayer[k]!;
    const colors = (known[layer] ??= new Int32Array(span).fill(UNKNOWN));
    const label = cellLabel[k]!;
    const key = (label === NO_LABEL ? 0 : label + 1) * BINS + cellBin[k]!;
    let color = colors[key]!;
    if (color === UNKNOWN) {
      color = colors[key] = style.cellColor(label, layer, cellBin[k]!, scoreBins, by);
    }
    const cell = cellIndex[k]!;
    if (color >= 0 && cell < nCells) {
      const count = cellCount[k]!;
      const at = 5 * cell;
      into[at]! += (color & 255) * count;
      into[at + 1]! += ((color >> 8) & 255) * count;
      into[at + 2]! += ((color >> 16) & 255) * count;
      into[at + 3]! += style.cellOpacity(layer) * count;
      into[at + 4]! += count;
    }
  }
}

/** Density cells: the colour of each, one word a cell. */
import { NO_LABEL, type VectorTile } from './format';
import type { PaintJob } from './painter';
import type { Compiled } from './style';

const BASE_ALPHA = 70;
const STEP_ALPHA = 32;
const MAX_ALPHA = 215;
const UNKNOWN = -2;
const BINS = 256;

/** Square cells from the top left corner of a tile, row by row. */
export interface Cells {
  /** Cells a row, and rows. */
  perRow: number;
  /** Raster pixels a side. */
  side: number;
  /** RGBA, not premultiplied; valid until the next tile's are made. */
  words: Uint32Array;
}

// red, green, blue, opacity and count of each cell, and what becomes of them; shared by all tiles of a thread
let sums = new Float32Array(0);
let made = new Uint32Array(0);
/** Alpha of a cell by its count; beyond the list it is the greatest. */
const STRENGTH = Float32Array.from({ length: 64 }, (_, count) =>
  Math.min(MAX_ALPHA, BASE_ALPHA + STEP_ALPHA * Math.log2(Math.max(1, count)))
);

/** The colour of a cell is the mean of what it counts, the strength grows with the logarithm of the sum. */
export function cellsOf({ raster: { size }, tile, style, density, by }: PaintJob): Cells {
  const side = tile.cellPx * density;
  const perRow = Math.round(size / side);
  const nCells = perRow * perRow;
  if (made.length < nCells) {
    sums = new Float32Array(5 * nCells);
    made = new Uint32Array(nCells);
  }
  sumCells(sums, tile, style, by, nCells);
  for (let cell = 0, at = 0; cell < nCells; cell++, at += 5) {
    const count = sums[at + 4]!;
    if (count > 0) {
      const strength = count < STRENGTH.length ? STRENGTH[count | 0]! : MAX_ALPHA;
      const share = 1 / count;
      made[cell] =
        (sums[at]! * share + 0.5) |
        ((sums[at + 1]! * share + 0.5) << 8) |
        ((sums[at + 2]! * share + 0.5) << 16) |
        ((strength * sums[at + 3]! * share + 0.5) << 24);
      sums[at] = sums[at + 1] = sums[at + 2] = sums[at + 3] = sums[at + 4] = 0;
    } else {
      made[cell] = 0;
    }
  }
  return { perRow, side, words: made.subarray(0, nCells) };
}

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

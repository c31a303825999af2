/** Colours for a raster of feature numbers: one pass over the pixels. */
import type { VectorTile } from './format';
import { OUTLINE_ONLY, type IdRaster } from './raster';

/** What decides the colour of a feature; label numbers index `vector/meta`'s list. */
export interface Style {
  /** [red, green, blue] 0..255 of each label number. */
  palette: [number, number, number][];
  /** Colour of features without a label, and of labels the palette lacks. */
  fallback: [number, number, number];
  hiddenLabels: number[];
  /** Row numbers that are drawn elsewhere (under edit) or deleted. */
  hiddenRows: number[];
}

const FILL_ALPHA = 64;
const OUTLINE_ALPHA = 235;
const DENSITY_BASE_ALPHA = 70;
const DENSITY_STEP_ALPHA = 32;
const DENSITY_MAX_ALPHA = 215;

/** Paint a raster and the density cells below it into RGBA pixels (not premultiplied). */
export function paint(raster: IdRaster, tile: VectorTile, style: Style, cellPx: number): ImageData {
  const image = new ImageData(raster.size, raster.size);
  const pixels = new Uint32Array(image.data.buffer);
  const hiddenLabels = new Set(style.hiddenLabels);
  if (tile.density) {
    paintDensity(pixels, raster.size, tile, style, hiddenLabels, cellPx);
  }
  const colors = colorTable(tile, style, hiddenLabels);
  const { owner, outline } = raster;
  for (let at = 0; at < owner.length; at++) {
    const value = owner[at]!;
    if (value === 0) {
      continue;
    }
    const color = colors[(value & ~OUTLINE_ONLY) - 1]!;
    if (color === 0) {
      continue;
    }
    const base = value >= OUTLINE_ONLY ? 0 : FILL_ALPHA;
    const alpha = (base + ((OUTLINE_ALPHA - base) * outline[at]!) / 255) | 0;
    if (alpha > pixels[at]! >>> 24) {
      pixels[at] = (color & 0xffffff) | (alpha << 24);
    }
  }
  return image;
}

/** One opaque little-endian RGBA word a feature; 0 hides it. */
function colorTable(tile: VectorTile, style: Style, hiddenLabels: Set<number>): Uint32Array {
  const hiddenRows = new Set(style.hiddenRows);
  const table = new Uint32Array(tile.row.length);
  for (let i = 0; i < table.length; i++) {
    const label = tile.label[i]!;
    if (!hiddenLabels.has(label) && !hiddenRows.has(tile.row[i]!)) {
      table[i] = word(style.palette[label] ?? style.fallback);
    }
  }
  return table;
}

function word([red, green, blue]: [number, number, number]): number {
  return (red | (green << 8) | (blue << 16) | 0xff000000) >>> 0;
}

/** Cells hold counts per label: the colour is their mean, the strength grows with the logarithm of the sum. */
function paintDensity(
  pixels: Uint32Array,
  size: number,
  tile: VectorTile,
  style: Style,
  hiddenLabels: Set<number>,
  cellPx: number
): void {
  const perRow = Math.round(size / cellPx);
  const sums = new Map<number, [number, number, number, number]>();
  for (let k = 0; k < tile.cellIndex.length; k++) {
    const label = tile.cellLabel[k]!;
    if (hiddenLabels.has(label)) {
      continue;
    }
    const color = style.palette[label] ?? style.fallback;
    const count = tile.cellCount[k]!;
    const sum = sums.get(tile.cellIndex[k]!) ?? [0, 0, 0, 0];
    color.forEach((channel, c) => (sum[c]! += channel * count));
    sum[3] += count;
    sums.set(tile.cellIndex[k]!, sum);
  }
  for (const [cell, [red, green, blue, count]] of sums) {
    const alpha = Math.min(DENSITY_MAX_ALPHA, DENSITY_BASE_ALPHA + DENSITY_STEP_ALPHA * Math.log2(count));
    const value = (word([red / count, green / count, blue / count]) & 0xffffff) | (alpha << 24);
    const x0 = Math.round((cell % perRow) * cellPx);
    const y0 = Math.round(Math.floor(cell / perRow) * cellPx);
    for (let y = y0; y < Math.min(size, y0 + cellPx); y++) {
      pixels.fill(value, y * size + x0, y * size + Math.min(size, x0 + cellPx));
    }
  }
}

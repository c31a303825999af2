/** Paints on the processor: one pass over the pixels, whatever the number of features. */
import { cellsOf, type Cells } from './cells';
import type { Painter, PaintJob } from './painter';
import { COVERAGE } from './raster';
import { MARKED } from './style';

/** Screen pixels by which the light rim of what is selected reaches beyond its dark outline. */
const HALO_PX = 2;
/** Of very many in one tile a thin rim is enough. */
const MANY_PIXELS = 40_000;
const HALO = 0xf0ffffff;
const CORE = 0xff1a1a1a;
/** Coverage from which a pixel belongs to an outline. */
const SOLID = 56;

interface Buffer {
  image: ImageData;
  words: Uint32Array;
  /** Twice as fast as `createImageBitmap` in Chromium. */
  stage: OffscreenCanvas | null;
}

function bufferOf(size: number): Buffer {
  const image = new ImageData(size, size);
  const stage = typeof OffscreenCanvas === 'undefined' ? null : new OffscreenCanvas(size, size);
  return { image, words: new Uint32Array(image.data.buffer), stage };
}

/** The painter that works everywhere. */
export class PixelPainter implements Painter {
  private buffer: Buffer | null = null;

  paint(job: PaintJob): ImageBitmap | Promise<ImageBitmap> {
    const { size } = job.raster;
    if (this.buffer?.image.width !== size) {
      this.buffer = bufferOf(size);
    }
    const { image, words, stage } = this.buffer;
    paint(words, job);
    if (!stage) {
      return createImageBitmap(image);
    }
    stage.getContext('2d', { willReadFrequently: true })!.putImageData(image, 0, 0);
    return stage.transferToImageBitmap();
  }
}

/** Paint a raster and the density cells below it; `pixels` are RGBA words, not premultiplied. */
export function paint(pixels: Uint32Array, job: PaintJob): void {
  const { raster, tile, style, colors } = job;
  const { owner, outline } = raster;
  const { alphas } = style;
  if (tile.density) {
    pixels.fill(0);
    paintCells(pixels, raster.size, cellsOf(job));
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
  if (isMarked(job)) {
    paintMarks(pixels, job);
  }
}

/** Whether anything in a tile is selected or under the pointer. */
export function isMarked({ colors }: PaintJob): boolean {
  for (const color of colors) {
    if (color >= MARKED) {
      return true;
    }
  }
  return false;
}

function paintCells(pixels: Uint32Array, size: number, { perRow, side, words }: Cells): void {
  for (let top = 0, cell = 0; cell < words.length; top += side) {
    for (let left = 0; left < perRow * side; left += side, cell++) {
      const value = words[cell]!;
      if (value !== 0) {
        const right = Math.min(size, left + side);
        for (let row = top * size; row < (top + side) * size; row += size) {
          for (let column = left; column < right; column++) {
            pixels[row + column] = value;
          }
        }
      }
    }
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

/** Where an overlay lies, which of its levels is looked at, and what part of that is painted. */
import type { Box } from './spec';

/** What must be known of a picture to lay it on another one. */
export interface Sized {
  name: string;
  width: number;
  height: number;
  /** Micrometres per pixel. */
  mpp: [number, number] | null;
}

/** A part of a level, in its pixels: x1 and y1 are no longer in it. */
export interface Part {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** A level of an overlay's pyramid: zoom 0 is its finest, each below has half the size. */
export interface Level {
  z: number;
  /** Whole pixels. */
  width: number;
  height: number;
  /** Level-0 pixels of the slide for one pixel. */
  across: number;
  down: number;
}

/** Screen pixels that are painted around what is in view, at least. */
const MARGIN_PX = 256;

/**
 * What all of an overlay covers, in level-0 pixels of the slide.
 *
 * That is the box, or the whole slide. Pictures are whole pixels wide: where both know how large theirs are, the
 * last row and column may reach over the edge.
 *
 * Fails with a sentence where the shapes do not fit.
 */
export function boxOf(overlay: Sized, slide: Sized, given?: Box): Box {
  const [xmin, ymin, xmax, ymax] = given ?? [0, 0, slide.width, slide.height];
  const [width, height] = [xmax - xmin, ymax - ymin];
  if (!isSameShape([width, height], [overlay.width, overlay.height])) {
    const place = given ? 'the box' : slide.name;
    throw new Error(
      `${overlay.name} (${overlay.width} x ${overlay.height} px) has another shape than ${place} ` +
        `(${Math.round(width)} x ${Math.round(height)} px): an overlay covers the same area, or has a box.`
    );
  }
  if (given || !overlay.mpp || !slide.mpp) {
    return [xmin, ymin, xmax, ymax];
  }
  const scale = [overlay.mpp[0] / slide.mpp[0], overlay.mpp[1] / slide.mpp[1]] as const;
  const own = [overlay.width * scale[0], overlay.height * scale[1]] as const;
  const fits = Math.abs(own[0] - width) < scale[0] && Math.abs(own[1] - height) < scale[1];
  return fits ? [0, 0, ...own] : [xmin, ymin, xmax, ymax];
}

/** Whether one shape could be the other one made smaller or larger, and rounded to whole pixels. */
export function isSameShape(one: readonly [number, number], other: readonly [number, number]): boolean {
  const scales = one.map((length, axis) => {
    const px = other[axis]!;
    return [length / (px + 1), px > 1 ? length / (px - 1) : Infinity] as const;
  });
  return Math.max(scales[0]![0], scales[1]![0]) <= Math.min(scales[0]![1], scales[1]![1]);
}

/** The level whose pixels are about as large as those of the screen at a zoom of the map. */
export function levelAt(zoom: number, { width, height }: Sized, minZoom: number, box: Box): Level {
  const [across, down] = [(box[2] - box[0]) / width, (box[3] - box[1]) / height];
  const z = Math.max(minZoom, Math.min(0, Math.round(zoom + Math.log2(across))));
  const step = 2 ** -z;
  // a pixel that is only half of the overlay is half of what is around it
  const [columns, rows] = [width, height].map(length => Math.max(1, Math.floor(length / step)));
  return { z, width: columns!, height: rows!, across: across * step, down: down * step };
}

/**
 * The part of a level to paint when `view` is seen at a zoom. With some `chunks` around what is in view it
 * changes rarely while the view moves.
 */
export function partFor(view: Box, zoom: number, level: Level, box: Box, chunks = 1): Part | null {
  const px = 2 ** zoom * level.across;
  const chunk = 2 ** Math.max(0, Math.min(8, Math.ceil(Math.log2(MARGIN_PX / px))));
  const range = (low: number, high: number, start: number, step: number, n: number): [number, number] => [
    Math.max(0, (Math.floor((low - start) / step / chunk) - chunks) * chunk),
    Math.min(n, (Math.ceil((high - start) / step / chunk) + chunks) * chunk)
  ];
  const [x0, x1] = range(view[0], view[2], box[0], level.across, level.width);
  const [y0, y1] = range(view[1], view[3], box[1], level.down, level.height);
  return x0 < x1 && y0 < y1 ? { x0, y0, x1, y1 } : null;
}

/** What a part of a level covers, in level-0 pixels. */
export function boxOfPart({ x0, y0, x1, y1 }: Part, { across, down }: Level, box: Box): Box {
  return [box[0] + x0 * across, box[1] + y0 * down, box[0] + x1 * across, box[1] + y1 * down];
}

/** The tiles that hold a part, from its middle outward. */
export function tilesOf({ x0, y0, x1, y1 }: Part, side: number): [x: number, y: number][] {
  const tiles: [number, number][] = [];
  for (let y = Math.floor(y0 / side); y * side < y1; y++) {
    for (let x = Math.floor(x0 / side); x * side < x1; x++) {
      tiles.push([x, y]);
    }
  }
  const [middleX, middleY] = [(x0 + x1) / 2 / side - 0.5, (y0 + y1) / 2 / side - 0.5];
  const far = ([x, y]: [number, number]): number => (x - middleX) ** 2 + (y - middleY) ** 2;
  return tiles.sort((a, b) => far(a) - far(b));
}

export function overlap(a: Part, b: Part): Part | null {
  const [x0, y0] = [Math.max(a.x0, b.x0), Math.max(a.y0, b.y0)];
  const [x1, y1] = [Math.min(a.x1, b.x1), Math.min(a.y1, b.y1)];
  return x0 < x1 && y0 < y1 ? { x0, y0, x1, y1 } : null;
}

/** What of a part is not in another one: at most four rectangles. */
export function without(part: Part, known: Part | null): Part[] {
  const both = known && overlap(part, known);
  if (!both) {
    return [part];
  }
  const pieces: Part[] = [
    { ...part, y1: both.y0 },
    { ...part, y0: both.y1 },
    { ...part, y0: both.y0, y1: both.y1, x1: both.x0 },
    { ...part, y0: both.y0, y1: both.y1, x0: both.x1 }
  ];
  return pieces.filter(({ x0, y0, x1, y1 }) => x0 < x1 && y0 < y1);
}

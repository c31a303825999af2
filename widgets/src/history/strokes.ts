/** Outlines and signs on a canvas, with a light casing that lifts them off the tissue. */
import { positionsOf } from '../edit/features';
import type { Geometry, Position } from '../types';

export interface Line {
  color: string;
  /** Screen px. */
  width: number;
  dash: number[];
}

export type Sign = 'plus' | 'cross' | 'arrow' | 'diamond' | 'ring';

/** From level-0 pixels to px of a canvas. */
export interface View {
  /** Canvas px per level-0 pixel. */
  scale: number;
  /** Level-0 position of the canvas's corner. */
  l0_x: number;
  l0_y: number;
  width: number;
  height: number;
  /** What makes a text upright again where the view is turned: a, b, c, d of a matrix. */
  upright?: readonly [number, number, number, number];
}

export type Box = readonly [number, number, number, number];

const CASING = 'rgb(255 255 255 / 85%)';
const CASING_PX = 1.5;
const POINT_RADIUS_PX = 6;
const ARROW_PX = 7;

export function toScreen([x, y]: Position, view: View): Position {
  return [(x - view.l0_x) * view.scale, (y - view.l0_y) * view.scale];
}

export function isInView([xmin, ymin, xmax, ymax]: Box, view: View): boolean {
  const right = view.l0_x + view.width / view.scale;
  const bottom = view.l0_y + view.height / view.scale;
  return xmax >= view.l0_x && ymax >= view.l0_y && xmin <= right && ymin <= bottom;
}

/** xmin, ymin, xmax, ymax of geometries; null where there are none. */
export function boxOf(...geometries: (Geometry | null | undefined)[]): Box | null {
  const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of geometries.flatMap(geometry => positionsOf(geometry ?? null))) {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  return box[0] <= box[2] ? box : null;
}

export function centreOf([xmin, ymin, xmax, ymax]: Box): Position {
  return [(xmin + xmax) / 2, (ymin + ymax) / 2];
}

/** Add a geometry to the current path: rings, lines, and points as small circles. */
function trace(context: CanvasRenderingContext2D, geometry: Geometry, view: View): void {
  const line = (positions: Position[], close: boolean): void => {
    positions.forEach((position, i) => {
      const [x, y] = toScreen(position, view);
      if (i === 0) {
        context.moveTo(x, y);
      } else {
        context.lineTo(x, y);
      }
    });
    if (close) {
      context.closePath();
    }
  };
  const point = (position: Position): void => {
    const [x, y] = toScreen(position, view);
    context.moveTo(x + POINT_RADIUS_PX, y);
    context.arc(x, y, POINT_RADIUS_PX, 0, 2 * Math.PI);
  };
  switch (geometry.type) {
    case 'Point':
      return point(geometry.coordinates);
    case 'MultiPoint':
      return geometry.coordinates.forEach(point);
    case 'LineString':
      return line(geometry.coordinates, false);
    case 'MultiLineString':
      return geometry.coordinates.forEach(part => line(part, false));
    case 'Polygon':
      return geometry.coordinates.forEach(ring => line(ring, true));
    case 'MultiPolygon':
      return geometry.coordinates.flat().forEach(ring => line(ring, true));
  }
}

export interface OutlineOptions {
  /** 0 to 1; nothing by default. */
  fill?: number;
  /** Wider by so many px. */
  heavier?: number;
}

export function outline(
  context: CanvasRenderingContext2D,
  geometry: Geometry | null | undefined,
  view: View,
  line: Line,
  { fill = 0, heavier = 0 }: OutlineOptions = {}
): void {
  if (!geometry) {
    return;
  }
  context.beginPath();
  trace(context, geometry, view);
  if (fill > 0 && !geometry.type.endsWith('LineString')) {
    const before = context.globalAlpha;
    context.globalAlpha = before * fill;
    context.fillStyle = line.color;
    context.fill('evenodd');
    context.globalAlpha = before;
  }
  stroke(context, { ...line, width: line.width + heavier });
}

/** Stroke the current path with its casing. */
function stroke(context: CanvasRenderingContext2D, { color, width, dash }: Line): void {
  context.lineJoin = 'round';
  context.setLineDash([]);
  context.strokeStyle = CASING;
  context.lineWidth = width + 2 * CASING_PX;
  context.stroke();
  context.setLineDash(dash);
  context.strokeStyle = color;
  context.lineWidth = width;
  context.stroke();
  context.setLineDash([]);
}

/** A thin line between two places (canvas px), with a head where it ends. */
export function arrow(
  context: CanvasRenderingContext2D,
  [x0, y0]: Position,
  [x1, y1]: Position,
  color: string
): void {
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (length < 2) {
    return;
  }
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  if (length > ARROW_PX) {
    const angle = Math.atan2(y1 - y0, x1 - x0);
    for (const turn of [-0.5, 0.5]) {
      context.moveTo(x1, y1);
      context.lineTo(x1 - ARROW_PX * Math.cos(angle + turn), y1 - ARROW_PX * Math.sin(angle + turn));
    }
  }
  stroke(context, { color, width: 1.5, dash: [] });
}

/** What stands for a change that is too small to outline, and marks the middle of a larger one. */
export function drawSign(
  context: CanvasRenderingContext2D,
  sign: Sign,
  [x, y]: Position,
  color: string,
  radius: number
): void {
  const r = radius;
  context.beginPath();
  switch (sign) {
    case 'plus':
      context.moveTo(x - r, y);
      context.lineTo(x + r, y);
      context.moveTo(x, y - r);
      context.lineTo(x, y + r);
      break;
    case 'cross':
      context.moveTo(x - r, y - r);
      context.lineTo(x + r, y + r);
      context.moveTo(x + r, y - r);
      context.lineTo(x - r, y + r);
      break;
    case 'arrow':
      context.moveTo(x - r, y);
      context.lineTo(x + r, y);
      context.lineTo(x, y - r);
      context.moveTo(x + r, y);
      context.lineTo(x, y + r);
      break;
    case 'diamond':
      context.moveTo(x, y - r);
      context.lineTo(x + r, y);
      context.lineTo(x, y + r);
      context.lineTo(x - r, y);
      context.closePath();
      break;
    case 'ring':
      context.arc(x, y, r * 0.8, 0, 2 * Math.PI);
      break;
  }
  stroke(context, { color, width: Math.max(1.5, r / 3), dash: [] });
}

/** A word on a coloured ground, its lower left corner so far from a place of the canvas. */
export function tag(
  context: CanvasRenderingContext2D,
  text: string,
  { at, by: [x, y], upright = [1, 0, 0, 1] }: { at: Position; by: Position; upright?: View['upright'] },
  color: string
): void {
  context.save();
  context.translate(...at);
  context.transform(...upright, 0, 0);
  context.font = '600 12px sans-serif';
  const width = context.measureText(text).width + 10;
  context.fillStyle = color;
  context.beginPath();
  context.roundRect(x, y - 18, width, 18, 3);
  context.fill();
  context.fillStyle = '#ffffff';
  context.textBaseline = 'middle';
  context.fillText(text, x + 5, y - 8.5);
  context.restore();
}

/** A short piece of a stroke, for legends: drawn as the strokes on the slide are. */
import { element } from '../dom';
import { arrow, drawSign, outline, type Line, type Sign } from '../history/strokes';

const WIDTH = 40;
const HEIGHT = 16;
const VIEW = { scale: 1, l0_x: 0, l0_y: 0, width: WIDTH, height: HEIGHT };

export interface SampleOptions {
  sign?: Sign;
  /** Another stroke at the left, with an arrow from it: something that moved. */
  from?: Line;
}

export function sample(line: Line, { sign, from }: SampleOptions = {}): HTMLCanvasElement {
  const canvas = element('canvas', 'wsinb-sample');
  const density = Math.max(2, window.devicePixelRatio || 1);
  canvas.width = WIDTH * density;
  canvas.height = HEIGHT * density;
  canvas.setAttribute('aria-hidden', 'true');
  const context = canvas.getContext('2d');
  if (!context) {
    return canvas;
  }
  context.scale(density, density);
  const draw = (x0: number, x1: number, style: Line): void =>
    outline(context, { type: 'LineString', coordinates: [[x0, 8], [x1, 8]] }, VIEW, style); // prettier-ignore
  if (from) {
    draw(2, 13, from);
    arrow(context, [15, 8], [24, 8], from.color);
    draw(27, 38, line);
  } else {
    draw(2, sign ? 22 : 38, line);
    if (sign) {
      drawSign(context, sign, [32, 8], line.color, 4.5);
    }
  }
  return canvas;
}

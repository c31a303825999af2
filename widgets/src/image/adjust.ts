/** Brightness, contrast, gamma, saturation and inversion of pixels. */
import type { PictureState } from '../picture';

export type Adjustments = Pick<PictureState, 'brightness' | 'contrast' | 'gamma' | 'saturation' | 'invert'>;

export const NEUTRAL: Adjustments = { brightness: 0, contrast: 0, gamma: 1, saturation: 1, invert: false };

/** Whether pixels stay as they are. */
export function isNeutral(adjust: Adjustments): boolean {
  return (Object.keys(NEUTRAL) as (keyof Adjustments)[]).every(name => adjust[name] === NEUTRAL[name]);
}

/** What each of 256 values becomes: contrast about the middle, brightness, gamma, inversion. */
export function lookUpTable({ brightness, contrast, gamma, invert }: Adjustments): Uint8ClampedArray {
  // -1 is one grey, 0 as it is, 1 black and white
  const slope = Math.tan(((Math.min(contrast, 0.999) + 1) * Math.PI) / 4);
  return Uint8ClampedArray.from({ length: 256 }, (_, value) => {
    const bright = (value / 255 - 0.5) * slope + 0.5 + brightness;
    const curved = Math.max(0, Math.min(1, bright)) ** (1 / gamma);
    return 255 * (invert ? 1 - curved : curved);
  });
}

/** Changes RGBA pixels in place. Saturation comes first, about the luma of Rec. 709. */
export function adjustPixels(rgba: Uint8ClampedArray, adjust: Adjustments): void {
  const table = lookUpTable(adjust);
  const pixels = new Uint32Array(rgba.buffer, rgba.byteOffset, rgba.length >> 2);
  if (adjust.saturation === 1) {
    look(pixels, table);
  } else {
    lookSaturated(pixels, table, Math.round(adjust.saturation * 256));
  }
}

function look(pixels: Uint32Array, table: Uint8ClampedArray): void {
  for (let i = 0; i < pixels.length; i++) {
    const p = pixels[i]!;
    pixels[i] =
      (p & 0xff000000) | (table[(p >> 16) & 255]! << 16) | (table[(p >> 8) & 255]! << 8) | table[p & 255]!;
  }
}

/** `saturation` is in 256ths. */
function lookSaturated(pixels: Uint32Array, table: Uint8ClampedArray, saturation: number): void {
  for (let i = 0; i < pixels.length; i++) {
    const p = pixels[i]!;
    const a = p & 255;
    const b = (p >> 8) & 255;
    const c = (p >> 16) & 255;
    const luma = (54 * a + 183 * b + 19 * c) >> 8;
    pixels[i] =
      (p & 0xff000000) |
      (table[byte(luma + (((c - luma) * saturation) >> 8))]! << 16) |
      (table[byte(luma + (((b - luma) * saturation) >> 8))]! << 8) |
      table[byte(luma + (((a - luma) * saturation) >> 8))]!;
  }
}

function byte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** What becomes of a byte of probability: tables of colours, in which opacity and threshold are included. */
import { colorWord, rampOf, VIRIDIS } from '../vector/colors';
import type { OverlayLook } from './spec';

/** Evenly spaced colours; the same as in wsinb/view/heat.py. Magma and heat are matplotlib's (CC0). */
export const COLOUR_MAPS: Readonly<Record<string, readonly string[]>> = {
  viridis: VIRIDIS,
  magma: [
    '#000004',
    '#180f3d',
    '#440f76',
    '#721f81',
    '#9e2f7f',
    '#cd4071',
    '#f1605d',
    '#fd9668',
    '#feca8d',
    '#fcfdbf'
  ],
  heat: ['#540000', '#9e0000', '#ea0000', '#ff3400', '#ff8000', '#ffca00', '#ffff22'],
  gray: ['#000000', '#ffffff']
};

/** The colours of values from 0 to 1, to be shown as a legend. */
export function coloursOf(colours: string): readonly string[] {
  return COLOUR_MAPS[colours] ?? [colours, colours];
}

/** How strongly each of 256 values is painted, 0..255: as the value is, and not at all below the threshold. */
export function alphaTable({ opacity, threshold }: Pick<OverlayLook, 'opacity' | 'threshold'>): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, value) =>
    value / 255 < threshold ? 0 : Math.round(value * opacity)
  );
}

/** The little-endian RGBA word of each of 256 values. */
export function colourTable(look: Pick<OverlayLook, 'colours' | 'opacity' | 'threshold'>): Uint32Array {
  const alpha = alphaTable(look);
  return rampOf(coloursOf(look.colours)).map((word, value) => (word | (alpha[value]! << 24)) >>> 0);
}

/** Words of pixels of which several planes tell: each has the colour of the plane that is surest of it. */
export function mixPlanes(
  planes: readonly Uint8Array[],
  colours: readonly string[],
  look: Pick<OverlayLook, 'opacity' | 'threshold'>,
  into: Uint32Array
): void {
  const alpha = alphaTable(look);
  const tables = planes.map((_, plane) => {
    const word = colorWord(colours[plane] ?? '');
    return Uint32Array.from(alpha, strength => (word | (strength << 24)) >>> 0);
  });
  const [first, ...others] = planes;
  for (let i = 0; i < into.length; i++) {
    let [best, table] = [first?.[i] ?? 0, 0];
    for (let other = 0; other < others.length; other++) {
      const value = others[other]![i]!;
      if (value > best) {
        [best, table] = [value, other + 1];
      }
    }
    into[i] = tables[table]?.[best] ?? 0;
  }
}

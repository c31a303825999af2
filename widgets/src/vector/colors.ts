/** Colours that most people can tell apart: a palette for categories, viridis for numbers. */

/** Okabe and Ito's eight without black, then those of Tol's muted set that differ from them. */
export const CATEGORY_COLORS: readonly string[] = [
  '#0072b2',
  '#e69f00',
  '#009e73',
  '#d55e00',
  '#56b4e9',
  '#cc79a7',
  '#f0e442',
  '#332288',
  '#44aa99',
  '#882255',
  '#999933',
  '#117733'
];

/** Ten evenly spaced colours of matplotlib's viridis (CC0). */
export const VIRIDIS: readonly string[] = [
  '#440154',
  '#482878',
  '#3e4989',
  '#31688e',
  '#26828e',
  '#1f9e89',
  '#35b779',
  '#6ece58',
  '#b5de2b',
  '#fde725'
];

export const RAMP_STEPS = 256;

/** A CSS colour as the low three bytes of a little-endian RGBA word; grey for what is no `#rrggbb`. */
export function colorWord(css: string): number {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(css);
  const hex = short ? `${short[1]!.repeat(2)}${short[2]!.repeat(2)}${short[3]!.repeat(2)}` : css.slice(1, 7);
  const value = /^[0-9a-f]{6}$/i.test(hex) && css.startsWith('#') ? parseInt(hex, 16) : 0x808080;
  return ((value >> 16) & 255) | (value & 0xff00) | ((value & 255) << 16);
}

/** The colour of a category by its place in the list. */
export function categoryColor(index: number): string {
  return CATEGORY_COLORS[index % CATEGORY_COLORS.length]!;
}

/** `RAMP_STEPS` words along evenly spaced colours, from the least value to the greatest. */
export function rampOf(colors: readonly string[]): Uint32Array {
  const stops = colors.map(colorWord);
  return Uint32Array.from({ length: RAMP_STEPS }, (_, step) => {
    const place = (step / (RAMP_STEPS - 1)) * (stops.length - 1);
    const from = Math.min(stops.length - 2, Math.floor(place));
    const mixed = (shift: number): number => {
      const [a, b] = [(stops[from]! >> shift) & 255, (stops[from + 1]! >> shift) & 255];
      return Math.round(a + (b - a) * (place - from)) << shift;
    };
    return mixed(0) | mixed(8) | mixed(16);
  });
}

export const RAMP: Uint32Array = rampOf(VIRIDIS);

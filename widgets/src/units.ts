/** Lengths and areas in words. */

const UM_PER_MM = 1000;
/** Areas from here on are told in mm². */
const LARGE_UM2 = 100_000;

/** A length in µm, in the unit that reads best; `digits` that count. */
export function lengthText(um: number, digits = 6): string {
  if (um >= UM_PER_MM) {
    return `${tidy(um / UM_PER_MM, digits)} mm`;
  }
  return um >= 1 || um === 0 ? `${tidy(um, digits)} µm` : `${tidy(um * 1000, digits)} nm`;
}

/** An area in µm², in the unit that reads best. */
export function areaText(um2: number, digits = 4): string {
  return um2 >= LARGE_UM2 ? `${tidy(um2 / UM_PER_MM ** 2, digits)} mm²` : `${tidy(um2, digits)} µm²`;
}

/** A number without what does not count. */
export function tidy(value: number, digits = 6): string {
  return String(Number(value.toPrecision(digits)));
}

/** A whole number, readable however large it is. */
export function countText(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

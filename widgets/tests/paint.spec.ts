import { describe, expect, it } from 'vitest';
import { CATEGORY_COLORS, colorWord, RAMP, VIRIDIS } from '../src/vector/colors';
import { COLUMN_MAGIC, decodeColumn, type Column } from '../src/vector/columns';
import { decodeTile, NO_LABEL } from '../src/vector/format';
import { paint } from '../src/vector/paint';
import { IdRaster } from '../src/vector/raster';
import { Compiled, PLAIN_LAYER_STYLE, PLAIN_STYLE, type Style } from '../src/vector/style';
import { square, tileBytes, type Cell, type Shape, type TileOptions } from './build';

const SIZE = 64;
const [RED, GREEN, GREY] = [0x0000ff, 0x00ff00, 0x808080];
const STYLE: Style = { ...PLAIN_STYLE, palette: [RED, GREEN], labelPalette: [RED, GREEN], fallback: GREY };

function columnBytes(kind: 1 | 2, about: object, values: number[]): ArrayBuffer {
  let text = JSON.stringify(about);
  text += ' '.repeat((4 - (text.length % 4)) % 4);
  const view = new DataView(new ArrayBuffer(16 + text.length + values.length * (kind === 2 ? 4 : 2)));
  view.setUint32(0, COLUMN_MAGIC, true);
  view.setUint8(4, kind);
  view.setUint32(8, values.length, true);
  view.setUint32(12, text.length, true);
  new Uint8Array(view.buffer).set(new TextEncoder().encode(text), 16);
  values.forEach((value, i) =>
    kind === 2
      ? view.setFloat32(16 + text.length + 4 * i, value, true)
      : view.setUint16(16 + text.length + 2 * i, value, true)
  );
  return view.buffer as ArrayBuffer;
}

interface Painting {
  style?: Partial<Style>;
  column?: Column;
  cells?: Cell[];
  options?: TileOptions;
  hovered?: number;
  by?: string | null;
}

/** [red, green, blue, alpha] at a pixel. */
function painted(
  shapes: Shape[],
  { style = {}, column, cells = [], options = {}, hovered = -1, by = null }: Painting = {}
): (x: number, y: number) => number[] {
  const tile = decodeTile(tileBytes(shapes, cells, cells.length > 0 ? 2 : 0, options));
  const compiled = new Compiled({ ...STYLE, ...style }, column ?? null);
  const colors = compiled.colors(tile, hovered);
  const raster = new IdRaster(SIZE);
  raster.draw(tile, { scale: 1, offsetX: 0, offsetY: 0, density: 1 }, colors);
  const pixels = new Uint32Array(SIZE * SIZE);
  paint(pixels, { raster, tile, style: compiled, colors, density: 1, by, hovered });
  const bytes = new Uint8Array(pixels.buffer);
  return (x, y) => [...bytes.slice(4 * (y * SIZE + x), 4 * (y * SIZE + x) + 4)];
}

const BOX = { rings: [square(10, 10, 30)] };
const CELL = (10 / 2) * (SIZE / 2) + 10 / 2;

describe('colours', () => {
  it('are distinct, and words of CSS colours', () => {
    expect(new Set(CATEGORY_COLORS).size).toBe(CATEGORY_COLORS.length);
    expect(colorWord('#0102ff')).toBe(0xff0201);
    expect(colorWord('#f0a')).toBe(0xaa00ff);
    expect(colorWord('red; x')).toBe(GREY);
  });

  it('rise in brightness along the map of numbers', () => {
    expect(RAMP[0]).toBe(colorWord(VIRIDIS[0]!));
    expect(RAMP[255]).toBe(colorWord(VIRIDIS[9]!));
    const bright = [...RAMP].map(
      word => 0.3 * (word & 255) + 0.59 * ((word >> 8) & 255) + 0.11 * (word >> 16)
    );
    expect(bright.every((value, i) => i === 0 || value > bright[i - 1]! - 1)).toBe(true);
  });
});

describe('decodeColumn', () => {
  it('reads categories and numbers with "none"', () => {
    const words = decodeColumn(columnBytes(1, { categories: ['ann', 'bob'] }, [1, 65535, 0]));
    expect(words.info).toEqual({ kind: 'category', categories: ['ann', 'bob'] });
    expect([...words.values]).toEqual([1, 65535, 0]);
    const numbers = decodeColumn(columnBytes(2, { min: 1, max: 3, unit: 'µm²' }, [1, NaN, 3]));
    expect(numbers.info).toEqual({ kind: 'number', min: 1, max: 3, unit: 'µm²' });
    expect([...numbers.values]).toEqual([1, NaN, 3]);
    const empty = decodeColumn(columnBytes(2, { min: null, max: null, unit: null }, [NaN]));
    expect(empty.info).toEqual({ kind: 'number', min: 0, max: 0, unit: null });
  });

  it('refuses what is too short or something else', () => {
    const good = columnBytes(1, { categories: [] }, [65535, 65535]);
    expect(() => decodeColumn(good.slice(0, -2))).toThrow(/should have/);
    expect(() => decodeColumn(new ArrayBuffer(20))).toThrow(/not a column/);
  });
});

describe('paint', () => {
  it('colours by label, fills faintly and outlines strongly', () => {
    const at = painted([{ ...BOX, label: 1 }]);
    expect(at(25, 25)).toEqual([0, 255, 0, 64]);
    expect(at(25, 10)[3]).toBeGreaterThan(170);
    expect(at(60, 60)).toEqual([0, 0, 0, 0]);
    expect(painted([{ ...BOX, label: NO_LABEL }])(25, 25).slice(0, 3)).toEqual([128, 128, 128]);
  });

  it('colours by layer, score, and columns of categories and numbers', () => {
    const shape = { ...BOX, layer: 1, score: 254, row: 2 };
    expect(painted([shape], { style: { colorBy: 'layer' } })(25, 25).slice(0, 3)).toEqual([0, 255, 0]);
    expect(painted([shape], { style: { colorBy: 'score' } })(25, 25).slice(0, 3)).toEqual([253, 231, 37]);
    const words = decodeColumn(columnBytes(1, { categories: ['a', 'b'] }, [0, 0, 1]));
    const style = { colorBy: 'who', column: 'x' };
    expect(painted([shape], { style, column: words })(25, 25).slice(0, 3)).toEqual([0, 255, 0]);
    const hidden = { ...style, hiddenCategories: [1] };
    expect(painted([shape], { style: hidden, column: words })(25, 25)[3]).toBe(0);
    const numbers = decodeColumn(columnBytes(2, { min: -1, max: 1, unit: null }, [NaN, 0, -1]));
    expect(painted([shape], { style, column: numbers })(25, 25).slice(0, 3)).toEqual([68, 1, 84]);
    expect(painted([{ ...shape, row: 0 }], { style, column: numbers })(25, 25).slice(0, 3)).toEqual([
      128, 128, 128
    ]);
    expect(painted([{ ...shape, row: 9 }], { style, column: numbers })(25, 25)[0]).toBe(128);
  });

  it('hides labels, layers, rows and low scores, and shows what has no score', () => {
    const shape = { ...BOX, label: 1, layer: 0, score: 100, row: 7 };
    const alphaOf = (style: Partial<Style>, changed: Partial<Shape> = {}): number =>
      painted([{ ...shape, ...changed }], { style })(25, 25)[3]!;
    const off = { ...PLAIN_LAYER_STYLE, visible: false };
    const strict = { ...PLAIN_LAYER_STYLE, threshold: 0.5 };
    expect(alphaOf({})).toBe(64);
    expect(alphaOf({ hiddenLabels: [1] })).toBe(0);
    expect(alphaOf({ hiddenRows: [7] })).toBe(0);
    expect(alphaOf({ layers: [off] })).toBe(0);
    expect(alphaOf({ layers: [off] }, { layer: 1 })).toBe(64);
    expect(alphaOf({ all: strict })).toBe(0);
    expect(alphaOf({ layers: [strict] })).toBe(0);
    expect(alphaOf({ all: strict }, { score: 127 })).toBe(64);
    expect(alphaOf({ all: strict }, { score: 255 })).toBe(64);
  });

  it('has an opacity and a fill for each layer', () => {
    const half = painted([BOX], { style: { layers: [{ ...PLAIN_LAYER_STYLE, opacity: 0.5 }] } });
    expect(half(25, 25)[3]).toBe(32);
    const outlined = painted([BOX], { style: { layers: [{ ...PLAIN_LAYER_STYLE, fill: false }] } });
    expect(outlined(25, 25)[3]).toBe(0);
    expect(outlined(25, 10)[3]).toBeGreaterThan(170);
    const both = painted([BOX], { style: { all: { ...PLAIN_LAYER_STYLE, opacity: 0 } } });
    expect(both(25, 10)[3]).toBe(0);
  });

  it('shows what lies below a hidden feature once it is drawn anew', () => {
    const large = { rings: [square(5, 5, 50)], label: 0 };
    const small = { ...BOX, label: 1 };
    expect(painted([large, small])(25, 25).slice(0, 3)).toEqual([0, 255, 0]);
    expect(painted([large, small], { style: { hiddenLabels: [1] } })(25, 25).slice(0, 3)).toEqual([
      255, 0, 0
    ]);
  });

  it('marks the selected with a dark outline and a light rim, and the one under the pointer', () => {
    const shape = { ...BOX, row: 3 };
    const at = painted([shape], { style: { selectedRows: [3] } });
    expect(at(25, 10).slice(0, 3)).toEqual([26, 26, 26]);
    expect(at(25, 7).slice(0, 3)).toEqual([255, 255, 255]);
    expect(at(25, 25)[3]).toBeGreaterThan(64);
    const over = painted([shape], { hovered: 3 });
    expect(over(25, 8)).toEqual([255, 0, 0, 255]);
    expect(painted([shape], { hovered: 4 })(25, 8)[3]).toBe(0);
  });

  it('gives rows that were relabelled their new colour', () => {
    const at = painted([{ ...BOX, row: 3, label: 0 }], { style: { relabelled: { rows: [3], labels: [1] } } });
    expect(at(25, 25).slice(0, 3)).toEqual([0, 255, 0]);
  });
});

describe('paint of density', () => {
  const cells: Cell[] = [
    { index: CELL, label: 0, count: 3, layer: 0, bin: 2 },
    { index: CELL, label: 1, count: 1, layer: 1, bin: 15 }
  ];
  const options = { layers: true, scoreBins: 16 };
  const alphaAt = (style: Partial<Style>): number => painted([], { style, cells, options })(10, 10)[3]!;

  it('mixes the colours by counts, and is stronger for more', () => {
    const at = painted([], { cells, options });
    expect(at(10, 10).slice(0, 3)).toEqual([191, 64, 0]);
    expect(at(11, 11)).toEqual(at(10, 10));
    expect(at(12, 10)[3]).toBe(0);
    const one = painted([], { cells: [cells[0]!], options });
    expect(one(10, 10)[3]).toBeLessThan(at(10, 10)[3]!);
  });

  it('leaves out what is hidden by label, layer and threshold', () => {
    expect(painted([], { style: { hiddenLabels: [0] }, cells, options })(10, 10).slice(0, 3)).toEqual([
      0, 255, 0
    ]);
    const off = { ...PLAIN_LAYER_STYLE, visible: false };
    const layers = [off, PLAIN_LAYER_STYLE];
    expect(painted([], { style: { layers }, cells, options })(10, 10).slice(0, 3)).toEqual([0, 255, 0]);
    const strict = { ...PLAIN_LAYER_STYLE, threshold: 0.5 };
    expect(painted([], { style: { all: strict }, cells, options })(10, 10).slice(0, 3)).toEqual([0, 255, 0]);
    expect(alphaAt({ all: strict, hiddenLabels: [1] })).toBe(0);
    expect(alphaAt({ all: { ...PLAIN_LAYER_STYLE, opacity: 0.5 } })).toBe(Math.round(alphaAt({}) / 2));
  });

  it('colours by score, layer and the counted column', () => {
    const high = [cells[1]!];
    const by = (colorBy: string, counted: string | null): number[] =>
      painted([], { style: { colorBy }, cells: high, options, by: counted })(10, 10).slice(0, 3);
    expect(by('layer', null)).toEqual([0, 255, 0]);
    expect(by('score', null)[0]).toBeGreaterThan(220);
    expect(by('who', 'who')).toEqual([0, 255, 0]);
    expect(by('label', 'who')).toEqual([128, 128, 128]);
  });

  it('reads tiles of servers that do not tell layers', () => {
    expect(painted([], { cells: [cells[0]!] })(10, 10).slice(0, 3)).toEqual([255, 0, 0]);
  });

  it('ignores cells outside of the tile', () => {
    const at = painted([], { cells: [{ index: 65535, label: 0, count: 1 }] });
    expect(at(63, 63)[3]).toBe(0);
  });
});

/** What decides how a feature looks, and the table of its colours, one word a feature. */
import { RAMP, RAMP_STEPS } from './colors';
import { NO_CATEGORY, type Column } from './columns';
import { FULL_SCORE, NO_BIN, NO_LAYER, NO_SCORE, type VectorTile } from './format';

export interface LayerStyle {
  visible: boolean;
  /** 0..1 */
  opacity: number;
  fill: boolean;
  /** 0..1; features with a lower score are not drawn, those without one are. */
  threshold: number;
}

/** Numbers of labels and layers index the lists of `vector/meta`; colours are words, see `colorWord`. */
export interface Style {
  /** `label`, `layer`, `score`, or the name of a column. */
  colorBy: string;
  /** The address that the column was loaded from. */
  column: string | null;
  /** Colours of the categories of `colorBy`. */
  palette: number[];
  /** Colours of labels, for cells that count labels while something else is looked up. */
  labelPalette: number[];
  /** Colour of what has no category, or one that the palette lacks. */
  fallback: number;
  /** For all layers, on top of their own. */
  all: LayerStyle;
  layers: LayerStyle[];
  hiddenLabels: number[];
  /** Categories of `colorBy`, where it is a column. */
  hiddenCategories: number[];
  /** Rows that are drawn elsewhere (under edit) or deleted. */
  hiddenRows: number[];
  selectedRows: number[];
  /** Rows whose label is another one since the version was read. */
  relabelled: { rows: number[]; labels: number[] };
}

export const PLAIN_LAYER_STYLE: LayerStyle = { visible: true, opacity: 1, fill: true, threshold: 0 };

export const PLAIN_STYLE: Style = {
  ...{
    colorBy: 'label',
    column: null,
    palette: [],
    labelPalette: [],
    fallback: 0x808080,
    all: PLAIN_LAYER_STYLE
  },
  ...{ layers: [], hiddenLabels: [], hiddenCategories: [], hiddenRows: [], selectedRows: [] },
  relabelled: { rows: [], labels: [] }
};

const HIDDEN_ROW = 1;
const SELECTED_ROW = 2;
/** Top bit of a colour: selected or under the pointer. */
export const MARKED = 0x80000000;
const FILL_ALPHA = 64;
const MARKED_FILL_ALPHA = 110;
const OUTLINE_ALPHA = 235;
const OPACITY_STEPS = 31;
const COVERAGES = 128;

interface Shown {
  visible: boolean;
  /** 0..1 */
  opacity: number;
  /** 1..64: which row of `alphas`; 0 is hidden. */
  alphaClass: number;
  /** The least score that is drawn, 0..254. */
  least: number;
}

/** A style in the form in which pixels are painted with it. */
export class Compiled {
  /** Alpha, shifted to the top byte, of (class << 8 | outline byte); class 1..64, and + 128 if marked. */
  readonly alphas = new Uint32Array(256 * 256);
  private readonly shown: Shown[];
  private readonly rowFlags: Uint8Array;
  private readonly hiddenLabels: Uint8Array;
  private readonly hiddenCategories: Uint8Array;
  private readonly relabelled: Map<number, number>;

  constructor(
    readonly style: Style,
    private readonly column: Column | null
  ) {
    // layers beyond the numbered ones cannot be told apart: they look as all do
    const layers = style.layers.slice(0, NO_LAYER);
    this.shown = Array.from({ length: 256 }, (_, i) => this.layer(layers[i] ?? PLAIN_LAYER_STYLE));
    this.rowFlags = flagRows(style.hiddenRows, style.selectedRows);
    this.hiddenLabels = flagged(style.hiddenLabels);
    this.hiddenCategories = flagged(style.hiddenCategories);
    const { rows, labels } = style.relabelled;
    this.relabelled = new Map(rows.map((row, i) => [row, labels[i]!]));
  }

  /**
   * Of each feature, at its number + 1: its colour, and in the top byte its class of alphas; 0 hides it.
   */
  colors(tile: VectorTile, hovered: number): Uint32Array {
    const { shown, rowFlags, hiddenLabels, relabelled } = this;
    const colorOf = this.featureColor(tile);
    const table = new Uint32Array(tile.row.length + 1);
    for (let i = 0; i < tile.row.length; i++) {
      const layer = shown[tile.layer[i]!]!;
      const row = tile.row[i]!;
      const flags = row < rowFlags.length ? rowFlags[row]! : 0;
      const score = tile.score[i]!;
      const label = relabelled.size > 0 ? (relabelled.get(row) ?? tile.label[i]!) : tile.label[i]!;
      if (
        layer.visible &&
        (flags & HIDDEN_ROW) === 0 &&
        hiddenLabels[label] !== 1 &&
        (score === NO_SCORE || score >= layer.least)
      ) {
        const color = colorOf(i, row, label);
        if (color >= 0) {
          const marked = (flags & SELECTED_ROW) !== 0 || row === hovered;
          table[i + 1] = color | (layer.alphaClass << 24) | (marked ? MARKED : 0);
        }
      }
    }
    return table;
  }

  /** Colour of a density entry, or -1 where it is hidden; `by` is the column whose categories it counts. */
  cellColor(category: number, layer: number, bin: number, bins: number, by: string | null): number {
    const { style } = this;
    const { visible, least } = this.shown[layer]!;
    // a bin counts as long as its upper end reaches the threshold
    if (!visible || (bin !== NO_BIN && ((bin + 1) / bins) * FULL_SCORE <= least)) {
      return -1;
    }
    if (by === null ? this.hiddenLabels[category] === 1 : this.hides(by, category)) {
      return -1;
    }
    switch (style.colorBy) {
      case 'score':
        return bin === NO_BIN ? style.fallback : RAMP[Math.round(((bin + 0.5) / bins) * (RAMP_STEPS - 1))]!;
      case 'layer':
        return style.palette[layer] ?? style.fallback;
      case by:
        return style.palette[category] ?? style.fallback;
      case 'label':
        return by === null ? (style.palette[category] ?? style.fallback) : style.fallback;
      default:
        return by === null && this.column?.kind === 'category'
          ? (style.labelPalette[category] ?? style.fallback)
          : style.fallback;
    }
  }

  /** 0..1 */
  cellOpacity(layer: number): number {
    return this.shown[layer]!.opacity;
  }

  /** The value of a row in the column that colours follow: a category, a number, or null. */
  valueOf(row: number): number | null {
    const value = this.column?.values[row];
    return value === undefined ||
      Number.isNaN(value) ||
      (this.column!.kind === 'category' && value === NO_CATEGORY)
      ? null
      : value;
  }

  isSelected(row: number): boolean {
    return row < this.rowFlags.length && (this.rowFlags[row]! & SELECTED_ROW) !== 0;
  }

  labelOf(row: number, label: number): number {
    return this.relabelled.get(row) ?? label;
  }

  private hides(by: string, category: number): boolean {
    return by === this.style.colorBy && this.hiddenCategories[category] === 1;
  }

  /** A function from a feature's number, row and label to its colour, or -1 where its category is hidden. */
  private featureColor(tile: VectorTile): (i: number, row: number, label: number) => number {
    const { palette, fallback, colorBy } = this.style;
    const { column, hiddenCategories } = this;
    if (colorBy === 'label') {
      return (_i, _row, label) => palette[label] ?? fallback;
    }
    if (colorBy === 'layer') {
      return i => palette[tile.layer[i]!] ?? fallback;
    }
    if (colorBy === 'score') {
      const scoreSteps = (RAMP_STEPS - 1) / FULL_SCORE;
      return i => {
        const score = tile.score[i]!;
        return score === NO_SCORE ? fallback : RAMP[Math.round(score * scoreSteps)]!;
      };
    }
    if (column?.kind === 'number' && column.info.kind === 'number') {
      const { values } = column;
      const { min, max } = column.info;
      const steps = max > min ? (RAMP_STEPS - 1) / (max - min) : 0;
      return (_i, row) => {
        const place = (values[row]! - min) * steps;
        // NaN, and rows that the column lacks, are neither
        return place >= 0 || place < 0
          ? RAMP[Math.min(RAMP_STEPS - 1, Math.max(0, Math.round(place)))]!
          : fallback;
      };
    }
    if (column?.kind === 'category') {
      const { values } = column;
      return (_i, row) => {
        const category = values[row] ?? NO_CATEGORY;
        return hiddenCategories[category] === 1 ? -1 : (palette[category] ?? fallback);
      };
    }
    return () => fallback;
  }

  private layer({ visible, opacity, fill, threshold }: LayerStyle): Shown {
    const { all } = this.style;
    const step = Math.round(Math.min(1, Math.max(0, opacity * all.opacity)) * OPACITY_STEPS);
    const filled = fill && all.fill;
    const alphaClass = 1 + step * 2 + (filled ? 1 : 0);
    this.fillAlphas(alphaClass, opacity * all.opacity, filled);
    return {
      visible: visible && all.visible,
      opacity: opacity * all.opacity,
      alphaClass,
      least: Math.max(threshold, all.threshold) * FULL_SCORE - 0.5
    };
  }

  private fillAlphas(alphaClass: number, opacity: number, filled: boolean): void {
    for (const marked of [0, 128]) {
      const start = (alphaClass | marked) << 8;
      if (this.alphas[start + COVERAGES - 1] !== 0) {
        return;
      }
      const inside = filled || marked ? (marked ? MARKED_FILL_ALPHA : FILL_ALPHA) : 0;
      for (let outline = 0; outline < 256; outline++) {
        const base = outline < COVERAGES ? inside : 0;
        const alpha = base + ((OUTLINE_ALPHA - base) * (outline % COVERAGES)) / (COVERAGES - 1);
        // what is marked can always be seen
        this.alphas[start + outline] = Math.round(alpha * (marked ? Math.max(opacity, 0.5) : opacity)) << 24;
      }
    }
  }
}

function flagRows(hidden: readonly number[], selected: readonly number[]): Uint8Array {
  let length = 0;
  for (const rows of [hidden, selected]) {
    for (const row of rows) {
      length = row >= length ? row + 1 : length;
    }
  }
  const flags = new Uint8Array(length);
  hidden.forEach(row => (flags[row]! |= HIDDEN_ROW));
  selected.forEach(row => (flags[row]! |= SELECTED_ROW));
  return flags;
}

/** 1 at each of some numbers below 65536. */
function flagged(numbers: readonly number[]): Uint8Array {
  const flags = new Uint8Array(Math.max(0, ...numbers.map(number => number + 1)));
  numbers.forEach(number => (flags[number] = 1));
  return flags;
}

/** From how annotations should look to what the painter needs: schemes of colours, legends, styles. */
import { KINDS } from './history/kinds';
import { UNLABELLED_COLOR, type Labels } from './labels';
import type { Look } from './look';
import type { VectorMeta } from './types';
import { categoryColor, colorWord } from './vector/colors';
import { NO_CATEGORY, type ColumnInfo } from './vector/columns';
import { NO_LABEL } from './vector/format';
import type { LayerStyle, Style } from './vector/style';

export interface Category {
  /** Null is "none". */
  name: string | null;
  color: string;
  hidden: boolean;
  /** How many annotations, where that is known. */
  count: number | null;
}

/** What colours mean at the moment. */
export type Scheme =
  | { by: string; kind: 'category'; categories: Category[] }
  | { by: string; kind: 'number'; min: number; max: number; unit: string | null };

/** What can be coloured by without a column of the version. */
export const BUILT_IN = ['label', 'layer', 'score'];

/** The column of what became of each annotation since another version. */
export const CHANGE = 'change';

/** Colours that do not depend on what else there is: those of differences, and one that keeps back. */
const FIXED: Record<string, Record<string, string>> = {
  [CHANGE]: { added: KINDS.added.color, changed: KINDS.changed.color, unchanged: '#8c8c8c' }
};

/** All that annotations can be coloured by. */
export function choices(meta: VectorMeta | null): string[] {
  const columns = (meta?.columns ?? []).map(({ name }) => name).filter(name => !BUILT_IN.includes(name));
  return [...BUILT_IN, ...columns];
}

/** The scheme for `by`; `column` is what the version says of it, where it is one. */
export function schemeOf(
  by: string,
  look: Look,
  labels: Labels,
  meta: VectorMeta,
  column: ColumnInfo | null
): Scheme {
  if (by === 'score') {
    return { by, kind: 'number', min: 0, max: 1, unit: null };
  }
  if (column?.kind === 'number') {
    const { min, max, unit } = column;
    return { by, kind: 'number', min, max, unit };
  }
  if (by === 'label') {
    const categories = meta.labels.map(name => ({
      ...{ name, color: labels.colorOf(name), hidden: labels.isHidden(name) },
      count: meta.counts[name] ?? 0
    }));
    const none = meta.counts[''];
    return {
      ...{ by, kind: 'category' },
      categories: none
        ? [...categories, { name: null, color: UNLABELLED_COLOR, hidden: false, count: none }]
        : categories
    };
  }
  const { colors } = look.value;
  const names = by === 'layer' ? meta.layers : (column?.categories ?? []);
  const categories = names.map((name, i) => ({
    name,
    color: colors[name] ?? FIXED[by]?.[name] ?? categoryColor(i),
    hidden: by === 'layer' ? !look.layer(name).visible : look.isHidden(by, name),
    count: by === 'layer' ? (meta.layer_counts?.[name] ?? null) : null
  }));
  // every annotation has a layer, and became something
  if (by === 'layer' || by === CHANGE) {
    return { by, kind: 'category', categories };
  }
  const none = { name: null, color: UNLABELLED_COLOR, hidden: look.isHidden(by, ''), count: null };
  return { by, kind: 'category', categories: [...categories, none] };
}

/** Rows of the shown version that are not as it says. */
export interface Rows {
  hidden: number[];
  selected: number[];
  relabelled: { row: number; label: string | null }[];
}

/** What the painter needs for a scheme; `column` is the address of its column, where it has one. */
export function styleOf(
  scheme: Scheme,
  column: string | null,
  look: Look,
  labels: Labels,
  meta: VectorMeta,
  rows: Rows
): Style {
  // labels that the version does not have yet are numbered behind its own
  const names = [...meta.labels];
  const numberOf = (label: string | null): number => {
    if (label === null) {
      return NO_LABEL;
    }
    const known = names.indexOf(label);
    return known >= 0 ? known : names.push(label) - 1;
  };
  const relabelled = {
    rows: rows.relabelled.map(({ row }) => row),
    labels: rows.relabelled.map(({ label }) => numberOf(label))
  };
  const labelPalette = names.map(name => colorWord(labels.colorOf(name)));
  const { threshold, opacity, fill } = look.value;
  return {
    colorBy: scheme.by,
    column,
    palette: scheme.by === 'label' ? labelPalette : paletteOf(scheme),
    labelPalette,
    fallback: colorWord(UNLABELLED_COLOR),
    all: { visible: true, threshold, opacity, fill },
    layers: meta.layers.map((name): LayerStyle => look.layer(name)),
    hiddenLabels: names.flatMap((name, i) => (labels.isHidden(name) ? [i] : [])),
    hiddenCategories: hiddenOf(scheme),
    hiddenRows: rows.hidden,
    selectedRows: rows.selected,
    relabelled
  };
}

function paletteOf(scheme: Scheme): number[] {
  return scheme.kind === 'category'
    ? scheme.categories.filter(({ name }) => name !== null).map(({ color }) => colorWord(color))
    : [];
}

function hiddenOf(scheme: Scheme): number[] {
  if (scheme.kind !== 'category' || BUILT_IN.includes(scheme.by)) {
    return [];
  }
  return scheme.categories.flatMap(({ name, hidden }, i) =>
    hidden ? [name === null ? NO_CATEGORY : i] : []
  );
}

/** The words for what annotations are coloured by. */
export function titleOf(by: string): string {
  return TITLES[by] ?? by.replaceAll('_', ' ');
}

const TITLES: Record<string, string> = {
  label: 'Label',
  layer: 'Layer',
  score: 'Score',
  created_by: 'Created by',
  updated_by: 'Updated by',
  verified: 'Verified',
  change: 'Change',
  shape: 'Shape'
};

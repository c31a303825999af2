import { describe, expect, it } from 'vitest';
import { CHANGE, choices, schemeOf, styleOf } from '../src/coloring';
import { KINDS } from '../src/history/kinds';
import { Labels } from '../src/labels';
import { Look } from '../src/look';
import type { VectorMeta } from '../src/types';
import { colorWord } from '../src/vector/colors';
import { NO_LABEL } from '../src/vector/format';

const META: VectorMeta = {
  version: 'v',
  n: 5,
  bounds: null,
  labels: ['stroma', 'tumor'],
  layers: ['manual', 'model'],
  counts: { stroma: 1, tumor: 3, '': 1 },
  layer_counts: { manual: 2, model: 3 },
  images: [],
  density_max_zoom: null,
  min_zoom: -3,
  columns: [
    { name: 'created_by', kind: 'category', unit: null },
    { name: 'area', kind: 'number', unit: 'µm²' }
  ]
};
const NO_ROWS = { hidden: [], selected: [], relabelled: [] };

function labelled(): Labels {
  const labels = new Labels();
  labels.set([
    { name: 'tumor', color: '#ff0000', key: 't' },
    { name: 'new', color: '#0000ff', key: 'n' }
  ]);
  return labels;
}

describe('schemeOf', () => {
  it('takes colours of labels from the project', () => {
    const labels = labelled();
    labels.toggleHidden('stroma');
    const scheme = schemeOf('label', new Look(), labels, META, null);
    expect(
      scheme.kind === 'category' && scheme.categories.map(({ name, hidden, count }) => [name, hidden, count])
    ).toEqual([
      ['stroma', true, 1],
      ['tumor', false, 3],
      [null, false, 1]
    ]);
  });

  it('gives layers and categories the palette, and what the user wants instead', () => {
    const look = new Look();
    look.set({ colors: { model: '#123456' } });
    look.setLayer('manual', { visible: false });
    const scheme = schemeOf('layer', look, labelled(), META, null);
    expect(
      scheme.kind === 'category' && scheme.categories.map(({ color, hidden }) => [color, hidden])
    ).toEqual([
      ['#0072b2', true],
      ['#123456', false]
    ]);
    const column = { kind: 'category' as const, categories: ['ann'] };
    look.toggleHidden('created_by', '');
    const by = schemeOf('created_by', look, labelled(), META, column);
    expect(by.kind === 'category' && by.categories.map(({ name, hidden }) => [name, hidden])).toEqual([
      ['ann', false],
      [null, true]
    ]);
    expect(styleOf(by, 'url', look, labelled(), META, NO_ROWS).hiddenCategories).toEqual([65535]);
  });

  it('gives changes the colours of differences, whichever there are, and no place for none', () => {
    const column = { kind: 'category' as const, categories: ['added', 'changed', 'unchanged'] };
    const look = new Look();
    const scheme = schemeOf(CHANGE, look, labelled(), META, column);
    expect(scheme.kind === 'category' && scheme.categories.map(({ name, color }) => [name, color])).toEqual([
      ['added', KINDS.added.color],
      ['changed', KINDS.changed.color],
      ['unchanged', '#8c8c8c']
    ]);
    look.set({ colors: { unchanged: '#ffffff' } });
    const recolored = schemeOf(CHANGE, look, labelled(), META, column);
    expect(recolored.kind === 'category' && recolored.categories[2]!.color).toBe('#ffffff');
  });

  it('has a range and a unit for numbers', () => {
    const column = { kind: 'number' as const, min: 1, max: 9, unit: 'µm²' };
    const scheme = schemeOf('area', new Look(), labelled(), META, column);
    expect(scheme).toEqual({ by: 'area', kind: 'number', min: 1, max: 9, unit: 'µm²' });
    expect(choices(META)).toEqual(['label', 'layer', 'score', 'created_by', 'area']);
    expect(choices(null)).toEqual(['label', 'layer', 'score']);
  });
});

describe('styleOf', () => {
  it('numbers labels that the version lacks behind its own', () => {
    const labels = labelled();
    const scheme = schemeOf('label', new Look(), labels, META, null);
    const relabelled = [
      { row: 4, label: 'new' },
      { row: 5, label: 'tumor' },
      { row: 6, label: null }
    ];
    const style = styleOf(scheme, null, new Look(), labels, META, { ...NO_ROWS, relabelled });
    expect(style.relabelled).toEqual({ rows: [4, 5, 6], labels: [2, 1, NO_LABEL] });
    expect(style.palette[2]).toBe(colorWord('#0000ff'));
  });
});

describe('Look', () => {
  it('keeps only what differs of a layer', () => {
    const look = new Look();
    look.setLayer('model', { opacity: 0.5 });
    look.setLayer('model', { threshold: 0.2 });
    expect(look.value.layers).toEqual({ model: { opacity: 0.5, threshold: 0.2 } });
    look.setLayer('model', { opacity: 1, threshold: 0 });
    expect(look.value.layers).toEqual({});
  });
});

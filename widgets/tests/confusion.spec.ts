// @vitest-environment jsdom
import type { LabIcon } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Choosing } from '../src/confusion/choosing';
import { SaveBar } from '../src/confusion/savebar';
import { figure, percent, scoresOf } from '../src/confusion/scores';
import { PART, Stream, type Row } from '../src/confusion/stream';
import { MatrixTable } from '../src/confusion/table';
import { hasTabs, showInTab, useCommands, SHOW_ANNOTATION } from '../src/confusion/tabs';

describe('scoresOf', () => {
  it('tells recall by row and precision by column', () => {
    const { n, accuracy, balanced, rows } = scoresOf({
      names: ['a', 'b'],
      classes: ['a', 'b'],
      counts: [
        [8, 2],
        [1, 4]
      ]
    });
    expect(n).toBe(15);
    expect(accuracy).toBeCloseTo(12 / 15);
    expect(balanced).toBeCloseTo((0.8 + 0.8) / 2);
    expect(rows[0]).toEqual({ n: 10, recall: 0.8, precision: 8 / 9 });
    expect(rows[1]).toEqual({ n: 5, recall: 0.8, precision: 4 / 6 });
  });

  it('has no figure for what is never predicted or labelled, and none right for what is no class', () => {
    const { rows, balanced } = scoresOf({
      names: ['a', 'b', 'other'],
      classes: ['a', 'b'],
      counts: [
        [3, 0],
        [0, 0],
        [1, 0]
      ]
    });
    expect(rows[1]).toEqual({ n: 0, recall: null, precision: null });
    expect(rows[2]).toEqual({ n: 1, recall: 0, precision: null });
    expect(balanced).toBe(0.5);
    expect(scoresOf({ names: [], classes: [], counts: [] }).accuracy).toBeNull();
  });

  it('writes figures so that some are not none, and most not all', () => {
    expect([0, 0.001, 0.5, 0.999, 1].map(percent)).toEqual(['0', '<1', '50', '>99', '100']);
    expect([figure(null), figure(0.93456)]).toEqual(['–', '0.935']);
  });
});

describe('Choosing', () => {
  const order = ['a', 'b', 'c', '', 'e'];
  let choosing: Choosing;
  beforeEach(() => {
    choosing = new Choosing(() => order);
  });

  it('toggles one, and extends to a range from there; what has no id is left out', () => {
    choosing.toggle(1);
    choosing.extend(4);
    expect(choosing.ids).toEqual(['b', 'c', 'e']);
    choosing.toggle(2);
    expect(choosing.ids).toEqual(['b', 'e']);
    choosing.extend(0);
    expect(choosing.ids.sort()).toEqual(['a', 'b', 'c', 'e']);
  });

  it('chooses all and none', () => {
    choosing.all();
    expect(choosing.ids).toEqual(['a', 'b', 'c', 'e']);
    choosing.toggle(3);
    choosing.clear();
    expect(choosing.ids).toEqual([]);
  });
});

function row(at: number): Row {
  return { row: at, id: `id ${at}`, slide: 's', label: 'a', predicted: 'b', sure: 1, own: 0 };
}

describe('Stream', () => {
  let sent: Record<string, unknown>[];
  let stream: Stream;
  const cell = { label: 'a', predicted: 'b' };
  const answer = (total: number, change: object = {}): void => {
    const { asked, start, count } = sent.at(-1) as { asked: string; start: number; count: number };
    const rows = Array.from({ length: Math.min(count, total - start) }, (_, i) => row(start + i));
    stream.hear({ event: 'rows', asked, start, total, rows, ...change });
  };
  beforeEach(() => {
    sent = [];
    stream = new Stream(content => sent.push(content));
    URL.createObjectURL = vi.fn(() => 'blob:1');
    URL.revokeObjectURL = vi.fn();
  });

  it('asks for a cell in parts, one after the other, until all is there', () => {
    stream.open(cell);
    stream.more();
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({ event: 'rows', ...cell, start: 0, count: PART });
    answer(PART + 3);
    expect([stream.rows.length, stream.total]).toEqual([PART, PART + 3]);
    stream.more();
    answer(PART + 3);
    expect(stream.rows.map(({ row }) => row).at(-1)).toBe(PART + 2);
    stream.more();
    expect(sent).toHaveLength(2);
  });

  it('takes no answer to a question about another cell, or of another page', () => {
    stream.open(cell);
    const before = sent[0]!.asked as string;
    stream.open({ label: 'b', predicted: null });
    stream.hear({ event: 'rows', asked: before, start: 0, total: 1, rows: [row(7)] });
    expect(stream.rows).toEqual([]);
    answer(2);
    expect(stream.rows).toHaveLength(2);
    stream.hear({ event: 'patch', page: 'another', row: 0, why: 'x' });
    expect(stream.picture(0)).toBeNull();
  });

  it('asks for pictures that are not there, and for none twice', () => {
    stream.open(cell);
    answer(3);
    stream.want([0, 1], 96);
    stream.want([0, 1], 96);
    expect(sent.at(-1)).toEqual({ event: 'patches', page: stream.page, rows: [0, 1], side: 96 });
    const { length } = sent;
    stream.hear({ event: 'patch', page: stream.page, row: 0, why: '' }, [new DataView(new ArrayBuffer(3))]);
    expect(stream.picture(0)).toEqual({ row: 0, url: 'blob:1', why: '' });
    stream.hear({ event: 'patch', page: stream.page, row: 1, why: 'gone' });
    expect(stream.picture(1)).toEqual({ row: 1, url: null, why: 'gone' });
    stream.want([0, 1, 2], 96);
    expect(sent).toHaveLength(length + 1);
    expect(sent.at(-1)).toMatchObject({ rows: [2] });
  });

  it('tells the kernel when nothing is seen any more, and forgets its pictures at the end', () => {
    stream.open(cell);
    answer(3);
    stream.want([0, 1], 96);
    stream.hear({ event: 'patch', page: stream.page, row: 0, why: '' }, [new DataView(new ArrayBuffer(3))]);
    stream.dispose();
    expect(sent.at(-1)).toMatchObject({ event: 'patches', rows: [] });
    expect(URL.revokeObjectURL).toHaveBeenCalledWith('blob:1');
  });
});

describe('MatrixTable', () => {
  const data = {
    names: ['a', '<b>', 'other'],
    classes: ['a', '<b>'],
    counts: [
      [8, 2],
      [0, 4],
      [1, 0]
    ]
  };
  let opened: unknown[];
  let table: MatrixTable;
  const at = (row: number, column: number): HTMLElement =>
    table.node.querySelector(`[data-row="${row}"][data-column="${column}"]`)!;
  const press = (key: string, more: KeyboardEventInit = {}): void => {
    document.activeElement!.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, ...more }));
  };
  beforeEach(() => {
    opened = [];
    table = new MatrixTable((cell, byKey) => opened.push([cell.label, cell.predicted, byKey]));
    document.body.replaceChildren(table.node);
    table.show(data, false);
  });

  it('shows counts, shares and scores as text', () => {
    expect(at(0, 1).textContent).toBe('2');
    expect(at(1, -1).textContent).toBe('<b>');
    expect(at(0, 1).getAttribute('aria-label')).toBe('a predicted as <b>: 2 of 10 (20 %)');
    table.show(data, true);
    expect(at(0, 1).textContent).toBe('20');
    const scores = [...table.node.querySelectorAll('tbody tr:first-child .wsinb-cm-score')];
    expect(scores.map(node => node.textContent)).toEqual(['0.800', '0.889', '10']);
  });

  it('opens what is clicked: a cell, a row, a column', () => {
    at(1, 0).click();
    at(2, -1).click();
    at(-1, 1).click();
    expect(opened).toEqual([
      ['<b>', 'a', false],
      ['other', null, false],
      [null, '<b>', false]
    ]);
  });

  it('is walked through by the keyboard, one stop of the tab key', () => {
    table.focus();
    expect(document.activeElement).toBe(at(0, 0));
    press('ArrowDown');
    press('ArrowRight');
    press('Enter');
    press('End', { ctrlKey: true });
    press('ArrowDown');
    expect(document.activeElement).toBe(at(2, 1));
    press('Home');
    press('ArrowLeft');
    press(' ');
    expect(opened).toEqual([
      ['<b>', '<b>', true],
      ['other', null, true]
    ]);
    expect(table.node.querySelectorAll('[tabindex="0"]')).toHaveLength(1);
  });

  it('keeps the keyboard and the mark when a label comes as a further row', () => {
    at(0, 1).focus();
    table.mark({ label: 'a', predicted: '<b>' });
    table.show({ ...data, names: [...data.names, 'new'], counts: [...data.counts, [0, 1]] }, false);
    expect(document.activeElement).toBe(at(0, 1));
    expect(at(0, 1).getAttribute('aria-selected')).toBe('true');
    expect(at(3, 1).textContent).toBe('1');
  });
});

describe('SaveBar', () => {
  it('saves once until it hears what became of it, and discards after a question', () => {
    const told: string[] = [];
    const handlers = {
      undo: () => told.push('undo'),
      discard: () => told.push('discard'),
      save: (message: string) => told.push(`save ${message}`)
    };
    // real ones come with all of JupyterLab's components
    const bar = new SaveBar(handlers, { element: () => document.body } as unknown as LabIcon);
    bar.show(0, false, null);
    expect(bar.node.hidden).toBe(true);
    bar.save();
    bar.show(3, true, null);
    expect(bar.node.textContent).toContain('3 changes');
    bar.node.querySelector('input')!.value = ' why ';
    const [undo, discard, save] = bar.node.querySelectorAll('button');
    save!.click();
    save!.click();
    bar.done(false);
    expect(bar.text).toBe('why');
    undo!.click();
    discard!.click();
    discard!.click();
    expect(told).toEqual(['save why', 'undo', 'discard']);
    bar.done(true);
    expect(bar.text).toBe('');
    bar.show(0, false, 'abcdef0123456789');
    expect(bar.node.textContent).toContain('Saved as abcdef0');
  });
});

describe('tabs', () => {
  it('are there where the page has the command', async () => {
    expect(hasTabs()).toBe(false);
    const registry = new CommandRegistry();
    useCommands(registry);
    expect(hasTabs()).toBe(false);
    const execute = vi.fn();
    registry.addCommand(SHOW_ANNOTATION, { execute });
    expect(hasTabs()).toBe(true);
    const place = { project: '/p', branch: 'main', slide: 's', annotation: 'x' };
    await showInTab({ ...place, box: [0, 0, 1, 1] });
    expect(execute).toHaveBeenCalledWith({ ...place, box: [0, 0, 1, 1] });
  });
});

/** The matrix: a table with sticky heads, over which the arrow keys move. */
import { element } from '../dom';
import { figure, percent, scoresOf, type Counts } from './scores';
import type { Cell } from './stream';

/** With more columns, or longer names, heads stand upright. */
const UPRIGHT_FROM = 9;
const LONG_NAME = 12;
const SCORES = ['recall', 'precision', 'n'] as const;

export class MatrixTable {
  readonly node = element('div', 'wsinb-cm-scroll');
  private readonly table = element('table', 'wsinb-cm-table');
  private shape = '';
  private data: Counts = { names: [], classes: [], counts: [] };
  /** Row and column of the keyboard; -1 is a head. */
  private at: [number, number] = [0, 0];
  private shown: Cell | null = null;

  constructor(private readonly open: (cell: Cell, byKey: boolean) => void) {
    this.table.setAttribute('role', 'grid');
    this.table.setAttribute('aria-label', 'Confusion matrix: rows are labels, columns predictions');
    this.table.addEventListener('keydown', this.onKey);
    this.table.addEventListener('focusin', ({ target }) => {
      const node = (target as HTMLElement).closest<HTMLElement>('[data-row]');
      if (node) {
        this.move(...placeOf(node), false);
      }
    });
    this.table.addEventListener('click', event => this.onClick(event.target as HTMLElement));
    this.node.append(this.table);
  }

  show(data: Counts, asPercent: boolean): void {
    this.data = data;
    const shape = JSON.stringify([data.names, data.classes]);
    if (shape !== this.shape) {
      this.shape = shape;
      this.build();
    }
    this.fill(asPercent);
  }

  /** Mark the cell whose patches are shown. */
  mark(cell: Cell | null): void {
    this.shown = cell;
    for (const node of this.table.querySelectorAll<HTMLElement>('[data-row]')) {
      const [row, column] = placeOf(node);
      const same = cell !== null && isSame(cell, this.cellAt(row, column));
      node.classList.toggle('wsinb-mod-shown', same);
      node.setAttribute('aria-selected', String(same));
    }
  }

  focus(): void {
    this.node.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  }

  private build(): void {
    const { names, classes } = this.data;
    const hadFocus = this.table.contains(document.activeElement);
    const upright = classes.length >= UPRIGHT_FROM || classes.some(name => name.length > LONG_NAME);
    this.table.classList.toggle('wsinb-mod-upright', upright);
    this.table.replaceChildren(this.head(), this.body());
    this.at = [Math.min(this.at[0], names.length - 1), Math.min(this.at[1], classes.length - 1)];
    this.move(...this.at, hadFocus);
    this.mark(this.shown);
  }

  private head(): HTMLElement {
    const head = element('thead', '');
    const row = element('tr', '');
    const corner = element('th', 'wsinb-cm-corner');
    corner.append(
      element('span', 'wsinb-cm-axis', 'label ↓'),
      element('span', 'wsinb-cm-axis', 'predicted →')
    );
    const columns = this.data.classes.map((name, column) => {
      const cell = this.cell('th', -1, column, 'wsinb-cm-column');
      cell.append(element('span', 'wsinb-cm-name', name));
      cell.setAttribute('role', 'columnheader');
      cell.title = `All predicted as ${name}`;
      return cell;
    });
    const scores = SCORES.map(name => element('th', `wsinb-cm-score wsinb-cm-${name}`, name));
    row.append(corner, ...columns, ...scores);
    head.append(row);
    return head;
  }

  private body(): HTMLElement {
    const body = element('tbody', '');
    const { names, classes } = this.data;
    names.forEach((name, row) => {
      const line = element('tr', '');
      const head = this.cell('th', row, -1, 'wsinb-cm-row');
      head.append(element('span', 'wsinb-cm-name', name));
      head.setAttribute('role', 'rowheader');
      head.title = `All labelled ${name}`;
      const cells = classes.map((_, column) => {
        const cell = this.cell('td', row, column, 'wsinb-cm-cell');
        cell.classList.toggle('wsinb-mod-right', row === column);
        cell.setAttribute('role', 'gridcell');
        return cell;
      });
      line.append(head, ...cells, ...SCORES.map(score => element('td', `wsinb-cm-score wsinb-cm-${score}`)));
      body.append(line);
    });
    return body;
  }

  private cell<K extends 'th' | 'td'>(
    tag: K,
    row: number,
    column: number,
    className: string
  ): HTMLElementTagNameMap[K] {
    const node = element(tag, className);
    node.dataset.row = String(row);
    node.dataset.column = String(column);
    node.tabIndex = -1;
    return node;
  }

  private fill(asPercent: boolean): void {
    const { names, classes, counts } = this.data;
    const { rows } = scoresOf(this.data);
    [...this.table.tBodies[0]!.rows].forEach((line, row) => {
      const { n, recall, precision } = rows[row]!;
      classes.forEach((predicted, column) => {
        const node = line.cells[column + 1]!;
        const count = counts[row]?.[column] ?? 0;
        const share = n > 0 ? count / n : 0;
        // the root makes a few in a hundred visible
        node.style.setProperty('--wsinb-shade', Math.sqrt(share).toFixed(3));
        node.classList.toggle('wsinb-mod-none', count === 0);
        node.textContent = asPercent ? percent(share) : count.toLocaleString('en');
        const told = `${names[row]!} predicted as ${predicted}: ${count} of ${n} (${percent(share)} %)`;
        node.title = told;
        node.setAttribute('aria-label', told);
      });
      const scores = [figure(recall), figure(precision), n.toLocaleString('en')];
      scores.forEach((text, i) => (line.cells[classes.length + 1 + i]!.textContent = text));
    });
  }

  private cellAt(row: number, column: number): Cell {
    const { names, classes } = this.data;
    return { label: names[row] ?? null, predicted: classes[column] ?? null };
  }

  private nodeAt(row: number, column: number): HTMLElement | null {
    return this.table.querySelector(`[data-row="${row}"][data-column="${column}"]`);
  }

  private move(row: number, column: number, focus = true): void {
    const node = this.nodeAt(row, column);
    if (node) {
      this.table.querySelectorAll<HTMLElement>('[tabindex="0"]').forEach(other => (other.tabIndex = -1));
      this.at = [row, column];
      node.tabIndex = 0;
      if (focus) {
        node.focus();
      }
    }
  }

  private onClick(target: HTMLElement): void {
    const node = target.closest<HTMLElement>('[data-row]');
    if (node) {
      const [row, column] = placeOf(node);
      this.move(row, column);
      this.open(this.cellAt(row, column), false);
    }
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const [row, column] = this.at;
    const { names, classes } = this.data;
    const [lastRow, lastColumn] = [names.length - 1, classes.length - 1];
    const all = event.ctrlKey || event.metaKey;
    const targets: Record<string, [number, number]> = {
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      Home: [all ? 0 : row, 0],
      End: [all ? lastRow : row, lastColumn],
      PageUp: [0, column],
      PageDown: [lastRow, column]
    };
    const target = targets[event.key];
    if (target) {
      this.move(...target);
    } else if (event.key === 'Enter' || event.key === ' ') {
      this.open(this.cellAt(row, column), true);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
}

function placeOf({ dataset }: HTMLElement): [number, number] {
  return [Number(dataset.row), Number(dataset.column)];
}

export function isSame(one: Cell, other: Cell): boolean {
  return one.label === other.label && one.predicted === other.predicted;
}

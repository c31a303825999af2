/** The patches of a cell: a list box of pictures, which come as they are scrolled to. */
import { Signal, type ISignal } from '@lumino/signaling';
import { element } from '../dom';
import { UNLABELLED_COLOR } from '../labels';
import type { LabelInfo } from '../types';
import { Choosing } from './choosing';
import type { Edit } from './model';
import { percent } from './scores';
import type { Cell, Picture, Row, Stream } from './stream';

/** Side of a patch on the screen, as in the style sheet. */
const SIDE_PX = 96;
const MAX_SIDE = 512;
/** The kernel takes no longer lists. */
const MAX_WANTED = 500;
/** Patches are asked for a little before they are seen. */
const AHEAD_PX = 300;

export interface GalleryOptions {
  stream: Stream;
  /** The person wants to see the slide there. */
  look: (row: Row) => void;
}

export class Gallery {
  readonly node = element('div', 'wsinb-cm-patches');
  readonly choosing = new Choosing(() => this.options.stream.rows.map(({ id }) => id));
  private readonly nodes = new Map<number, HTMLElement>();
  private readonly seen = new Set<number>();
  private readonly end = element('div', 'wsinb-cm-end');
  private readonly observer: IntersectionObserver;
  private readonly chosenSignal = new Signal<this, void>(this);
  private edits = new Map<string, Edit>();
  private labels = new Map<string, LabelInfo>();
  private cell: Cell | null = null;
  private at = 0;
  private orders = 0;

  constructor(private readonly options: GalleryOptions) {
    const { stream } = options;
    this.node.setAttribute('role', 'listbox');
    this.node.setAttribute('aria-multiselectable', 'true');
    this.node.setAttribute('aria-label', 'Patches of the cell');
    this.observer = new IntersectionObserver(entries => this.onSeen(entries), {
      root: this.node,
      rootMargin: `${AHEAD_PX}px`
    });
    this.node.addEventListener('focusin', ({ target }) => {
      const node = (target as HTMLElement).closest<HTMLElement>('.wsinb-cm-patch');
      if (node) {
        this.move(Number(node.dataset.at), false);
      }
    });
    this.node.addEventListener('click', event => this.onClick(event));
    this.node.addEventListener('keydown', event => this.onKey(event));
    stream.rowsCame.connect(this.onRows, this);
    stream.pictureCame.connect(this.onPicture, this);
  }

  /** Something was chosen, or nothing is any more. */
  get chosen(): ISignal<this, void> {
    return this.chosenSignal;
  }

  /** The annotations that an action is about: those chosen, else the one that the keyboard is at. */
  get subjects(): string[] {
    const { ids } = this.choosing;
    const here = this.options.stream.rows[this.at]?.id;
    return ids.length > 0 ? ids : here && this.node.contains(document.activeElement) ? [here] : [];
  }

  open(cell: Cell | null): void {
    this.cell = cell;
    this.at = 0;
    this.nodes.clear();
    this.seen.clear();
    this.observer.disconnect();
    this.node.replaceChildren();
    this.options.stream.open(cell);
  }

  setLabels(labels: readonly LabelInfo[]): void {
    this.labels = new Map(labels.map(label => [label.name, label]));
  }

  setEdits(edits: readonly Edit[]): void {
    const before = this.edits;
    this.edits = new Map(edits.map(edit => [edit.id, edit]));
    this.options.stream.rows.forEach((row, at) => {
      if (before.has(row.id) || this.edits.has(row.id)) {
        this.dress(at);
      }
    });
  }

  setChosen(ids: readonly string[]): void {
    this.choosing.set(ids);
    this.showChosen();
  }

  /** After an action on one patch the keyboard goes on to the next. */
  goOn(): void {
    if (this.choosing.ids.length === 0 && this.node.contains(document.activeElement)) {
      this.move(this.at + 1);
    }
  }

  focus(): void {
    this.nodes.get(this.at)?.focus({ preventScroll: true });
  }

  clear(): void {
    this.choosing.clear();
    this.choose();
  }

  all(): void {
    this.choosing.all();
    this.choose();
  }

  dispose(): void {
    this.observer.disconnect();
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  private onRows(stream: Stream, start: number): void {
    this.end.remove();
    stream.rows.slice(start).forEach((row, i) => {
      const node = this.patch(row, start + i);
      this.nodes.set(start + i, node);
      this.node.append(node);
      this.observer.observe(node);
      this.dress(start + i);
      const picture = stream.picture(row.row);
      if (picture) {
        this.onPicture(stream, picture);
      }
    });
    if (stream.total !== null && stream.rows.length < stream.total) {
      this.node.append(this.end);
      this.observer.observe(this.end);
    }
    this.showChosen();
  }

  private patch(row: Row, at: number): HTMLElement {
    const node = element('div', 'wsinb-cm-patch');
    node.setAttribute('role', 'option');
    node.tabIndex = at === this.at ? 0 : -1;
    node.dataset.at = String(at);
    node.dataset.row = String(row.row);
    const frame = element('div', 'wsinb-cm-frame');
    const mark = element('span', 'wsinb-cm-mark');
    mark.title = 'Choose (x)';
    frame.append(element('span', 'wsinb-cm-wait'), mark);
    const caption = element('div', 'wsinb-cm-caption');
    caption.append(element('span', 'wsinb-cm-sure', `${percent(row.sure)} %`));
    caption.append(element('span', 'wsinb-cm-what'));
    node.append(frame, caption);
    return node;
  }

  /** Tell what is known of a patch, edits included. */
  private dress(at: number): void {
    const node = this.nodes.get(at);
    const row = this.options.stream.rows[at];
    if (!node || !row) {
      return;
    }
    const edit = this.edits.get(row.id);
    const what = node.querySelector<HTMLElement>('.wsinb-cm-what')!;
    const title = [
      `${row.slide}`,
      `labelled ${row.label} (${percent(row.own)} %), predicted ${row.predicted} (${percent(row.sure)} %)`
    ];
    const news: string[] = [];
    what.replaceChildren();
    if (edit?.label) {
      const swatch = element('span', 'wsinb-swatch');
      swatch.style.backgroundColor = this.labels.get(edit.label)?.color ?? UNLABELLED_COLOR;
      what.append(swatch, element('span', 'wsinb-cm-name', edit.label));
      news.push(`relabelled ${edit.label}`);
    } else if (!edit?.ok) {
      what.append(element('span', 'wsinb-cm-name', this.other(row)));
    }
    if (edit?.ok) {
      what.append(element('span', 'wsinb-cm-tick', edit.label ? '✓' : '✓ right'));
      news.push('confirmed');
    }
    node.classList.toggle('wsinb-mod-changed', news.length > 0);
    node.title = [...title, ...news.map(text => `${text}, not saved`), row.id].filter(Boolean).join('\n');
    node.setAttribute('aria-label', [...title, ...news].join(', '));
  }

  /** What the cell leaves open: the label or the predicted class. */
  private other(row: Row): string {
    const { cell } = this;
    return cell?.predicted === null ? row.predicted : cell?.label === null ? row.label : '';
  }

  private onPicture(_: Stream, { row, url, why }: Picture): void {
    this.options.stream.rows.forEach((known, at) => {
      const frame = known.row === row ? this.nodes.get(at)?.querySelector('.wsinb-cm-frame') : null;
      if (frame) {
        const node = url ? element('img', 'wsinb-cm-picture') : element('span', 'wsinb-cm-why', why);
        if (node instanceof HTMLImageElement) {
          node.alt = '';
          node.draggable = false;
          node.src = url!;
        }
        frame.firstElementChild!.replaceWith(node);
      }
    });
  }

  private onSeen(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      if (target === this.end) {
        if (isIntersecting) {
          this.options.stream.more();
        }
        continue;
      }
      const row = Number((target as HTMLElement).dataset.row);
      if (isIntersecting) {
        this.seen.add(row);
      } else {
        this.seen.delete(row);
      }
    }
    window.cancelAnimationFrame(this.orders);
    this.orders = window.requestAnimationFrame(() => this.order());
  }

  private order(): void {
    const side = Math.min(MAX_SIDE, Math.round(SIDE_PX * Math.max(1, window.devicePixelRatio)));
    const seen = this.options.stream.rows.map(({ row }) => row).filter(row => this.seen.has(row));
    this.options.stream.want(seen.slice(0, MAX_WANTED), side);
  }

  private onClick(event: MouseEvent): void {
    const target = event.target as HTMLElement;
    const node = target.closest<HTMLElement>('.wsinb-cm-patch');
    if (!node) {
      return;
    }
    const at = Number(node.dataset.at);
    this.move(at);
    if (event.shiftKey) {
      this.choosing.extend(at);
    } else if (event.ctrlKey || event.metaKey || target.closest('.wsinb-cm-mark')) {
      this.choosing.toggle(at);
    } else {
      this.options.look(this.options.stream.rows[at]!);
      return;
    }
    this.choose();
  }

  private onKey(event: KeyboardEvent): void {
    const step = this.columns;
    const targets: Record<string, number> = {
      ArrowLeft: this.at - 1,
      ArrowRight: this.at + 1,
      ArrowUp: this.at - step,
      ArrowDown: this.at + step,
      Home: 0,
      End: this.nodes.size - 1
    };
    const target = event.altKey ? undefined : targets[event.key];
    if (target !== undefined) {
      const from = this.at;
      this.move(target);
      if (event.shiftKey) {
        if (this.choosing.ids.length === 0) {
          this.choosing.startAt(from);
        }
        this.choosing.extend(this.at);
        this.choose();
      }
    } else if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
      const row = this.options.stream.rows[this.at];
      if (row) {
        this.options.look(row);
      }
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** Choose what the keyboard is at, or not any more. */
  toggleHere(): void {
    this.choosing.toggle(this.at);
    this.choose();
  }

  /** Patches in a line. */
  private get columns(): number {
    const top = this.nodes.get(0)?.offsetTop;
    const wrapped = [...this.nodes.values()].findIndex(node => node.offsetTop !== top);
    return wrapped < 0 ? Math.max(1, this.nodes.size) : wrapped;
  }

  private move(to: number, focus = true): void {
    const at = Math.max(0, Math.min(to, this.nodes.size - 1));
    const before = this.nodes.get(this.at);
    const node = this.nodes.get(at);
    if (node) {
      if (before) {
        before.tabIndex = -1;
      }
      this.at = at;
      node.tabIndex = 0;
      if (focus) {
        node.focus();
      }
    }
  }

  private choose(): void {
    this.showChosen();
    this.chosenSignal.emit();
  }

  private showChosen(): void {
    const { rows } = this.options.stream;
    this.nodes.forEach((node, at) => {
      const id = rows[at]?.id;
      node.setAttribute('aria-selected', String(id !== undefined && this.choosing.has(id)));
    });
  }
}

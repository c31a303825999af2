/** The changes between two versions, as far as they are loaded: which are shown, which one is in hand. */
import { Signal, type ISignal } from '@lumino/signaling';
import type { Change, ChangeKind, DiffPage } from '../types';
import { KIND_ORDER } from './kinds';

const PAGE = 500;
/** So many come at once; more on demand. */
export const BATCH = 2000;

export type LoadPage = (offset: number, limit: number) => Promise<DiffPage>;

export class Changes {
  private list: Change[] = [];
  private readonly hidden = new Set<ChangeKind>();
  private at = -1;
  private loading = false;
  private stopped = false;
  private readonly restoredIds = new Set<string>();
  private readonly changedSignal = new Signal<this, void>(this);

  /** `first` holds the counts of all changes and the first ones. */
  constructor(
    readonly first: DiffPage,
    private readonly load: LoadPage
  ) {
    this.list = [...first.changes];
  }

  get changed(): ISignal<this, void> {
    return this.changedSignal;
  }

  get all(): readonly Change[] {
    return this.list;
  }

  get total(): number {
    return this.first.total;
  }

  get complete(): boolean {
    return this.list.length >= this.total;
  }

  get busy(): boolean {
    return this.loading;
  }

  get shown(): Change[] {
    return this.list.filter(change => !this.hidden.has(change.kind));
  }

  /** The one in hand. */
  get current(): Change | null {
    return this.list[this.at] ?? null;
  }

  /** Its number among the shown ones, from 1; 0 where none is in hand. */
  get position(): number {
    const { current } = this;
    return current ? this.shown.indexOf(current) + 1 : 0;
  }

  /** How many of each kind there are; `exact` is false where more may come. */
  counts(): Record<ChangeKind, { n: number; exact: boolean }> {
    const known: Partial<Record<ChangeKind, number>> = {
      added: this.first.counts.added,
      deleted: this.first.counts.deleted
    };
    const entries = KIND_ORDER.map(kind => {
      const loaded = this.list.filter(change => change.kind === kind).length;
      const exact = this.complete || kind in known;
      return [kind, { n: this.complete ? loaded : (known[kind] ?? loaded), exact }];
    });
    return Object.fromEntries(entries) as Record<ChangeKind, { n: number; exact: boolean }>;
  }

  isHidden(kind: ChangeKind): boolean {
    return this.hidden.has(kind);
  }

  toggle(kind: ChangeKind): void {
    if (!this.hidden.delete(kind)) {
      this.hidden.add(kind);
    }
    if (this.current && this.hidden.has(this.current.kind)) {
      this.at = -1;
    }
    this.changedSignal.emit();
  }

  /** Take the next shown change in hand, or the one before; goes round at the ends. */
  step(by: 1 | -1): Change | null {
    const n = this.list.length;
    let at = this.at < 0 && by < 0 ? 0 : this.at;
    for (let tried = 0; tried < n; tried++) {
      at = (at + by + n) % n;
      if (!this.hidden.has(this.list[at]!.kind)) {
        this.at = at;
        this.changedSignal.emit();
        return this.list[at]!;
      }
    }
    return null;
  }

  choose(change: Change | null): void {
    this.at = change ? this.list.indexOf(change) : -1;
    this.changedSignal.emit();
  }

  /** Remember that an annotation was brought back. */
  markRestored(id: string): void {
    this.restoredIds.add(id);
    this.changedSignal.emit();
  }

  isRestored(id: string): boolean {
    return this.restoredIds.has(id);
  }

  /** Load on, page by page, until `count` are there. */
  async loadUntil(count: number): Promise<void> {
    if (this.loading) {
      return;
    }
    this.loading = true;
    try {
      while (!this.stopped && !this.complete && this.list.length < count) {
        this.changedSignal.emit();
        const { changes } = await this.load(this.list.length, PAGE);
        if (changes.length === 0) {
          break;
        }
        this.list = [...this.list, ...changes];
      }
    } finally {
      this.loading = false;
      if (!this.stopped) {
        this.changedSignal.emit();
      }
    }
  }

  loadMore(): Promise<void> {
    return this.loadUntil(this.list.length + BATCH);
  }

  dispose(): void {
    this.stopped = true;
    Signal.clearData(this);
  }
}

/** "First 2,000 of 10,400 shown", or nothing where all are. */
export function loadedText(loaded: number, total: number): string {
  const say = (n: number): string => n.toLocaleString('en');
  return loaded < total ? `First ${say(loaded)} of ${say(total)} shown` : '';
}

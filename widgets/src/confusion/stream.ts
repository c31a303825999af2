/** What is in a cell, asked for in parts, and pictures of what can be seen of it. */
import { UUID } from '@lumino/coreutils';
import { Signal, type ISignal } from '@lumino/signaling';

/** A label and a predicted class; null is any. */
export interface Cell {
  label: string | null;
  predicted: string | null;
}

export interface Row {
  row: number;
  /** Empty for a picture of no annotation. */
  id: string;
  slide: string;
  /** As it is stored. */
  label: string;
  predicted: string;
  /** Probability of the predicted class, and of the label. */
  sure: number;
  own: number;
}

export interface Picture {
  row: number;
  url: string | null;
  /** Why there is none. */
  why: string;
}

export interface RowsMessage {
  event: 'rows';
  asked: string;
  total: number;
  start: number;
  rows: Row[];
}

export interface PatchMessage {
  event: 'patch';
  page: string;
  row: number;
  why: string;
}

export const PART = 100;
/** Pictures of other cells are kept up to so many. */
const MAX_KEPT = 2000;

export class Stream {
  /** Tells this page from others that show the same matrix. */
  readonly page = UUID.uuid4();
  private cell: Cell | null = null;
  private list: Row[] = [];
  private totalNow: number | null = null;
  private asked: string | null = null;
  private wanted = '';
  private readonly pictures = new Map<number, Picture>();
  private readonly rowsSignal = new Signal<this, number>(this);
  private readonly pictureSignal = new Signal<this, Picture>(this);

  constructor(private readonly send: (content: Record<string, unknown>) => void) {}

  /** More rows are there; the argument is the place of the first new one. */
  get rowsCame(): ISignal<this, number> {
    return this.rowsSignal;
  }

  get pictureCame(): ISignal<this, Picture> {
    return this.pictureSignal;
  }

  get rows(): readonly Row[] {
    return this.list;
  }

  /** How many there are in the cell; null before the first part is there. */
  get total(): number | null {
    return this.totalNow;
  }

  /** Begin with another cell, or anew; null shows none. */
  open(cell: Cell | null): void {
    this.cell = cell;
    this.list = [];
    this.totalNow = null;
    this.asked = null;
    this.want([], 0);
    if (this.pictures.size > MAX_KEPT) {
      this.forget();
    }
    this.more();
  }

  /** Ask for the next part, unless it is asked for or there is none. */
  more(): void {
    const isAll = this.totalNow !== null && this.list.length >= this.totalNow;
    if (this.cell && this.asked === null && !isAll) {
      this.asked = UUID.uuid4();
      const { cell, asked } = this;
      this.send({ event: 'rows', asked, ...cell, start: this.list.length, count: PART });
    }
  }

  /** The picture of a row, once it is there. */
  picture(row: number): Picture | null {
    return this.pictures.get(row) ?? null;
  }

  /** Ask for pictures of what is seen now: what was seen before and has not come is not needed any more. */
  want(rows: readonly number[], side: number): void {
    const missing = rows.filter(row => !this.pictures.has(row));
    const wanted = missing.join();
    if (wanted !== this.wanted) {
      this.wanted = wanted;
      this.send({ event: 'patches', page: this.page, rows: missing, side });
    }
  }

  hear(message: RowsMessage | PatchMessage, buffers: readonly DataView[] = []): void {
    if (message.event === 'rows') {
      this.takeRows(message);
    } else if (message.page === this.page) {
      this.takePicture(message, buffers[0]);
    }
  }

  dispose(): void {
    this.want([], 0);
    this.forget();
    Signal.clearData(this);
  }

  private takeRows({ asked, total, start, rows }: RowsMessage): void {
    if (asked === this.asked && start === this.list.length) {
      this.asked = null;
      this.totalNow = total;
      this.list = [...this.list, ...rows];
      this.rowsSignal.emit(start);
    }
  }

  private takePicture({ row, why }: PatchMessage, buffer: DataView | undefined): void {
    const before = this.pictures.get(row);
    if (before?.url) {
      return;
    }
    const bytes = buffer as DataView<ArrayBuffer> | undefined;
    const url = bytes ? URL.createObjectURL(new Blob([bytes], { type: 'image/jpeg' })) : null;
    const picture = { row, url, why };
    this.pictures.set(row, picture);
    this.pictureSignal.emit(picture);
  }

  private forget(): void {
    this.pictures.forEach(({ url }) => url && URL.revokeObjectURL(url));
    this.pictures.clear();
  }
}

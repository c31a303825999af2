/** The page's side of the vector engine: a worker where one starts, else the same engine with pauses. */
import { Signal, type ISignal } from '@lumino/signaling';
import type { ColumnInfo } from './columns';
import { VectorEngine } from './engine';
import type { Picked, TileRequest, Told } from './messages';
import { PixelPainter } from './paint';
import type { Style } from './style';
import type { Answer, Call } from './worker';

const START_TIMEOUT_MS = 4000;

interface Pending {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}
type Caller = (call: Call) => void;

export class VectorClient {
  private readonly pending = new Map<number, Pending>();
  private readonly caller: Promise<Caller>;
  private worker: Worker | null = null;
  private nextId = 1;
  private disposed = false;
  private readonly toldSignal = new Signal<this, Told>(this);

  constructor(headers: Record<string, string>) {
    this.caller = this.start();
    this.send('setHeaders', headers);
  }

  /** A tile is painted, or cannot be had. */
  get told(): ISignal<this, Told> {
    return this.toldSignal;
  }

  render(request: TileRequest): void {
    this.send('render', request);
  }

  drop(key: string): void {
    this.send('drop', key);
  }

  /** Where the middle of the view is, in tiles of a zoom. */
  look(z: number, x: number, y: number): void {
    this.send('look', z, x, y);
  }

  hover(layer: string, row: number): void {
    this.send('hover', layer, row);
  }

  /** Ask again now for what could not be had. */
  retry(): void {
    this.send('retry');
  }

  forget(layer: string): void {
    this.send('forget', layer);
  }

  setStyle(layer: string, style: Style): Promise<unknown> {
    return this.ask('setStyle', layer, style);
  }

  column(url: string): Promise<ColumnInfo> {
    return this.ask('column', url) as Promise<ColumnInfo>;
  }

  pick(key: string, px: number, py: number): Promise<Picked | null> {
    return this.ask('pick', key, px, py) as Promise<Picked | null>;
  }

  dispose(): void {
    this.disposed = true;
    this.worker?.terminate();
    this.pending.clear();
    Signal.clearData(this);
  }

  private send(method: Call['method'], ...args: unknown[]): void {
    void this.caller.then(call => call({ id: 0, method, args }));
  }

  private async ask(method: Call['method'], ...args: unknown[]): Promise<unknown> {
    const call = await this.caller;
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      call({ id, method, args });
    });
  }

  private async start(): Promise<Caller> {
    try {
      const worker = await takeWorker();
      this.worker = worker;
      worker.onmessage = ({ data }: MessageEvent<Answer>) => this.settle(data);
      if (this.disposed) {
        worker.terminate();
      }
      return call => worker.postMessage(call);
    } catch {
      return this.mainThreadCaller();
    }
  }

  private settle({ id, value, error, told }: Answer): void {
    if (told) {
      this.toldSignal.emit(told);
      return;
    }
    const pending = this.pending.get(id);
    this.pending.delete(id);
    if (error === undefined) {
      pending?.resolve(value);
    } else {
      pending?.reject(new Error(error));
    }
  }

  private mainThreadCaller(): Caller {
    const engine = new VectorEngine(told => this.toldSignal.emit(told), new PixelPainter());
    return ({ id, method, args }) => {
      const call = async (): Promise<unknown> => {
        return (engine[method] as (...args: unknown[]) => unknown).apply(engine, args);
      };
      call().then(
        value => this.settle({ id, value }),
        (error: Error) => this.settle({ id, error: error.message })
      );
    };
  }
}

// runs already when the next client begins
let spare: Promise<Worker> | null = null;

/** Start a worker for a client that is likely to come. */
export function readyWorker(): void {
  spare ??= startWorker();
  // the client tries again
  spare.catch(() => undefined);
}

function takeWorker(): Promise<Worker> {
  const taken = spare?.catch(startWorker) ?? startWorker();
  spare = null;
  return taken;
}

/** Resolves once the worker's script runs; rejects where a policy or a missing file forbids it. */
function startWorker(): Promise<Worker> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url));
    const fail = (): void => {
      worker.terminate();
      reject(new Error('The worker did not start.'));
    };
    const timer = setTimeout(fail, START_TIMEOUT_MS);
    worker.onerror = () => {
      clearTimeout(timer);
      fail();
    };
    worker.onmessage = () => {
      clearTimeout(timer);
      worker.onerror = worker.onmessage = null;
      resolve(worker);
    };
  });
}

/** The page's side of the vector engine: a worker where one starts, else the same engine with pauses. */
import { VectorEngine, type Picked, type TileRequest } from './engine';
import type { Style } from './paint';
import type { Answer, Call } from './worker';

const START_TIMEOUT_MS = 4000;

interface Pending {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}
type Caller = (method: Call['method'], args: unknown[]) => Promise<unknown>;

export class VectorClient {
  private readonly pending = new Map<number, Pending>();
  private readonly caller: Promise<Caller>;
  private worker: Worker | null = null;
  private nextId = 1;

  constructor(headers: Record<string, string>) {
    this.caller = this.start();
    void this.call('setHeaders', [headers]);
  }

  render(request: TileRequest): Promise<ImageBitmap> {
    return this.call('render', [request]) as Promise<ImageBitmap>;
  }

  repaint(key: string): Promise<ImageBitmap | null> {
    return this.call('repaint', [key]) as Promise<ImageBitmap | null>;
  }

  setStyle(layer: string, style: Style): Promise<unknown> {
    return this.call('setStyle', [layer, style]);
  }

  pick(key: string, px: number, py: number): Promise<Picked | null> {
    return this.call('pick', [key, px, py]) as Promise<Picked | null>;
  }

  drop(key: string): void {
    void this.call('drop', [key]);
  }

  dispose(): void {
    this.worker?.terminate();
    this.pending.clear();
  }

  private async call(method: Call['method'], args: unknown[]): Promise<unknown> {
    return (await this.caller)(method, args);
  }

  private async start(): Promise<Caller> {
    try {
      this.worker = await startWorker(answer => this.settle(answer));
      return (method, args) => this.post(method, args);
    } catch {
      return mainThreadCaller();
    }
  }

  private post(method: Call['method'], args: unknown[]): Promise<unknown> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.worker!.postMessage({ id, method, args } satisfies Call);
    });
  }

  private settle({ id, value, error }: Answer): void {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    if (error === undefined) {
      pending?.resolve(value);
    } else {
      pending?.reject(new Error(error));
    }
  }
}

/** Resolves once the worker's script runs; rejects where a policy or a missing file forbids it. */
function startWorker(onAnswer: (answer: Answer) => void): Promise<Worker> {
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
      worker.onerror = null;
      worker.onmessage = (event: MessageEvent<Answer>) => onAnswer(event.data);
      resolve(worker);
    };
  });
}

function mainThreadCaller(): Caller {
  const engine = new VectorEngine();
  let queue: Promise<unknown> = Promise.resolve();
  return (method, args) => {
    const call = (): unknown => (engine[method] as (...args: unknown[]) => unknown).apply(engine, args);
    if (method !== 'render' && method !== 'repaint') {
      return Promise.resolve(call());
    }
    // one tile at a time, with a pause between, so that the page stays responsive
    const result = queue.then(() => new Promise(resume => setTimeout(resume, 0))).then(call);
    queue = result.catch(() => undefined);
    return result;
  };
}

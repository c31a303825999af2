/** Runs a `VectorEngine` in a worker: one message a call, answered by its number where it has one. */
import { VectorEngine } from './engine';
import { FastestPainter } from './fastest';
import { GpuPainter } from './gpu';
import type { Told } from './messages';
import { PixelPainter } from './paint';

/** A call of an engine's method; nobody waits for the answer of number 0. */
export interface Call {
  id: number;
  method:
    'setHeaders' | 'look' | 'render' | 'drop' | 'setStyle' | 'hover' | 'column' | 'forget' | 'pick' | 'retry';
  args: unknown[];
}

export interface Answer {
  id: number;
  value?: unknown;
  error?: string;
  /** Not an answer, but news. */
  told?: Told;
}

interface WorkerScope {
  onmessage: ((event: MessageEvent<Call>) => void) | null;
  postMessage(answer: Answer, transfer: Transferable[]): void;
}

const scope = self as unknown as WorkerScope;
const engine = new VectorEngine(
  told => scope.postMessage({ id: 0, told }, told.what === 'painted' ? [told.bitmap] : []),
  new FastestPainter(new PixelPainter(), () => GpuPainter.open())
);

async function answer({ id, method, args }: Call): Promise<void> {
  try {
    const call = engine[method] as (...args: unknown[]) => unknown;
    const value = await call.apply(engine, args);
    if (id !== 0) {
      scope.postMessage({ id, value }, []);
    }
  } catch (error) {
    scope.postMessage({ id, error: error instanceof Error ? error.message : String(error) }, []);
  }
}

scope.onmessage = event => void answer(event.data);
// tells that the script has arrived and runs
scope.postMessage({ id: 0 }, []);

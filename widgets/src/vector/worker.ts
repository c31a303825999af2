/** Runs a `VectorEngine` in a worker: one message a call, answered by its number. */
import { VectorEngine } from './engine';

/** A call of an engine's method. */
export interface Call {
  id: number;
  method: 'setHeaders' | 'render' | 'repaint' | 'setStyle' | 'pick' | 'drop';
  args: unknown[];
}

export interface Answer {
  id: number;
  value?: unknown;
  error?: string;
}

interface WorkerScope {
  onmessage: ((event: MessageEvent<Call>) => void) | null;
  postMessage(answer: Answer, transfer: Transferable[]): void;
}

const scope = self as unknown as WorkerScope;
const engine = new VectorEngine();

async function answer({ id, method, args }: Call): Promise<void> {
  try {
    const call = engine[method] as (...args: unknown[]) => unknown;
    const value = await call.apply(engine, args);
    scope.postMessage({ id, value }, value instanceof ImageBitmap ? [value] : []);
  } catch (error) {
    scope.postMessage({ id, error: error instanceof Error ? error.message : String(error) }, []);
  }
}

scope.onmessage = event => void answer(event.data);
// tells that the script has arrived and runs
scope.postMessage({ id: 0 }, []);

/** Tiles from the server: a few at a time, kept decoded while there is room, given up when nobody waits. */
import { decodeTile, type VectorTile } from './format';

const CACHE_BYTES = 32 * 1024 * 1024;
/** The picture's own tiles share the browser's few connections to the server. */
const CONCURRENT = 4;

interface Load {
  promise: Promise<VectorTile>;
  controller: AbortController;
  users: number;
}

/** What cannot be had because nobody wants it any more. */
export class Abandoned extends Error {}

export class TileStore {
  headers: Record<string, string> = {};
  private readonly kept = new Map<string, { tile: VectorTile; bytes: number }>();
  private readonly loads = new Map<string, Load>();
  private readonly waiting: (() => void)[] = [];
  private running = 0;
  private bytes = 0;

  constructor(
    private readonly capacity = CACHE_BYTES,
    private readonly fetcher: typeof fetch = (url, init) => fetch(url, init)
  ) {}

  /** A tile that is here already. */
  peek(url: string): VectorTile | null {
    const found = this.kept.get(url);
    if (found) {
      this.kept.delete(url);
      this.kept.set(url, found);
    }
    return found?.tile ?? null;
  }

  /** Load a tile; `anew` does not believe the browser's cache. Who does not want it any more calls `release`. */
  get(url: string, anew = false): Promise<VectorTile> {
    const known = this.peek(url);
    if (known) {
      return Promise.resolve(known);
    }
    let load = this.loads.get(url);
    if (!load) {
      const controller = new AbortController();
      const started: Load = { promise: this.load(url, anew, controller.signal), controller, users: 0 };
      const done = (): void => {
        // it may have been given up, and asked for again
        if (this.loads.get(url) === started) {
          this.loads.delete(url);
        }
      };
      started.promise.then(done, done);
      this.loads.set(url, (load = started));
    }
    load.users++;
    return load.promise;
  }

  /** One caller of `get` does not want the tile any more. */
  release(url: string): void {
    const load = this.loads.get(url);
    if (load && --load.users === 0) {
      this.loads.delete(url);
      load.controller.abort();
    }
  }

  private async load(url: string, anew: boolean, signal: AbortSignal): Promise<VectorTile> {
    await this.turn();
    try {
      if (signal.aborted) {
        throw new Abandoned();
      }
      const buffer = await this.read(url, anew, signal);
      const tile = decodeTile(buffer);
      if (!tile.preliminary) {
        this.keep(url, tile, buffer.byteLength);
      }
      return tile;
    } catch (error) {
      throw signal.aborted ? new Abandoned() : error;
    } finally {
      this.running--;
      this.waiting.shift()?.();
    }
  }

  private async turn(): Promise<void> {
    if (this.running >= CONCURRENT) {
      await new Promise<void>(resume => this.waiting.push(resume));
    }
    this.running++;
  }

  private async read(url: string, anew: boolean, signal: AbortSignal): Promise<ArrayBuffer> {
    return readBytes(this.fetcher, url, {
      ...{ credentials: 'same-origin', headers: this.headers, signal },
      cache: anew ? 'reload' : 'default'
    });
  }

  private keep(url: string, tile: VectorTile, bytes: number): void {
    // one that was given up may arrive as well
    this.bytes += bytes - (this.kept.get(url)?.bytes ?? 0);
    this.kept.set(url, { tile, bytes });
    for (const [oldest, entry] of this.kept) {
      if (this.bytes <= this.capacity || oldest === url) {
        return;
      }
      this.bytes -= entry.bytes;
      this.kept.delete(oldest);
    }
  }
}

/** The body of an answer; what fails is told in a sentence. */
export async function readBytes(fetcher: typeof fetch, url: string, init: RequestInit): Promise<ArrayBuffer> {
  let response: Response;
  try {
    response = await fetcher(url, init);
  } catch (error) {
    if (init.signal?.aborted) {
      throw error;
    }
    // in the words of all other requests: it is said once for all of them
    throw new Error('The server does not answer: check that Jupyter is still running.', { cause: error });
  }
  if (!response.ok) {
    throw new Error(await errorSentence(response));
  }
  return response.arrayBuffer();
}

async function errorSentence(response: Response): Promise<string> {
  try {
    return ((await response.json()) as { error: string }).error;
  } catch {
    return `The annotations could not be loaded: the server answered ${response.status}.`;
  }
}

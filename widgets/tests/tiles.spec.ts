import { describe, expect, it } from 'vitest';
import { Abandoned, TileStore } from '../src/vector/tiles';
import { square, tileBytes } from './build';

/** A server that answers when it is told to. */
class Server {
  readonly asked: string[] = [];
  private readonly answers: (() => void)[] = [];
  body: ArrayBuffer = tileBytes([{ rings: [square(0, 0, 4)] }]);
  status = 200;

  readonly fetch = ((url: string, init: RequestInit) => {
    this.asked.push(`${init.cache} ${url}`);
    return new Promise<Response>((resolve, reject) => {
      init.signal?.addEventListener('abort', () => reject(new Error('aborted')));
      this.answers.push(() => resolve(new Response(this.body.slice(0), { status: this.status })));
    });
  }) as typeof fetch;

  async answer(): Promise<void> {
    await settle();
    this.answers.splice(0).forEach(answer => answer());
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await Promise.resolve();
  }
  await new Promise(resume => setTimeout(resume, 0));
}

describe('TileStore', () => {
  it('asks once for a tile that several want, and keeps it', async () => {
    const server = new Server();
    const store = new TileStore(1e6, server.fetch);
    const both = [store.get('a'), store.get('a')];
    await server.answer();
    const [first, second] = await Promise.all(both);
    expect(first).toBe(second);
    expect(await store.get('a')).toBe(first);
    expect(server.asked).toEqual(['default a']);
  });

  it('drops the tile that was used longest ago beyond its bounds', async () => {
    const server = new Server();
    const store = new TileStore(2.5 * server.body.byteLength, server.fetch);
    for (const url of ['a', 'b']) {
      const wanted = store.get(url);
      await server.answer();
      await wanted;
    }
    expect(store.peek('a')).not.toBeNull();
    const third = store.get('c');
    await server.answer();
    await third;
    expect(store.peek('b')).toBeNull();
    expect(store.peek('a')).not.toBeNull();
  });

  it('asks for a few at a time, and gives up what nobody wants any more', async () => {
    const server = new Server();
    const store = new TileStore(1e6, server.fetch);
    const wanted = ['a', 'b', 'c', 'd', 'e', 'f'].map(url => store.get(url));
    const results = Promise.allSettled(wanted);
    await settle();
    expect(server.asked.length).toBe(4);
    store.release('a');
    store.release('f');
    await settle();
    await server.answer();
    await server.answer();
    const kinds = (await results).map(result => (result.status === 'rejected' ? result.reason : null));
    expect(kinds.map(reason => reason instanceof Abandoned)).toEqual([
      true,
      false,
      false,
      false,
      false,
      true
    ]);
    expect(server.asked).not.toContain('default f');
  });

  it('keeps nothing that is damaged or preliminary, and can distrust the cache', async () => {
    const server = new Server();
    const store = new TileStore(1e6, server.fetch);
    const good = server.body;
    server.body = good.slice(0, -1);
    const damaged = store.get('a').catch((error: Error) => error.message);
    await server.answer();
    expect(await damaged).toMatch(/should have/);
    server.body = tileBytes([], [], 0, { preliminary: true });
    const preliminary = store.get('a', true);
    await server.answer();
    expect((await preliminary).preliminary).toBe(true);
    expect(store.peek('a')).toBeNull();
    expect(server.asked).toEqual(['default a', 'reload a']);
  });

  it('tells what the server says', async () => {
    const server = new Server();
    const store = new TileStore(1e6, server.fetch);
    server.status = 404;
    server.body = new TextEncoder().encode('{"error": "The slide is gone."}').buffer as ArrayBuffer;
    const failing = store.get('a').catch((error: Error) => error.message);
    await server.answer();
    expect(await failing).toBe('The slide is gone.');
  });
});

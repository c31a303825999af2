// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../src/api';
import { EditStore } from '../src/edit/store';
import { DraftKeeper, isLive, type DraftState } from '../src/history/drafts';
import { sameEdits } from '../src/history/offers';
import type { DraftRequest, Feature } from '../src/types';
import { square } from './history';

const PLACE = { project: '/p', slide: 'liver', branch: 'main' };

/** A server that keeps drafts in memory, and fails when told. */
class Server {
  readonly drafts = new Map<string, { base: string; features: Map<string, Feature>; deleted: Set<string> }>();
  readonly requests: DraftRequest[] = [];
  failing: Error | null = null;

  async keepDraft(request: DraftRequest): Promise<string> {
    this.requests.push(request);
    await Promise.resolve();
    if (this.failing) {
      throw this.failing;
    }
    const id = request.draft ?? `d${this.requests.length}`;
    if (request.draft !== null && !this.drafts.has(request.draft)) {
      throw new ApiError('There is no such draft.', 404, 'UnknownDraft');
    }
    const draft = this.drafts.get(id) ?? {
      base: request.base,
      features: new Map(),
      deleted: new Set<string>()
    };
    request.set.forEach(feature => draft.features.set((feature.id ?? feature.key)!, feature));
    request.unset.forEach(key => draft.features.delete(key));
    request.delete.forEach(one => draft.deleted.add(one));
    request.undelete.forEach(one => draft.deleted.delete(one));
    this.drafts.set(id, draft);
    return id;
  }

  async discardDraft(_project: string, draft: string): Promise<void> {
    await Promise.resolve();
    if (!this.drafts.delete(draft)) {
      throw new ApiError('There is no such draft.', 404, 'UnknownDraft');
    }
  }

  get only(): { base: string; labels: (string | null)[]; deleted: string[] } {
    expect(this.drafts.size).toBe(1);
    const [draft] = this.drafts.values();
    const labels = [...draft!.features.values()].map(({ label }) => label);
    return { base: draft!.base, labels, deleted: [...draft!.deleted] };
  }
}

function drawn(label: string): Feature {
  return { ...square(0, 0, 10, label), id: null };
}

describe('DraftKeeper', () => {
  let store: EditStore;
  let server: Server;
  let keeper: DraftKeeper;
  let base: string;
  let states: DraftState[];

  beforeEach(() => {
    vi.useFakeTimers();
    store = new EditStore();
    server = new Server();
    base = 'c1';
    states = [];
    keeper = new DraftKeeper({
      api: server,
      store,
      ground: () => ({ place: PLACE, base }),
      stateChanged: state => states.push(state)
    });
  });

  afterEach(() => {
    keeper.dispose();
    vi.useRealTimers();
  });

  it('sends every edit, once, and what was taken back', async () => {
    const first = store.add(drawn('x'));
    store.removeStored('gone');
    await keeper.settled();
    expect(server.only).toEqual({ base: 'c1', labels: ['x'], deleted: ['gone'] });
    expect(server.requests.length).toBe(1);
    store.update(first.key, { label: 'y' });
    await keeper.settled();
    expect(server.requests[1]).toMatchObject({ set: [{ label: 'y' }], unset: [], delete: [] });
    store.undo();
    store.undo();
    await keeper.settled();
    expect(server.only).toEqual({ base: 'c1', labels: ['x'], deleted: [] });
    expect(keeper.pending).toBe(false);
  });

  it('sends what changes while a request is under way after it, in order', async () => {
    const { key } = store.add(drawn('1'));
    await Promise.resolve();
    store.update(key, { label: '2' });
    expect(keeper.pending).toBe(true);
    await keeper.settled();
    expect(server.only.labels).toEqual(['2']);
  });

  it('an annotation that is only opened is no edit', async () => {
    store.open({ ...square(0, 0, 1), row: 1 });
    await keeper.settled();
    expect(server.requests).toEqual([]);
  });

  it('discards the draft when nothing is unsaved any more', async () => {
    store.add(drawn('x'));
    await keeper.settled();
    const [id] = server.drafts.keys();
    expect(isLive(id!)).toBe(true);
    store.clear();
    await keeper.settled();
    expect(server.drafts.size).toBe(0);
    expect(isLive(id!)).toBe(false);
  });

  it('what is left after a save goes into a new draft on the new version', async () => {
    store.add(drawn('saved'));
    await keeper.settled();
    const { pending, deleted } = store;
    store.add(drawn('late'));
    await keeper.settled();
    base = 'c2';
    store.settle(pending, ['a'], deleted);
    await keeper.settled();
    expect(server.only).toEqual({ base: 'c2', labels: ['late'], deleted: [] });
  });

  it('tries again while the server is away, and says so', async () => {
    server.failing = new ApiError('The server does not answer.', 0, 'NoAnswer');
    store.add(drawn('x'));
    await keeper.settled();
    expect(states.at(-1)).toBe('waiting');
    expect(keeper.pending).toBe(true);
    server.failing = null;
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.only.labels).toEqual(['x']);
    expect(states.at(-1)).toBe('kept');
    expect(keeper.pending).toBe(false);
  });

  it('begins a new draft where somebody discarded the one it had', async () => {
    store.add(drawn('x'));
    await keeper.settled();
    server.drafts.clear();
    store.add(drawn('y'));
    await keeper.settled();
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.only.labels).toEqual(['x', 'y']);
  });

  it('sends many edits in batches', async () => {
    store.restore(
      Array.from({ length: 450 }, (_, i) => drawn(String(i))),
      []
    );
    await keeper.settled();
    expect(server.requests.map(({ set }) => set.length)).toEqual([200, 200, 50]);
    expect(server.only.labels.length).toBe(450);
  });

  it('keeps the draft when the viewer goes away', async () => {
    store.add(drawn('x'));
    await keeper.settled();
    keeper.dispose();
    store.clear();
    await keeper.settled();
    expect(server.only.labels).toEqual(['x']);
  });
});

describe('sameEdits', () => {
  const { type, coordinates } = drawn('x').geometry as { type: 'Polygon'; coordinates: never };
  const kept = { ...drawn('x'), geometry: { coordinates, type }, key: 'new-1' };
  const draft = { id: 'd', base: 'c', time: '', author: '', features: [kept], deleted: ['b', 'a'] };

  it('knows the same edits again, whatever their order', () => {
    expect(sameEdits(draft, [drawn('x')], ['a', 'b'])).toBe(true);
  });

  it('tells others apart', () => {
    expect(sameEdits(draft, [drawn('y')], ['a', 'b'])).toBe(false);
    expect(sameEdits(draft, [drawn('x')], ['a'])).toBe(false);
    expect(sameEdits(draft, [], ['a', 'b'])).toBe(false);
  });
});

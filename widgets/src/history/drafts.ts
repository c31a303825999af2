/** Keeps the unsaved edits on the server, so that a closed browser loses nothing. */
import { ApiError, type Api, type Place } from '../api';
import type { Draft, EditStore } from '../edit/store';
import type { DraftRequest, Feature, KeyedFeature } from '../types';

const BATCH = 200;
const RETRY_MS = [1000, 2000, 5000, 15_000];

/** What the server knows of the edits. */
interface Kept {
  draft: string;
  base: string;
  /** The whole place, as text: a draft belongs to one branch. */
  place: string;
  /** By the name that the server has for each feature. */
  features: ReadonlyMap<string, Feature>;
  deleted: ReadonlySet<string>;
}

type Delta = Pick<DraftRequest, 'set' | 'unset' | 'delete' | 'undelete'>;

export type DraftState = 'kept' | 'sending' | 'waiting';

/** The drafts that viewers of this page are working on: nobody is asked whether to restore those. */
const live = new Set<string>();

export function isLive(draft: string): boolean {
  return live.has(draft);
}

/** What an edit is called on the server: its id, or a name of ours. */
export function nameOf({ key, feature }: Draft): string {
  return feature.id ?? `new-${key}`;
}

/** What to tell the server, at most `limit` features at once; null where it knows all. */
export function deltaOf(
  kept: Pick<Kept, 'features' | 'deleted'>,
  features: ReadonlyMap<string, Feature>,
  deleted: readonly string[],
  limit = BATCH
): Delta | null {
  const set: KeyedFeature[] = [];
  for (const [name, feature] of features) {
    if (kept.features.get(name) !== feature && set.length < limit) {
      set.push(feature.id === null ? { ...feature, key: name } : feature);
    }
  }
  const gone = new Set(deleted);
  const delta = {
    set,
    unset: [...kept.features.keys()].filter(name => !features.has(name)),
    delete: deleted.filter(id => !kept.deleted.has(id)),
    undelete: [...kept.deleted].filter(id => !gone.has(id))
  };
  return Object.values(delta).some(list => list.length > 0) ? delta : null;
}

export interface KeeperParts {
  api: Pick<Api, 'keepDraft' | 'discardDraft'>;
  store: EditStore;
  /** Where and on what the edits are based; null while nothing can be kept. */
  ground: () => { place: Place; base: string } | null;
  stateChanged: (state: DraftState) => void;
}

export class DraftKeeper {
  private kept: Kept | null = null;
  private running: Promise<void> | null = null;
  private timer = 0;
  private failures = 0;
  private disposed = false;

  constructor(private readonly parts: KeeperParts) {
    parts.store.changed.connect(this.sync, this);
  }

  /** Whether there are edits that only this browser has. */
  get pending(): boolean {
    return this.parts.store.count > 0 && (this.running !== null || this.timer !== 0 || !this.isUpToDate());
  }

  /** Its name on the server. */
  get draft(): string | undefined {
    return this.kept?.draft;
  }

  /** Tell the server what changed; calls in between wait for the one that is under way. */
  sync(): void {
    if (!this.disposed && !this.running && !this.timer) {
      this.running = this.run().finally(() => {
        this.running = null;
      });
    }
  }

  /** Resolves when what is unsaved now has been tried to keep. */
  async settled(): Promise<void> {
    await this.running;
  }

  /** Stops; a draft of edits that are still unsaved stays on the server. */
  dispose(): void {
    this.disposed = true;
    window.clearTimeout(this.timer);
    this.parts.store.changed.disconnect(this.sync, this);
    if (this.kept) {
      live.delete(this.kept.draft);
    }
  }

  private async run(): Promise<void> {
    try {
      // changes of one moment travel together
      await Promise.resolve();
      while (!this.disposed && (await this.step())) {
        // on to the next batch
      }
      this.failures = 0;
      this.parts.stateChanged('kept');
    } catch (error) {
      if (error instanceof ApiError && error.status === 404 && this.kept) {
        // somebody discarded it elsewhere: begin a new one
        this.letGo();
      }
      this.later();
    }
  }

  /** One request; returns whether there may be more to tell. */
  private async step(): Promise<boolean> {
    const ground = this.parts.ground();
    const { kept } = this;
    if (!ground) {
      return false;
    }
    const { features, deleted } = this.wanted();
    if (features.size === 0 && deleted.length === 0) {
      return kept ? this.discard(kept) : false;
    }
    const place = JSON.stringify(ground.place);
    const sameGround = kept?.base === ground.base && kept.place === place;
    const known = sameGround
      ? kept
      : { draft: null, features: new Map<string, Feature>(), deleted: new Set<string>() };
    const delta = deltaOf(known, features, deleted);
    if (!delta) {
      return false;
    }
    this.parts.stateChanged('sending');
    const draft = await this.parts.api.keepDraft({
      ...ground.place,
      base: ground.base,
      draft: known.draft,
      ...delta
    });
    live.add(draft);
    this.kept = { draft, base: ground.base, place, ...applied(known, delta, features) };
    if (kept && !sameGround) {
      // the edits are on another version now, and kept there: the old draft has done its work
      await this.drop(kept);
    }
    return true;
  }

  private wanted(): { features: Map<string, Feature>; deleted: readonly string[] } {
    const { pending, deleted } = this.parts.store;
    return { features: new Map(pending.map(draft => [nameOf(draft), draft.feature])), deleted };
  }

  private isUpToDate(): boolean {
    const { features, deleted } = this.wanted();
    return this.kept !== null && deltaOf(this.kept, features, deleted) === null;
  }

  private async discard(kept: Kept): Promise<boolean> {
    await this.drop(kept);
    this.kept = null;
    return true;
  }

  /** A draft that is gone already, with the save that settled it or by another viewer, is as good. */
  private async drop(kept: Kept): Promise<void> {
    try {
      await this.parts.api.discardDraft((JSON.parse(kept.place) as Place).project, kept.draft);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) {
        throw error;
      }
    }
    live.delete(kept.draft);
  }

  private letGo(): void {
    if (this.kept) {
      live.delete(this.kept.draft);
      this.kept = null;
    }
  }

  private later(): void {
    if (this.disposed) {
      return;
    }
    const wait = RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)]!;
    this.parts.stateChanged('waiting');
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      this.sync();
    }, wait);
  }
}

/** What the server knows once it has taken a delta. */
function applied(
  known: Pick<Kept, 'features' | 'deleted'>,
  delta: Delta,
  wanted: ReadonlyMap<string, Feature>
): Pick<Kept, 'features' | 'deleted'> {
  const features = new Map(known.features);
  delta.unset.forEach(name => features.delete(name));
  delta.set.forEach(({ id, key }) => features.set(id ?? key!, wanted.get(id ?? key!)!));
  const deleted = new Set(known.deleted);
  delta.undelete.forEach(id => deleted.delete(id));
  delta.delete.forEach(id => deleted.add(id));
  return { features, deleted };
}

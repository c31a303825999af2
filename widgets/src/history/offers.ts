/** Offers unsaved edits that the server kept from another time. */
import type { Api } from '../api';
import type { EditStore } from '../edit/store';
import type { Notice } from '../notice';
import type { Session } from '../session';
import type { DraftInfo, Feature, KeyedFeature } from '../types';
import { isLive, type DraftKeeper } from './drafts';
import { clockText } from './times';
import { plural } from './words';

export interface OfferParts {
  api: Api;
  session: Session;
  store: EditStore;
  keeper: DraftKeeper;
  notice: Notice;
  guard: (action: () => Promise<unknown>) => Promise<boolean>;
}

export class Offers {
  private waiting: DraftInfo[] = [];

  constructor(private readonly parts: OfferParts) {}

  /** Ask the server what it kept, and the person what to do with it: the newest first. */
  async look(): Promise<void> {
    const { api, session } = this.parts;
    if (!session.place) {
      return;
    }
    const drafts = (await api.drafts(session.place)).filter(draft => !isLive(draft.id) && countOf(draft) > 0);
    const { upsert, deleted } = this.parts.store;
    const here = drafts.filter(draft => sameEdits(draft, upsert, deleted));
    this.waiting = drafts.filter(draft => !here.includes(draft)).sort((a, b) => b.time.localeCompare(a.time));
    this.next();
    // a cell that is displayed anew has its edits from the kernel, and keeps them in a draft of its own
    await Promise.all(here.map(draft => this.drop(draft)));
  }

  private next(): void {
    const draft = this.waiting.shift();
    if (draft) {
      this.ask(draft);
    } else {
      this.parts.notice.clear();
    }
  }

  private ask(draft: DraftInfo): void {
    const edits = plural(countOf(draft), 'unsaved edit');
    this.parts.notice.ask(`You have ${edits} from ${clockText(draft.time)}.`, [
      { text: 'Discard', title: 'Forget these edits', act: () => this.confirm(draft) },
      { text: 'Restore', title: 'Go on with these edits', accept: true, act: () => this.restore(draft) }
    ]);
  }

  private confirm(draft: DraftInfo): void {
    const edits = plural(countOf(draft), 'unsaved edit');
    this.parts.notice.ask(`Forget the ${edits} from ${clockText(draft.time)} for good?`, [
      { text: 'Keep', title: 'Ask again', act: () => this.ask(draft) },
      { text: 'Discard', title: 'Forget these edits', accept: true, act: () => this.discard(draft) }
    ]);
  }

  private restore(draft: DraftInfo): void {
    const { session, store, keeper } = this.parts;
    // what was edited since goes onto the older version too: whatever others changed meanwhile is then noticed
    session.rebase(draft.base);
    store.restore(draft.features.map(withoutKey), draft.deleted);
    void this.parts.guard(async () => {
      await keeper.settled();
      // kept anew, under this viewer: the old copy has done its work
      if (!keeper.pending) {
        await this.drop(draft);
      }
      this.next();
    });
  }

  private discard(draft: DraftInfo): void {
    void this.parts.guard(async () => {
      await this.drop(draft);
      this.next();
    });
  }

  private async drop(draft: DraftInfo): Promise<void> {
    await this.parts.api.discardDraft(this.parts.session.place!.project, draft.id);
  }
}

/** Whether a draft holds just these edits. */
export function sameEdits(draft: DraftInfo, upsert: readonly Feature[], deleted: readonly string[]): boolean {
  const text = (features: readonly Feature[]): string => features.map(canonical).sort().join();
  return (
    text(draft.features.map(withoutKey)) === text(upsert) &&
    [...draft.deleted].sort().join() === [...deleted].sort().join()
  );
}

/** JSON with sorted members: the server may order them in another way. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return Array.isArray(value) ? `[${value.map(canonical).join()}]` : JSON.stringify(value);
  }
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, inner]) => `${name}:${canonical(inner)}`).join()}}`;
}

function countOf(draft: DraftInfo): number {
  return draft.features.length + draft.deleted.length;
}

function withoutKey(feature: KeyedFeature): Feature {
  const plain = { ...feature };
  delete plain.key;
  return plain;
}

/** Which version of the annotations is on the screen, and what makes it another one. */
import type { Annotations } from './annotations';
import type { History } from './history/history';
import type { Labels } from './labels';
import type { Session } from './session';
import { commitOf, type LiveDraft, type VectorMeta } from './types';

export interface ShowingParts {
  session: Session;
  labels: Labels;
  /** Null until the slide is open. */
  annotations: () => Annotations | null;
  history: () => History;
  /** Whether there are unsaved edits, which stay on the commit that they were made on. */
  dirty: () => boolean;
  /** Whether a person is just choosing between versions: nothing may change under the hand. */
  choosing: () => boolean;
  /** Another version is about to be on the screen. */
  coming: (meta: VectorMeta) => void;
  /** It is there. */
  shown: (meta: VectorMeta) => void;
}

export class Showing {
  private disposed = false;

  constructor(private readonly parts: ShowingParts) {}

  /** The version on the screen, as the server names it. */
  get version(): string | null {
    return this.parts.annotations()?.meta?.version ?? null;
  }

  /** Show another version: null is the pinned or the newest one. Returns its commit. */
  async show(version: string | null): Promise<string | null> {
    const meta = await this.parts.session.read(version);
    if (!meta || this.disposed) {
      return null;
    }
    await this.showMeta(meta);
    return meta.version;
  }

  /** Show what an open session of Python sees as it edits; null shows the version again. */
  async showDraft(draft: LiveDraft | null): Promise<void> {
    const { session } = this.parts;
    const before = session.draft;
    session.draft = draft?.id ?? null;
    if (this.version !== null && (before !== null || draft !== null)) {
      await this.show(null);
    }
  }

  /** The edits were committed elsewhere (by the kernel): show that version. */
  async catchUp(commit: string): Promise<void> {
    const { session, labels, history } = this.parts;
    if (commit !== this.version) {
      labels.set(await session.labels());
      session.rebase(commit);
      await history().back();
    }
  }

  /** Somebody else, or a job, may have committed. */
  async follow(): Promise<void> {
    const { session, labels, history, choosing } = this.parts;
    if (session.draft !== null && session.follows) {
      await this.followDraft();
      return;
    }
    const head = await session.head();
    const isNews = head !== null && head !== this.version;
    if (isNews && session.follows && !choosing() && !this.disposed) {
      labels.set(await session.labels());
      await this.show(head);
    }
    await history().headIs(head);
  }

  dispose(): void {
    this.disposed = true;
  }

  /** An open session may have been edited, or be committed by now. */
  private async followDraft(): Promise<void> {
    const { session } = this.parts;
    const meta = await session.read();
    if (meta !== null && meta.version !== this.version && session.follows && !this.disposed) {
      await this.showMeta(meta);
    }
  }

  private async showMeta(meta: VectorMeta): Promise<void> {
    const { session, dirty, annotations, coming, shown, history } = this.parts;
    if (!dirty()) {
      session.rebase(commitOf(meta.version));
    }
    coming(meta);
    const { project, slide } = session.place!;
    await annotations()!.show(project, slide, meta);
    shown(meta);
    history().showing(commitOf(meta.version));
  }
}

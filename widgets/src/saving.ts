/** Saving: a project where there is none, the commit, and what to do when others were faster. */
import { ApiError } from './api';
import type { EditStore } from './edit/store';
import type { Labels } from './labels';
import type { Choice, Notice } from './notice';
import { askForProject } from './panel/dialog';
import { defaultMessage, type Session } from './session';
import type { Conflict, LabelInfo, Side } from './types';

export interface SavingParts {
  session: Session;
  store: EditStore;
  labels: Labels;
  notice: Notice;
  /** The file's path, for a slide that is in no project yet. */
  path: string;
  showVersion: (version: string | null) => Promise<unknown>;
  deselect: () => Promise<void>;
  saved: (commit: string) => void;
  /** The server's draft of the edits, when it has caught up with them. */
  draft: () => Promise<string | undefined>;
  /** Asks about edits that others were faster with: a side for each id, or null to save nothing. */
  resolve: (conflicts: readonly Conflict[]) => Promise<Record<string, Side> | null>;
}

export class Saving {
  private disposed = false;

  constructor(private readonly parts: SavingParts) {}

  dispose(): void {
    this.disposed = true;
  }

  /** Run what may fail; an error shows as a sentence. Returns whether it went well. */
  async guard(action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (error) {
      if (this.disposed) {
        return false;
      }
      this.parts.notice.error(error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  /** Commit what is unsaved; returns whether it was. */
  async save(message: string): Promise<boolean> {
    let saved = false;
    await this.guard(async () => {
      if (!this.parts.session.place && !(await this.makeProject())) {
        return;
      }
      saved = await this.commitResolving(message);
    });
    return saved;
  }

  /** With a project a label is stored at once; without one it waits for the first save. */
  async addLabel(label: LabelInfo): Promise<void> {
    const { session, labels } = this.parts;
    if (session.project) {
      labels.set(await session.addLabels([label]));
      labels.current = label.name;
    } else {
      labels.add(label);
    }
  }

  /** Commit; where somebody else changed the same, ask and try again with the answer. */
  private async commitResolving(message: string): Promise<boolean> {
    let choices: Record<string, Side> | undefined;
    for (;;) {
      try {
        await this.commit(message, choices);
        return true;
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 409)) {
          throw error;
        }
        if (error.conflicts.length === 0) {
          this.offerReload(error);
          return false;
        }
        const answer = await this.parts.resolve(error.conflicts);
        if (!answer) {
          return false;
        }
        choices = { ...choices, ...answer };
      }
    }
  }

  private async commit(message: string, choices?: Record<string, Side>): Promise<void> {
    const { session, store } = this.parts;
    await this.parts.deselect();
    const draft = await this.parts.draft();
    const { pending, upsert, deleted } = store;
    const text = message || defaultMessage(upsert, deleted);
    const { commit, ids } = await session.commit(text, upsert, deleted, { choices, draft });
    // the drafts stay in view until the stored layer shows them; what was drawn meanwhile stays unsaved
    await this.guard(() => this.parts.showVersion(commit));
    store.settle(pending, ids, deleted);
    session.rebase(commit);
    this.parts.saved(commit);
    this.parts.notice.info('Saved as a new version.');
  }

  private async makeProject(): Promise<boolean> {
    const { session, labels, path } = this.parts;
    const { project } = session;
    if (project) {
      // the folder has a project already: the slide only joins it
      const known = new Set(project.labels.map(label => label.name));
      const added = labels.all.filter(label => !known.has(label.name));
      await session.createProject(project.path, project.name, added);
      return true;
    }
    const answer = await askForProject(path);
    if (answer) {
      await session.createProject(answer.folder, answer.name, labels.all);
    }
    return answer !== null;
  }

  private offerReload(error: ApiError): void {
    const choices: Choice[] = [
      {
        text: 'Load the newest, keep mine',
        title: 'Show the newest version; your unsaved shapes stay and replace the others when you save',
        act: () => void this.guard(() => this.reload(true))
      },
      {
        text: 'Load the newest, discard mine',
        title: 'Show the newest version and forget your unsaved changes',
        act: () => void this.guard(() => this.reload(false))
      }
    ];
    this.parts.notice.error(`Nothing was saved. ${error.message}`, choices);
  }

  private async reload(keep: boolean): Promise<void> {
    const { session, store, labels } = this.parts;
    if (!keep) {
      store.clear();
    }
    labels.set(await session.labels());
    const head = await session.head();
    if (head) {
      session.rebase(head);
    }
    await this.parts.showVersion(head);
  }
}

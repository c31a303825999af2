/** Asks a person about conflicts, until a save or a merge goes through. */
import { ApiError, type Api } from '../api';
import type { SideNames } from '../panel/conflicts';
import type { Session } from '../session';
import type { Conflict, MergeChoice, Side } from '../types';
import type { Cases } from './cases';
import { Choosing } from './choosing';
import type { Stage } from './stage';
import { authorsText, mergeSentence, saveSentence } from './words';
import type * as L from 'leaflet';

const LOOK_BACK = 100;

const MINE_AND_THEIRS: SideNames = {
  ours: 'mine',
  theirs: 'theirs',
  keepOurs: 'Keep mine',
  takeTheirs: 'Take theirs'
};

export interface ResolvingParts {
  map: L.Map;
  api: Api;
  session: Session;
  stage: Stage;
  /** Called before the person is asked. */
  begin: () => void;
}

export class Resolving {
  readonly choosing: Choosing;

  constructor(private readonly parts: ResolvingParts) {
    this.choosing = new Choosing(parts.map);
  }

  /** What to do with edits that others were faster with: a side for each id, or null for nothing. */
  async forCommit(conflicts: readonly Conflict[]): Promise<Record<string, Side> | null> {
    const n = new Set(conflicts.map(({ id }) => id)).size;
    const sentence = saveSentence(n, await this.authors());
    const cases = await this.ask(conflicts, false, sentence, MINE_AND_THEIRS, 'Save');
    return cases && cases.byId();
  }

  /** Merge a branch into the present one; resolves with whether it was done. */
  async merge(from: string): Promise<boolean> {
    const { api, session } = this.parts;
    const { project, branch: into } = session.place!;
    let choices: MergeChoice[] = [];
    for (;;) {
      try {
        await api.merge({ project, from, into, choices: choices.length > 0 ? choices : undefined });
        return true;
      } catch (error) {
        if (!(error instanceof ApiError && error.conflicts.length > 0)) {
          throw error;
        }
        const cases = await this.askMerge(error.conflicts, from, into);
        if (!cases) {
          return false;
        }
        choices = [...choices, ...cases.byField()];
      }
    }
  }

  dispose(): void {
    this.choosing.dispose();
  }

  private askMerge(conflicts: readonly Conflict[], from: string, into: string): Promise<Cases | null> {
    const n = new Set(conflicts.map(({ slide, id }) => `${slide}/${id}`)).size;
    const names = { ours: into, theirs: from, keepOurs: `Keep ${into}`, takeTheirs: `Take ${from}` };
    return this.ask(conflicts, true, mergeSentence(n, from, into), names, 'Merge');
  }

  private async ask(
    conflicts: readonly Conflict[],
    perField: boolean,
    sentence: string,
    names: SideNames,
    finish: string
  ): Promise<Cases | null> {
    const { session, stage } = this.parts;
    this.parts.begin();
    stage.mode = 'conflict';
    try {
      const slide = session.place!.slide;
      const mpp = session.info?.mpp?.[0] ?? null;
      return await this.choosing.ask(conflicts, perField, { sentence, names, finish, slide, mpp });
    } finally {
      stage.mode = 'edit';
    }
  }

  /** Who committed to this slide since it was read. */
  private async authors(): Promise<string> {
    const { api, session } = this.parts;
    const { project, slide, branch } = session.place!;
    const log = await api.log(project, branch, LOOK_BACK);
    const read = log.findIndex(({ id }) => id === session.editBase);
    const since = read < 0 ? log : log.slice(0, read);
    return authorsText(since.filter(commit => slide in commit.changes));
  }
}

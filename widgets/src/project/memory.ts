/** What the panel keeps over a reload of the page: the order of the slides, and the project that was shown. */
import type { IStateDB } from '@jupyterlab/statedb';
import type { ProjectModel } from './model';
import { SORTS, type Sort } from './order';
import type { ProjectOverview } from './requests';

const KEY = 'wsinb-project:panel';

interface Kept {
  sort: Sort | null;
  project: string | null;
  branch: string | null;
}

export class Memory {
  private saved = '';

  constructor(
    private readonly model: ProjectModel,
    private readonly state: Pick<IStateDB, 'fetch' | 'save'>
  ) {}

  /** Take over what was kept: ask for the project at once, while the page is still being restored. */
  recall(): void {
    this.model.recalled = this.recalled();
  }

  /** Keep what is shown from now on. */
  start(): void {
    this.model.changed.connect(this.save, this);
    this.save();
  }

  private async recalled(): Promise<ProjectOverview | null> {
    const { model } = this;
    try {
      const { sort, project, branch } = checked(await this.state.fetch(KEY));
      if (sort !== null) {
        model.sort = sort;
      }
      return project !== null && branch !== null ? await model.api.overview(project, branch) : null;
    } catch {
      // the project or its branch may be gone: then that of the folder is shown
      return null;
    }
  }

  private save(): void {
    const { overview, error, sort, waiting } = this.model;
    if (!overview && (waiting || error !== null)) {
      // what is not answered yet, or cannot be read now, may be there after the reload
      return;
    }
    const kept = { sort, project: overview?.path ?? null, branch: overview?.branch ?? null };
    const text = JSON.stringify(kept);
    if (text !== this.saved) {
      this.saved = text;
      this.state.save(KEY, kept).catch(() => undefined);
    }
  }
}

/** What was kept may be of another version of this extension. */
function checked(value: unknown): Kept {
  const { sort, project, branch } = (value ?? {}) as Record<string, unknown>;
  const text = (each: unknown): string | null => (typeof each === 'string' ? each : null);
  return { sort: SORTS.find(each => each === sort) ?? null, project: text(project), branch: text(branch) };
}

/** What the panel shows: a project of the folder or of the open slide, and how its slides are listed. */
import { PathExt } from '@jupyterlab/coreutils';
import { Signal, type ISignal } from '@lumino/signaling';
import { arrange, type Sort } from './order';
import type { Progress, ProjectApi, ProjectName, ProjectOverview, SlideRow } from './requests';

const MAIN = 'main';

export interface SlidePlace {
  project: string;
  branch: string;
  slide: string;
}

type FindSlide = (overview: ProjectOverview) => string | null;

export class ProjectModel {
  /** As the server told it last. */
  private read: ProjectOverview | null = null;
  /** The same with the marks that are on their way. */
  private overviewNow: ProjectOverview | null = null;
  private readonly marks = new Map<string, Progress>();
  private marking: Promise<unknown> = Promise.resolve();
  private markCount = 0;
  private projectsNow: ProjectName[] = [];
  private folderNow: string | null = null;
  private readError: string | null = null;
  private actionError: string | null = null;
  private queryNow = '';
  private sortNow: Sort = 'name';
  private inFront: FindSlide = () => null;
  /** Counts the questions about which project is shown: only the last one's answer counts. */
  private asked = 0;
  private answered = 0;
  private readonly changedSignal = new Signal<this, void>(this);
  /** What was shown before the page was loaded again; it counts until something is shown. */
  recalled: Promise<ProjectOverview | null> | null = null;

  constructor(readonly api: ProjectApi) {}

  /** Anything of the below has changed. */
  get changed(): ISignal<this, void> {
    return this.changedSignal;
  }

  get overview(): ProjectOverview | null {
    return this.overviewNow;
  }

  /** The projects at, above and inside the folder. */
  get projects(): readonly ProjectName[] {
    return this.projectsNow;
  }

  /** The folder that was looked at last, or null before the first one. */
  get folder(): string | null {
    return this.folderNow;
  }

  /** Why there is nothing to see, or why something could not be done. */
  get error(): string | null {
    return this.readError ?? this.actionError;
  }

  get query(): string {
    return this.queryNow;
  }

  set query(query: string) {
    this.queryNow = query;
    this.changedSignal.emit();
  }

  get sort(): Sort {
    return this.sortNow;
  }

  set sort(sort: Sort) {
    this.sortNow = sort;
    this.changedSignal.emit();
  }

  /** The slide that is open in front. */
  get current(): string | null {
    return this.overviewNow && this.inFront(this.overviewNow);
  }

  /** The slides as they are listed. */
  get listed(): SlideRow[] {
    return arrange(this.overviewNow?.slides ?? [], this.queryNow, this.sortNow);
  }

  /** Show the projects of a folder: the one that was shown stays if it is among them. */
  async follow(folder: string): Promise<void> {
    if (folder !== this.folderNow) {
      this.actionError = null;
    }
    this.folderNow = folder;
    await this.latest(async () => {
      const [projects, recalled] = await Promise.all([this.api.projects(folder), this.recalled]);
      if (folder === this.folderNow) {
        this.projectsNow = projects;
      }
      const before = this.read ?? recalled;
      // after a reload the file browser starts in the root folder, and goes back to its own from there
      const unsure = recalled !== null && folder === '';
      if (before && (unsure || projects.some(({ path }) => path === before.path))) {
        return before;
      }
      return projects[0] ? this.api.overview(projects[0].path, MAIN) : null;
    });
  }

  /** Show a project, or another branch of it. */
  async show(project: string, branch: string = MAIN): Promise<void> {
    const { read: before } = this;
    this.actionError = null;
    const same = before?.path === project && before.branch === branch;
    await this.latest(async () => (same ? before : this.api.overview(project, branch)));
  }

  /** A slide of a project is in front. */
  async showSlide({ project, branch, slide }: SlidePlace): Promise<void> {
    this.inFront = overview => (overview.path === project && overview.branch === branch ? slide : null);
    await this.show(project, branch);
  }

  /** A slide file is in front: its project is shown, if it is in one. */
  async showFile(path: string): Promise<void> {
    const at = (overview: ProjectOverview): SlideRow | undefined =>
      overview.slides.find(slide => slide.path === path);
    this.inFront = overview => at(overview)?.name ?? null;
    if (this.current !== null) {
      this.changedSignal.emit();
      return;
    }
    await this.latest(async () => {
      const before = this.read ?? (await this.recalled);
      if (before && at(before)) {
        return before;
      }
      const [nearest] = await this.api.projects(PathExt.dirname(path));
      const overview = nearest ? await this.api.overview(nearest.path, MAIN) : null;
      return overview && at(overview) ? overview : before;
    });
  }

  /** No slide is in front. */
  leave(): void {
    this.inFront = () => null;
    this.changedSignal.emit();
  }

  /** Read the project again if somebody has committed, or if reading it failed. */
  async poll(): Promise<void> {
    const { read, readError, asked } = this;
    if (this.waiting || this.marks.size > 0) {
      return;
    }
    if (!read) {
      // somebody may have made one
      if (this.folderNow !== null) {
        await this.follow(this.folderNow);
      }
      return;
    }
    const head = await this.api.head(read.path, read.branch);
    if ((head !== read.head || readError !== null) && this.asked === asked && this.marks.size === 0) {
      await this.refresh();
    }
  }

  async refresh(): Promise<void> {
    const { read } = this;
    if (read) {
      await this.latest(() => this.api.overview(read.path, read.branch));
    }
  }

  /** Say how far the work on a slide is, as a commit; shown at once, taken back if it fails. */
  async mark(name: string, progress: Progress): Promise<void> {
    const overview = this.overviewNow;
    const slide = overview?.slides.find(each => each.name === name);
    if (!overview || !slide || slide.progress === progress) {
      return;
    }
    const { path, branch } = overview;
    const mine = (this.markCount += 1);
    const key = markKey(overview, name);
    this.actionError = null;
    this.marks.set(key, progress);
    this.take(this.read);
    // one after the other, so that the last one holds
    const sent = this.marking.then(() => this.api.mark(path, branch, name, progress));
    this.marking = sent.catch(() => undefined);
    try {
      await sent;
    } catch (error) {
      if (this.marks.get(key) === progress) {
        this.marks.delete(key);
        this.take(this.read);
      }
      this.fail(error);
    }
    if (mine === this.markCount) {
      await this.refresh();
      this.marks.clear();
      this.take(this.read);
    }
  }

  /** Tell why something could not be done. */
  fail(error: unknown): void {
    this.actionError = sentence(error);
    this.changedSignal.emit();
  }

  /** Whether something was asked that is not answered yet. */
  get waiting(): boolean {
    return this.answered < this.asked;
  }

  private take(read: ProjectOverview | null): void {
    this.read = read;
    this.recalled = null;
    this.overviewNow = read && {
      ...read,
      slides: read.slides.map(slide => {
        const progress = this.marks.get(markKey(read, slide.name));
        return progress === undefined ? slide : { ...slide, progress };
      })
    };
    this.changedSignal.emit();
  }

  /** Ask for a project, and show it unless something else was asked for meanwhile. */
  private async latest(ask: () => Promise<ProjectOverview | null>): Promise<void> {
    const mine = (this.asked += 1);
    const isLast = (): boolean => {
      this.answered = Math.max(this.answered, mine);
      return mine === this.asked;
    };
    try {
      const overview = await ask();
      if (isLast()) {
        this.readError = null;
        this.take(overview);
      }
    } catch (error) {
      if (isLast()) {
        this.readError = sentence(error);
        this.changedSignal.emit();
      }
    }
  }
}

function markKey({ path, branch }: ProjectOverview, slide: string): string {
  return JSON.stringify([path, branch, slide]);
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

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
  private overviewNow: ProjectOverview | null = null;
  private projectsNow: ProjectName[] = [];
  private folderNow: string | null = null;
  private errorNow: string | null = null;
  private queryNow = '';
  private sortNow: Sort = 'name';
  private inFront: FindSlide = () => null;
  /** Counts the questions about which project is shown: only the last one's answer counts. */
  private asked = 0;
  private answered = 0;
  private readonly changedSignal = new Signal<this, void>(this);

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
    return this.errorNow;
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
    this.folderNow = folder;
    await this.latest(async () => {
      const projects = await this.api.projects(folder);
      if (folder === this.folderNow) {
        this.projectsNow = projects;
      }
      const before = this.overviewNow;
      if (before && projects.some(({ path }) => path === before.path)) {
        return before;
      }
      return projects[0] ? this.api.overview(projects[0].path, MAIN) : null;
    });
  }

  /** Show a project, or another branch of it. */
  async show(project: string, branch: string = MAIN): Promise<void> {
    const { overviewNow: before } = this;
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
    const before = this.overviewNow;
    await this.latest(async () => {
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
    const { overviewNow: overview, errorNow: error, asked } = this;
    if (this.waiting) {
      return;
    }
    if (!overview) {
      // somebody may have made one
      if (this.folderNow !== null) {
        await this.follow(this.folderNow);
      }
      return;
    }
    const head = await this.api.head(overview.path, overview.branch);
    if ((head !== overview.head || error !== null) && this.asked === asked && this.overviewNow === overview) {
      await this.refresh();
    }
  }

  async refresh(): Promise<void> {
    const { overviewNow: overview } = this;
    if (overview) {
      await this.latest(() => this.api.overview(overview.path, overview.branch));
    }
  }

  /** Say how far the work on a slide is, as a commit; shown at once, taken back if it fails. */
  async mark(name: string, progress: Progress): Promise<void> {
    const overview = this.overviewNow;
    const before = overview?.slides.find(slide => slide.name === name)?.progress;
    if (!overview || before === undefined || before === progress) {
      return;
    }
    this.put(overview, name, progress);
    try {
      await this.api.mark(overview.path, overview.branch, name, progress);
      await this.refresh();
    } catch (error) {
      this.put(overview, name, before);
      this.fail(error);
    }
  }

  fail(error: unknown): void {
    this.errorNow = error instanceof Error ? error.message : String(error);
    this.changedSignal.emit();
  }

  /** Whether something was asked that is not answered yet. */
  private get waiting(): boolean {
    return this.answered < this.asked;
  }

  /** Show another progress, if it is still this project's branch that is shown. */
  private put({ path, branch }: ProjectOverview, name: string, progress: Progress): void {
    const overview = this.overviewNow;
    if (overview?.path === path && overview.branch === branch) {
      const slides = overview.slides.map(slide => (slide.name === name ? { ...slide, progress } : slide));
      this.overviewNow = { ...overview, slides };
      this.changedSignal.emit();
    }
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
        this.errorNow = null;
        this.overviewNow = overview;
        this.changedSignal.emit();
      }
    } catch (error) {
      if (isLast()) {
        this.fail(error);
      }
    }
  }
}

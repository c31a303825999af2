/** What is open: the slide, its project, the version that is shown and the one that edits are based on. */
import { ApiError, type Api, type Place } from './api';
import type { CommitRequest, Feature, LabelInfo, ProjectInfo, SlideInfo, Source, VectorMeta } from './types';

export class Session {
  private slideInfo: SlideInfo | null = null;
  /** The commit that was read when the unsaved edits began. */
  private base: string | null = null;
  /** An open session of Python whose edits are shown with the version. */
  draft: string | null = null;

  constructor(
    private readonly api: Api,
    private readonly source: Source,
    /** A version to show; null follows the newest. */
    private pinned: string | null,
    /** The branch that is worked on; null is the project's own. */
    private branch: string | null = null
  ) {}

  /** The slide, once it is open. */
  get info(): SlideInfo | null {
    return this.slideInfo;
  }

  get follows(): boolean {
    return this.pinned === null;
  }

  get pinnedVersion(): string | null {
    return this.pinned;
  }

  /** Where annotations are stored, or null for a slide without a project. */
  get place(): Place | null {
    const project = this.slideInfo?.project;
    return project?.slide
      ? { project: project.path, slide: project.slide, branch: this.branch ?? project.branch }
      : null;
  }

  get project(): ProjectInfo | null {
    return this.slideInfo?.project ?? null;
  }

  async open(): Promise<SlideInfo> {
    const [info] = await Promise.all([this.api.slide(this.source), this.api.checkProtocol()]);
    this.slideInfo = info;
    return info;
  }

  /** The vector metadata of the version to show, or null without a place. */
  async read(version: string | null = null): Promise<VectorMeta | null> {
    if (!this.place) {
      return null;
    }
    const wanted = version ?? this.pinned ?? this.place.branch;
    const { project, slide } = this.place;
    const { draft } = this;
    if (version !== null || draft === null) {
      return this.api.vectorMeta(project, slide, wanted);
    }
    try {
      return await this.api.vectorMeta(project, slide, wanted, draft);
    } catch (error) {
      if (!(error instanceof ApiError && error.kind === 'UnknownDraft')) {
        throw error;
      }
      // it was committed or given up: the branch tells
      this.draft = this.draft === draft ? null : this.draft;
      return this.api.vectorMeta(project, slide, wanted);
    }
  }

  pin(version: string | null): void {
    this.pinned = version;
  }

  /** Work on another branch from now on. */
  switchTo(branch: string): void {
    this.branch = branch;
    this.pinned = null;
    this.base = null;
  }

  /** The commit that unsaved edits build on. */
  get editBase(): string | null {
    return this.base;
  }

  /** Edits from now on build on this commit. */
  rebase(version: string): void {
    this.base = version;
  }

  /** The newest commit of the branch. */
  async head(): Promise<string | null> {
    const { place } = this;
    return place && ((await this.api.head(place.project, place.branch))?.id ?? null);
  }

  /** Labels as the project has them now. */
  async labels(): Promise<LabelInfo[]> {
    const info = await this.api.slide(this.source);
    this.slideInfo = { ...info, mpp: this.slideInfo?.mpp ?? info.mpp };
    return info.project?.labels ?? [];
  }

  async createProject(folder: string, name: string, labels: readonly LabelInfo[]): Promise<void> {
    const path = this.source.path;
    if (path === undefined) {
      throw new ApiError('A slide of a project cannot be put into another one here.', 0, 'InvalidInput');
    }
    this.slideInfo = await this.api.createProject(folder, name, path);
    if (labels.length > 0) {
      await this.addLabels([...labels]);
    }
    this.base = null;
  }

  async addLabels(labels: LabelInfo[]): Promise<LabelInfo[]> {
    return this.api.addLabels(this.project!.path, labels);
  }

  /** Returns the commit and the ids of `upsert`, in its order. */
  async commit(
    message: string,
    upsert: Feature[],
    deleted: readonly string[],
    { choices, draft }: Pick<CommitRequest, 'choices' | 'draft'> = {}
  ): Promise<{ commit: string; ids: string[] }> {
    const place = this.place!;
    const base = this.base ?? this.project!.head;
    const request = { ...place, base, message, upsert, delete: [...deleted], choices, draft };
    return this.api.commit(request);
  }
}

/** A message for those who write none. */
export function defaultMessage(upsert: readonly Feature[], deleted: readonly string[]): string {
  const drawn = upsert.filter(feature => feature.id === null).length;
  const parts = [
    [drawn, 'drawn'],
    [upsert.length - drawn, 'changed'],
    [deleted.length, 'deleted']
  ] as const;
  const said = parts.filter(([n]) => n > 0).map(([n, verb]) => `${n} ${verb}`);
  return `Annotations: ${said.join(', ')}`;
}

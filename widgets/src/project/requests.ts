/** What the panel asks the server: projects, their slides, and files that could become slides. */
import type { Api } from '../api';
import type { LabelInfo } from '../types';

export const PROGRESS = ['to do', 'in work', 'done'] as const;
export type Progress = (typeof PROGRESS)[number];

export interface SlideRow {
  name: string;
  /** Below the server's root, where a document tab opens this slide of this project. */
  path: string | null;
  /** As the project stores it: relative to its folder, or absolute. */
  file: string;
  /** Level-0 pixels. */
  width: number;
  height: number;
  /** Micrometres per level-0 pixel. */
  mpp: [number, number] | null;
  metadata: Record<string, unknown>;
  /** Number of annotations. */
  n: number;
  progress: Progress;
}

export interface ProjectOverview {
  path: string;
  name: string;
  branch: string;
  head: string;
  slides: SlideRow[];
  labels: LabelInfo[];
  branches: string[];
}

export interface ProjectName {
  path: string;
  name: string;
}

export interface SlideFile {
  path: string;
  /** Relative to the folder. */
  file: string;
  /** A free name for the slide. */
  name: string;
  bytes: number;
  /** Its name where the project holds it already. */
  slide: string | null;
  suggested: boolean;
}

export interface SlideFiles {
  folder: string;
  files: SlideFile[];
  more: boolean;
}

const THUMBNAIL_PX = 160;

export class ProjectApi {
  constructor(private readonly api: Api) {}

  overview(project: string, branch: string): Promise<ProjectOverview> {
    return this.api.get('project', { project, branch });
  }

  async projects(folder: string): Promise<ProjectName[]> {
    return (await this.api.get<{ projects: ProjectName[] }>('projects', { folder })).projects;
  }

  files(folder: string, project?: string): Promise<SlideFiles> {
    return this.api.get('slide/files', { folder, project });
  }

  /** Make a project without slides, or open the one that is there. */
  create(folder: string, name: string): Promise<ProjectOverview> {
    return this.api.post('project', { folder, name: name || undefined });
  }

  async addSlide(folder: string, path: string, slide: string): Promise<void> {
    await this.api.post('project', { folder, path, slide });
  }

  /** Returns the newest commit. */
  async mark(project: string, branch: string, slide: string, progress: Progress): Promise<string> {
    const body = { project, branch, slide, metadata: { progress } };
    return (await this.api.post<{ commit: string }>('slide/metadata', body)).commit;
  }

  async head(project: string, branch: string): Promise<string | null> {
    return (await this.api.head(project, branch))?.id ?? null;
  }

  thumbnail(project: string, slide: string): string {
    return this.api.url('thumbnail', { project, slide, size: THUMBNAIL_PX });
  }
}

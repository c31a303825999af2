/** Requests to the server extension, below `wsinb/api/`. Errors are one sentence to show as it is. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import {
  PROTOCOL,
  type CommitInfo,
  type CommitRequest,
  type Conflict,
  type DiffPage,
  type DiffQuery,
  type DraftInfo,
  type DraftRequest,
  type LabelInfo,
  type MergeRequest,
  type Position,
  type Refs,
  type SlideInfo,
  type Source,
  type StoredFeature,
  type VectorMeta
} from './types';

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly kind: string,
    /** What two sides changed differently, where that is the reason. */
    readonly conflicts: readonly Conflict[] = []
  ) {
    super(message);
  }
}

type Query = Record<string, string | number | undefined>;

export class Api {
  constructor(readonly settings: ServerConnection.ISettings = ServerConnection.makeSettings()) {}

  /** Refuse a server that speaks another protocol, or none. */
  async checkProtocol(): Promise<void> {
    const { version, protocol } = await this.get<{ version: string; protocol: number }>('version');
    if (protocol !== PROTOCOL) {
      const message =
        `The server runs wsinb ${version} (protocol ${protocol}), this page was loaded for protocol ` +
        `${PROTOCOL}: restart the server, then reload the page.`;
      throw new ApiError(message, 0, 'ProtocolMismatch');
    }
  }

  /** Have the server load its readers. */
  async prepare(): Promise<void> {
    await this.get('prepare');
  }

  slide(source: Source): Promise<SlideInfo> {
    return this.get('slide', { ...source });
  }

  /** Tells the slide's present file from all others. */
  async fingerprint(source: Source): Promise<string> {
    return (await this.get<{ fingerprint: string }>('slide/fingerprint', { ...source })).fingerprint;
  }

  /** With a draft: the version with the edits of an open session. */
  vectorMeta(project: string, slide: string, version: string, draft?: string): Promise<VectorMeta> {
    return this.get('vector/meta', { project, slide, version, draft });
  }

  async annotationsByRow(query: AnnotationQuery, rows: number[]): Promise<StoredFeature[]> {
    return (await this.features({ ...query, rows: rows.join(',') })).features;
  }

  async annotationsById(query: AnnotationQuery, ids: string[]): Promise<StoredFeature[]> {
    return ids.length > 0 ? (await this.features({ ...query, ids: ids.join(',') })).features : [];
  }

  /** Annotations whose middle is inside a polygon: their rows and ids, and how many there are. */
  within(
    { version, ...place }: AnnotationQuery,
    polygon: readonly Position[]
  ): Promise<{ rows: number[]; ids: string[]; n: number }> {
    return this.get(`vector/${version}/within`, { ...place, polygon: polygon.flat().join(',') });
  }

  /** The newest commit of a branch. */
  async head(project: string, branch: string): Promise<CommitInfo | null> {
    return (await this.log(project, branch, 1))[0] ?? null;
  }

  /** The newest commits of a branch, the newest first; with a slide, those that changed it. */
  async log(project: string, branch: string, limit: number, slide?: string): Promise<CommitInfo[]> {
    const query = { project, branch, limit, slide };
    return (await this.get<{ commits: CommitInfo[] }>('log', query)).commits;
  }

  refs(project: string): Promise<Refs> {
    return this.get('refs', { project });
  }

  diff(query: DiffQuery, offset: number, limit: number): Promise<DiffPage> {
    return this.get('diff', { ...query, offset, limit });
  }

  /** Give a version a name: a branch goes on from there, a tag stays. */
  addRef(kind: 'branch' | 'tag', project: string, name: string, at: string): Promise<Refs> {
    return this.post(kind, { project, name, at });
  }

  merge(request: MergeRequest): Promise<{ commit: string }> {
    return this.post('merge', request);
  }

  revert(project: string, commit: string, branch: string): Promise<{ commit: string }> {
    return this.post('revert', { project, commit, branch });
  }

  /** Bring annotations back as they were in the version `at`. */
  restore(place: Place, ids: string[], at: string): Promise<{ commit: string }> {
    return this.post('restore', { ...place, ids, at });
  }

  /** Keep unsaved edits on the server; the answer comes when they are on its disk. */
  async keepDraft(request: DraftRequest): Promise<string> {
    return (await this.post<{ draft: string }>('draft', request)).draft;
  }

  async drafts(place: Place): Promise<DraftInfo[]> {
    return (await this.get<{ drafts: DraftInfo[] }>('drafts', { ...place })).drafts;
  }

  async discardDraft(project: string, draft: string): Promise<void> {
    await this.post('draft/discard', { project, draft });
  }

  commit(request: CommitRequest): Promise<{ commit: string; ids: string[] }> {
    return this.post('commit', request);
  }

  createProject(folder: string, name: string, path: string): Promise<SlideInfo> {
    return this.post('project', { folder, name: name || undefined, path });
  }

  async addLabels(project: string, labels: LabelInfo[]): Promise<LabelInfo[]> {
    return (await this.post<{ labels: LabelInfo[] }>('labels', { project, labels })).labels;
  }

  /** An absolute address with its query. */
  url(path: string, query: Query = {}): string {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
    const parameters = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
    return `${URLExt.join(this.settings.baseUrl, 'wsinb/api', path)}?${parameters.toString()}`;
  }

  /** What a fetch outside this class must send to be let in. */
  get headers(): Record<string, string> {
    return this.settings.token ? { Authorization: `token ${this.settings.token}` } : {};
  }

  private features(query: Query): Promise<{ features: StoredFeature[] }> {
    return this.get('annotations', query);
  }

  get<T>(path: string, query: Query = {}): Promise<T> {
    return this.request(this.url(path, query), {});
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.request(this.url(path), { method: 'POST', body: JSON.stringify(body) });
  }

  private async request<T>(url: string, init: RequestInit): Promise<T> {
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(url, init, this.settings);
    } catch {
      throw new ApiError('The server does not answer: check that Jupyter is still running.', 0, 'NoAnswer');
    }
    let body: unknown;
    try {
      body = await response.json();
    } catch {
      throw new ApiError(sentenceFor(response.status), response.status, 'NoExtension');
    }
    if (!response.ok) {
      const { error, message, kind, conflicts } = body as Failure;
      // of who may come in, Jupyter says one word
      const sentence = error ?? (response.status === 403 ? null : message) ?? sentenceFor(response.status);
      throw new ApiError(sentence, response.status, kind ?? 'ServerError', conflicts);
    }
    return body as T;
  }
}

interface Failure {
  error?: string;
  message?: string;
  kind?: string;
  conflicts?: Conflict[];
}

/** Where annotations are stored, and the branch that is worked on. */
export interface Place {
  project: string;
  slide: string;
  branch: string;
}

export interface AnnotationQuery extends Query {
  project: string;
  slide: string;
  version: string;
}

function sentenceFor(status: number): string {
  if (status === 404) {
    return (
      'The server extension of wsinb is not running: run "jupyter server extension enable wsinb" ' +
      'and restart Jupyter.'
    );
  }
  if (status === 403) {
    return 'The server refused the request: log in again, then reload the page.';
  }
  return `The server could not answer (status ${status}): its log says why.`;
}

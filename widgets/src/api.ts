/** Requests to the server extension, below `wsinb/api/`. Errors are one sentence to show as it is. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import {
  PROTOCOL,
  type CommitInfo,
  type CommitRequest,
  type LabelInfo,
  type SlideInfo,
  type Source,
  type StoredFeature,
  type VectorMeta
} from './types';

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly kind: string
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

  vectorMeta(project: string, slide: string, version: string): Promise<VectorMeta> {
    return this.get('vector/meta', { project, slide, version });
  }

  async annotationsByRow(query: AnnotationQuery, rows: number[]): Promise<StoredFeature[]> {
    return (await this.features({ ...query, rows: rows.join(',') })).features;
  }

  async annotationsById(query: AnnotationQuery, ids: string[]): Promise<StoredFeature[]> {
    return ids.length > 0 ? (await this.features({ ...query, ids: ids.join(',') })).features : [];
  }

  /** The newest commit of a branch. */
  async head(project: string, branch: string): Promise<CommitInfo | null> {
    const { commits } = await this.get<{ commits: CommitInfo[] }>('log', { project, branch, limit: 1 });
    return commits[0] ?? null;
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

  private get<T>(path: string, query: Query = {}): Promise<T> {
    return this.request(this.url(path, query), {});
  }

  private post<T>(path: string, body: unknown): Promise<T> {
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
      const { error, message, kind } = body as { error?: string; message?: string; kind?: string };
      const sentence = error ?? message ?? sentenceFor(response.status);
      throw new ApiError(sentence, response.status, kind ?? 'ServerError');
    }
    return body as T;
  }
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

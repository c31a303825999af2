/** Which row of a version an annotation has: what tiles call it by. */
import { ApiError, type AnnotationQuery, type Api } from './api';
import type { StoredFeature } from './types';

/** Ids in one address: proxies refuse longer ones. */
const IDS_A_PAGE = 150;
const ROWS_A_PAGE = 500;
const AT_ONCE = 3;
const NOT_THERE = -1;

export class RowBook {
  private readonly rowOf = new Map<string, number>();

  constructor(
    private readonly api: Pick<Api, 'annotationsById' | 'annotationsByRow'>,
    readonly query: AnnotationQuery
  ) {}

  remember(id: string, row: number): void {
    this.rowOf.set(id, row);
  }

  /** The row of an id, or null where the version lacks it or was not asked yet. */
  row(id: string): number | null {
    const row = this.rowOf.get(id) ?? NOT_THERE;
    return row === NOT_THERE ? null : row;
  }

  rows(ids: readonly string[]): number[] {
    return ids.map(id => this.row(id)).filter(row => row !== null);
  }

  /** How many of some ids were not asked for yet. */
  unknown(ids: readonly string[]): number {
    return ids.reduce((n, id) => (this.rowOf.has(id) ? n : n + 1), 0);
  }

  /** Learn the rows of those ids that are not known yet. */
  async find(ids: readonly string[]): Promise<void> {
    const unknown = ids.filter(id => !this.rowOf.has(id));
    const features = (await inPages(unknown, IDS_A_PAGE, page => this.known(page))).flat();
    unknown.forEach(id => this.rowOf.set(id, NOT_THERE));
    features.forEach(({ id, row }) => this.rowOf.set(id!, row));
  }

  /** The exact shapes of some ids; those that the version lacks are left out. */
  async exact(ids: readonly string[], progress?: (done: number) => void): Promise<StoredFeature[]> {
    await this.find(ids);
    let done = 0;
    const pages = await inPages(this.rows(ids), ROWS_A_PAGE, async page => {
      const features = await this.api.annotationsByRow(this.query, page);
      progress?.((done += page.length));
      return features;
    });
    return pages.flat();
  }

  /** Those of some ids that the version has: one that it lacks is an error to the server. */
  private async known(ids: string[]): Promise<StoredFeature[]> {
    try {
      return await this.api.annotationsById(this.query, ids);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) {
        throw error;
      }
      if (ids.length === 1) {
        return [];
      }
      const half = Math.ceil(ids.length / 2);
      return [...(await this.known(ids.slice(0, half))), ...(await this.known(ids.slice(half)))];
    }
  }
}

/** Ask for a long list a page at a time, a few pages at once; the answers are in order. */
async function inPages<T, R>(list: readonly T[], size: number, ask: (page: T[]) => Promise<R>): Promise<R[]> {
  const pages = Array.from({ length: Math.ceil(list.length / size) }, (_, i) =>
    list.slice(i * size, (i + 1) * size)
  );
  const answers = new Array<R>(pages.length);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < pages.length; i = next++) {
      answers[i] = await ask(pages[i]!);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return answers;
}

/** What the colours of a version follow, and where the server tells it. */
import type { AnnotationQuery, Api } from './api';
import { BUILT_IN, CHANGE, choices } from './coloring';
import type { LookState } from './look';
import type { VectorMeta } from './types';
import type { ColumnInfo } from './vector/columns';

/** What density cells are counted by: a column, and the version that it compares with. */
export interface Counted {
  by: string;
  since?: string;
}

export interface Followed extends Counted {
  /** What the version says of the column, where it is one. */
  column: ColumnInfo | null;
  /** The address of the column. */
  url: string | null;
}

export const LABELS: Followed = { by: 'label', column: null, url: null };

const COMMIT = /^[0-9a-f]{64}$/;

/** Whether the server has to be asked again for colours. */
export function asksAnew({ colorBy, since }: Partial<LookState>, look: LookState): boolean {
  return colorBy !== undefined || (since !== undefined && look.colorBy === CHANGE);
}

/** What density cells count, where that is not their labels. */
export function countedBy({ by, since, column }: Followed): Counted | null {
  return column?.kind === 'category' ? { by, since } : null;
}

/** Have what colours should follow; fails with a sentence where that is not there. */
export async function follow(
  { colorBy: by, since: name }: LookState,
  meta: VectorMeta,
  { version, project, slide }: AnnotationQuery,
  api: Api,
  load: (url: string) => Promise<ColumnInfo>
): Promise<Followed> {
  if (!choices(meta).includes(by)) {
    throw new Error(`These annotations have no column “${by}” to colour by: ${choices(meta).join(', ')}.`);
  }
  if (BUILT_IN.includes(by)) {
    return { ...LABELS, by };
  }
  const since = by === CHANGE && name !== null ? await resolved(api, project, name) : undefined;
  const url = api.url(`vector/${version}/column/${encodeURIComponent(by)}`, { project, slide, since });
  return { by, since, url, column: await load(url) };
}

/** What an address says of a version never changes: so it names the commit, and not a branch. */
async function resolved(api: Api, project: string, name: string): Promise<string> {
  return COMMIT.test(name) ? name : (await api.head(project, name))!.id;
}

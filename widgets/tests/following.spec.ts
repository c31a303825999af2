import { describe, expect, it } from 'vitest';
import { Api, type AnnotationQuery } from '../src/api';
import { asksAnew, countedBy, follow, LABELS } from '../src/following';
import { Look, type LookState } from '../src/look';
import type { CommitInfo, VectorMeta } from '../src/types';
import type { ColumnInfo } from '../src/vector/columns';

const COMMIT = 'a'.repeat(64);
const META = {
  columns: [
    { name: 'change', kind: 'category', unit: null },
    { name: 'area', kind: 'number', unit: null }
  ]
} as VectorMeta;
const QUERY: AnnotationQuery = { project: 'study', slide: 'one', version: 'f'.repeat(64) };
const CATEGORIES: ColumnInfo = { kind: 'category', categories: ['added', 'changed', 'unchanged'] };

/** An `Api` whose only branch is `main`. */
class OneBranch extends Api {
  readonly asked: string[] = [];

  override async head(_project: string, branch: string): Promise<CommitInfo | null> {
    this.asked.push(branch);
    if (branch !== 'main') {
      throw new Error(`There is no version '${branch}'.`);
    }
    return { id: COMMIT } as CommitInfo;
  }
}

function look(parts: Partial<LookState>): LookState {
  const made = new Look();
  made.set(parts);
  return made.value;
}

async function followed(
  parts: Partial<LookState>,
  api = new OneBranch(),
  column = CATEGORIES
): Promise<URLSearchParams> {
  const found = await follow(look(parts), META, QUERY, api, async () => column);
  return new URL(found.url!, 'http://localhost').searchParams;
}

describe('follow', () => {
  it('asks for nothing where tiles tell it', async () => {
    const found = await follow(look({ colorBy: 'layer' }), META, QUERY, new OneBranch(), () =>
      Promise.reject(new Error('asked'))
    );
    expect(found).toEqual({ ...LABELS, by: 'layer' });
  });

  it('compares with the version before unless another is named', async () => {
    expect((await followed({ colorBy: 'change' })).has('since')).toBe(false);
  });

  it('asks what a name stands for, and not what a commit is', async () => {
    const api = new OneBranch();
    expect((await followed({ colorBy: 'change', since: 'main' }, api)).get('since')).toBe(COMMIT);
    const other = 'b'.repeat(64);
    expect((await followed({ colorBy: 'change', since: other }, api)).get('since')).toBe(other);
    expect(api.asked).toEqual(['main']);
  });

  it('leaves other columns alone', async () => {
    const area: ColumnInfo = { kind: 'number', min: 0, max: 1, unit: null };
    const asked = await followed({ colorBy: 'area', since: 'gone' }, new OneBranch(), area);
    expect([...asked.keys()].sort()).toEqual(['project', 'slide']);
  });

  it('fails where the column or the version is not there', async () => {
    await expect(followed({ colorBy: 'grade' })).rejects.toThrow('no column “grade”');
    await expect(followed({ colorBy: 'change', since: 'gone' })).rejects.toThrow("no version 'gone'");
  });
});

describe('countedBy', () => {
  it('is for categories only', () => {
    const change = { by: 'change', since: COMMIT, url: '', column: CATEGORIES };
    expect(countedBy(change)).toEqual({ by: 'change', since: COMMIT });
    expect(countedBy({ ...change, column: { kind: 'number', min: 0, max: 1, unit: null } })).toBe(null);
    expect(countedBy(LABELS)).toBe(null);
  });
});

describe('asksAnew', () => {
  it('does for another column, and for another version where it matters', () => {
    expect(asksAnew({ threshold: 0.5 }, look({ colorBy: 'change' }))).toBe(false);
    expect(asksAnew({ since: null }, look({ colorBy: 'label' }))).toBe(false);
    expect(asksAnew({ since: null }, look({ colorBy: 'change' }))).toBe(true);
    expect(asksAnew({ colorBy: 'label' }, look({}))).toBe(true);
  });
});

/** What changed, in words that a person reads. */
import { positionsOf } from '../edit/features';
import type { CommitInfo, Counts, Feature, Geometry, Position } from '../types';
import { boxOf, centreOf } from './strokes';

const FIELD_NAMES: Record<string, string> = {
  geometry: 'outline',
  z: 'focus plane',
  t: 'time point',
  c: 'channel',
  media: 'media',
  verifications: 'verifications'
};
const LONGEST_VALUE = 60;

/** A row of a table: what a field was and what it is. */
export interface FieldChange {
  name: string;
  before: string;
  after: string;
}

export function fieldName(field: string): string {
  return FIELD_NAMES[field] ?? field;
}

export function fieldChange(
  field: string,
  before: Feature | null,
  after: Feature | null,
  mpp: number | null
): FieldChange {
  const name = fieldName(field);
  if (field === 'geometry') {
    return { name, ...geometryChange(before?.geometry ?? null, after?.geometry ?? null, mpp) };
  }
  return { name, before: valueText(valueOf(before, field)), after: valueText(valueOf(after, field)) };
}

/** A field of a feature; columns of one's own are among its properties. */
export function valueOf(feature: Feature | null, field: string): unknown {
  if (!feature) {
    return undefined;
  }
  return field in feature ? feature[field as keyof Feature] : feature.properties?.[field];
}

export function valueText(value: unknown): string {
  if (value === null || value === undefined || value === '') {
    return 'none';
  }
  const text =
    typeof value === 'number'
      ? String(Number(value.toPrecision(4)))
      : typeof value === 'object'
        ? objectText(value)
        : String(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 1)}…` : text;
}

/** "color #cc4444, key t": no braces and quotes. */
function objectText(value: object): string {
  const entries = Object.entries(value).filter(([, inner]) => inner !== null && inner !== '');
  const said = entries.map(([name, inner]) =>
    Array.isArray(value) ? valueText(inner) : `${name} ${valueText(inner)}`
  );
  return said.join(', ') || 'none';
}

/** The area on both sides, and how far the middle went. */
function geometryChange(
  before: Geometry | null,
  after: Geometry | null,
  mpp: number | null
): { before: string; after: string } {
  const size = (geometry: Geometry | null): string => {
    const px = areaOf(geometry);
    if (px === 0) {
      return geometry ? `${positionsOf(geometry).length} points` : 'none';
    }
    return mpp ? `${tidy(px * mpp * mpp)} µm²` : `${tidy(px)} px²`;
  };
  const [was, is] = [boxOf(before), boxOf(after)];
  let moved = '';
  if (was && is) {
    const [from, to] = [centreOf(was), centreOf(is)];
    const px = Math.hypot(to[0] - from[0], to[1] - from[1]);
    moved = px < 0.5 ? '' : `, moved by ${mpp ? `${tidy(px * mpp)} µm` : `${tidy(px)} px`}`;
  }
  return { before: size(before), after: size(after) + moved };
}

/** Level-0 px², holes taken off; 0 for points and lines. */
export function areaOf(geometry: Geometry | null): number {
  if (geometry?.type === 'MultiPolygon') {
    return geometry.coordinates.reduce((sum, rings) => sum + ringsArea(rings), 0);
  }
  return geometry?.type === 'Polygon' ? ringsArea(geometry.coordinates) : 0;
}

function ringsArea(rings: Position[][]): number {
  let sum = 0;
  rings.forEach((ring, i) => {
    let twice = 0;
    for (let k = 0; k + 1 < ring.length; k++) {
      twice += ring[k]![0] * ring[k + 1]![1] - ring[k + 1]![0] * ring[k]![1];
    }
    sum += (i === 0 ? 1 : -1) * Math.abs(twice / 2);
  });
  return sum;
}

function tidy(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en');
}

/** The counts of a commit on one slide, as signed numbers; empty where it did something else. */
export function countsText(counts: Counts | undefined): string[] {
  if (!counts) {
    return [];
  }
  const parts: [string, number][] = [
    ['+', counts.added],
    ['~', counts.updated],
    ['−', counts.deleted]
  ];
  return parts.filter(([, n]) => n > 0).map(([sign, n]) => sign + n.toLocaleString('en'));
}

/** "1a2b3c4". */
export function shortId(id: string): string {
  return /^[0-9a-f]{16,}$/.test(id) ? id.slice(0, 7) : id;
}

/** Names of those who committed, newest first: "reader-2 and reader-3". */
export function authorsText(commits: readonly CommitInfo[]): string {
  const names = [...new Set(commits.map(commit => commit.author))];
  if (names.length === 0) {
    return 'somebody else';
  }
  return names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}

/** Where a conflict is, when it is not on the slide that is open. */
export function whereText(one: { slide: string | null; id: string }, slide: string): string {
  if (one.slide === null) {
    const [kind, ...name] = one.id.split('/');
    return name.length > 0 ? `${(kind ?? '').replace(/s$/, '')} ${name.join('/')}` : one.id;
  }
  return one.slide === slide ? '' : `On the slide ${one.slide}`;
}

/** "3 of your edits were changed by reader-2 meanwhile". */
export function saveSentence(n: number, authors: string): string {
  return n === 1
    ? `One of your edits was changed by ${authors} meanwhile.`
    : `${n.toLocaleString('en')} of your edits were changed by ${authors} meanwhile.`;
}

export function mergeSentence(n: number, from: string, into: string): string {
  return n === 1
    ? `One annotation was changed on ${from} and on ${into}.`
    : `${n.toLocaleString('en')} annotations were changed on ${from} and on ${into}.`;
}

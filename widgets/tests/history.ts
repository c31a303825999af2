/** Features, changes and conflicts for the specs. */
import type { Change, ChangeKind, Conflict, DiffPage, Feature, Position } from '../src/types';

export function square(x: number, y: number, side: number, label: string | null = null): Feature {
  const ring: Position[] = [
    [x, y],
    [x + side, y],
    [x + side, y + side],
    [x, y + side],
    [x, y]
  ];
  return {
    id: 'a',
    shape: 'polygon',
    shape_params: null,
    label,
    layer: 'manual',
    score: null,
    geometry: { type: 'Polygon', coordinates: [ring] },
    properties: {}
  };
}

export function change(id: string, kind: ChangeKind): Change {
  const feature = { ...square(0, 0, 10), id };
  return {
    id,
    kind,
    fields: kind === 'relabelled' ? ['label'] : [],
    box: [0, 0, 10, 10],
    before: kind === 'added' ? null : feature,
    after: kind === 'deleted' ? null : feature
  };
}

export function page(changes: Change[], total = changes.length): DiffPage {
  const count = (kind: ChangeKind): number => changes.filter(one => one.kind === kind).length;
  const [added, deleted] = [count('added'), count('deleted')];
  return { from: 'f', to: 't', total, changes, counts: { added, deleted, updated: total - added - deleted } };
}

export function conflict(id: string, field: string | null, slide: string | null = 'liver'): Conflict {
  return {
    slide,
    id,
    field,
    base: square(0, 0, 10, 'tumor'),
    ours: square(0, 0, 10, 'stroma'),
    theirs: field === null ? null : square(40, 0, 10, 'necrosis')
  };
}

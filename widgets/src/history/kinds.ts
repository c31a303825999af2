/**
 * How each kind of change is drawn; its twin for still pictures is `wsinb/view/difference.py`.
 *
 * The colours are Okabe and Ito's (with a darker purple, which shows on pink tissue); the dashes and the
 * signs tell the kinds apart without any colour.
 */
import type { ChangeKind } from '../types';
import type { Line, Sign } from './strokes';

export interface KindStyle extends Line {
  name: string;
  sign: Sign;
}

export const KINDS: Record<ChangeKind, KindStyle> = {
  added: { name: 'added', color: '#009e73', width: 3, dash: [], sign: 'plus' },
  deleted: { name: 'deleted', color: '#d55e00', width: 2.5, dash: [7, 4], sign: 'cross' },
  moved: { name: 'moved', color: '#0072b2', width: 2.5, dash: [], sign: 'arrow' },
  relabelled: { name: 'relabelled', color: '#6a3d9a', width: 2.5, dash: [11, 3, 2, 3], sign: 'diamond' },
  changed: { name: 'changed', color: '#e69f00', width: 2.5, dash: [2, 3], sign: 'ring' }
};

export const KIND_ORDER = Object.keys(KINDS) as ChangeKind[];

/** Where something was before it moved. */
export const OLD_PLACE: Line = { color: KINDS.moved.color, width: 1.5, dash: [4, 3] };

/** The two outlines of a conflict, and the one that both began with. */
export const SIDES: Record<'base' | 'ours' | 'theirs', Line> = {
  base: { color: '#444444', width: 2, dash: [2, 4] },
  ours: { color: '#0072b2', width: 3, dash: [] },
  theirs: { color: '#d55e00', width: 3, dash: [10, 5] }
};

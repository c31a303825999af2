/** A difference on the slide: the sheet that shows it, the legend, and the way from change to change. */
import type * as L from 'leaflet';
import { fromLatLng } from '../edit/features';
import { ChangesPanel } from '../panel/changes';
import type { Change, ChangeKind, Position } from '../types';
import type { Changes } from './changes';
import { KINDS, OLD_PLACE } from './kinds';
import { goTo, hitBox } from './place';
import { Sheet } from './sheet';
import {
  arrow,
  boxOf,
  centreOf,
  drawSign,
  isInView,
  outline,
  toScreen,
  type Box,
  type View
} from './strokes';

/** Smaller ones are a sign only; of very many in view, which outlines would clutter, all but the large ones. */
const SMALLEST_PX = 8;
const SMALLEST_OF_MANY_PX = 40;
const MANY = 2500;
const SIGN_PX = 5;
/** Larger ones have the sign in their middle. */
const SIGNED_PX = 34;
const HIT_PX = 6;
const RING_PX = 9;

export class Difference {
  readonly panel: ChangesPanel;
  private readonly sheet: Sheet;
  private changes: Changes | null = null;

  constructor(
    private readonly map: L.Map,
    actions: { restore: (change: Change) => void; close: () => void }
  ) {
    this.panel = new ChangesPanel({ ...actions, step: by => this.step(by) });
    this.sheet = new Sheet((context, view) => this.paint(context, view));
  }

  get active(): boolean {
    return this.changes !== null;
  }

  get shown(): Changes | null {
    return this.changes;
  }

  show(changes: Changes, title: string, mpp: number | null): void {
    this.hide();
    this.changes = changes;
    changes.changed.connect(this.redraw, this);
    this.panel.show(changes, title, mpp);
    this.sheet.addTo(this.map);
    this.map.on('click', this.onClick, this);
  }

  hide(): void {
    this.map.off('click', this.onClick, this);
    this.sheet.remove();
    this.panel.hide();
    this.changes?.dispose();
    this.changes = null;
  }

  step(by: 1 | -1): void {
    const change = this.changes?.step(by);
    if (change?.box) {
      goTo(this.map, change.box, this.panel.node);
    }
  }

  private redraw(): void {
    this.sheet.redraw();
  }

  private onClick({ latlng }: L.LeafletMouseEvent): void {
    const slack = HIT_PX / 2 ** this.map.getZoom();
    const found = hitBox(fromLatLng(latlng), this.changes?.shown ?? [], change => change.box, slack);
    this.changes?.choose(found);
  }

  private paint(context: CanvasRenderingContext2D, view: View): void {
    const { changes } = this;
    if (!changes) {
      return;
    }
    const inView = changes.shown.filter(({ box }) => box && isInView(box, view));
    const smallest = inView.length > MANY ? SMALLEST_OF_MANY_PX : SMALLEST_PX;
    for (const change of inView) {
      paintChange(context, change, view, smallest, changes.isRestored(change.id));
    }
    if (changes.current?.box) {
      paintRing(context, changes.current.box, view);
    }
  }
}

export function paintChange(
  context: CanvasRenderingContext2D,
  { kind, fields, before, after, box }: Change,
  view: View,
  smallest: number,
  faint: boolean
): void {
  const style = KINDS[kind];
  const side = Math.max(box![2] - box![0], box![3] - box![1]) * view.scale;
  context.globalAlpha = faint ? 0.35 : 1;
  const middle = toScreen(centreOf(boxOf((after ?? before)?.geometry) ?? box!), view);
  if (side < smallest) {
    stampSign(context, kind, middle);
  } else if (fields.includes('geometry')) {
    outline(context, before?.geometry, view, OLD_PLACE);
    outline(context, after?.geometry, view, style, { fill: 0.08 });
    const was = boxOf(before?.geometry);
    if (was) {
      arrow(context, toScreen(centreOf(was), view), middle, OLD_PLACE.color);
    }
  } else {
    outline(context, (after ?? before)?.geometry, view, style, { fill: 0.12 });
    if (side >= SIGNED_PX) {
      drawSign(context, style.sign, middle, style.color, SIGN_PX);
    }
  }
  context.globalAlpha = 1;
}

const stamps = new Map<ChangeKind, HTMLCanvasElement>();

/** A sign as a picture that is drawn once: thousands of them are put down in a few milliseconds. */
function stampSign(context: CanvasRenderingContext2D, kind: ChangeKind, [x, y]: Position): void {
  const half = 2 * SIGN_PX;
  let stamp = stamps.get(kind);
  if (!stamp) {
    stamp = document.createElement('canvas');
    stamp.width = stamp.height = 4 * half;
    const own = stamp.getContext('2d')!;
    own.scale(2, 2);
    drawSign(own, KINDS[kind].sign, [half, half], KINDS[kind].color, SIGN_PX);
    stamps.set(kind, stamp);
  }
  context.drawImage(stamp, x - half, y - half, 2 * half, 2 * half);
}

/** A frame around the one in hand. */
export function paintRing(context: CanvasRenderingContext2D, box: Box, view: View): void {
  const [x0, y0] = toScreen([box[0], box[1]], view);
  const [x1, y1] = toScreen([box[2], box[3]], view);
  context.setLineDash([]);
  for (const [color, width] of [
    ['#ffffff', 5],
    ['#111111', 2]
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    context.roundRect(x0 - RING_PX, y0 - RING_PX, x1 - x0 + 2 * RING_PX, y1 - y0 + 2 * RING_PX, 6);
    context.stroke();
  }
}

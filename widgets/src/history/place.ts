/** Brings a part of the slide into view, with as little travel as it takes. */
import * as L from 'leaflet';
import { toLatLng } from '../edit/features';
import { turningOf } from '../turning';
import { centreOf, type Box } from './strokes';

/** A thing in view should be at least so many screen px, and at most this part of the view. */
const SMALLEST_PX = 40;
const LARGEST_PART = 0.5;
const CLOSEST_ZOOM = 1;

/** The zoom at which to look at a box: the present one where that will do. */
export function zoomFor(box: Box, zoom: number, viewPx: number): number {
  const side = Math.max(box[2] - box[0], box[3] - box[1], 1);
  const px = side * 2 ** zoom;
  if (px >= SMALLEST_PX && px <= viewPx * LARGEST_PART) {
    return zoom;
  }
  const fitting = Math.floor(Math.log2((viewPx * LARGEST_PART) / 2 / side));
  return px < SMALLEST_PX ? Math.max(zoom, Math.min(fitting, CLOSEST_ZOOM)) : Math.min(zoom, fitting);
}

/** A rectangle on the screen, relative to the map. */
export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** What panels leave free: the part below the right one where that is wide, else the part between both. */
export function freeArea(view: { width: number; height: number }, left: Area | null, right: Area): Area {
  const { width, height } = view;
  if (right.width > width / 2) {
    const top = Math.min(right.top + right.height, height * 0.75);
    return { left: 0, top, width, height: height - top };
  }
  const from = left ? left.left + left.width : 0;
  return { left: from, top: 0, width: (right.width > 0 ? right.left : width) - from, height };
}

/** Show a box in the middle of what `panel`, at the right, and the history, at the left, leave free. */
export function goTo(map: L.Map, box: Box, panel: HTMLElement): void {
  const view = map.getContainer().getBoundingClientRect();
  const areaOf = (node: Element): Area => {
    const { left, top, width, height } = node.getBoundingClientRect();
    return { left: left - view.left, top: top - view.top, width, height };
  };
  const history = panel.parentElement?.querySelector('.wsinb-history:not([hidden])');
  const area = freeArea(view, history ? areaOf(history) : null, areaOf(panel));
  const zoom = Math.max(map.getMinZoom(), zoomFor(box, map.getZoom(), Math.min(area.width, area.height)));
  const offset = L.point(
    area.left + (area.width - view.width) / 2,
    area.top + (area.height - view.height) / 2
  );
  const turned = turningOf(map)?.turnedBack(offset) ?? offset;
  const centre = map.project(toLatLng([...centreOf(box)]), zoom).subtract(turned);
  map.setView(map.unproject(centre, zoom), zoom, { animate: zoom === map.getZoom() });
}

/** The smallest box around a place, or one that is at most `slack` away. */
export function hitBox<T>(
  [x, y]: readonly [number, number],
  things: readonly T[],
  boxOf: (thing: T) => Box | null,
  slack: number
): T | null {
  let best: T | null = null;
  let smallest = Infinity;
  for (const thing of things) {
    const box = boxOf(thing);
    if (
      box &&
      x >= box[0] - slack &&
      x <= box[2] + slack &&
      y >= box[1] - slack &&
      y <= box[3] + slack &&
      box[2] - box[0] + box[3] - box[1] < smallest
    ) {
      best = thing;
      smallest = box[2] - box[0] + box[3] - box[1];
    }
  }
  return best;
}

/** Brings a part of the slide into view, with as little travel as it takes. */
import * as L from 'leaflet';
import { toLatLng } from '../edit/features';
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

export function goTo(map: L.Map, box: Box): void {
  const { x, y } = map.getSize();
  const zoom = Math.max(map.getMinZoom(), zoomFor(box, map.getZoom(), Math.min(x, y)));
  map.setView(toLatLng([...centreOf(box)]), zoom, { animate: zoom === map.getZoom() });
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

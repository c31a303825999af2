/** Drag a whole shape, by mouse or finger. Geoman either shows handles or drags, not both at once. */
import * as L from 'leaflet';

export type Movable = L.Polyline | L.CircleMarker | L.Circle;
type Nested = L.LatLng | Nested[];

/** Screen pixels that the pointer must travel before a press counts as a drag. */
const THRESHOLD_PX = 3;
/** As near as this to its outline, any shape is moved. */
const GRIP_PX = 8;
/** A shape that fills more of the view is moved by its outline only: inside, the view is. */
const MOST_OF_VIEW = 0.5;

function shifted(part: Nested, lat: number, lng: number): Nested {
  return Array.isArray(part)
    ? part.map(inner => shifted(inner, lat, lng))
    : L.latLng(part.lat + lat, part.lng + lng);
}

/** Call `start` when a drag begins and `end` when the shape lies at its new place. */
export function makeMovable(map: L.Map, layer: Movable, start: () => void, end: () => void): void {
  layer.on('mousemove', event => {
    const path = layer.getElement() as SVGElement | undefined;
    path?.classList.toggle('wsinb-mod-movable', isGrip(map, layer, event as L.LeafletMouseEvent));
  });
  layer.on('mousedown', event => {
    const press = event as L.LeafletMouseEvent;
    if (press.originalEvent.button === 0 && isGrip(map, layer, press)) {
      L.DomEvent.stop(press);
    }
  });
  const path = layer.getElement() as SVGElement | undefined;
  path?.addEventListener('pointerdown', press => {
    const layerPoint = map.mouseEventToLayerPoint(press);
    if (press.button === 0 && press.isPrimary && isGrip(map, layer, { layerPoint })) {
      follow(press, { map, layer, start, end });
    }
  });
}

interface Drag {
  map: L.Map;
  layer: Movable;
  start: () => void;
  end: () => void;
}

const ENDS = ['pointerup', 'pointercancel', 'pointerdown'] as const;

/** Let the shape go with one pointer until it is let go of, or a second finger goes down: that is a zoom. */
function follow(press: PointerEvent, { map, layer, start, end }: Drag): void {
  const origin = layer instanceof L.CircleMarker ? layer.getLatLng() : (layer.getLatLngs() as Nested[]);
  const from = map.mouseEventToLatLng(press);
  let moving = false;
  const move = (event: PointerEvent): void => {
    const far = Math.hypot(event.clientX - press.clientX, event.clientY - press.clientY) >= THRESHOLD_PX;
    if (event.pointerId !== press.pointerId || !(moving || far)) {
      return;
    }
    if (!moving) {
      moving = true;
      start();
    }
    const at = map.mouseEventToLatLng(event);
    place(layer, shifted(origin, at.lat - from.lat, at.lng - from.lng));
  };
  const release = (event: PointerEvent): void => {
    const isOther = event.type !== 'pointerdown' && event.pointerId !== press.pointerId;
    if (event === press || isOther) {
      return;
    }
    map.dragging.enable();
    document.removeEventListener('pointermove', move);
    ENDS.forEach(name => document.removeEventListener(name, release));
    if (moving) {
      end();
    }
  };
  // before Leaflet hears of the press
  map.dragging.disable();
  document.addEventListener('pointermove', move);
  ENDS.forEach(name => document.addEventListener(name, release));
}

function place(layer: Movable, at: Nested): void {
  if (layer instanceof L.CircleMarker) {
    layer.setLatLng(at as L.LatLng);
  } else {
    layer.setLatLngs(at as L.LatLng[]);
  }
}

/** Whether a drag from there moves the shape, not the view. */
function isGrip(map: L.Map, layer: Movable, { layerPoint }: { layerPoint: L.Point }): boolean {
  if (layer instanceof L.CircleMarker && !(layer instanceof L.Circle)) {
    return true;
  }
  const bounds = layer.getBounds();
  const [from, to] = [bounds.getNorthWest(), bounds.getSouthEast()].map(corner =>
    map.latLngToLayerPoint(corner)
  );
  const { x, y } = map.getSize().multiplyBy(MOST_OF_VIEW);
  const isSmall = to!.x - from!.x <= x && to!.y - from!.y <= y;
  return isSmall || distanceToOutline(map, layer, layerPoint) <= GRIP_PX;
}

/** In screen pixels. */
function distanceToOutline(map: L.Map, layer: L.Circle | L.Polyline, at: L.Point): number {
  if (layer instanceof L.Circle) {
    const [middle, rim] = [layer.getLatLng(), layer.getBounds().getNorthEast()];
    const [center, corner] = [map.latLngToLayerPoint(middle), map.latLngToLayerPoint(rim)];
    return Math.abs(at.distanceTo(center) - (corner.x - center.x));
  }
  const closed = layer instanceof L.Polygon;
  const lines = linesOf(layer.getLatLngs() as Nested[]);
  return Math.min(
    ...lines.map(line => {
      const points = line.map(latlng => map.latLngToLayerPoint(latlng));
      let before = closed ? points[points.length - 1]! : points[0]!;
      let nearest = Infinity;
      for (const point of points) {
        nearest = Math.min(nearest, L.LineUtil.pointToSegmentDistance(at, before, point));
        before = point;
      }
      return nearest;
    })
  );
}

function linesOf(part: Nested[]): L.LatLng[][] {
  return Array.isArray(part[0]) ? part.flatMap(inner => linesOf(inner as Nested[])) : [part as L.LatLng[]];
}

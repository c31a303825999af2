/** Drag a whole shape. Geoman either shows handles or drags, not both at once. */
import * as L from 'leaflet';

export type Movable = L.Polyline | L.CircleMarker;
type Nested = L.LatLng | Nested[];

/** Screen pixels that the pointer must travel before a press counts as a drag. */
const THRESHOLD_PX = 3;

function shifted(part: Nested, lat: number, lng: number): Nested {
  return Array.isArray(part)
    ? part.map(inner => shifted(inner, lat, lng))
    : L.latLng(part.lat + lat, part.lng + lng);
}

/** Call `start` when a drag begins and `end` when the shape lies at its new place. */
export function makeMovable(map: L.Map, layer: Movable, start: () => void, end: () => void): void {
  layer.on('mousedown', event => {
    const press = event as L.LeafletMouseEvent;
    if (press.originalEvent.button !== 0) {
      return;
    }
    L.DomEvent.stop(press);
    const origin = layer instanceof L.CircleMarker ? layer.getLatLng() : (layer.getLatLngs() as Nested[]);
    let moving = false;
    const move = ({ latlng, containerPoint }: L.LeafletMouseEvent): void => {
      if (!moving && containerPoint.distanceTo(press.containerPoint) < THRESHOLD_PX) {
        return;
      }
      if (!moving) {
        moving = true;
        start();
      }
      place(layer, shifted(origin, latlng.lat - press.latlng.lat, latlng.lng - press.latlng.lng));
    };
    const release = (): void => {
      map.off('mousemove', move).dragging.enable();
      document.removeEventListener('mouseup', release);
      if (moving) {
        end();
      }
    };
    map.dragging.disable();
    map.on('mousemove', move);
    document.addEventListener('mouseup', release);
  });
}

function place(layer: Movable, at: Nested): void {
  if (layer instanceof L.CircleMarker) {
    layer.setLatLng(at as L.LatLng);
  } else {
    layer.setLatLngs(at as L.LatLng[]);
  }
}

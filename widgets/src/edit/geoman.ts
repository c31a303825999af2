/** Geoman patches Leaflet itself: it is shared with jupyter-leaflet and loaded on the first drawing. */
import * as L from 'leaflet';
import '@geoman-io/leaflet-geoman-free/dist/leaflet-geoman.css';
import type {} from '@geoman-io/leaflet-geoman-free';

type MapWithGeoman = L.Map & { pm?: L.PM.PMMap };
type GeomanMapClass = new (map: L.Map) => L.PM.PMMap;

/** Make sure that the map can draw, also one made before Geoman arrived. */
export async function loadGeoman(map: L.Map): Promise<void> {
  await import('@geoman-io/leaflet-geoman-free');
  const target = map as MapWithGeoman;
  if (!target.pm) {
    target.pm = new (L.PM as unknown as { Map: GeomanMapClass }).Map(map);
    target.pm.setGlobalOptions({});
  }
}

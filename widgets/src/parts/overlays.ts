/** Tells the values of overlays under the pointer. */
import type * as L from 'leaflet';
import type { Disposable, Scene } from '../scene';

export function overlaysPart({ map, overlays, readOut }: Scene): Disposable {
  const tell = ({ latlng }: L.LeafletMouseEvent): void => {
    const values = overlays.valuesAt(latlng.lng, -latlng.lat);
    readOut.setValues(values.map(({ name, value }) => `${name} ${value.toFixed(2)}`).join('  ·  '));
  };
  map.on('mousemove', tell);
  return { dispose: () => map.off('mousemove', tell) };
}

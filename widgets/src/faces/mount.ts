/** A bare Leaflet map with a viewer on it. */
import * as L from 'leaflet';
import 'leaflet/dist/leaflet.css';
import type { ViewerOptions } from '../options';
import { Viewer } from '../viewer';

export interface Mounted {
  viewer: Viewer;
  /** To call when the size of the node may have changed. */
  invalidate: () => void;
}

export function mountMap(node: HTMLElement, options: ViewerOptions): Mounted {
  const container = document.createElement('div');
  container.className = 'wsinb-fill';
  node.append(container);
  const map = L.map(container, {
    crs: L.CRS.Simple,
    attributionControl: false,
    zoomControl: false,
    boxZoom: false,
    center: [0, 0],
    zoom: 0,
    minZoom: -30
  });
  const viewer = new Viewer(map, options);
  const dispose = viewer.dispose.bind(viewer);
  viewer.dispose = () => {
    dispose();
    map.remove();
  };
  return { viewer, invalidate: () => map.invalidateSize({ pan: false }) };
}

/** The slide's pixels: JPEG tiles from the server. */
import * as L from 'leaflet';
import type { Api } from './api';
import type { SlideInfo, Source } from './types';

/** Screen pixels per level-0 pixel at the closest view: 2 ** MAX_ZOOM. */
export const MAX_ZOOM = 4;

export function slideBounds(info: SlideInfo): L.LatLngBounds {
  return L.latLngBounds([-info.height, 0], [0, info.width]);
}

export class ImageLayer extends L.TileLayer {
  constructor(
    private readonly api: Api,
    private readonly source: Source,
    private readonly info: SlideInfo
  ) {
    super('', {
      tileSize: info.tile_size,
      minNativeZoom: info.min_zoom,
      maxNativeZoom: 0,
      minZoom: -30,
      maxZoom: MAX_ZOOM,
      noWrap: true,
      bounds: slideBounds(info),
      className: 'wsinb-image-layer',
      keepBuffer: 2
    });
  }

  override getTileUrl({ x, y, z }: L.Coords): string {
    return this.api.url(`tile/${z}/${x}/${y}`, { ...this.source, v: this.info.fingerprint });
  }
}

/** The stored annotations of one version, as a Leaflet grid of painted bitmaps. */
import * as L from 'leaflet';
import type { VectorClient } from './client';
import type { Picked } from './engine';
import { TILE_PX } from './format';
import type { Style } from './paint';

interface GridInternals {
  _tileReady(coords: L.Coords, error: unknown, tile: HTMLElement): void;
  _tiles: Record<string, { el: HTMLCanvasElement; coords: L.Coords; loaded?: number; current: boolean }>;
  _tileCoordsToKey(coords: L.Coords): string;
  _tileZoom: number | undefined;
}

export interface VectorLayerOptions {
  client: VectorClient;
  /** Commit id: part of every address, so nothing is ever stale. */
  version: string;
  /** Address of the binary tile at z <= 0. */
  tileUrl: (z: number, x: number, y: number) => string;
  pane: string;
  /** Coarsest zoom that the server has; coarser views are scaled from it. */
  minZoom: number;
  bounds: L.LatLngBounds;
  onError: (message: string) => void;
}

const MAX_DENSITY = 2;

export class VectorLayer extends L.GridLayer {
  private readonly density = Math.min(MAX_DENSITY, Math.max(1, Math.round(window.devicePixelRatio || 1)));

  constructor(private readonly vector: VectorLayerOptions) {
    super({
      pane: vector.pane,
      tileSize: TILE_PX,
      minNativeZoom: vector.minZoom,
      minZoom: -30,
      maxZoom: 30,
      noWrap: true,
      keepBuffer: 1,
      updateWhenZooming: false,
      bounds: vector.bounds,
      className: 'wsinb-vector-layer'
    });
    this.on('tileunload', ({ coords }: L.LeafletEvent & { coords?: L.Coords }) => {
      if (coords) {
        vector.client.drop(this.key(coords));
      }
    });
  }

  get version(): string {
    return this.vector.version;
  }

  override createTile(coords: L.Coords, done: L.DoneCallback): HTMLCanvasElement {
    const canvas = document.createElement('canvas');
    canvas.className = 'wsinb-vector-tile';
    canvas.width = canvas.height = TILE_PX * this.density;
    const zoomIn = Math.max(0, coords.z);
    const request = {
      layer: this.version,
      key: this.key(coords),
      url: this.vector.tileUrl(coords.z - zoomIn, coords.x >> zoomIn, coords.y >> zoomIn),
      placement: {
        scale: 2 ** zoomIn * this.density,
        offsetX: (coords.x & (2 ** zoomIn - 1)) * TILE_PX * this.density,
        offsetY: (coords.y & (2 ** zoomIn - 1)) * TILE_PX * this.density,
        density: this.density
      },
      size: TILE_PX * this.density
    };
    this.vector.client.render(request).then(
      bitmap => {
        show(canvas, bitmap);
        done(undefined, canvas);
      },
      (error: Error) => {
        this.vector.onError(error.message);
        done(error, canvas);
      }
    );
    return canvas;
  }

  /** Change colours, visibility or hidden rows: tiles stay, only their pixels are painted anew. */
  async restyle(style: Style): Promise<void> {
    await this.vector.client.setStyle(this.version, style);
    const tiles = Object.values(this.internals._tiles);
    await Promise.all(
      tiles.map(async ({ el, coords }) => {
        const bitmap = await this.vector.client.repaint(this.key(coords));
        if (bitmap) {
          show(el, bitmap);
        }
      })
    );
  }

  /** What is at a place: null where there is nothing, or where the tile is not drawn yet. */
  async pick(map: L.Map, latlng: L.LatLng): Promise<Picked | null> {
    const zoom = this.internals._tileZoom;
    if (zoom === undefined) {
      return null;
    }
    const point = map.project(latlng, zoom);
    const corner = point.divideBy(TILE_PX).floor();
    const coords = Object.assign(corner, { z: zoom }) as L.Coords;
    const inside = point.subtract(corner.multiplyBy(TILE_PX)).multiplyBy(this.density);
    return this.vector.client.pick(this.key(coords), inside.x, inside.y);
  }

  /** Leaflet fades new tiles in; translucent ones would darken over the old zoom's, so they count as old at once. */
  protected _tileReady(coords: L.Coords, error: unknown, tile: HTMLElement): void {
    (L.GridLayer.prototype as unknown as GridInternals)._tileReady.call(this, coords, error, tile);
    const entry = this.internals._tiles[this.internals._tileCoordsToKey(coords)];
    if (entry) {
      entry.loaded = 1;
    }
  }

  private get internals(): GridInternals {
    return this as unknown as GridInternals;
  }

  private key(coords: L.Coords): string {
    return `${this.version}/${coords.z}/${coords.x}/${coords.y}`;
  }
}

function show(canvas: HTMLCanvasElement, bitmap: ImageBitmap): void {
  canvas.getContext('bitmaprenderer')?.transferFromImageBitmap(bitmap);
}

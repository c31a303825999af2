/** The stored annotations of one version, as a Leaflet grid of painted bitmaps. */
import * as L from 'leaflet';
import type { Counted } from '../following';
import type { VectorClient } from './client';
import type { Picked, Told } from './messages';
import { TILE_PX } from './format';

interface GridInternals {
  _tileReady(coords: L.Coords, error: unknown, tile: HTMLElement): void;
  _tiles: Record<string, { el: HTMLCanvasElement; coords: L.Coords; loaded?: number; current: boolean }>;
  _tileCoordsToKey(coords: L.Coords): string;
  _tileZoom: number | undefined;
}

interface Shown {
  canvas: HTMLCanvasElement;
  coords: L.Coords;
  /** Tells Leaflet that the tile is there; once. */
  done: L.DoneCallback | null;
}

export interface VectorLayerOptions {
  client: VectorClient;
  /** Version: part of every address, so nothing is ever stale. */
  version: string;
  /** Address of the binary tile at z <= 0; null counts density cells by label. */
  tileUrl: (z: number, x: number, y: number, counted: Counted | null) => string;
  pane: string;
  /** Coarsest zoom that the server has; coarser views are scaled from it. */
  minZoom: number;
  /** Zooms up to this one are drawn as density. */
  densityMaxZoom: number | null;
  bounds: L.LatLngBounds;
}

const MAX_DENSITY = 2;

let made = 0;

export class VectorLayer extends L.GridLayer {
  /** What the client knows it by: a version may be shown again while it is still going. */
  readonly name = `layer ${++made}`;
  private density = pixelDensity();
  private counted: Counted | null = null;
  private screen: MediaQueryList | null = null;
  private readonly shown = new Map<string, Shown>();

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
        this.shown.delete(this.key(coords));
        vector.client.drop(this.key(coords));
      }
    });
    vector.client.told.connect(this.onTold, this);
  }

  get version(): string {
    return this.vector.version;
  }

  override onAdd(map: L.Map): this {
    map.on('moveend', this.onMoved, this);
    this.look(map);
    this.watchScreen();
    return super.onAdd(map);
  }

  override onRemove(map: L.Map): this {
    map.off('moveend', this.onMoved, this);
    this.screen?.removeEventListener('change', this.onScreen);
    this.vector.client.told.disconnect(this.onTold, this);
    this.vector.client.forget(this.name);
    return super.onRemove(map);
  }

  override createTile(coords: L.Coords, done: L.DoneCallback): HTMLCanvasElement {
    const canvas = document.createElement('canvas');
    canvas.className = 'wsinb-vector-tile';
    this.shown.set(this.key(coords), { canvas, coords, done });
    this.ask(coords, canvas);
    return canvas;
  }

  /** Count density cells by the categories of a column, or by labels (null). */
  countBy(counted: Counted | null): void {
    const { counted: before } = this;
    if (counted?.by === before?.by && counted?.since === before?.since) {
      return;
    }
    this.counted = counted;
    for (const { canvas, coords } of this.shown.values()) {
      if (this.isDensity(coords)) {
        this.ask(coords, canvas);
      }
    }
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

  private ask(coords: L.Coords, canvas: HTMLCanvasElement): void {
    const zoomIn = Math.max(0, coords.z);
    const counted = this.isDensity(coords) ? this.counted : null;
    const side = TILE_PX * this.density;
    if (canvas.width !== side) {
      canvas.width = canvas.height = side;
    }
    this.vector.client.render({
      layer: this.name,
      key: this.key(coords),
      url: this.vector.tileUrl(coords.z - zoomIn, coords.x >> zoomIn, coords.y >> zoomIn, counted),
      by: counted?.by ?? null,
      ...{ z: coords.z, x: coords.x, y: coords.y },
      placement: {
        scale: 2 ** zoomIn * this.density,
        offsetX: (coords.x & (2 ** zoomIn - 1)) * side,
        offsetY: (coords.y & (2 ** zoomIn - 1)) * side,
        density: this.density
      },
      size: side
    });
  }

  private isDensity({ z }: L.Coords): boolean {
    return this.vector.densityMaxZoom !== null && z <= this.vector.densityMaxZoom;
  }

  private onTold(_: VectorClient, told: Told): void {
    const shown = told.what === 'trouble' ? undefined : this.shown.get(told.key);
    if (told.what === 'painted' && shown) {
      shown.canvas.getContext('bitmaprenderer')?.transferFromImageBitmap(told.bitmap);
    }
    // until one that failed is there, Leaflet keeps what was shown in its place
    if (told.what === 'painted' && shown?.done) {
      const { done, canvas } = shown;
      shown.done = null;
      done(undefined, canvas);
    }
  }

  private onMoved({ target }: L.LeafletEvent): void {
    this.look(target as L.Map);
  }

  /** The page was moved to another screen, or enlarged. */
  private readonly onScreen = (): void => {
    this.watchScreen();
    if (this.density !== pixelDensity()) {
      this.density = pixelDensity();
      this.shown.forEach(({ coords, canvas }) => this.ask(coords, canvas));
    }
  };

  private watchScreen(): void {
    // true for the screen of now, until it is another one
    this.screen = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    this.screen.addEventListener('change', this.onScreen, { once: true });
  }

  private look(map: L.Map): void {
    const zoom = Math.max(Math.round(map.getZoom()), this.vector.minZoom);
    const middle = map.project(map.getCenter(), zoom).divideBy(TILE_PX);
    this.vector.client.look(zoom, middle.x, middle.y);
  }

  private get internals(): GridInternals {
    return this as unknown as GridInternals;
  }

  private key(coords: L.Coords): string {
    return `${this.name}/${coords.z}/${coords.x}/${coords.y}`;
  }
}

function pixelDensity(): number {
  return Math.min(MAX_DENSITY, Math.max(1, Math.round(window.devicePixelRatio || 1)));
}

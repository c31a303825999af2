/** The tiles of the picture: a Leaflet grid of images that keeps what it shows until there is better. */
import * as L from 'leaflet';
import type { SlideInfo } from '../types';
import { PatientImage, type PatientEvents } from './patient';

/** Screen pixels per level-0 pixel at the closest view: 2 ** MAX_ZOOM. */
export const MAX_ZOOM = 4;

export interface TileEntry {
  el: HTMLImageElement;
  coords: L.Coords;
  current: boolean;
  loaded?: number;
}

interface GridInternals {
  _tiles: Record<string, TileEntry>;
  _tileZoom: number | undefined;
  _tileCoordsToKey(coords: L.Coords): string;
  _tileReady(coords: L.Coords, error: unknown, tile: HTMLElement): void;
  _removeTile(key: string): void;
  _isValidTile(coords: L.Coords): boolean;
  getEvents(): Record<string, L.LeafletEventHandlerFn>;
}

export interface TileGridOptions {
  info: SlideInfo;
  pane: string;
  bounds: L.LatLngBounds;
  /** Address of the tile at z <= 0 of the server. */
  address: (z: number, x: number, y: number) => string;
  events: PatientEvents;
}

const GRID = L.GridLayer.prototype as unknown as GridInternals;

export class TileGrid extends L.GridLayer {
  private readonly images = new Map<HTMLElement, PatientImage>();

  constructor(private readonly given: TileGridOptions) {
    const { info, pane, bounds } = given;
    const finer = finerBy();
    super({
      ...{ pane, bounds, noWrap: true, keepBuffer: 2, className: 'wsinb-image-layer' },
      ...{ tileSize: info.tile_size >> finer, minZoom: -30, maxZoom: MAX_ZOOM },
      ...{ minNativeZoom: info.min_zoom - finer, maxNativeZoom: -finer, updateInterval: 100 }
    });
    this.on('tileloadstart', event => this.clip(event as unknown as { tile: HTMLElement; coords: L.Coords }));
    this.on('tileunload', event => this.forget((event as unknown as { tile: HTMLElement }).tile));
  }

  /** Leaflet throws all tiles away when the view jumps; those that are still right stay here. */
  override getEvents(): Record<string, L.LeafletEventHandlerFn> {
    const events = { ...GRID.getEvents.call(this) };
    delete events.viewprereset;
    return events;
  }

  override createTile(coords: L.Coords, done: L.DoneCallback): HTMLImageElement {
    const { events } = this.given;
    const image: PatientImage = new PatientImage({
      loaded: () => {
        done(undefined, image.node);
        events.loaded(image);
      },
      failed: () => events.failed(image)
    });
    this.images.set(image.node, image);
    image.show(this.addressOf(coords));
    return image.node;
  }

  /** All that are on the page. */
  get all(): PatientImage[] {
    return [...this.images.values()];
  }

  /** Those in view, and the others. */
  split(): [near: PatientImage[], far: PatientImage[]] {
    const keys = new Set(this.inView().map(coords => this.internals._tileCoordsToKey(coords)));
    const near = Object.entries(this.internals._tiles).flatMap(([key, { el }]) =>
      keys.has(key) ? [el] : []
    );
    const shown = new Set(near.map(el => this.images.get(el)!));
    return [[...shown], this.all.filter(image => !shown.has(image))];
  }

  /** Addresses of the tiles in view, or `ring` tiles around it, or of as many levels `above` as there are. */
  addresses({ ring = 0, above = 0 } = {}, address = this.given.address): string[] {
    return this.inView(ring, above).map(coords => this.addressOf(coords, address));
  }

  /** Show what the addresses now say in all tiles in view at once; others go. */
  refresh(): void {
    const wanted = new Set(this.inView().map(coords => this.internals._tileCoordsToKey(coords)));
    for (const [key, { el, coords }] of Object.entries(this.internals._tiles)) {
      if (wanted.has(key)) {
        // it was decoded before: anything later would show a mixture
        el.decoding = 'sync';
        this.images.get(el)?.show(this.addressOf(coords));
      } else {
        this.internals._removeTile(key);
      }
    }
  }

  /** Leaflet fades tiles in; over what is below that is only late. */
  protected _tileReady(coords: L.Coords, error: unknown, tile: HTMLElement): void {
    GRID._tileReady.call(this, coords, error, tile);
    const entry = this.internals._tiles[this.internals._tileCoordsToKey(coords)];
    if (entry) {
      entry.loaded = 1;
    }
  }

  /** Called when the zoom changes: tiles of others that did not come yet are not needed any more. */
  protected _abortLoading(): void {
    for (const [key, { coords, loaded }] of Object.entries(this.internals._tiles)) {
      if (coords.z !== this.internals._tileZoom && !loaded) {
        this.internals._removeTile(key);
      }
    }
  }

  private get internals(): GridInternals {
    return this as unknown as GridInternals;
  }

  private addressOf({ x, y, z }: L.Coords, address = this.given.address): string {
    return address(z + finerBy(), x, y);
  }

  private inView(ring = 0, above = 0): L.Coords[] {
    const map = this._map as L.Map | undefined;
    const zoom = this.internals._tileZoom;
    if (!map || zoom === undefined || zoom - above < this.given.info.min_zoom - finerBy()) {
      return [];
    }
    const z = zoom - above;
    const side = this.getTileSize().x;
    const half = map.getSize().divideBy(2 * map.getZoomScale(map.getZoom(), zoom));
    const middle = map.project(map.getCenter(), z);
    const [first, last] = [middle.subtract(half), middle.add(half)].map(corner =>
      corner.divideBy(side).floor()
    );
    const found: L.Coords[] = [];
    for (let y = first!.y - ring; y <= last!.y + ring; y++) {
      for (let x = first!.x - ring; x <= last!.x + ring; x++) {
        const coords = Object.assign(L.point(x, y), { z }) as L.Coords;
        if (this.internals._isValidTile(coords)) {
          found.push(coords);
        }
      }
    }
    return found;
  }

  /** What is past the slide's edge is not of the slide. */
  private clip({ tile, coords }: { tile: HTMLElement; coords: L.Coords }): void {
    const { info } = this.given;
    const [side, scale] = [this.getTileSize().x, 2 ** coords.z];
    const right = (coords.x + 1) * side - info.width * scale;
    const bottom = (coords.y + 1) * side - info.height * scale;
    if (right > 0 || bottom > 0) {
      tile.style.clipPath = `inset(0 ${Math.max(0, right)}px ${Math.max(0, bottom)}px 0)`;
    }
  }

  private forget(tile: HTMLElement): void {
    this.images.get(tile)?.stop();
    this.images.delete(tile);
  }
}

/** On a screen with two pixels per CSS pixel, tiles are taken from the next finer zoom. */
function finerBy(): 0 | 1 {
  return window.devicePixelRatio >= 1.5 ? 1 : 0;
}

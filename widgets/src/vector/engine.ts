/** Fetches, decodes, rasters and paints vector tiles; runs in a worker, or on the main thread where there is none. */
import { backOff } from '../trouble';
import { ColumnStore, type ColumnInfo } from './columns';
import type { VectorTile } from './format';
import { Layers } from './layers';
import type { Picked, TileRequest, Told } from './messages';
import type { Painter } from './painter';
import { pick } from './picking';
import { Queue } from './queue';
import { Compiled, type Style } from './style';
import { Tile } from './tile';
import { Abandoned, TileStore } from './tiles';
import { WantedTiles } from './wanted';

/** A threshold that is being dragged changes again at once: rasters follow when it rests. */
const REST_MS = 60;

export class VectorEngine {
  private readonly store: TileStore;
  private readonly columns: ColumnStore;
  private readonly layers: Layers;
  private readonly wanted = new WantedTiles();
  private readonly queue = new Queue(this.wanted, tile => this.show(tile));
  private restTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly tell: (told: Told) => void,
    private readonly painter: Painter,
    fetcher: typeof fetch = (url, init) => fetch(url, init)
  ) {
    this.store = new TileStore(undefined, fetcher);
    this.columns = new ColumnStore(fetcher);
    this.layers = new Layers(tell);
    painter.onLost = () => this.repaintAll();
  }

  setHeaders(headers: Record<string, string>): void {
    this.store.headers = this.columns.headers = headers;
  }

  /** Where the middle of the view is, in tiles of a zoom: what is near comes first. */
  look(z: number, x: number, y: number): void {
    this.wanted.focus = { z, x, y };
  }

  /** Have a tile painted, and painted again whenever its style changes, until it is dropped. */
  render(request: TileRequest): void {
    let tile = this.wanted.get(request.key);
    if (tile) {
      this.giveUp(tile);
      tile.request = request;
      tile.failures = 0;
    } else {
      tile = new Tile(request);
      this.wanted.add(tile);
    }
    void this.load(tile, false);
  }

  drop(key: string): void {
    const tile = this.wanted.get(key);
    if (tile) {
      this.wanted.delete(key);
      this.giveUp(tile);
      this.layers.recovered(tile.request.layer, key);
    }
  }

  /** Ask again now for all that could not be had. */
  retry(): void {
    for (const key of this.layers.failing) {
      const tile = this.wanted.get(key);
      if (tile) {
        clearTimeout(tile.timer);
        tile.failures = 0;
        void this.load(tile, true);
      }
    }
  }

  /** Take over a style; resolves when every tile is painted with it. */
  setStyle(layer: string, style: Style): Promise<void> {
    this.layers.get(layer).style = new Compiled(style, this.columns.peek(style.column));
    this.repaint(layer);
    clearTimeout(this.restTimer);
    this.restTimer = setTimeout(() => void this.rest(), REST_MS);
    return this.queue.colored();
  }

  /** Mark the feature of a row as the one under the pointer; -1 for none. */
  hover(layer: string, row: number): void {
    const known = this.layers.get(layer);
    const changed = known.hovered === row ? [] : [known.hovered, row].filter(marked => marked >= 0);
    known.hovered = row;
    for (const tile of this.wanted.loaded(layer)) {
      // one that is to be done anyway takes over what is marked: a raster must not be forgotten for it
      if (tile.wants === null && changed.some(marked => tile.data!.row.includes(marked))) {
        this.want(tile, 'paint');
      }
    }
  }

  /** Load a column, once; what a legend needs to know of it. */
  async column(url: string): Promise<ColumnInfo> {
    return (await this.columns.get(url)).info;
  }

  /** Forget a layer that is not shown any more. */
  forget(layer: string): void {
    this.wanted.keysOf(layer).forEach(key => this.drop(key));
    this.layers.forget(layer);
  }

  /** What lies at a raster pixel of a painted tile. */
  pick(key: string, px: number, py: number): Picked | null {
    const tile = this.wanted.get(key);
    if (!tile?.data) {
      return null;
    }
    const { style } = this.layers.get(tile.request.layer);
    if (tile.wants || !tile.colors) {
      tile.colors = style.colors(tile.data, -1);
    }
    if (!tile.isDrawn || tile.isStale) {
      this.draw(tile);
      this.want(tile, 'paint');
    }
    return pick(tile, style, px, py);
  }

  private async load(tile: Tile, anew: boolean): Promise<void> {
    const { request } = tile;
    const isWanted = (): boolean => this.wanted.get(request.key) === tile && tile.request === request;
    tile.isLoading = true;
    try {
      const data = await this.store.get(request.url, anew);
      if (isWanted()) {
        tile.isLoading = false;
        this.arrived(tile, data);
      }
    } catch (error) {
      if (isWanted() && !(error instanceof Abandoned)) {
        tile.isLoading = false;
        this.failed(tile, error);
      }
    }
  }

  private arrived(tile: Tile, data: VectorTile): void {
    const { layer, key, by } = tile.request;
    tile.data = data;
    tile.by = by;
    this.layers.recovered(layer, key);
    this.want(tile, 'raster');
    if (data.preliminary) {
      this.again(tile);
    } else {
      tile.failures = 0;
    }
  }

  private failed(tile: Tile, error: unknown): void {
    const { layer, key } = tile.request;
    this.layers.failed(layer, key, error instanceof Error ? error.message : String(error));
    this.tell({ what: 'failed', key });
    this.again(tile);
  }

  private again(tile: Tile): void {
    clearTimeout(tile.timer);
    tile.timer = setTimeout(() => void this.load(tile, true), backOff(tile.failures++));
  }

  private giveUp(tile: Tile): void {
    clearTimeout(tile.timer);
    // others may be waiting for the same address
    if (tile.isLoading) {
      tile.isLoading = false;
      this.store.release(tile.request.url);
    }
  }

  private repaint(layer: string): void {
    for (const tile of this.wanted.loaded(layer)) {
      this.want(tile, 'paint');
    }
  }

  private repaintAll(): void {
    for (const tile of this.wanted.loaded()) {
      // as with `hover`: one that is to be done anyway may want a raster
      if (tile.wants === null) {
        this.want(tile, 'paint');
      }
    }
  }

  /** The style has not changed for a moment: what was hidden may lie below, or above, what is shown. */
  private async rest(): Promise<void> {
    // before, a tile does not know what it hides: on a busy machine painting takes longer than the rest
    await this.queue.colored();
    for (const tile of this.wanted.loaded()) {
      if (tile.isStale) {
        this.want(tile, 'raster');
      }
    }
  }

  private want(tile: Tile, what: 'raster' | 'paint'): void {
    tile.want(what);
    this.queue.start();
  }

  private async show(tile: Tile): Promise<void> {
    const { key } = tile.request;
    try {
      const bitmap = await this.paint(tile);
      if (this.wanted.get(key) === tile) {
        this.tell({ what: 'painted', key, bitmap });
      } else {
        bitmap.close();
      }
    } catch (error) {
      // one tile that cannot be painted must not stop the others
      if (this.wanted.get(key) === tile) {
        this.failed(tile, error);
      }
    }
  }

  private paint(tile: Tile): ImageBitmap | Promise<ImageBitmap> {
    const { layer, placement } = tile.request;
    const { style, hovered } = this.layers.get(layer);
    const isNew = tile.wants === 'raster';
    tile.wants = null;
    tile.colors = style.colors(tile.data!, hovered);
    if (isNew || !tile.isDrawn) {
      this.draw(tile);
    }
    const { raster, data, colors, by } = tile;
    return this.painter.paint({
      ...{ raster: raster!, tile: data!, style, colors, by, hovered },
      density: placement.density
    });
  }

  private draw(tile: Tile): void {
    this.wanted.makeRoom(tile);
    tile.draw();
  }
}

/** Fetches, decodes, rasters and paints vector tiles; runs in a worker, or on the main thread where there is none. */
import { decodeColumn, type Column, type ColumnInfo } from './columns';
import { NO_LABEL, NO_LAYER, NO_SCORE, FULL_SCORE, type VectorTile } from './format';
import { backOff } from '../trouble';
import type { Picked, TileRequest, Told } from './messages';
import { paint } from './paint';
import { pickCell } from './picking';
import { IdRaster } from './raster';
import { Compiled, PLAIN_STYLE, type Style } from './style';
import { Abandoned, readBytes, TileStore } from './tiles';
import { bitmapOf, breathe, sameHidden } from './working';

interface Tile {
  request: TileRequest;
  /** What is painted; stays until the next one is there. */
  data: VectorTile | null;
  /** The column that the cells of `data` count by. */
  by: string | null;
  raster: IdRaster | null;
  /** What the raster shows, and the colours it was drawn with: what was hidden is not in it. */
  rasterOf: VectorTile | null;
  rasterColors: Uint32Array | null;
  colors: Uint32Array | null;
  /** What is still to be done. */
  wants: 'raster' | 'paint' | null;
  failures: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

interface Layer {
  style: Compiled;
  hovered: number;
  failing: Set<string>;
}

const KEPT_COLUMNS = 3;
const PICK_REACH_PX = 2;
/** A threshold that is being dragged changes again at once: rasters follow when it rests. */
const REST_MS = 60;
/** Rasters of tiles that are out of view are let go beyond this. */
const RASTER_BYTES = 32 * 1024 * 1024;
/** A tile at most so many tiles from the middle may be in view. */
const IN_VIEW_TILES = 6;

export class VectorEngine {
  private readonly store: TileStore;
  private readonly layers = new Map<string, Layer>();
  private readonly tiles = new Map<string, Tile>();
  /** By address. */
  private readonly columns = new Map<string, Column>();
  private focus = { z: 0, x: 0, y: 0 };
  private running = false;
  private restTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly settled: (() => void)[] = [];
  private readonly pixels = new Map<number, { image: ImageData; words: Uint32Array }>();

  constructor(
    private readonly tell: (told: Told) => void,
    private readonly fetcher: typeof fetch = (url, init) => fetch(url, init)
  ) {
    this.store = new TileStore(undefined, fetcher);
  }

  setHeaders(headers: Record<string, string>): void {
    this.store.headers = headers;
  }

  /** Where the middle of the view is, in tiles of a zoom: what is near comes first. */
  look(z: number, x: number, y: number): void {
    this.focus = { z, x, y };
  }

  /** Have a tile painted, and painted again whenever its style changes, until it is dropped. */
  render(request: TileRequest): void {
    const known = this.tiles.get(request.key);
    if (known) {
      this.giveUp(known);
      known.request = request;
      known.failures = 0;
    } else {
      this.tiles.set(request.key, {
        ...{ request, data: null, by: null, raster: null, rasterOf: null, rasterColors: null, colors: null },
        ...{ wants: null, failures: 0, timer: undefined }
      });
    }
    void this.load(this.tiles.get(request.key)!, false);
  }

  drop(key: string): void {
    const tile = this.tiles.get(key);
    if (tile) {
      this.tiles.delete(key);
      this.giveUp(tile);
      this.recovered(tile);
    }
  }

  /** Take over a style; resolves when every tile is painted with it. */
  setStyle(layer: string, style: Style): Promise<void> {
    const column = style.column === null ? undefined : this.columns.get(style.column);
    this.layer(layer).style = new Compiled(style, column ?? null);
    this.repaint(layer);
    clearTimeout(this.restTimer);
    this.restTimer = setTimeout(() => this.rest(), REST_MS);
    return new Promise(resolve => {
      this.settled.push(resolve);
      this.start();
    });
  }

  /** Mark the feature of a row as the one under the pointer; -1 for none. */
  hover(layer: string, row: number): void {
    const known = this.layer(layer);
    const before = known.hovered;
    known.hovered = row;
    for (const tile of this.tiles.values()) {
      const rows = tile.request.layer === layer ? tile.data?.row : undefined;
      if (
        rows &&
        before !== row &&
        ((row >= 0 && rows.includes(row)) || (before >= 0 && rows.includes(before)))
      ) {
        this.want(tile, 'paint');
      }
    }
  }

  /** Load a column, once; what a legend needs to know of it. */
  async column(url: string): Promise<ColumnInfo> {
    const { columns } = this;
    let column = columns.get(url);
    if (!column) {
      const init: RequestInit = { credentials: 'same-origin', headers: this.store.headers };
      column = decodeColumn(await readBytes(this.fetcher, url, init));
    }
    // the ones used last stay
    columns.delete(url);
    columns.set(url, column);
    if (columns.size > KEPT_COLUMNS) {
      columns.delete(columns.keys().next().value!);
    }
    return column.info;
  }

  /** Forget a layer that is not shown any more. */
  forget(layer: string): void {
    [...this.tiles.values()]
      .filter(tile => tile.request.layer === layer)
      .forEach(tile => this.drop(tile.request.key));
    this.layers.delete(layer);
  }

  /** What lies at a raster pixel of a painted tile. */
  pick(key: string, px: number, py: number): Picked | null {
    const tile = this.tiles.get(key);
    if (!tile?.data) {
      return null;
    }
    const { style } = this.layer(tile.request.layer);
    const raster = this.rastered(tile, style);
    const { data, request, by } = tile;
    const cell = data.density ? pickCell({ data, request, by }, style, px, py) : null;
    const reach = cell ? 0 : PICK_REACH_PX * tile.request.placement.density;
    const index = raster.pickNear(px, py, reach);
    // a large region covers the cells inside it: there the cell is meant, elsewhere and on the rim the region
    const rim = raster.outline[Math.floor(py) * raster.size + Math.floor(px)] !== 0;
    if (index < 0 || (cell && !rim) || tile.colors?.[index + 1] === 0) {
      return cell;
    }
    const row = data.row[index]!;
    const label = style.labelOf(row, data.label[index]!);
    const layer = data.layer[index]!;
    const score = data.score[index]!;
    return {
      row,
      label: label === NO_LABEL ? null : label,
      layer: layer === NO_LAYER ? null : layer,
      score: score === NO_SCORE ? null : score / FULL_SCORE,
      value: style.valueOf(row),
      cell: null
    };
  }

  private layer(name: string): Layer {
    let known = this.layers.get(name);
    if (!known) {
      known = { style: new Compiled(PLAIN_STYLE, null), hovered: -1, failing: new Set() };
      this.layers.set(name, known);
    }
    return known;
  }

  private async load(tile: Tile, anew: boolean): Promise<void> {
    const { request } = tile;
    const isWanted = (): boolean => this.tiles.get(request.key) === tile && tile.request === request;
    try {
      const data = await this.store.get(request.url, anew);
      if (isWanted()) {
        this.arrived(tile, data);
      }
    } catch (error) {
      if (isWanted() && !(error instanceof Abandoned)) {
        this.failed(tile, error instanceof Error ? error.message : String(error));
      }
    }
  }

  private arrived(tile: Tile, data: VectorTile): void {
    tile.data = data;
    tile.by = tile.request.by;
    this.recovered(tile);
    this.want(tile, 'raster');
    if (data.preliminary) {
      this.again(tile);
    } else {
      tile.failures = 0;
    }
  }

  private failed(tile: Tile, message: string): void {
    const { layer, key } = tile.request;
    const { failing } = this.layer(layer);
    failing.add(key);
    if (failing.size === 1) {
      this.tell({ what: 'trouble', layer, message });
    }
    this.tell({ what: 'failed', key });
    this.again(tile);
  }

  private again(tile: Tile): void {
    clearTimeout(tile.timer);
    tile.timer = setTimeout(() => void this.load(tile, true), backOff(tile.failures++));
  }

  private recovered({ request: { layer, key } }: Tile): void {
    const failing = this.layers.get(layer)?.failing;
    if (failing?.delete(key) && failing.size === 0) {
      this.tell({ what: 'trouble', layer, message: null });
    }
  }

  private giveUp(tile: Tile): void {
    clearTimeout(tile.timer);
    this.store.release(tile.request.url);
  }

  private repaint(layer: string): void {
    for (const tile of this.tiles.values()) {
      if (tile.request.layer === layer && tile.data) {
        this.want(tile, 'paint');
      }
    }
  }

  /** The style has not changed for a moment: what was hidden may lie below, or above, what is shown. */
  private rest(): void {
    for (const tile of this.tiles.values()) {
      const { rasterColors, colors } = tile;
      if (rasterColors && colors && !sameHidden(rasterColors, colors)) {
        this.want(tile, 'raster');
      }
    }
  }

  private want(tile: Tile, what: 'raster' | 'paint'): void {
    // new colours come at once, unless there is something new to colour
    tile.wants = tile.rasterOf === tile.data ? what : 'raster';
    this.start();
  }

  private start(): void {
    if (!this.running) {
      this.running = true;
      void this.run();
    }
  }

  /** One tile after the other; between them whoever asks for something else is answered. */
  private async run(): Promise<void> {
    for (;;) {
      await breathe();
      const tile = this.next();
      if (!tile) {
        break;
      }
      await this.show(tile);
      if (![...this.tiles.values()].some(({ wants }) => wants === 'paint')) {
        this.settled.splice(0).forEach(resolve => resolve());
      }
    }
    this.running = false;
    this.settled.splice(0).forEach(resolve => resolve());
  }

  private async show(tile: Tile): Promise<void> {
    const { key } = tile.request;
    try {
      const bitmap = await this.work(tile);
      if (this.tiles.get(key) === tile) {
        this.tell({ what: 'painted', key, bitmap });
      } else {
        bitmap.close();
      }
    } catch (error) {
      // one tile that cannot be painted must not stop the others
      this.failed(tile, error instanceof Error ? error.message : String(error));
    }
  }

  /** What only needs new colours comes before what needs a raster; then the nearest. */
  private next(): Tile | null {
    let best: Tile | null = null;
    let least = Infinity;
    for (const tile of this.tiles.values()) {
      if (tile.wants) {
        const isRedone = tile.rasterOf === tile.data;
        const rank = this.distance(tile) + (tile.wants === 'paint' ? 0 : isRedone ? 2e6 : 1e6);
        if (rank < least) {
          least = rank;
          best = tile;
        }
      }
    }
    return best;
  }

  private distance({ request: { z, x, y } }: Tile): number {
    const { focus } = this;
    const scale = 2 ** (focus.z - z);
    return Math.hypot((x + 0.5) * scale - focus.x, (y + 0.5) * scale - focus.y) + (z === focus.z ? 0 : 1e4);
  }

  private async work(tile: Tile): Promise<ImageBitmap> {
    const { request } = tile;
    const { style, hovered } = this.layer(request.layer);
    const data = tile.data!;
    const isNew = tile.wants === 'raster';
    tile.wants = null;
    tile.colors = style.colors(data, hovered);
    if (isNew || !tile.raster) {
      this.drawRaster(tile, data, tile.colors);
    }
    const { image, words } = this.buffer(request.size);
    paint(words, {
      ...{ raster: tile.raster!, tile: data, style, colors: tile.colors, by: tile.by, hovered },
      density: request.placement.density
    });
    return bitmapOf(image);
  }

  private rastered(tile: Tile, style: Compiled): IdRaster {
    if (tile.wants || !tile.colors) {
      tile.colors = style.colors(tile.data!, -1);
    }
    const isStale = !tile.rasterColors || !sameHidden(tile.rasterColors, tile.colors);
    if (!tile.raster || tile.rasterOf !== tile.data || isStale) {
      this.drawRaster(tile, tile.data!, tile.colors);
      this.want(tile, 'paint');
    }
    return tile.raster!;
  }

  private drawRaster(tile: Tile, data: VectorTile, colors: Uint32Array): void {
    const { size, placement } = tile.request;
    this.makeRoom(tile);
    if (tile.raster?.size !== size) {
      tile.raster = new IdRaster(size);
    }
    tile.raster.draw(data, placement, colors);
    tile.rasterOf = data;
    tile.rasterColors = colors;
  }

  /** Let go of the rasters that are the farthest from the view. */
  private makeRoom(keep: Tile): void {
    const held = [...this.tiles.values()].filter(tile => tile !== keep && tile.raster);
    let bytes = held.reduce((sum, tile) => sum + tile.raster!.bytes, 0);
    if (bytes > RASTER_BYTES) {
      held.sort((a, b) => this.distance(b) - this.distance(a));
      for (const tile of held) {
        // those in view stay, however many
        if (bytes <= RASTER_BYTES || this.distance(tile) < IN_VIEW_TILES) {
          return;
        }
        bytes -= tile.raster!.bytes;
        tile.raster = tile.rasterOf = tile.rasterColors = null;
      }
    }
  }

  private buffer(size: number): { image: ImageData; words: Uint32Array } {
    let buffer = this.pixels.get(size);
    if (!buffer) {
      const image = new ImageData(size, size);
      buffer = { image, words: new Uint32Array(image.data.buffer) };
      this.pixels.set(size, buffer);
    }
    return buffer;
  }
}

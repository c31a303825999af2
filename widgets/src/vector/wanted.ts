/** All tiles that are wanted, by how near they are to the middle of the view. */
import type { Tile } from './tile';

/** Rasters of tiles that are out of view are let go beyond this. */
const RASTER_BYTES = 32 * 1024 * 1024;
/** A tile at most so many tiles from the middle may be in view. */
const IN_VIEW_TILES = 6;

export class WantedTiles {
  /** The middle of the view, in tiles of a zoom. */
  focus = { z: 0, x: 0, y: 0 };
  private readonly tiles = new Map<string, Tile>();

  get(key: string): Tile | undefined {
    return this.tiles.get(key);
  }

  add(tile: Tile): void {
    this.tiles.set(tile.request.key, tile);
  }

  delete(key: string): void {
    this.tiles.delete(key);
  }

  /** Those that something came for already, of one layer or of all. */
  *loaded(layer?: string): Generator<Tile> {
    for (const tile of this.tiles.values()) {
      if (tile.data && (layer === undefined || tile.request.layer === layer)) {
        yield tile;
      }
    }
  }

  keysOf(layer: string): string[] {
    return [...this.tiles.values()]
      .filter(tile => tile.request.layer === layer)
      .map(({ request }) => request.key);
  }

  /** What only needs new colours comes before what needs a raster; then the nearest. */
  next(): Tile | null {
    let best: Tile | null = null;
    let least = Infinity;
    for (const tile of this.tiles.values()) {
      if (tile.wants) {
        const rank = this.distance(tile) + (tile.wants === 'paint' ? 0 : tile.isDrawn ? 2e6 : 1e6);
        if (rank < least) {
          least = rank;
          best = tile;
        }
      }
    }
    return best;
  }

  /** Whether every tile has the newest colours. */
  get isColored(): boolean {
    return ![...this.tiles.values()].some(({ wants }) => wants === 'paint');
  }

  /** Let go of the rasters that are the farthest from the view. */
  makeRoom(keep: Tile): void {
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
        tile.letGo();
      }
    }
  }

  private distance({ request: { z, x, y } }: Tile): number {
    const { focus } = this;
    const scale = 2 ** (focus.z - z);
    return Math.hypot((x + 0.5) * scale - focus.x, (y + 0.5) * scale - focus.y) + (z === focus.z ? 0 : 1e4);
  }
}

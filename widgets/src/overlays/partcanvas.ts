/** The part of a level that is painted, on one canvas: no seams, and nothing to paint while the view moves. */
import { PlacedCanvas } from './placed';
import { boxOfPart, overlap, tilesOf, without, type Level, type Part } from './registration';
import type { Box } from './spec';
import type { Tile } from './values';

export interface Source {
  /** Pixels of a tile's edge. */
  side: number;
  /** The values of a tile; null where they are not here yet. */
  values: (tile: Tile) => Uint8Array | null;
}

export class PartCanvas extends PlacedCanvas {
  level: Level | null = null;
  part: Part | null = null;

  constructor(
    pane: string,
    private readonly source: Source
  ) {
    super(pane);
  }

  /** Show a part of a level, and take over from another one what is painted there already. */
  show(level: Level, part: Part, box: Box, table: Uint32Array, from: PartCanvas | null): void {
    const { canvas } = this;
    this.level = level;
    this.part = part;
    Object.assign(canvas, { width: part.x1 - part.x0, height: part.y1 - part.y0 });
    const known = from?.level?.z === level.z ? from.part : null;
    if (from && known) {
      this.context?.drawImage(from.canvas, known.x0 - part.x0, known.y0 - part.y0);
    }
    without(part, known).forEach(piece => this.paintPiece(part, piece, table));
    this.lay(boxOfPart(part, level, box));
  }

  /** Paint all of it anew. */
  repaint(table: Uint32Array): void {
    if (this.part) {
      this.paintPiece(this.part, this.part, table);
    }
  }

  /** The values of a tile have come. */
  paintTile(tile: Tile, table: Uint32Array): void {
    if (this.part && tile.z === this.level?.z) {
      this.paint(tile, this.part, this.part, table);
    }
  }

  /** Nothing is shown any more. */
  empty(): void {
    this.level = this.part = null;
    this.lay(null);
    Object.assign(this.canvas, { width: 0, height: 0 });
  }

  private get context(): CanvasRenderingContext2D | null {
    return this.canvas.getContext('2d');
  }

  private paintPiece(part: Part, piece: Part, table: Uint32Array): void {
    for (const [x, y] of tilesOf(piece, this.source.side)) {
      this.paint({ z: this.level!.z, x, y }, part, piece, table);
    }
  }

  /** Paint what of a tile is in a piece of the part that the canvas shows. */
  private paint(tile: Tile, part: Part, piece: Part, table: Uint32Array): void {
    const { side } = this.source;
    const [x0, y0] = [tile.x * side, tile.y * side];
    const seen = overlap(piece, { x0, y0, x1: x0 + side, y1: y0 + side });
    const values = this.source.values(tile);
    if (!seen || !values) {
      return;
    }
    const width = seen.x1 - seen.x0;
    const pixels = new ImageData(width, seen.y1 - seen.y0);
    const words = new Uint32Array(pixels.data.buffer);
    for (let y = seen.y0, to = 0; y < seen.y1; y++) {
      let at = (y - y0) * side + seen.x0 - x0;
      for (const end = to + width; to < end;) {
        words[to++] = table[values[at++]!]!;
      }
    }
    this.context?.putImageData(pixels, seen.x0 - part.x0, seen.y0 - part.y0);
  }
}

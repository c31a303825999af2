/** The rings of one feature of a tile after the other, in raster pixels. */
import { UNITS_PER_PX, type VectorTile } from './format';

/** Where a tile's coordinates fall on the raster: `px = units * scale - offset`. */
export interface Placement {
  scale: number;
  offsetX: number;
  offsetY: number;
  /** Raster pixels per screen pixel. */
  density: number;
}

export class Rings {
  /** The ring that was read last: x, y pairs; one array for all, nothing is allocated for a feature. */
  points = new Float32Array(1024);
  /** How many rings the feature has. */
  count = 0;
  /** How many vertices its first ring has. */
  firstLength = 0;
  density = 1;
  private tile!: VectorTile;
  private place!: Placement;
  private feature = 0;
  /** Where the feature's rings and vertices begin, and where the next one's do. */
  private ring = 0;
  private vertex = 0;
  private nextVertex = 0;
  /** What is read next. */
  private atRing = 0;
  private atVertex = 0;

  /** Begin a tile, before its first feature. */
  start(tile: VectorTile, place: Placement): void {
    this.tile = tile;
    this.place = place;
    this.density = place.density;
    this.feature = this.count = this.ring = this.nextVertex = 0;
  }

  /** Go to the next feature, whether the one of before was read or not. */
  next(): void {
    const { ringCount, ringVertices } = this.tile;
    this.ring += this.count;
    this.count = ringCount[this.feature++]!;
    this.vertex = this.nextVertex;
    this.firstLength = this.count > 0 ? ringVertices[this.ring]! : 0;
    for (let k = this.ring; k < this.ring + this.count; k++) {
      this.nextVertex += ringVertices[k]!;
    }
    this.rewind();
  }

  /** Begin with the feature's first ring again. */
  rewind(): void {
    this.atRing = this.ring;
    this.atVertex = this.vertex;
  }

  /** Put the next ring into `points`; returns its number of vertices. */
  read(): number {
    const { xy, ringVertices } = this.tile;
    const { scale: pixels, offsetX, offsetY } = this.place;
    const n = ringVertices[this.atRing++]!;
    if (this.points.length < 2 * n + 8) {
      this.points = new Float32Array(4 * n);
    }
    const { points } = this;
    const scale = pixels / UNITS_PER_PX;
    const first = 2 * this.atVertex;
    for (let i = 0; i < 2 * n; i += 2) {
      points[i] = xy[first + i]! * scale - offsetX;
      points[i + 1] = xy[first + i + 1]! * scale - offsetY;
    }
    this.atVertex += n;
    return n;
  }

  /** As `read`; of a box, which travels as two corners, all four. */
  readOutline(): number {
    const n = this.read();
    if (n !== 2) {
      return n;
    }
    const { points } = this;
    const [x0, y0, x1, y1] = [points[0]!, points[1]!, points[2]!, points[3]!];
    points[3] = y0;
    points[2] = x1;
    points[4] = x1;
    points[5] = y1;
    points[6] = x0;
    points[7] = y1;
    return 4;
  }
}

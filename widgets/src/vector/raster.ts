/**
 * Raster of feature numbers: which feature owns each pixel, and how strongly an outline covers it.
 *
 * Recolouring, hiding and picking then cost one pass over pixels, whatever the number of vertices.
 * Polygons are filled even-odd over all rings of a feature, so holes and multipolygons need no order.
 */
import { Kind, UNITS_PER_PX, type VectorTile } from './format';

/** Set in `owner` where only the outline touches the pixel: it is drawn and can be picked, but has no fill. */
export const OUTLINE_ONLY = 0x80000000;
const INDEX_MASK = 0x7fffffff;
const POINT_RADIUS_PX = 4;
const OUTLINE_HALF_WIDTH_PX = 0.75;
const LINE_HALF_WIDTH_PX = 1.25;

/** Where a tile's coordinates fall on the raster: `px = units * scale - offset`. */
export interface Placement {
  scale: number;
  offsetX: number;
  offsetY: number;
  /** Raster pixels per screen pixel. */
  density: number;
}

export class IdRaster {
  readonly owner: Uint32Array;
  readonly outline: Uint8Array;

  constructor(readonly size: number) {
    this.owner = new Uint32Array(size * size);
    this.outline = new Uint8Array(size * size);
  }

  /** The tile's feature number at a pixel, or -1. */
  pick(px: number, py: number): number {
    if (px < 0 || py < 0 || px >= this.size || py >= this.size) {
      return -1;
    }
    return (this.owner[Math.floor(py) * this.size + Math.floor(px)]! & INDEX_MASK) - 1;
  }

  /** Draw all features of a tile, in their order: later ones win. */
  draw(tile: VectorTile, place: Placement): void {
    let ring = 0;
    let vertex = 0;
    for (let i = 0; i < tile.row.length; i++) {
      const rings: Float64Array[] = [];
      for (let k = 0; k < tile.ringCount[i]!; k++, ring++) {
        const n = tile.ringVertices[ring]!;
        rings.push(placeRing(tile.xy, vertex, n, place));
        vertex += n;
      }
      this.drawFeature(i, tile.kind[i]!, rings, place.density);
    }
  }

  private drawFeature(index: number, kind: number, rings: Float64Array[], density: number): void {
    if (kind === Kind.Point) {
      rings.forEach(ring => this.disc(index, ring[0]!, ring[1]!, POINT_RADIUS_PX * density));
      return;
    }
    if (kind === Kind.Line) {
      rings.forEach(ring => this.stroke(index, ring, LINE_HALF_WIDTH_PX * density, false));
      return;
    }
    const outlines = rings.map(ring => (ring.length === 4 ? boxRing(ring) : ring));
    const [dots, areas] = [outlines.filter(r => r.length === 2), outlines.filter(r => r.length > 2)];
    dots.forEach(dot => this.disc(index, dot[0]!, dot[1]!, density));
    this.fill(index, areas);
    areas.forEach(ring => this.stroke(index, ring, OUTLINE_HALF_WIDTH_PX * density, true));
  }

  /** Even-odd scanline fill: pixel centres inside an odd number of rings. */
  private fill(index: number, rings: Float64Array[]): void {
    const [top, bottom] = verticalRange(rings, this.size);
    const crossings: number[] = [];
    for (let y = top; y <= bottom; y++) {
      crossings.length = 0;
      rings.forEach(ring => addCrossings(ring, y + 0.5, crossings));
      crossings.sort((a, b) => a - b);
      for (let k = 0; k + 1 < crossings.length; k += 2) {
        const from = Math.max(0, Math.ceil(crossings[k]! - 0.5));
        const to = Math.min(this.size - 1, Math.ceil(crossings[k + 1]! - 0.5) - 1);
        if (from <= to) {
          const start = y * this.size + from;
          this.owner.fill(index + 1, start, y * this.size + to + 1);
          this.outline.fill(0, start, y * this.size + to + 1);
        }
      }
    }
  }

  private stroke(index: number, ring: Float64Array, halfWidth: number, closed: boolean): void {
    const n = ring.length / 2;
    for (let i = 0; i + (closed ? 0 : 1) < n; i++) {
      const j = (i + 1) % n;
      this.segment(index, ring[2 * i]!, ring[2 * i + 1]!, ring[2 * j]!, ring[2 * j + 1]!, halfWidth);
    }
  }

  /** Antialiased segment: step along the longer axis, cover a few pixels across it. */
  private segment(index: number, x0: number, y0: number, x1: number, y1: number, halfWidth: number): void {
    const steep = Math.abs(y1 - y0) > Math.abs(x1 - x0);
    const [a0, b0, a1, b1] = steep ? [y0, x0, y1, x1] : [x0, y0, x1, y1];
    const length = Math.hypot(a1 - a0, b1 - b0);
    if (length === 0) {
      return;
    }
    const slope = a1 === a0 ? 0 : (b1 - b0) / (a1 - a0);
    const cosine = Math.abs(a1 - a0) / length;
    const reach = (halfWidth + 0.5) / cosine;
    const from = Math.max(0, Math.floor(Math.min(a0, a1)));
    const to = Math.min(this.size - 1, Math.floor(Math.max(a0, a1)));
    for (let a = from; a <= to; a++) {
      const along = Math.min(Math.max(a + 0.5, Math.min(a0, a1)), Math.max(a0, a1));
      const centre = b0 + slope * (along - a0);
      const first = Math.max(0, Math.floor(centre - reach));
      const last = Math.min(this.size - 1, Math.floor(centre + reach));
      for (let b = first; b <= last; b++) {
        const distance = Math.abs(b + 0.5 - centre) * cosine;
        this.cover(steep ? a * this.size + b : b * this.size + a, index, halfWidth + 0.5 - distance);
      }
    }
  }

  private disc(index: number, cx: number, cy: number, radius: number): void {
    const x0 = Math.max(0, Math.floor(cx - radius));
    const x1 = Math.min(this.size - 1, Math.ceil(cx + radius));
    for (let y = Math.max(0, Math.floor(cy - radius)); y <= Math.min(this.size - 1, cy + radius); y++) {
      for (let x = x0; x <= x1; x++) {
        this.cover(y * this.size + x, index, radius + 0.5 - Math.hypot(x + 0.5 - cx, y + 0.5 - cy));
      }
    }
  }

  private cover(at: number, index: number, coverage: number): void {
    if (coverage <= 0) {
      return;
    }
    const value = Math.min(255, Math.round(coverage * 255));
    if ((this.owner[at]! & INDEX_MASK) !== index + 1) {
      // half-covered pixels of a neighbour keep their owner, so shared borders do not flicker
      if (value < 96 && this.owner[at] !== 0) {
        return;
      }
      this.owner[at] = (index + 1) | OUTLINE_ONLY;
      this.outline[at] = value;
    } else if (value > this.outline[at]!) {
      this.outline[at] = value;
    }
  }
}

function placeRing(xy: Int16Array, first: number, n: number, place: Placement): Float64Array {
  const ring = new Float64Array(2 * n);
  const scale = place.scale / UNITS_PER_PX;
  for (let i = 0; i < n; i++) {
    ring[2 * i] = xy[2 * (first + i)]! * scale - place.offsetX;
    ring[2 * i + 1] = xy[2 * (first + i) + 1]! * scale - place.offsetY;
  }
  return ring;
}

function boxRing(corners: Float64Array): Float64Array {
  const [x0, y0, x1, y1] = corners as unknown as [number, number, number, number];
  return Float64Array.of(x0, y0, x1, y0, x1, y1, x0, y1);
}

function verticalRange(rings: Float64Array[], size: number): [number, number] {
  let [top, bottom] = [Infinity, -Infinity];
  for (const ring of rings) {
    for (let k = 1; k < ring.length; k += 2) {
      top = Math.min(top, ring[k]!);
      bottom = Math.max(bottom, ring[k]!);
    }
  }
  return [Math.max(0, Math.floor(top)), Math.min(size - 1, Math.ceil(bottom))];
}

function addCrossings(ring: Float64Array, y: number, crossings: number[]): void {
  const n = ring.length;
  let x0 = ring[n - 2]!;
  let y0 = ring[n - 1]!;
  for (let k = 0; k < n; k += 2) {
    const x1 = ring[k]!;
    const y1 = ring[k + 1]!;
    if (y0 <= y !== y1 <= y) {
      crossings.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0));
    }
    x0 = x1;
    y0 = y1;
  }
}

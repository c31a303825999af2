/**
 * Raster of feature numbers: which feature owns each pixel, and how strongly an outline covers it.
 *
 * Recolouring, hiding and picking then cost one pass over pixels, whatever the number of vertices.
 * Polygons are filled even-odd over all rings of a feature, so holes and multipolygons need no order.
 */
import { Kind, type VectorTile } from './format';
import { Rings, type Placement } from './rings';

/** In `outline`: only the outline touches the pixel, it is drawn and can be picked, but has no fill. */
export const OUTLINE_ONLY = 0x80;
/** In `outline`: the coverage, 0..127. */
export const COVERAGE = 0x7f;
const POINT_RADIUS_PX = 4;
const OUTLINE_HALF_WIDTH_PX = 0.75;
const LINE_HALF_WIDTH_PX = 1.25;
/** A box up to this side is all outline. */
const SOLID_BOX_PX = 4;
/** A neighbour's pixel is only taken by more than this coverage, so that shared borders do not flicker. */
const TAKING_COVERAGE = 48;

// shared by all rasters of a thread
const rings = new Rings();
let flips = new Uint8Array(0);

export class IdRaster {
  /** Per pixel the feature's number + 1, or 0. */
  owner: Uint16Array | Uint32Array;
  readonly outline: Uint8Array;

  constructor(readonly size: number) {
    this.owner = new Uint16Array(size * size);
    this.outline = new Uint8Array(size * size);
  }

  get bytes(): number {
    return this.owner.byteLength + this.outline.byteLength;
  }

  /** The tile's feature number at a pixel, or -1. */
  pick(px: number, py: number): number {
    if (px < 0 || py < 0 || px >= this.size || py >= this.size) {
      return -1;
    }
    return this.owner[Math.floor(py) * this.size + Math.floor(px)]! - 1;
  }

  /** The feature at a pixel, else the nearest one at most `reach` pixels away, or -1. */
  pickNear(px: number, py: number, reach: number): number {
    let best = this.pick(px, py);
    let nearest = best >= 0 ? 0 : Infinity;
    for (let dy = -reach; dy <= reach && nearest > 0; dy++) {
      for (let dx = -reach; dx <= reach; dx++) {
        const distance = dx * dx + dy * dy;
        const found = distance <= reach * reach && distance < nearest ? this.pick(px + dx, py + dy) : -1;
        if (found >= 0) {
          best = found;
          nearest = distance;
        }
      }
    }
    return best;
  }

  /**
   * Draw all features of a tile anew, in their order: later ones win.
   *
   * `colors` leaves out those whose entry (number + 1) is 0: they are hidden.
   */
  draw(tile: VectorTile, place: Placement, colors: Uint32Array | null = null): void {
    const n = tile.row.length;
    this.clear(n >= 0xffff);
    if (flips.length < this.size * (this.size + 1)) {
      flips = new Uint8Array(this.size * (this.size + 1));
    }
    rings.start(tile, place);
    for (let id = 1; id <= n; id++) {
      rings.next();
      if (colors === null || colors[id] !== 0) {
        this.drawFeature(id, tile.kind[id - 1]!);
      }
    }
  }

  private clear(wide: boolean): void {
    if (wide !== this.owner instanceof Uint32Array) {
      this.owner = new (wide ? Uint32Array : Uint16Array)(this.size * this.size);
    } else {
      this.owner.fill(0);
    }
    this.outline.fill(0);
  }

  private drawFeature(id: number, kind: Kind): void {
    const { count, density } = rings;
    if (kind === Kind.Polygon) {
      this.drawPolygon(id);
      return;
    }
    for (let k = 0; k < count; k++) {
      const n = rings.read();
      if (kind === Kind.Point) {
        this.disc(id, rings.points[0]!, rings.points[1]!, POINT_RADIUS_PX * density);
      } else {
        this.stroke(id, n, LINE_HALF_WIDTH_PX * density, false);
      }
    }
  }

  private drawPolygon(id: number): void {
    const { count, density } = rings;
    if (count === 1 && rings.firstLength <= 2 && this.drawSmall(id)) {
      return;
    }
    this.fill(id);
    rings.rewind();
    for (let k = 0; k < count; k++) {
      const n = rings.readOutline();
      if (n === 1) {
        this.disc(id, rings.points[0]!, rings.points[1]!, density);
      } else {
        this.stroke(id, n, OUTLINE_HALF_WIDTH_PX * density, true);
      }
    }
  }

  /** Draw a dot or a small box, which have no inside; returns whether it was one. */
  private drawSmall(id: number): boolean {
    const { density, firstLength } = rings;
    rings.read();
    const { points } = rings;
    if (firstLength === 1) {
      this.disc(id, points[0]!, points[1]!, density);
      return true;
    }
    const most = SOLID_BOX_PX * density;
    const isSmall = points[2]! - points[0]! <= most && points[3]! - points[1]! <= most;
    if (isSmall) {
      this.solidBox(id, OUTLINE_HALF_WIDTH_PX * density);
    }
    return isSmall;
  }

  /**
   * Even-odd fill: pixel centres inside an odd number of rings.
   *
   * Every edge flips, in each row it crosses, the first pixel to its right; a sweep over the rows then
   * goes in and out at the flips. No crossings have to be sorted, and none stored.
   */
  private fill(id: number): void {
    const { size } = this;
    const stride = size + 1;
    let [left, right, top, bottom] = [size, -1, size, -1];
    rings.rewind();
    for (let k = 0; k < rings.count; k++) {
      const n = rings.readOutline();
      const { points } = rings;
      if (n < 3) {
        continue;
      }
      let x0 = points[2 * n - 2]!;
      let y0 = points[2 * n - 1]!;
      for (let i = 0; i < n; i++) {
        const x1 = points[2 * i]!;
        const y1 = points[2 * i + 1]!;
        // rows whose centre lies in [upper, lower)
        const first = Math.max(0, Math.ceil((y0 < y1 ? y0 : y1) - 0.5));
        const last = Math.min(size, Math.ceil((y0 < y1 ? y1 : y0) - 0.5)) - 1;
        if (first <= last) {
          const slope = (x1 - x0) / (y1 - y0);
          let x = x0 + (first + 0.5 - y0) * slope - 0.5;
          for (let y = first; y <= last; y++, x += slope) {
            const column = x <= 0 ? 0 : x >= size ? size : Math.ceil(x);
            flips[y * stride + column]! ^= 1;
            left = column < left ? column : left;
            right = column > right ? column : right;
          }
          top = first < top ? first : top;
          bottom = last > bottom ? last : bottom;
        }
        x0 = x1;
        y0 = y1;
      }
    }
    this.sweep(id, left, Math.min(right, size), top, bottom);
  }

  private sweep(id: number, left: number, right: number, top: number, bottom: number): void {
    const { size, owner, outline } = this;
    for (let y = top; y <= bottom; y++) {
      const flip = y * (size + 1);
      const row = y * size;
      let inside = 0;
      for (let x = left; x <= right; x++) {
        if (flips[flip + x] === 1) {
          inside ^= 1;
          flips[flip + x] = 0;
        }
        if (inside === 1 && x < size) {
          owner[row + x] = id;
          outline[row + x] = 0;
        }
      }
    }
  }

  /** Strokes the ring that was read. */
  private stroke(id: number, n: number, halfWidth: number, closed: boolean): void {
    const { points } = rings;
    const start = closed ? n - 1 : 0;
    let x0 = points[2 * start]!;
    let y0 = points[2 * start + 1]!;
    for (let i = closed ? 0 : 1; i < n; i++) {
      const x1 = points[2 * i]!;
      const y1 = points[2 * i + 1]!;
      this.segment(id, x0, y0, x1, y1, halfWidth);
      x0 = x1;
      y0 = y1;
    }
  }

  /** Antialiased segment: step along the longer axis, cover a few pixels across it. */
  private segment(id: number, x0: number, y0: number, x1: number, y1: number, halfWidth: number): void {
    const { size } = this;
    const dx = x1 - x0;
    const dy = y1 - y0;
    const steep = dy * dy > dx * dx;
    const along = steep ? dy : dx;
    const length = Math.sqrt(dx * dx + dy * dy);
    if (length === 0) {
      return;
    }
    const slope = (steep ? dx : dy) / along;
    const cosine = (along < 0 ? -along : along) / length;
    const full = halfWidth + 0.5;
    const reach = full / cosine;
    const a0 = steep ? y0 : x0;
    const b0 = steep ? x0 : y0;
    const low = along < 0 ? a0 + along : a0;
    const high = along < 0 ? a0 : a0 + along;
    const from = low < 0 ? 0 : Math.floor(low);
    const to = high >= size ? size - 1 : Math.floor(high);
    const [stepA, stepB] = steep ? [size, 1] : [1, size];
    for (let a = from; a <= to; a++) {
      const middle = a + 0.5;
      const at = middle < low ? low : middle > high ? high : middle;
      const centre = b0 + slope * (at - a0);
      const first = centre < reach ? 0 : Math.floor(centre - reach);
      const last = centre + reach >= size ? size - 1 : Math.floor(centre + reach);
      let away = (first + 0.5 - centre) * cosine;
      for (let b = first; b <= last; b++, away += cosine) {
        const coverage = full - (away < 0 ? -away : away);
        if (coverage > 0) {
          this.cover(a * stepA + b * stepB, id, coverage >= 1 ? COVERAGE : (coverage * COVERAGE + 0.5) | 0);
        }
      }
    }
  }

  private disc(id: number, cx: number, cy: number, radius: number): void {
    const last = this.size - 1;
    const x0 = Math.max(0, Math.floor(cx - radius));
    const x1 = Math.min(last, Math.ceil(cx + radius));
    const y1 = Math.min(last, Math.floor(cy + radius));
    for (let y = Math.max(0, Math.floor(cy - radius)); y <= y1; y++) {
      const dy = y + 0.5 - cy;
      for (let x = x0; x <= x1; x++) {
        const dx = x + 0.5 - cx;
        const coverage = radius + 0.5 - Math.sqrt(dx * dx + dy * dy);
        if (coverage > 0) {
          this.cover(y * this.size + x, id, coverage >= 1 ? COVERAGE : (coverage * COVERAGE + 0.5) | 0);
        }
      }
    }
  }

  /** The box that was read, which is too small to have an inside. */
  private solidBox(id: number, halfWidth: number): void {
    const { points } = rings;
    const last = this.size - 1;
    const left = points[0]! - halfWidth;
    const top = points[1]! - halfWidth;
    const right = points[2]! + halfWidth;
    const bottom = points[3]! + halfWidth;
    const x0 = Math.max(0, Math.floor(left));
    const x1 = Math.min(last, Math.ceil(right) - 1);
    const y1 = Math.min(last, Math.ceil(bottom) - 1);
    for (let y = Math.max(0, Math.floor(top)); y <= y1; y++) {
      const high = Math.min(y + 1, bottom) - Math.max(y, top);
      for (let x = x0; x <= x1; x++) {
        const wide = Math.min(x + 1, right) - Math.max(x, left);
        this.cover(y * this.size + x, id, (high * wide * COVERAGE + 0.5) | 0);
      }
    }
  }

  private cover(at: number, id: number, coverage: number): void {
    const { owner, outline } = this;
    const before = owner[at]!;
    if (before === id) {
      const known = outline[at]!;
      if (coverage > (known & COVERAGE)) {
        outline[at] = coverage | (known & OUTLINE_ONLY);
      }
    } else if (before === 0 || coverage >= TAKING_COVERAGE) {
      owner[at] = id;
      outline[at] = coverage | OUTLINE_ONLY;
    }
  }
}

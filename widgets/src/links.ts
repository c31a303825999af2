/** Viewers that move together: each brings its slide's pixels to a common frame by an affine map. */
import type * as L from 'leaflet';

/** (a, b, c, d, e, f): x' = a x + b y + c and y' = d x + e y + f. */
export type Affine = readonly [number, number, number, number, number, number];

export const IDENTITY: Affine = [1, 0, 0, 0, 1, 0];

/** What a map looks at, in its group's frame. */
interface View {
  x: number;
  y: number;
  /** Screen pixels per unit of the frame, as a power of two. */
  zoom: number;
}

interface Member {
  map: L.Map;
  affine: Affine;
}

export function apply([a, b, c, d, e, f]: Affine, x: number, y: number): [number, number] {
  return [a * x + b * y + c, d * x + e * y + f];
}

export function inverse([a, b, c, d, e, f]: Affine): Affine {
  const determinant = a * e - b * d;
  const [p, q, s, t] = [e / determinant, -b / determinant, -d / determinant, a / determinant];
  return [p, q, -(p * c + q * f), s, t, -(s * c + t * f)];
}

/** How many times larger the map makes things, as a power of two. */
export function growth([a, b, , d, e]: Affine): number {
  return Math.log2(Math.sqrt(Math.abs(a * e - b * d)));
}

/** The map that lays one view on another: scaled, and moved so that the middles meet. */
export function aligning(own: L.Map, ownMpp: number | null, other: L.Map, otherMpp: number | null): Affine {
  const scale = ownMpp && otherMpp ? ownMpp / otherMpp : 1;
  const [from, to] = [own.getCenter(), other.getCenter()];
  return [scale, 0, to.lng - scale * from.lng, 0, scale, -to.lat + scale * from.lat];
}

const groups = new Map<string, Set<Member>>();
/** While one map moves the others, their moves are not news. */
let following = false;

/** Let a map move with the others of its group, from now until the returned function is called. */
export function joinLink(map: L.Map, group: string, affine: Affine): () => void {
  const members = groups.get(group) ?? new Set<Member>();
  groups.set(group, members);
  const member = { map, affine };
  const [first] = members;
  members.add(member);
  if (first) {
    show(member, viewOf(first));
  }
  const onMove = (): void => {
    if (!following) {
      following = true;
      try {
        const view = viewOf(member);
        members.forEach(other => other !== member && show(other, view));
      } finally {
        following = false;
      }
    }
  };
  map.on('move zoom', onMove);
  return () => {
    map.off('move zoom', onMove);
    members.delete(member);
    if (members.size === 0) {
      groups.delete(group);
    }
  };
}

/** One map's membership in a group, if it has any. */
export class Link {
  private end: (() => void) | null = null;

  constructor(private readonly map: L.Map) {}

  get isActive(): boolean {
    return this.end !== null;
  }

  join(group: string, affine: Affine): void {
    this.leave();
    this.end = joinLink(this.map, group, affine);
  }

  leave(): void {
    this.end?.();
    this.end = null;
  }

  dispose(): void {
    this.leave();
  }
}

/** How many maps move together. */
export function linkSize(group: string): number {
  return groups.get(group)?.size ?? 0;
}

function viewOf({ map, affine }: Member): View {
  const center = map.getCenter();
  const [x, y] = apply(affine, center.lng, -center.lat);
  return { x, y, zoom: map.getZoom() - growth(affine) };
}

function show({ map, affine }: Member, view: View): void {
  const [x, y] = apply(inverse(affine), view.x, view.y);
  const zoom = view.zoom + growth(affine);
  const center = map.getCenter();
  const pixel = 2 ** -zoom;
  const moved = Math.abs(center.lng - x) > pixel / 2 || Math.abs(center.lat + y) > pixel / 2;
  if (moved || Math.abs(map.getZoom() - zoom) > 1e-6) {
    map.setView([-y, x], zoom, { animate: false });
  }
}

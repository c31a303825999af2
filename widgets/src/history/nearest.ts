/** Which of two outlines a place is nearest to. */
import type { Geometry, Position, Side } from '../types';
import { sideFeature, type Case } from './cases';

/** The side whose outline runs nearest to a place, where one is near and the other is not as near. */
export function nearestSide(one: Case, place: Position, slack: number): Side | null {
  const [ours, theirs] = (['ours', 'theirs'] as const).map(side => {
    const geometry = sideFeature(one, side)?.geometry;
    return geometry ? distanceTo(place, linesOf(geometry)) : Infinity;
  }) as [number, number];
  const nearest = Math.min(ours, theirs);
  if (nearest > slack || Math.abs(ours - theirs) < slack / 8) {
    return null;
  }
  return ours < theirs ? 'ours' : 'theirs';
}

function linesOf(geometry: Geometry): Position[][] {
  switch (geometry.type) {
    case 'Point':
      return [[geometry.coordinates]];
    case 'MultiPoint':
      return geometry.coordinates.map(position => [position]);
    case 'LineString':
      return [geometry.coordinates];
    case 'Polygon':
    case 'MultiLineString':
      return geometry.coordinates;
    case 'MultiPolygon':
      return geometry.coordinates.flat();
  }
}

function distanceTo([x, y]: Position, paths: Position[][]): number {
  let best = Infinity;
  for (const path of paths) {
    path.forEach(([x1, y1], i) => {
      const [x0, y0] = path[i - 1] ?? [x1, y1];
      const [dx, dy] = [x1 - x0, y1 - y0];
      const length = dx * dx + dy * dy;
      const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / length));
      best = Math.min(best, Math.hypot(x - x0 - t * dx, y - y0 - t * dy));
    });
  }
  return best;
}

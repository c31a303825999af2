/** Whether any of a shape lies on the slide: what lies beside it can be drawn, but never be seen again. */
import type { Geometry, Position } from '../types';

export interface Extent {
  /** Level-0 px; the slide is from 0, 0 to here. */
  width: number;
  height: number;
}

/** Shapes that reach over the edge are on the slide. */
export function isOnSlide(geometry: Geometry, slide: Extent): boolean {
  switch (geometry.type) {
    case 'Point':
      return isInside(geometry.coordinates, slide);
    case 'MultiPoint':
      return geometry.coordinates.some(position => isInside(position, slide));
    case 'LineString':
      return crosses(geometry.coordinates, slide);
    case 'MultiLineString':
      return geometry.coordinates.some(line => crosses(line, slide));
    case 'Polygon':
      return covers(geometry.coordinates, slide);
    case 'MultiPolygon':
      return geometry.coordinates.some(rings => covers(rings, slide));
  }
}

function isInside([x, y]: Position, { width, height }: Extent): boolean {
  return x >= 0 && y >= 0 && x <= width && y <= height;
}

/** A polygon without any line on the slide lies around it, or around nothing of it. */
function covers(rings: Position[][], slide: Extent): boolean {
  const around = rings.filter(ring => contains(ring, [slide.width / 2, slide.height / 2])).length;
  return rings.some(ring => crosses(ring, slide)) || around % 2 === 1;
}

function crosses(line: Position[], slide: Extent): boolean {
  return (
    line.some(position => isInside(position, slide)) ||
    line.slice(1).some((position, i) => segmentCrosses(line[i]!, position, slide))
  );
}

/** By Liang and Barsky: the part of the segment that is inside of all four edges. */
function segmentCrosses([x0, y0]: Position, [x1, y1]: Position, { width, height }: Extent): boolean {
  const [dx, dy] = [x1 - x0, y1 - y0];
  let [from, to] = [0, 1];
  for (const [along, room] of [
    [-dx, x0],
    [dx, width - x0],
    [-dy, y0],
    [dy, height - y0]
  ] as const) {
    if (along === 0) {
      if (room < 0) {
        return false;
      }
    } else if (along < 0) {
      from = Math.max(from, room / along);
    } else {
      to = Math.min(to, room / along);
    }
  }
  return from <= to;
}

function contains(ring: Position[], [x, y]: Position): boolean {
  let inside = false;
  let [ax, ay] = ring[ring.length - 1]!;
  for (const [bx, by] of ring) {
    if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) {
      inside = !inside;
    }
    [ax, ay] = [bx, by];
  }
  return inside;
}

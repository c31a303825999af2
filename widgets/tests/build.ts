/** Writes vector tiles as the server does, for the specs. */
import { HEADER_BYTES, Kind, MAGIC } from '../src/vector/format';

export interface Shape {
  kind?: Kind;
  row?: number;
  label?: number;
  score?: number;
  layer?: number;
  /** Rings of x, y pairs in screen pixels. */
  rings: [number, number][][];
}

export interface Cell {
  index: number;
  label: number;
  count: number;
  layer?: number;
  bin?: number;
}

export interface TileOptions {
  /** Whether cells tell their layer, as servers do since the second form of tiles. */
  layers?: boolean;
  preliminary?: boolean;
  scoreBins?: number;
}

export function tileBytes(
  shapes: Shape[],
  cells: Cell[] = [],
  cellPx = 0,
  { layers = false, preliminary = false, scoreBins = 1 }: TileOptions = {}
): ArrayBuffer {
  const rings = shapes.flatMap(shape => shape.rings);
  const points = rings.flat();
  const cellBytes = layers ? 10 : 9;
  const size =
    HEADER_BYTES + 11 * shapes.length + 4 * rings.length + 4 * points.length + cellBytes * cells.length;
  const view = new DataView(new ArrayBuffer(size));
  let at = 0;
  const u8 = (value: number): void => view.setUint8(at++, value);
  const u16 = (value: number): void => {
    view.setUint16(at, value, true);
    at += 2;
  };
  const u32 = (value: number): void => {
    view.setUint32(at, value, true);
    at += 4;
  };
  u32(MAGIC);
  u8(cells.length > 0 ? 2 : 1);
  u8(cellPx);
  u16(scoreBins);
  const counts = [shapes.length, rings.length, points.length, cells.length];
  [...counts, Number(layers), Number(preliminary)].forEach(u32);
  shapes.forEach((shape, i) => u32(shape.row ?? i));
  rings.forEach(ring => u32(ring.length));
  cells.forEach(cell => u32(cell.count));
  points.flat().forEach(value => u16((value * 8) & 0xffff));
  shapes.forEach(shape => u16(shape.rings.length));
  shapes.forEach(shape => u16(shape.label ?? 0));
  cells.forEach(cell => u16(cell.index));
  cells.forEach(cell => u16(cell.label));
  shapes.forEach(shape => u8(shape.kind ?? Kind.Polygon));
  shapes.forEach(shape => u8(shape.score ?? 255));
  shapes.forEach(shape => u8(shape.layer ?? 0));
  cells.forEach(cell => u8(cell.bin ?? 0));
  if (layers) {
    cells.forEach(cell => u8(cell.layer ?? 0));
  }
  return view.buffer as ArrayBuffer;
}

export function square(x: number, y: number, side: number): [number, number][] {
  return [
    [x, y],
    [x + side, y],
    [x + side, y + side],
    [x, y + side]
  ];
}

/** Writes vector tiles as the server does, for the specs. */
import { HEADER_BYTES, Kind, MAGIC } from '../src/vector/format';

export interface Shape {
  kind?: Kind;
  row?: number;
  label?: number;
  score?: number;
  /** Rings of x, y pairs in screen pixels. */
  rings: [number, number][][];
}

export interface Cell {
  index: number;
  label: number;
  count: number;
}

export function tileBytes(shapes: Shape[], cells: Cell[] = [], cellPx = 0): ArrayBuffer {
  const rings = shapes.flatMap(shape => shape.rings);
  const points = rings.flat();
  const size = HEADER_BYTES + 11 * shapes.length + 4 * rings.length + 4 * points.length + 9 * cells.length;
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
  u16(1);
  [shapes.length, rings.length, points.length, cells.length, 0, 0].forEach(u32);
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
  shapes.forEach(() => u8(0));
  cells.forEach(() => u8(0));
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

/** The binary vector tile ("WVT1"), as laid down in docs/design/0001-rooms.md and 0003-viewer.md. */

export const MAGIC = 0x31545657;
export const HEADER_BYTES = 32;
/** Coordinates count eighths of a screen pixel from the tile's corner. */
export const UNITS_PER_PX = 8;
export const NO_LABEL = 0xffff;
export const NO_LAYER = 0xff;
export const NO_SCORE = 0xff;
export const NO_BIN = 0xff;
/** A score of 1; scores travel as 0..254. */
export const FULL_SCORE = 254;
export const TILE_PX = 512;

export const enum Kind {
  Point = 0,
  Polygon = 1,
  Line = 2
}

export interface VectorTile {
  density: boolean;
  /** Answered before the large outlines were known: worth asking for again. */
  preliminary: boolean;
  cellPx: number;
  scoreBins: number;
  /** Per feature: row number, number of rings, label index, kind, score 0..254 (255 none), layer index. */
  row: Uint32Array;
  ringCount: Uint16Array;
  label: Uint16Array;
  kind: Uint8Array;
  score: Uint8Array;
  layer: Uint8Array;
  /** Per ring: number of vertices; then all vertices as x, y pairs. */
  ringVertices: Uint32Array;
  xy: Int16Array;
  /** Per density entry. */
  cellIndex: Uint16Array;
  cellLabel: Uint16Array;
  cellCount: Uint32Array;
  cellBin: Uint8Array;
  /** 255 where the server does not tell layers of cells. */
  cellLayer: Uint8Array;
}

/** Decode one tile; the arrays are views of the buffer. */
export function decodeTile(buffer: ArrayBuffer): VectorTile {
  if (buffer.byteLength < HEADER_BYTES) {
    throw new Error(`A vector tile has at least ${HEADER_BYTES} bytes, this one ${buffer.byteLength}.`);
  }
  const head = new DataView(buffer);
  if (head.getUint32(0, true) !== MAGIC) {
    throw new Error('The server sent something that is not a vector tile.');
  }
  const [nFeatures, nRings, nVertices, nCells, withLayers, preliminary] = [8, 12, 16, 20, 24, 28].map(at =>
    head.getUint32(at, true)
  ) as [number, number, number, number, number, number];
  const cellBytes = withLayers ? 10 : 9;
  const expected = HEADER_BYTES + 11 * nFeatures + 4 * nRings + 4 * nVertices + cellBytes * nCells;
  if (buffer.byteLength !== expected) {
    throw new Error(`A vector tile should have ${expected} bytes, it has ${buffer.byteLength}.`);
  }
  const [kind, cellPx] = [head.getUint8(4), head.getUint8(5)];
  if (kind === 2 && cellPx === 0) {
    throw new Error('A vector tile is damaged: its cells have no size.');
  }
  let at = HEADER_BYTES;
  // 4-byte arrays come first, then 2-byte, then 1-byte: every view is aligned
  const u32 = (n: number): Uint32Array => new Uint32Array(buffer, (at += 4 * n) - 4 * n, n);
  const u16 = (n: number): Uint16Array => new Uint16Array(buffer, (at += 2 * n) - 2 * n, n);
  const u8 = (n: number): Uint8Array => new Uint8Array(buffer, (at += n) - n, n);
  const row = u32(nFeatures);
  const ringVertices = u32(nRings);
  const cellCount = u32(nCells);
  const xy = new Int16Array(buffer, at, 2 * nVertices);
  at += 4 * nVertices;
  const ringCount = u16(nFeatures);
  const label = u16(nFeatures);
  const cellIndex = u16(nCells);
  const cellLabel = u16(nCells);
  if (sum(ringCount) !== nRings || sum(ringVertices) !== nVertices) {
    throw new Error('A vector tile is damaged: its outlines do not add up.');
  }
  return {
    density: kind === 2,
    preliminary: preliminary !== 0,
    cellPx,
    scoreBins: head.getUint16(6, true),
    row,
    ringCount,
    label,
    kind: u8(nFeatures),
    score: u8(nFeatures),
    layer: u8(nFeatures),
    ringVertices,
    xy,
    cellIndex,
    cellLabel,
    cellCount,
    cellBin: u8(nCells),
    cellLayer: withLayers ? u8(nCells) : new Uint8Array(nCells).fill(NO_LAYER)
  };
}

function sum(counts: Uint16Array | Uint32Array): number {
  let total = 0;
  for (const count of counts) {
    total += count;
  }
  return total;
}

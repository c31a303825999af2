/** One value per annotation of a version ("WVC1"), as laid down in docs/design/0003-viewer.md. */
import { readBytes } from './tiles';

export const COLUMN_MAGIC = 0x31435657;
const HEADER_BYTES = 16;
export const NO_CATEGORY = 0xffff;
const KEPT = 3;

/** What a legend needs to know of a column. */
export type ColumnInfo =
  | { kind: 'category'; categories: string[] }
  | { kind: 'number'; min: number; max: number; unit: string | null };

/** Values in the order of rows; 65535 and NaN are "none". */
export type Column =
  | { kind: 'category'; info: ColumnInfo; values: Uint16Array }
  | { kind: 'number'; info: ColumnInfo; values: Float32Array };

export function decodeColumn(buffer: ArrayBuffer): Column {
  const head = new DataView(buffer);
  if (buffer.byteLength < HEADER_BYTES || head.getUint32(0, true) !== COLUMN_MAGIC) {
    throw new Error('The server sent something that is not a column of annotations.');
  }
  const isNumber = head.getUint8(4) === 2;
  const n = head.getUint32(8, true);
  const jsonBytes = head.getUint32(12, true);
  const start = HEADER_BYTES + Math.ceil(jsonBytes / 4) * 4;
  const expected = start + n * (isNumber ? 4 : 2);
  // the values may be padded as well
  if (buffer.byteLength < expected || buffer.byteLength > expected + 3) {
    throw new Error(`A column should have ${expected} bytes, it has ${buffer.byteLength}.`);
  }
  const text = new TextDecoder().decode(new Uint8Array(buffer, HEADER_BYTES, jsonBytes));
  const said = JSON.parse(text) as Partial<{
    categories: unknown[];
    min: number | null;
    max: number | null;
    unit: string | null;
  }>;
  if (isNumber) {
    const { min, max, unit } = said;
    const info = { kind: 'number' as const, min: min ?? 0, max: max ?? min ?? 0, unit: unit ?? null };
    return { kind: 'number', info, values: new Float32Array(buffer, start, n) };
  }
  const info = { kind: 'category' as const, categories: (said.categories ?? []).map(String) };
  return { kind: 'category', info, values: new Uint16Array(buffer, start, n) };
}

/** Columns by their addresses; the ones used last stay. */
export class ColumnStore {
  headers: Record<string, string> = {};
  private readonly kept = new Map<string, Column>();

  constructor(private readonly fetcher: typeof fetch) {}

  /** A column that is here already. */
  peek(url: string | null): Column | null {
    return (url === null ? undefined : this.kept.get(url)) ?? null;
  }

  async get(url: string): Promise<Column> {
    const { kept, headers } = this;
    const column =
      kept.get(url) ??
      decodeColumn(await readBytes(this.fetcher, url, { credentials: 'same-origin', headers }));
    kept.delete(url);
    kept.set(url, column);
    if (kept.size > KEPT) {
      kept.delete(kept.keys().next().value!);
    }
    return column;
  }
}

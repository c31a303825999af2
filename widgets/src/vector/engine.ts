/** Fetches, decodes, rasters and paints vector tiles; runs in a worker, or on the main thread where there is none. */
import { decodeTile, NO_LABEL, type VectorTile } from './format';
import { paint, type Style } from './paint';
import { IdRaster, type Placement } from './raster';

export interface TileRequest {
  /** Which style applies: one for each version that is shown. */
  layer: string;
  key: string;
  url: string;
  placement: Placement;
  /** Raster pixels a side. */
  size: number;
}

export interface Picked {
  row: number;
  /** Number of the label in the version's list, or null. */
  label: number | null;
  /** 0..1 or null. */
  score: number | null;
  /** On a density tile: how many annotations the cell under the pointer holds. */
  count: number | null;
}

interface Drawn {
  layer: string;
  tile: VectorTile;
  raster: IdRaster;
  cellPx: number;
}

const CACHE_BYTES = 64 * 1024 * 1024;
const NO_STYLE: Style = { palette: [], fallback: [128, 128, 128], hiddenLabels: [], hiddenRows: [] };

/** Decoded tiles by address; the least recently used are dropped beyond a number of bytes. */
class TileStore {
  private readonly entries = new Map<string, { tile: Promise<VectorTile>; bytes: number }>();
  private bytes = 0;

  get(url: string, headers: Record<string, string>): Promise<VectorTile> {
    const known = this.entries.get(url);
    if (known) {
      this.entries.delete(url);
      this.entries.set(url, known);
      return known.tile;
    }
    const entry = { tile: this.load(url, headers), bytes: 0 };
    this.entries.set(url, entry);
    entry.tile.catch(() => this.entries.delete(url));
    return entry.tile;
  }

  private async load(url: string, headers: Record<string, string>): Promise<VectorTile> {
    const response = await fetch(url, { credentials: 'same-origin', headers });
    if (!response.ok) {
      throw new Error(await errorSentence(response));
    }
    const buffer = await response.arrayBuffer();
    const entry = this.entries.get(url);
    if (entry) {
      entry.bytes = buffer.byteLength;
      this.bytes += buffer.byteLength;
      this.trim();
    }
    return decodeTile(buffer);
  }

  private trim(): void {
    for (const [url, { bytes }] of this.entries) {
      if (this.bytes <= CACHE_BYTES) {
        return;
      }
      this.bytes -= bytes;
      this.entries.delete(url);
    }
  }
}

async function errorSentence(response: Response): Promise<string> {
  try {
    return ((await response.json()) as { error: string }).error;
  } catch {
    return `The annotations could not be loaded: the server answered ${response.status}.`;
  }
}

export class VectorEngine {
  private readonly store = new TileStore();
  private readonly styles = new Map<string, Style>();
  private readonly drawn = new Map<string, Drawn>();
  private headers: Record<string, string> = {};

  setHeaders(headers: Record<string, string>): void {
    this.headers = headers;
  }

  async render(request: TileRequest): Promise<ImageBitmap> {
    const tile = await this.store.get(request.url, this.headers);
    const raster = new IdRaster(request.size);
    raster.draw(tile, request.placement);
    const cellPx = tile.cellPx * request.placement.density;
    this.drawn.set(request.key, { layer: request.layer, tile, raster, cellPx });
    return (await this.repaint(request.key))!;
  }

  async repaint(key: string): Promise<ImageBitmap | null> {
    const drawn = this.drawn.get(key);
    if (!drawn) {
      return null;
    }
    const style = this.styles.get(drawn.layer) ?? NO_STYLE;
    return createImageBitmap(paint(drawn.raster, drawn.tile, style, drawn.cellPx));
  }

  setStyle(layer: string, style: Style): void {
    this.styles.set(layer, style);
  }

  /** What lies at a raster pixel of a drawn tile. */
  pick(key: string, px: number, py: number): Picked | null {
    const drawn = this.drawn.get(key);
    if (!drawn) {
      return null;
    }
    const style = this.styles.get(drawn.layer) ?? NO_STYLE;
    const { tile } = drawn;
    const index = drawn.raster.pick(px, py);
    const cell = tile.density ? pickCell(drawn, px, py) : null;
    // a large region covers the cells inside it: there the cell is meant, elsewhere and on the rim the region
    if (index >= 0 && !(cell && drawn.raster.outline[at(drawn, px, py)] === 0)) {
      const label = tile.label[index]!;
      if (style.hiddenRows.includes(tile.row[index]!) || style.hiddenLabels.includes(label)) {
        return null;
      }
      const score = tile.score[index]!;
      return {
        row: tile.row[index]!,
        label: label === NO_LABEL ? null : label,
        score: score === 255 ? null : score / 254,
        count: null
      };
    }
    return cell;
  }

  drop(key: string): void {
    this.drawn.delete(key);
  }
}

function at(drawn: Drawn, px: number, py: number): number {
  return Math.floor(py) * drawn.raster.size + Math.floor(px);
}

function pickCell({ tile, raster, cellPx }: Drawn, px: number, py: number): Picked | null {
  const perRow = Math.round(raster.size / cellPx);
  const cell = Math.floor(py / cellPx) * perRow + Math.floor(px / cellPx);
  let count = 0;
  let best = { label: NO_LABEL, count: 0 };
  tile.cellIndex.forEach((index, k) => {
    if (index === cell) {
      count += tile.cellCount[k]!;
      if (tile.cellCount[k]! > best.count) {
        best = { label: tile.cellLabel[k]!, count: tile.cellCount[k]! };
      }
    }
  });
  const label = best.label === NO_LABEL ? null : best.label;
  return count > 0 ? { row: -1, label, score: null, count } : null;
}

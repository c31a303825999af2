/** What a density cell holds. */
import { NO_LABEL, type VectorTile } from './format';
import type { Picked, TileRequest } from './messages';
import type { Compiled } from './style';

interface Counted {
  request: TileRequest;
  data: VectorTile;
  /** The column that its cells count by. */
  by: string | null;
}

/** What is counted at a raster pixel, or null where nothing is that can be seen. */
export function pickCell(tile: Counted, style: Compiled, px: number, py: number): Picked | null {
  const { cellPx, cellIndex, cellLabel, cellLayer, cellBin, cellCount, scoreBins } = tile.data;
  const { size, placement } = tile.request;
  const side = cellPx * placement.density;
  const cell = Math.floor(py / side) * Math.round(size / side) + Math.floor(px / side);
  const counts = new Map<number, number>();
  for (let k = 0; k < cellIndex.length; k++) {
    if (
      cellIndex[k] === cell &&
      style.cellColor(cellLabel[k]!, cellLayer[k]!, cellBin[k]!, scoreBins, tile.by) >= 0
    ) {
      counts.set(cellLabel[k]!, (counts.get(cellLabel[k]!) ?? 0) + cellCount[k]!);
    }
  }
  if (counts.size === 0) {
    return null;
  }
  const entries = [...counts].sort((a, b) => b[1] - a[1]);
  const held = entries.map(([category, count]) => ({
    category: category === NO_LABEL ? null : category,
    count
  }));
  const [{ category: label }] = held as [(typeof held)[0]];
  return {
    row: -1,
    label: tile.by === null ? label : null,
    layer: null,
    score: null,
    value: null,
    cell: held
  };
}

/** What lies at a place of a tile: a feature, or what a density cell holds. */
import { FULL_SCORE, NO_LABEL, NO_LAYER, NO_SCORE } from './format';
import type { Picked } from './messages';
import type { Compiled } from './style';
import type { Tile } from './tile';

/** Screen pixels by which a feature may be missed. */
const REACH_PX = 2;

/** What is seen at a raster pixel of a tile that is drawn, or null. */
export function pick(tile: Tile, style: Compiled, px: number, py: number): Picked | null {
  const { density } = tile.request.placement;
  const data = tile.data!;
  const raster = tile.raster!;
  const cell = data.density ? pickCell(tile, style, px, py) : null;
  const index = raster.pickNear(px, py, cell ? 0 : REACH_PX * density);
  // a large region covers the cells inside it: there the cell is meant, elsewhere and on the rim the region
  const isRim = raster.outline[Math.floor(py) * raster.size + Math.floor(px)] !== 0;
  if (index < 0 || (cell && !isRim) || tile.colors?.[index + 1] === 0) {
    return cell;
  }
  const row = data.row[index]!;
  const label = style.labelOf(row, data.label[index]!);
  const layer = data.layer[index]!;
  const score = data.score[index]!;
  return {
    row,
    label: label === NO_LABEL ? null : label,
    layer: layer === NO_LAYER ? null : layer,
    score: score === NO_SCORE ? null : score / FULL_SCORE,
    value: style.valueOf(row),
    cell: null
  };
}

/** What is counted at a raster pixel, or null where nothing is that can be seen. */
function pickCell(tile: Tile, style: Compiled, px: number, py: number): Picked | null {
  const { cellPx, cellIndex, cellLabel, cellLayer, cellBin, cellCount, scoreBins } = tile.data!;
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

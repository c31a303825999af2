/** Figures of a confusion matrix, from its counts. */

export interface Counts {
  /** What things are labelled: the rows. The classes come first, in their order. */
  names: readonly string[];
  /** What can be predicted: the columns. */
  classes: readonly string[];
  /** By row and column. */
  counts: readonly (readonly number[])[];
}

export interface RowScore {
  n: number;
  /** Null where nothing is labelled so, or it is no class. */
  recall: number | null;
  /** Null where it was never predicted. */
  precision: number | null;
}

export interface Scores {
  n: number;
  accuracy: number | null;
  /** Mean recall of what is labelled. */
  balanced: number | null;
  rows: RowScore[];
}

export function scoresOf({ names, classes, counts }: Counts): Scores {
  const said = classes.map((_, column) => sum(counts.map(row => row[column] ?? 0)));
  const right = (at: number): number => counts[at]?.[at] ?? 0;
  const rows = names.map((_, at): RowScore => {
    const n = sum(counts[at] ?? []);
    const isClass = at < classes.length;
    return {
      n,
      recall: n > 0 ? (isClass ? right(at) / n : 0) : null,
      precision: isClass && said[at]! > 0 ? right(at) / said[at]! : null
    };
  });
  const n = sum(rows.map(row => row.n));
  const recalls = rows.flatMap(({ recall }) => recall ?? []);
  return {
    n,
    accuracy: n > 0 ? sum(classes.map((_, at) => right(at))) / n : null,
    balanced: recalls.length > 0 ? sum(recalls) / recalls.length : null,
    rows
  };
}

/** "0.934"; nothing where there is no such figure. */
export function figure(value: number | null): string {
  return value === null ? '–' : value.toFixed(3);
}

/** "12", "< 1" and "> 99" for shares that are neither none nor all, without their sign. */
export function percent(share: number): string {
  const rounded = Math.round(share * 100);
  if (share > 0 && rounded === 0) {
    return '<1';
  }
  return share < 1 && rounded === 100 ? '>99' : String(rounded);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

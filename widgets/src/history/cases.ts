/** Conflicts as a person meets them: one annotation after the other, each with a choice between two sides. */
import { Signal, type ISignal } from '@lumino/signaling';
import type { Conflict, Feature, MergeChoice, Side } from '../types';
import { boxOf, type Box } from './strokes';

/** All conflicts about one thing. */
export interface Case {
  readonly slide: string | null;
  readonly id: string;
  readonly conflicts: readonly Conflict[];
}

export function isFeature(value: unknown): value is Feature {
  return typeof value === 'object' && value !== null && 'geometry' in value;
}

export function sideFeature(one: Case, side: 'base' | Side): Feature | null {
  const value = one.conflicts[0]?.[side];
  return isFeature(value) ? value : null;
}

export function boxOfCase(one: Case): Box | null {
  const sides = (['base', 'ours', 'theirs'] as const).map(side => sideFeature(one, side)?.geometry);
  return boxOf(...sides);
}

export class Cases {
  readonly all: readonly Case[];
  private readonly choices = new Map<Conflict, Side>();
  private index = 0;
  private readonly changedSignal = new Signal<this, void>(this);

  /** `perField`: each field may take another side. */
  constructor(
    conflicts: readonly Conflict[],
    readonly perField: boolean
  ) {
    const groups = new Map<string, Conflict[]>();
    for (const conflict of conflicts) {
      const key = JSON.stringify([conflict.slide, conflict.id]);
      groups.set(key, [...(groups.get(key) ?? []), conflict]);
    }
    this.all = [...groups.values()].map(group => ({
      slide: group[0]!.slide,
      id: group[0]!.id,
      conflicts: group
    }));
  }

  get changed(): ISignal<this, void> {
    return this.changedSignal;
  }

  get current(): Case {
    return this.all[this.index]!;
  }

  get position(): number {
    return this.index + 1;
  }

  get decided(): number {
    return this.all.filter(one => one.conflicts.every(conflict => this.choices.has(conflict))).length;
  }

  get complete(): boolean {
    return this.decided === this.all.length;
  }

  step(by: 1 | -1): void {
    this.index = (this.index + by + this.all.length) % this.all.length;
    this.changedSignal.emit();
  }

  show(one: Case): void {
    this.index = this.all.indexOf(one);
    this.changedSignal.emit();
  }

  /** The side taken for a whole case: null where none, or where its fields differ. */
  choiceFor(one: Case): Side | null {
    const [first, ...rest] = one.conflicts.map(conflict => this.choices.get(conflict) ?? null);
    return rest.every(side => side === first) ? (first ?? null) : null;
  }

  choiceOf(conflict: Conflict): Side | null {
    return this.choices.get(conflict) ?? null;
  }

  choose(conflicts: readonly Conflict[], side: Side): void {
    conflicts.forEach(conflict => this.choices.set(conflict, side));
    this.changedSignal.emit();
  }

  chooseAll(side: Side): void {
    this.choose(
      this.all.flatMap(one => one.conflicts),
      side
    );
  }

  /** Go on to the next case without a choice, if there is one. */
  advance(): void {
    const n = this.all.length;
    for (let k = 1; k < n; k++) {
      const at = (this.index + k) % n;
      if (this.all[at]!.conflicts.some(conflict => !this.choices.has(conflict))) {
        this.index = at;
        this.changedSignal.emit();
        return;
      }
    }
  }

  /** For a commit: one side an annotation. */
  byId(): Record<string, Side> {
    return Object.fromEntries(this.all.map(one => [one.id, this.choices.get(one.conflicts[0]!) ?? 'ours']));
  }

  /** For a merge: one side a field. */
  byField(): MergeChoice[] {
    return this.all
      .flatMap(one => one.conflicts)
      .map(conflict => ({
        slide: conflict.slide,
        id: conflict.id,
        field: conflict.field,
        choice: this.choices.get(conflict) ?? 'ours'
      }));
  }

  dispose(): void {
    Signal.clearData(this);
  }
}

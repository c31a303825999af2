/** The unsaved changes: shapes drawn or opened for editing, and stored ones to be deleted. Values only, no Leaflet. */
import { Signal, type ISignal } from '@lumino/signaling';
import type { Feature, StoredFeature } from '../types';

export interface Draft {
  readonly key: number;
  readonly feature: Feature;
  /** Opened from the store and not changed yet. */
  readonly pristine: boolean;
}

interface Edits {
  readonly drafts: readonly Draft[];
  /** Ids of stored annotations that the next save removes. */
  readonly deleted: readonly string[];
}

const NOTHING: Edits = { drafts: [], deleted: [] };
const MAX_UNDO = 200;

export class EditStore {
  private edits: Edits = NOTHING;
  private past: Edits[] = [];
  private future: Edits[] = [];
  private nextKey = 1;
  private readonly changedSignal = new Signal<this, void>(this);

  get changed(): ISignal<this, void> {
    return this.changedSignal;
  }

  get drafts(): readonly Draft[] {
    return this.edits.drafts;
  }

  get deleted(): readonly string[] {
    return this.edits.deleted;
  }

  /** The drafts that the next save writes. */
  get pending(): readonly Draft[] {
    return this.drafts.filter(draft => !draft.pristine);
  }

  /** What the next save writes. */
  get upsert(): Feature[] {
    return this.pending.map(draft => draft.feature);
  }

  get count(): number {
    return this.upsert.length + this.deleted.length;
  }

  /** Stored annotations that are drawn here instead, or are gone. */
  get shadowedIds(): string[] {
    const drawn = this.drafts.map(draft => draft.feature.id).filter(id => id !== null);
    return [...drawn, ...this.deleted];
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  draft(key: number): Draft | undefined {
    return this.drafts.find(draft => draft.key === key);
  }

  add(feature: Feature): Draft {
    const draft = { key: this.nextKey++, feature, pristine: false };
    this.change({ ...this.edits, drafts: [...this.drafts, draft] });
    return draft;
  }

  /** Take a stored annotation out for editing; nothing is unsaved until it changes. */
  open(stored: StoredFeature): Draft {
    const feature: Feature & { row?: number } = { ...stored };
    delete feature.row;
    const known = this.drafts.find(draft => draft.feature.id === feature.id);
    if (known) {
      return known;
    }
    const draft = { key: this.nextKey++, feature, pristine: true };
    this.edits = { ...this.edits, drafts: [...this.drafts, draft] };
    this.changedSignal.emit();
    return draft;
  }

  /** Put back what was opened and not changed. */
  closePristine(except: number | null = null): void {
    const drafts = this.drafts.filter(draft => !draft.pristine || draft.key === except);
    if (drafts.length < this.drafts.length) {
      this.edits = { ...this.edits, drafts };
      this.changedSignal.emit();
    }
  }

  update(key: number, change: Partial<Feature>): void {
    const drafts = this.drafts.map(draft =>
      draft.key === key ? { ...draft, feature: { ...draft.feature, ...change }, pristine: false } : draft
    );
    this.change({ ...this.edits, drafts });
  }

  remove(key: number): void {
    const id = this.draft(key)?.feature.id;
    this.change({
      drafts: this.drafts.filter(draft => draft.key !== key),
      deleted: id ? [...this.deleted, id] : this.deleted
    });
  }

  /** Mark a stored annotation that is not open as deleted. */
  removeStored(id: string): void {
    if (!this.deleted.includes(id)) {
      this.change({ ...this.edits, deleted: [...this.deleted, id] });
    }
  }

  undo(): void {
    this.travel(this.past, this.future);
  }

  redo(): void {
    this.travel(this.future, this.past);
  }

  /** Forget everything that is unsaved. */
  clear(): void {
    this.edits = NOTHING;
    this.past = [];
    this.future = [];
    this.changedSignal.emit();
  }

  /**
   * Let go of what a commit holds: `saved` drafts got `ids`, and `deleted` are gone.
   *
   * What changed since the save began stays unsaved, as a change of the annotation that is now stored.
   */
  settle(saved: readonly Draft[], ids: readonly string[], deleted: readonly string[]): void {
    const idOf = new Map(saved.map((draft, i) => [draft.key, ids[i] ?? draft.feature.id]));
    const drafts = this.drafts
      .filter(draft => !saved.some(({ key, feature }) => key === draft.key && feature === draft.feature))
      .map(draft => ({
        ...draft,
        feature: { ...draft.feature, id: idOf.get(draft.key) ?? draft.feature.id }
      }));
    this.edits = { drafts, deleted: this.deleted.filter(id => !deleted.includes(id)) };
    // steps back to before the save would bring back what is stored now
    this.past = [];
    this.future = [];
    this.changedSignal.emit();
  }

  /** Bring back edits of another time, beside those there are; one step to undo. */
  restore(features: readonly Feature[], deleted: readonly string[]): void {
    const here = new Set(this.shadowedIds);
    const drafts = features
      .filter(({ id }) => id === null || !here.has(id))
      .map(feature => ({ key: this.nextKey++, feature, pristine: false }));
    this.change({
      drafts: [...this.drafts, ...drafts],
      deleted: [...this.deleted, ...deleted.filter(id => !here.has(id))]
    });
  }

  /** Take over what the other side of a widget says; equal content changes nothing. */
  replace(features: Feature[], deleted: string[]): void {
    const same =
      JSON.stringify(features) === JSON.stringify(this.upsert) &&
      JSON.stringify(deleted) === JSON.stringify(this.deleted);
    if (!same) {
      const drafts = features.map(feature => ({ key: this.nextKey++, feature, pristine: false }));
      this.change({ drafts, deleted });
    }
  }

  private change(edits: Edits): void {
    this.past = [...this.past, withoutPristine(this.edits)].slice(-MAX_UNDO);
    this.future = [];
    this.edits = edits;
    this.changedSignal.emit();
  }

  private travel(from: Edits[], to: Edits[]): void {
    const edits = from.pop();
    if (edits) {
      to.push(withoutPristine(this.edits));
      this.edits = edits;
      this.changedSignal.emit();
    }
  }
}

function withoutPristine({ drafts, deleted }: Edits): Edits {
  return { drafts: drafts.filter(draft => !draft.pristine), deleted };
}

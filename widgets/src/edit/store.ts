/** The unsaved changes: shapes drawn or opened for editing, and stored ones to be deleted. Values only, no Leaflet. */
import { Signal, type ISignal } from '@lumino/signaling';
import type { Feature, StoredFeature } from '../types';

export interface Draft {
  readonly key: number;
  readonly feature: Feature;
  /** Opened from the store and not changed yet. */
  readonly pristine: boolean;
  /** Its label is new, its shape as stored: the layer of stored annotations shows it, in the new colour. */
  readonly inPlace?: boolean;
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
  private byKey = new Map<number, Draft>();
  private indexed: readonly Draft[] = [];
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
    return this.drafts.reduce((n, { pristine }) => (pristine ? n : n + 1), this.deleted.length);
  }

  /** Stored annotations that are drawn here instead, or are gone. */
  get shadowedIds(): string[] {
    return [...this.stored(false).map(({ id }) => id), ...this.deleted];
  }

  /** Stored annotations that only have another label. */
  get relabelled(): { id: string; label: string | null }[] {
    return this.stored(true);
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  draft(key: number): Draft | undefined {
    // of thousands each is asked for: once a change they are put in order
    if (this.indexed !== this.drafts) {
      this.indexed = this.drafts;
      this.byKey = new Map(this.drafts.map(draft => [draft.key, draft]));
    }
    return this.byKey.get(key);
  }

  add(feature: Feature): Draft {
    const draft = { key: this.nextKey++, feature, pristine: false };
    this.change({ ...this.edits, drafts: [...this.drafts, draft] });
    return draft;
  }

  /** Take a stored annotation out for editing; nothing is unsaved until it changes. */
  open(stored: StoredFeature): Draft {
    const feature = withoutRow(stored);
    const known = this.drafts.find(draft => draft.feature.id === feature.id);
    if (known) {
      return known.inPlace ? this.lift(known) : known;
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
      draft.key === key
        ? { ...draft, feature: { ...draft.feature, ...change }, pristine: false, inPlace: false }
        : draft
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

  /** Give stored annotations, and drafts of some, a label; one step to undo. */
  relabel(stored: readonly StoredFeature[], label: string | null): void {
    const known = new Map(this.drafts.map(draft => [draft.feature.id, draft]));
    const ids = new Set(stored.map(({ id }) => id));
    const drafts = this.drafts.map(draft =>
      draft.feature.id !== null && ids.has(draft.feature.id) && draft.feature.label !== label
        ? { ...draft, feature: { ...draft.feature, label }, pristine: false }
        : draft
    );
    for (const feature of stored.map(withoutRow)) {
      if (!known.has(feature.id) && feature.label !== label) {
        const changed = { ...feature, label };
        drafts.push({
          key: this.nextKey++,
          feature: changed,
          pristine: false,
          inPlace: feature.geometry !== null
        });
      }
    }
    this.change({ ...this.edits, drafts });
  }

  /** Mark stored annotations as deleted, open or not; one step to undo. */
  removeAll(ids: readonly string[]): void {
    const gone = new Set(ids);
    const known = new Set(this.deleted);
    this.change({
      drafts: this.drafts.filter(({ feature }) => feature.id === null || !gone.has(feature.id)),
      deleted: [...this.deleted, ...ids.filter(id => !known.has(id))]
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
    const savedAs = new Map(saved.map(({ key, feature }) => [key, feature]));
    const gone = new Set(deleted);
    const drafts = this.drafts
      .filter(draft => savedAs.get(draft.key) !== draft.feature)
      .map(draft => ({
        ...draft,
        feature: { ...draft.feature, id: idOf.get(draft.key) ?? draft.feature.id }
      }));
    this.edits = { drafts, deleted: this.deleted.filter(id => !gone.has(id)) };
    // steps back to before the save would bring back what is stored now
    this.past = [];
    this.future = [];
    this.changedSignal.emit();
  }

  /** Bring back edits of another time, beside those there are; one step to undo. */
  restore(features: readonly Feature[], deleted: readonly string[]): void {
    const here = new Set([...this.shadowedIds, ...this.relabelled.map(({ id }) => id)]);
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
    const isSame = (before: unknown[], after: readonly unknown[]): boolean =>
      sameItems(before, after) || JSON.stringify(before) === JSON.stringify(after);
    if (!isSame(features, this.upsert) || !isSame(deleted, this.deleted)) {
      const drafts = features.map(feature => ({ key: this.nextKey++, feature, pristine: false }));
      this.change({ drafts, deleted });
    }
  }

  private stored(inPlace: boolean): { id: string; label: string | null }[] {
    return this.drafts
      .filter(draft => draft.feature.id !== null && (draft.inPlace ?? false) === inPlace)
      .map(({ feature }) => ({ id: feature.id!, label: feature.label }));
  }

  /** What was relabelled in place is taken out, to be edited. */
  private lift(draft: Draft): Draft {
    const lifted = { ...draft, inPlace: false };
    this.edits = { ...this.edits, drafts: this.drafts.map(known => (known === draft ? lifted : known)) };
    this.changedSignal.emit();
    return lifted;
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

/** Whether two lists hold the very same things. */
export function sameItems(before: unknown, after: unknown): boolean {
  return (
    Array.isArray(before) &&
    Array.isArray(after) &&
    before.length === after.length &&
    before.every((item, i) => item === after[i])
  );
}

/** Row numbers belong to a version. */
function withoutRow(stored: StoredFeature): Feature {
  const feature: Feature & { row?: number } = { ...stored };
  delete feature.row;
  return feature;
}

function withoutPristine({ drafts, deleted }: Edits): Edits {
  return { drafts: drafts.filter(draft => !draft.pristine), deleted };
}

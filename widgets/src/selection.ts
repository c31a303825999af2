/** The stored annotations that are marked, by id. */
import { Signal, type ISignal } from '@lumino/signaling';

export class Selection {
  private current: readonly string[] = [];
  private readonly changedSignal = new Signal<this, readonly string[]>(this);

  get ids(): readonly string[] {
    return this.current;
  }

  get changed(): ISignal<this, readonly string[]> {
    return this.changedSignal;
  }

  set(ids: Iterable<string>): void {
    const unique = [...new Set(ids)];
    const { current } = this;
    if (unique.length !== current.length || unique.some((id, i) => id !== current[i])) {
      this.current = unique;
      this.changedSignal.emit(unique);
    }
  }

  add(ids: Iterable<string>): void {
    this.set([...this.current, ...ids]);
  }

  toggle(id: string): void {
    const without = this.current.filter(known => known !== id);
    this.set(without.length < this.current.length ? without : [...this.current, id]);
  }

  clear(): void {
    this.set([]);
  }

  dispose(): void {
    Signal.clearData(this);
  }
}

/** A value with parts that can be set, and a signal that tells of it. */
import { Signal, type ISignal } from '@lumino/signaling';

export class Model<T extends object> {
  private current: T;
  private readonly changedSignal = new Signal<this, Partial<T>>(this);

  constructor(private readonly neutral: T) {
    this.current = { ...neutral };
  }

  get value(): Readonly<T> {
    return this.current;
  }

  /** Something is different now; the argument is what. */
  get changed(): ISignal<this, Partial<T>> {
    return this.changedSignal;
  }

  /** Take over some parts; what says the same is no change. */
  set(parts: Partial<T>): void {
    const news = Object.fromEntries(
      Object.entries(parts).filter(
        ([name, value]) => JSON.stringify(this.current[name as keyof T]) !== JSON.stringify(value)
      )
    ) as Partial<T>;
    if (Object.keys(news).length > 0) {
      this.current = { ...this.current, ...news };
      this.changedSignal.emit(news);
    }
  }

  reset(): void {
    this.set(this.neutral);
  }

  dispose(): void {
    Signal.clearData(this);
  }
}

/** Which of a row of things are chosen, by clicks and keys as in a file list. */

export class Choosing {
  private anchor = 0;
  private chosen = new Set<string>();

  constructor(private readonly order: () => readonly string[]) {}

  get ids(): string[] {
    return [...this.chosen];
  }

  has(id: string): boolean {
    return this.chosen.has(id);
  }

  set(ids: Iterable<string>): void {
    this.chosen = new Set(ids);
  }

  clear(): void {
    this.chosen.clear();
  }

  /** Choose one more, or one less; a range that is chosen next begins there. */
  toggle(at: number): void {
    const id = this.order()[at];
    if (id) {
      this.anchor = at;
      if (!this.chosen.delete(id)) {
        this.chosen.add(id);
      }
    }
  }

  /** Choose all from where a choice was made last to a place. */
  extend(at: number): void {
    const order = this.order();
    const [from, to] = [Math.min(this.anchor, at), Math.max(this.anchor, at)];
    order.slice(from, to + 1).forEach(id => id && this.chosen.add(id));
  }

  /** Where a range begins that is chosen next. */
  startAt(at: number): void {
    this.anchor = at;
  }

  all(): void {
    this.set(this.order().filter(Boolean));
  }
}

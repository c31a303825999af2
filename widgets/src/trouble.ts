/** What goes on failing while it is tried again: said once, and taken back when it works. */
import type { Notice } from './notice';

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/** How long to wait before the next attempt; the first has the number 0. */
export function backOff(attempt: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
}

export class Trouble {
  /** By who has it: tiles of the picture, of the annotations, ... */
  private readonly said = new Map<string, string>();

  constructor(private readonly notice: Notice) {}

  /** Something failed: the sentence is shown unless it was said already. */
  failed(who: string, sentence: string): void {
    if (this.said.get(who) !== sentence) {
      const known = [...this.said.values()].includes(sentence);
      this.said.set(who, sentence);
      if (!known) {
        this.notice.error(sentence);
      }
    }
  }

  /** It works (again). */
  works(who: string): void {
    const sentence = this.said.get(who);
    this.said.delete(who);
    if (sentence !== undefined && ![...this.said.values()].includes(sentence)) {
      this.notice.takeBack(sentence);
    }
  }
}

/** Goes through the time points of a slide at the pace of the film, or as fast as they come. */
import type { Picture } from '../picture';

/** For time points without a pace of their own. */
const USUAL_RATE = 5;
const AHEAD = 3;

export interface PlayerOptions {
  picture: Picture;
  /** Number of time points. */
  n: number;
  /** Time points per second. */
  rate: number | null;
  /** Resolves when a time point can be shown at once. */
  ready: (t: number) => Promise<void>;
  /** It plays or stands. */
  changed: (playing: boolean) => void;
}

export class Player {
  private run: symbol | null = null;

  constructor(private readonly options: PlayerOptions) {}

  get playing(): boolean {
    return this.run !== null;
  }

  toggle(): void {
    if (this.playing) {
      this.stop();
    } else {
      this.run = Symbol();
      this.options.changed(true);
      void this.play(this.run);
    }
  }

  stop(): void {
    if (this.playing) {
      this.run = null;
      this.options.changed(false);
    }
  }

  private async play(run: symbol): Promise<void> {
    const { picture, n, rate, ready } = this.options;
    const step = 1000 / (rate || USUAL_RATE);
    const coming = new Map<number, Promise<void>>();
    let due = performance.now();
    while (this.run === run) {
      const { t } = picture.value;
      for (let i = 1; i <= Math.min(AHEAD, n - 1); i++) {
        const later = (t + i) % n;
        coming.set(later, coming.get(later) ?? ready(later));
      }
      const next = (t + 1) % n;
      await coming.get(next);
      coming.delete(next);
      // what came late is not caught up: the film goes on at its pace
      due = Math.max(due + step, performance.now());
      await pause(due - performance.now());
      // somebody may have gone elsewhere meanwhile
      if (this.run === run && picture.value.t === t) {
        picture.set({ t: next });
      }
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, Math.max(0, ms)));
}

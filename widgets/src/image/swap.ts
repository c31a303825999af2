/** Going from one picture to another: the new one is loaded first, then shown all at once. */
import type { Asked } from './asked';
import type { Preload } from './loading';

/** A picture that comes sooner than this is shown, although another is wanted by then. */
const PATIENCE_MS = 250;

export interface SwapActions {
  load: (wanted: Asked) => Pick<Preload, 'done' | 'cancel'>;
  show: () => void;
}

interface Loading extends Pick<Preload, 'done' | 'cancel'> {
  wanted: Asked;
  since: number;
}

export class Swap {
  private wanted: Asked;
  private loading: Loading | null = null;
  private timer = 0;

  constructor(
    private current: Asked,
    private readonly actions: SwapActions
  ) {
    this.wanted = current;
  }

  get shown(): Asked {
    return this.current;
  }

  want(wanted: Asked): void {
    this.wanted = wanted;
    clearTimeout(this.timer);
    if (!this.loading) {
      this.start();
    } else if (!same(this.loading.wanted, wanted)) {
      const left = this.loading.since + PATIENCE_MS - Date.now();
      this.timer = setTimeout(() => this.start(), Math.max(0, left)) as unknown as number;
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.loading?.cancel();
    this.loading = null;
  }

  /** Load what is wanted now; what is loaded for an older wish is given up. */
  private start(): void {
    this.dispose();
    const { wanted } = this;
    if (same(wanted, this.current)) {
      return;
    }
    const loading = { ...{ wanted, since: Date.now() }, ...pick(this.actions.load(wanted)) };
    this.loading = loading;
    void loading.done.then(() => {
      if (this.loading === loading) {
        clearTimeout(this.timer);
        this.loading = null;
        this.current = wanted;
        this.actions.show();
        this.start();
      }
    });
  }
}

function pick(preload: Pick<Preload, 'done' | 'cancel'>): Pick<Preload, 'done' | 'cancel'> {
  return { done: preload.done, cancel: () => preload.cancel() };
}

function same(a: Asked, b: Asked): boolean {
  return a.plane === b.plane && a.channels === b.channels;
}

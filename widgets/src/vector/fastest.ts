/** Chooses between the painters by timing both on a tile, once there is time for it. */
import type { Painter, PaintJob } from './painter';
import { isMarked } from './paint';
import { breathe } from './breathe';

/** The trial begins when nothing was to be painted for so long. */
const REST_MS = 400;
const ROUNDS = 6;
/** No round begins after so long. */
const TRIAL_MS = 25;
/** The graphics card must be clearly faster: it has the picture to show as well. */
const CLEARLY = 0.8;

/** What may prove to be faster. */
export interface Card extends Painter {
  /** Wait until all that was painted is there. */
  finish(): void;
  dispose(): void;
}

/** Paints on the processor until a graphics card has proved to be faster, and again once that fails. */
export class FastestPainter implements Painter {
  onLost?: () => void;
  private card: Card | null = null;
  private isTried = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly processor: Painter,
    private readonly open: () => Promise<Card | null>,
    private readonly now = (): number => performance.now()
  ) {}

  paint(job: PaintJob): ImageBitmap | Promise<ImageBitmap> {
    if (isMarked(job)) {
      return this.processor.paint(job);
    }
    if (this.card) {
      try {
        return this.card.paint(job);
      } catch {
        this.giveUp(this.card);
      }
    }
    if (!this.isTried) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.choose(job), REST_MS);
    }
    return this.processor.paint(job);
  }

  private async choose(job: PaintJob): Promise<void> {
    this.isTried = true;
    const card = await this.open().catch(() => null);
    if (!card) {
      return;
    }
    let isGone = false;
    card.onLost = () => (isGone = true);
    const isFaster = await this.isFaster(card, job).catch(() => false);
    if (isFaster && !isGone) {
      card.onLost = () => this.giveUp(card);
      this.card = card;
    } else {
      card.dispose();
    }
  }

  private async isFaster(card: Card, job: PaintJob): Promise<boolean> {
    // the first tile pays for what is made once
    await this.time(card, job);
    const spent = { card: 0, processor: 0 };
    for (let round = 0; round < ROUNDS && spent.card + spent.processor < TRIAL_MS; round++) {
      // questions are answered in between
      await breathe();
      spent.processor += await this.time(this.processor, job);
      spent.card += await this.time(card, job);
    }
    return spent.card < CLEARLY * spent.processor;
  }

  /** How long a tile takes until it is there. */
  private async time(painter: Painter & Partial<Card>, job: PaintJob): Promise<number> {
    const start = this.now();
    const bitmap = await painter.paint(job);
    painter.finish?.();
    const taken = this.now() - start;
    bitmap.close();
    return taken;
  }

  /** For good: a card that failed once may fail again. */
  private giveUp(card: Card): void {
    this.card = null;
    card.dispose();
    this.onLost?.();
  }
}

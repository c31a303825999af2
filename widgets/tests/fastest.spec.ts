import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { breathe } from '../src/vector/breathe';
import { FastestPainter, type Card } from '../src/vector/fastest';
import { decodeTile } from '../src/vector/format';
import type { PaintJob } from '../src/vector/painter';
import { IdRaster } from '../src/vector/raster';
import { Compiled, PLAIN_STYLE } from '../src/vector/style';
import { square, tileBytes } from './build';

const tile = decodeTile(tileBytes([{ rings: [square(2, 2, 4)] }]));
const style = new Compiled(PLAIN_STYLE, null);

function job(hovered = -1): PaintJob {
  const colors = style.colors(tile, hovered);
  return { raster: new IdRaster(8), tile, style, colors, density: 1, by: null, hovered };
}

/** The time that painting takes. */
let clock = 0;
let bitmaps = 0;

/** Takes some milliseconds a tile, as a clock tells that stands still otherwise. */
class Timed implements Card {
  onLost?: () => void;
  readonly painted: PaintJob[] = [];
  isBroken = false;
  isDisposed = false;

  constructor(private readonly ms: number) {}

  paint(painted: PaintJob): ImageBitmap {
    if (this.isBroken) {
      throw new Error('out of memory');
    }
    this.painted.push(painted);
    clock += this.ms;
    bitmaps++;
    return { by: this, close: () => bitmaps-- } as unknown as ImageBitmap;
  }

  finish(): void {
    clock += 1;
  }

  dispose(): void {
    this.isDisposed = true;
  }
}

interface Bench {
  painter: FastestPainter;
  processor: Timed;
  card: Timed;
  opened: () => number;
  /** Paint a tile; returns what painted it. */
  paint: (hovered?: number) => Promise<Timed>;
}

function bench(cardMs: number, open: (card: Timed) => Promise<Card | null> = async card => card): Bench {
  const [processor, card] = [new Timed(5), new Timed(cardMs)];
  let opened = 0;
  const painter = new FastestPainter(
    { paint: painted => processor.paint(painted) },
    () => {
      opened++;
      return open(card);
    },
    () => clock
  );
  const paint = async (hovered?: number): Promise<Timed> =>
    ((await painter.paint(job(hovered))) as unknown as { by: Timed }).by;
  return { painter, processor, card, opened: () => opened, paint };
}

/** Let the time pass after which the trial begins, and the trial end. */
async function rest(): Promise<void> {
  vi.advanceTimersByTime(1000);
  for (let i = 0; i < 50; i++) {
    await breathe();
  }
}

beforeEach(() => {
  bitmaps = 0;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => vi.useRealTimers());

describe('FastestPainter', () => {
  it('leaves the first tiles to the processor, and takes a card that is faster once there is time', async () => {
    const { paint, processor, card, opened } = bench(1);
    expect(await paint()).toBe(processor);
    vi.advanceTimersByTime(300);
    expect(await paint()).toBe(processor);
    vi.advanceTimersByTime(300);
    expect(opened()).toBe(0);
    await rest();
    expect(opened()).toBe(1);
    expect(await paint()).toBe(card);
    // what the trial painted is let go
    expect(bitmaps).toBe(3);
  });

  it.each([
    ['is slower', 8],
    ['is hardly faster, as its work has to be waited for', 3.5]
  ])('lets a card go that %s', async (_, ms) => {
    const { paint, processor, card, opened } = bench(ms);
    await paint();
    await rest();
    expect(card.painted.length).toBeGreaterThan(1);
    expect(card.isDisposed).toBe(true);
    expect(await paint()).toBe(processor);
    await rest();
    expect(opened()).toBe(1);
  });

  it('ends the trial soon when a tile takes long', async () => {
    const { paint, card } = bench(400);
    await paint();
    await rest();
    expect(card.painted.length).toBe(2);
    expect(card.isDisposed).toBe(true);
  });

  it('does without a card where there is none, or none can be opened', async () => {
    for (const open of [async () => null, () => Promise.reject(new Error('no WebGL'))]) {
      const { paint, processor, opened } = bench(1, open);
      await paint();
      await rest();
      expect(await paint()).toBe(processor);
      await rest();
      expect(opened()).toBe(1);
    }
  });

  it('leaves what is marked to the processor', async () => {
    const { paint, processor, card } = bench(1);
    await paint();
    await rest();
    expect(await paint(0)).toBe(processor);
    expect(await paint()).toBe(card);
  });

  it('paints the very tile at which the card fails, and never asks it again', async () => {
    const { paint, painter, processor, card } = bench(1);
    await paint();
    await rest();
    const lost = vi.fn();
    painter.onLost = lost;
    card.isBroken = true;
    expect(await paint()).toBe(processor);
    expect(lost).toHaveBeenCalledTimes(1);
    expect(card.isDisposed).toBe(true);
    card.isBroken = false;
    await rest();
    expect(await paint()).toBe(processor);
  });

  it('tells that bitmaps are gone with the card', async () => {
    const { paint, painter, processor, card } = bench(1);
    await paint();
    await rest();
    const lost = vi.fn();
    painter.onLost = lost;
    card.onLost?.();
    expect(lost).toHaveBeenCalledTimes(1);
    expect(await paint()).toBe(processor);
  });

  it('does not take a card that fails, or is gone, in the trial', async () => {
    const broken = bench(1);
    broken.card.isBroken = true;
    await broken.paint();
    await rest();
    expect(broken.card.isDisposed).toBe(true);
    expect(await broken.paint()).toBe(broken.processor);

    const gone = bench(1);
    const finish = gone.card.finish.bind(gone.card);
    gone.card.finish = () => {
      gone.card.onLost?.();
      finish();
    };
    await gone.paint();
    await rest();
    expect(gone.card.isDisposed).toBe(true);
    expect(await gone.paint()).toBe(gone.processor);
  });
});

/** Works on one tile after the other; between two of them whoever asks for something else is answered. */
import type { Tile } from './tile';
import type { WantedTiles } from './wanted';
import { breathe } from './breathe';

export class Queue {
  private running = false;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly wanted: WantedTiles,
    /** Does what a tile wants; never rejects. */
    private readonly work: (tile: Tile) => Promise<void>
  ) {}

  /** Go on until no tile wants anything. */
  start(): void {
    if (!this.running) {
      this.running = true;
      void this.run();
    }
  }

  /** Resolves when every tile is painted in the newest colours. */
  colored(): Promise<void> {
    return new Promise(resolve => {
      this.waiting.push(resolve);
      this.start();
    });
  }

  private async run(): Promise<void> {
    for (;;) {
      await breathe();
      const tile = this.wanted.next();
      if (!tile) {
        break;
      }
      await this.work(tile);
      if (this.wanted.isColored) {
        this.resume();
      }
    }
    this.running = false;
    this.resume();
  }

  private resume(): void {
    this.waiting.splice(0).forEach(resolve => resolve());
  }
}

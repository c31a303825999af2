/** Asks again every second while the viewer can be seen. */
const INTERVAL_MS = 1000;

export class Poll {
  private readonly timer: number;
  private busy = false;

  constructor(
    private readonly node: HTMLElement,
    private readonly ask: () => Promise<void>,
    interval = INTERVAL_MS
  ) {
    this.timer = window.setInterval(() => void this.tick(), interval);
  }

  dispose(): void {
    window.clearInterval(this.timer);
  }

  private async tick(): Promise<void> {
    if (this.busy || document.hidden || this.node.offsetParent === null) {
      return;
    }
    this.busy = true;
    try {
      await this.ask();
    } catch {
      // a server that is away for a moment is not worth a message: the next question finds it again
    } finally {
      this.busy = false;
    }
  }
}

/** Images that are loaded before they are needed. */

/** Some images that are wanted together. */
export class Preload {
  /** Resolves when all are decoded or failed. */
  readonly done: Promise<void>;
  private readonly images: HTMLImageElement[];

  constructor(addresses: readonly string[]) {
    this.images = addresses.map(address => imageAt(address));
    this.done = Promise.all(this.images.map(image => image.decode().catch(() => undefined))).then(
      () => undefined
    );
  }

  /** Give up what is under way. */
  cancel(): void {
    this.images.forEach(giveUp);
  }
}

const AT_ONCE = 2;
const KEPT = 160;

/** A few images at a time, while nothing else is loaded; what is not wanted any more is given up. */
export class Prefetch {
  private readonly ready = new Map<string, HTMLImageElement>();
  private readonly loading = new Map<string, HTMLImageElement>();
  private queue: string[] = [];

  /** Want these, in this order, and nothing else. */
  want(addresses: readonly string[]): void {
    for (const [address, image] of this.loading) {
      if (!addresses.includes(address)) {
        this.loading.delete(address);
        giveUp(image);
      }
    }
    this.queue = addresses.filter(address => !this.ready.has(address) && !this.loading.has(address));
    this.next();
  }

  dispose(): void {
    this.want([]);
    this.ready.clear();
  }

  private next(): void {
    while (this.loading.size < AT_ONCE && this.queue.length > 0) {
      const address = this.queue.shift()!;
      const image = imageAt(address, 'low');
      this.loading.set(address, image);
      image.onload = () => this.keep(address, image);
      image.onerror = () => this.keep(address, null);
    }
  }

  private keep(address: string, image: HTMLImageElement | null): void {
    this.loading.delete(address);
    if (image) {
      this.ready.set(address, image);
      const [oldest] = this.ready.keys();
      if (this.ready.size > KEPT) {
        this.ready.delete(oldest!);
      }
    }
    this.next();
  }
}

function imageAt(address: string, priority: 'auto' | 'low' = 'auto'): HTMLImageElement {
  const image = new Image();
  image.fetchPriority = priority;
  image.src = address;
  return image;
}

function giveUp(image: HTMLImageElement): void {
  image.onload = image.onerror = null;
  if (!image.complete) {
    image.src = '';
  }
}

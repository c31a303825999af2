/** Pictures of slides, fetched as they come into view and only a few at a time. */
const AT_ONCE = 4;
const AHEAD = '200px';
const LOADED = 'wsinb-mod-loaded';
const MISSING = 'wsinb-mod-missing';

export class Thumbnails {
  private readonly observer: IntersectionObserver;
  private readonly waiting = new Map<HTMLImageElement, string>();
  private readonly loading = new Set<HTMLImageElement>();
  private readonly addresses = new WeakMap<HTMLImageElement, string>();

  constructor(root: HTMLElement) {
    this.observer = new IntersectionObserver(entries => this.onSeen(entries), { root, rootMargin: AHEAD });
  }

  /** Give an image its picture, or another one, once it can be seen. */
  add(image: HTMLImageElement, address: string): void {
    this.drop(image);
    image.classList.remove(LOADED, MISSING);
    this.addresses.set(image, address);
    this.observer.observe(image);
  }

  /** An image is gone. */
  drop(image: HTMLImageElement): void {
    this.observer.unobserve(image);
    this.waiting.delete(image);
    this.loading.delete(image);
  }

  dispose(): void {
    this.observer.disconnect();
    this.waiting.clear();
  }

  private onSeen(entries: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const image = target as HTMLImageElement;
      // what is scrolled past before its turn need not be fetched
      this.waiting.delete(image);
      if (isIntersecting) {
        this.waiting.set(image, this.addresses.get(image)!);
      }
    }
    this.next();
  }

  private next(): void {
    for (const [image, address] of this.waiting) {
      if (this.loading.size >= AT_ONCE) {
        return;
      }
      this.waiting.delete(image);
      this.observer.unobserve(image);
      this.loading.add(image);
      image.onload = () => this.done(image, LOADED);
      image.onerror = () => this.done(image, MISSING);
      image.src = address;
    }
  }

  private done(image: HTMLImageElement, className: string): void {
    image.classList.add(className);
    this.loading.delete(image);
    this.next();
  }
}

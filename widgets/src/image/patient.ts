/** An image element that goes on asking for its picture, later and later, until it comes. */
import { backOff } from '../trouble';

export interface PatientEvents {
  loaded(image: PatientImage): void;
  /** Called at each attempt that fails. */
  failed(image: PatientImage): void;
}

const NOTHING = 'data:image/gif;base64,R0lGODlhAQABAAD/ACwAAAAAAQABAAACADs=';

export class PatientImage {
  readonly node = document.createElement('img');
  private url = '';
  private attempt = 0;
  private timer = 0;

  constructor(events: PatientEvents) {
    this.node.alt = '';
    this.node.decoding = 'async';
    this.node.draggable = false;
    this.node.onload = () => {
      this.attempt = 0;
      events.loaded(this);
    };
    this.node.onerror = () => {
      this.timer = window.setTimeout(() => this.retry(), backOff(this.attempt));
      this.attempt += 1;
      events.failed(this);
    };
  }

  /** Whether the picture that was asked for last is there. */
  get complete(): boolean {
    return this.node.complete && this.node.naturalWidth > 0;
  }

  /** Show another picture; the one before stays until it is there. */
  show(url: string): void {
    if (url !== this.url) {
      this.url = url;
      this.attempt = 0;
      this.retry();
    }
  }

  /** Ask again now. */
  retry(): void {
    window.clearTimeout(this.timer);
    this.node.src = this.url;
  }

  /** Ask no more; a request that is under way is given up. */
  stop(): void {
    window.clearTimeout(this.timer);
    this.node.onload = this.node.onerror = null;
    if (!this.node.complete) {
      this.node.src = NOTHING;
    }
  }
}

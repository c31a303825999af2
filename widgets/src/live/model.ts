/** What the kernel learns and predicts while one draws, as the browser knows it. */
import { Signal, type ISignal } from '@lumino/signaling';
import type { Box } from '../overlays/spec';

/** What the kernel says of itself; see `wsinb.view.live`. */
export interface LiveState {
  id: string;
  paused: boolean;
  /** What was learned, or what to draw. */
  state: string;
  /** What went wrong, or nothing. */
  error: string;
}

/** A prediction of a part of the slide: one byte a pixel and label. */
export interface LivePlanes {
  number: number;
  box: Box;
  width: number;
  height: number;
  labels: string[];
  planes: Uint8Array[];
}

/** What the kernel is told. */
export type LiveWords =
  { what: 'painted'; number: number } | { what: 'paused'; paused: boolean } | { what: 'again' };

interface PlanesMessage extends Partial<Omit<LivePlanes, 'planes' | 'number'>> {
  event: string;
  what: string;
  id: string;
  number: number;
}

export class Live {
  private current: LiveState | null = null;
  private newest: LivePlanes | null = null;
  private readonly changedSignal = new Signal<this, void>(this);
  private readonly predictedSignal = new Signal<this, void>(this);
  private readonly saidSignal = new Signal<this, LiveWords & { id: string }>(this);

  /** Null while nothing is learned live. */
  get state(): LiveState | null {
    return this.current;
  }

  /** The newest prediction, if there is one. */
  get planes(): LivePlanes | null {
    return this.newest;
  }

  get changed(): ISignal<this, void> {
    return this.changedSignal;
  }

  /** There is another prediction, or none any more. */
  get predicted(): ISignal<this, void> {
    return this.predictedSignal;
  }

  /** For the kernel. */
  get said(): ISignal<this, LiveWords & { id: string }> {
    return this.saidSignal;
  }

  /** Take over what the kernel says of itself. */
  set(state: Partial<LiveState>): void {
    const next = state.id === undefined ? null : (state as LiveState);
    if (next?.id !== this.current?.id || next?.paused) {
      this.predict(null);
    }
    this.current = next;
    this.changedSignal.emit();
  }

  /** A message of the kernel; predictions of what was before are not for this one. */
  hear(message: PlanesMessage, buffers: readonly (DataView | ArrayBuffer)[]): void {
    if (message.event !== 'live' || message.what !== 'planes' || message.id !== this.current?.id) {
      return;
    }
    const { number, box, width, height, labels } = message;
    if (!box || !labels || width === undefined || height === undefined) {
      this.predict(null);
    } else if (!this.current.paused) {
      this.predict({ number, box, width, height, labels, planes: buffers.map(bytes) });
    }
  }

  say(words: LiveWords): void {
    if (this.current) {
      this.saidSignal.emit({ ...words, id: this.current.id });
    }
  }

  toggle(): void {
    if (this.current) {
      this.say({ what: 'paused', paused: !this.current.paused });
    }
  }

  dispose(): void {
    Signal.clearData(this);
  }

  private predict(planes: LivePlanes | null): void {
    if (planes !== this.newest) {
      this.newest = planes;
      this.predictedSignal.emit();
    }
  }
}

function bytes(buffer: DataView | ArrayBuffer): Uint8Array {
  return buffer instanceof DataView
    ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    : new Uint8Array(buffer);
}

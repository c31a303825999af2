/** What the viewer is about at the moment; the style sheet and the tools follow it. */
import { Signal, type ISignal } from '@lumino/signaling';

/** Editing the newest version, reading an older one, comparing two, or choosing between two sides. */
export type Mode = 'edit' | 'version' | 'compare' | 'conflict';

export class Stage {
  private current: Mode = 'edit';
  private readonly changedSignal = new Signal<this, Mode>(this);

  constructor(private readonly nodes: readonly HTMLElement[]) {
    this.apply();
  }

  get changed(): ISignal<this, Mode> {
    return this.changedSignal;
  }

  get mode(): Mode {
    return this.current;
  }

  set mode(mode: Mode) {
    if (mode !== this.current) {
      this.current = mode;
      this.apply();
      this.changedSignal.emit(mode);
    }
  }

  get readOnly(): boolean {
    return this.current !== 'edit';
  }

  private apply(): void {
    this.nodes.forEach(node => (node.dataset.wsinbMode = this.current));
  }
}

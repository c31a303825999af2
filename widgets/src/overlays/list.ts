/** Which overlays a viewer has, and how each is shown. */
import { Model } from '../model';
import { PLAIN_OVERLAY, type OverlayLook, type OverlaySource, type OverlaySpec } from './spec';

export class OverlayList extends Model<{ all: readonly OverlaySpec[] }> {
  constructor() {
    super({ all: [] });
  }

  /** Lowest first. */
  get all(): readonly OverlaySpec[] {
    return this.value.all;
  }

  /** Lay something over all others; a name that is taken gets a number. Returns the name. */
  add(source: OverlaySource, name: string, look: Partial<OverlayLook> = {}): string {
    const names = this.all.map(overlay => overlay.name);
    let free = name;
    for (let n = 2; names.includes(free); n++) {
      free = `${name} (${n})`;
    }
    this.set({ all: [...this.all, { name: free, source, ...PLAIN_OVERLAY, ...look }] });
    return free;
  }

  change(name: string, parts: Partial<OverlayLook>): void {
    this.set({ all: this.all.map(overlay => (overlay.name === name ? { ...overlay, ...parts } : overlay)) });
  }

  remove(name: string): void {
    this.set({ all: this.all.filter(overlay => overlay.name !== name) });
  }
}

/** What is shown on top of each other, such as two versions: how each looks, and what it lacks. */
import type { Told } from './messages';
import { Compiled, PLAIN_STYLE } from './style';

export interface Layer {
  style: Compiled;
  /** The row under the pointer, or -1. */
  hovered: number;
  /** Keys of tiles that could not be had. */
  failing: Set<string>;
}

export class Layers {
  private readonly layers = new Map<string, Layer>();

  constructor(private readonly tell: (told: Told) => void) {}

  get(name: string): Layer {
    let known = this.layers.get(name);
    if (!known) {
      known = { style: new Compiled(PLAIN_STYLE, null), hovered: -1, failing: new Set() };
      this.layers.set(name, known);
    }
    return known;
  }

  forget(name: string): void {
    this.layers.delete(name);
  }

  /** Keys of all tiles that could not be had. */
  get failing(): string[] {
    return [...this.layers.values()].flatMap(({ failing }) => [...failing]);
  }

  /** The first tile that fails is told. */
  failed(layer: string, key: string, message: string): void {
    const { failing } = this.get(layer);
    failing.add(key);
    if (failing.size === 1) {
      this.tell({ what: 'trouble', layer, message });
    }
  }

  /** A tile is there, or not wanted any more; with the last one all is well again. */
  recovered(layer: string, key: string): void {
    const failing = this.layers.get(layer)?.failing;
    if (failing?.delete(key) && failing.size === 0) {
      this.tell({ what: 'trouble', layer, message: null });
    }
  }
}

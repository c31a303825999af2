/** How stored annotations are shown. */
import { Model } from './model';

export interface LayerLook {
  visible: boolean;
  /** 0..1 */
  opacity: number;
  fill: boolean;
  /** 0..1; annotations with a lower score are not shown. */
  threshold: number;
}

export interface LookState {
  /** `label`, `layer`, `score`, or a column that the version has. */
  colorBy: string;
  /** The version that `change` compares with; null is the one before, or that under the edits of a session. */
  since: string | null;
  /** 0..1, of all layers. */
  threshold: number;
  opacity: number;
  fill: boolean;
  /** CSS colours of categories, where they are not given by the labels. */
  colors: Record<string, string>;
  /** Only those that differ from `PLAIN_LAYER`. */
  layers: Record<string, Partial<LayerLook>>;
}

export const PLAIN_LAYER: LayerLook = { visible: true, opacity: 1, fill: true, threshold: 0 };

export class Look extends Model<LookState> {
  /** Categories of columns that are hidden in this viewer, by column; the empty name is "none". */
  readonly hidden = new Model<Record<string, readonly string[]>>({});

  constructor() {
    super({ colorBy: 'label', since: null, threshold: 0, opacity: 1, fill: true, colors: {}, layers: {} });
  }

  layer(name: string): LayerLook {
    return { ...PLAIN_LAYER, ...this.value.layers[name] };
  }

  setLayer(name: string, parts: Partial<LayerLook>): void {
    const { layers } = this.value;
    const changed = { ...this.layer(name), ...parts };
    const own = Object.entries(changed).filter(
      ([key, value]) => value !== PLAIN_LAYER[key as keyof LayerLook]
    );
    const others = Object.fromEntries(Object.entries(layers).filter(([known]) => known !== name));
    this.set({ layers: own.length > 0 ? { ...others, [name]: Object.fromEntries(own) } : others });
  }

  isHidden(column: string, category: string): boolean {
    return this.hidden.value[column]?.includes(category) ?? false;
  }

  toggleHidden(column: string, category: string): void {
    const before = this.hidden.value[column] ?? [];
    const without = before.filter(name => name !== category);
    this.hidden.set({ [column]: without.length < before.length ? without : [...before, category] });
  }

  override dispose(): void {
    this.hidden.dispose();
    super.dispose();
  }
}

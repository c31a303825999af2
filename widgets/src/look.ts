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
  constructor() {
    super({ colorBy: 'label', threshold: 0, opacity: 1, fill: true, colors: {}, layers: {} });
  }

  layer(name: string): LayerLook {
    return { ...PLAIN_LAYER, ...this.value.layers[name] };
  }

  setLayer(name: string, parts: Partial<LayerLook>): void {
    const { layers } = this.value;
    this.set({ layers: { ...layers, [name]: { ...layers[name], ...parts } } });
  }
}

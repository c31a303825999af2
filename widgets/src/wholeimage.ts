/** Labels of the whole image: the stored ones and the unsaved ones, as chips in the panel. */
import type { Annotations } from './annotations';
import { DRAWN_LAYER } from './edit/features';
import type { EditStore } from './edit/store';
import type { Labels } from './labels';
import { ImageLabels } from './panel/images';
import type { Feature } from './types';

interface Entry {
  feature: Feature;
  unsaved: boolean;
  remove: () => void;
}

export class WholeImage {
  /** Set once the slide is open. */
  annotations: Annotations | null = null;
  private readonly chips = new ImageLabels();

  constructor(
    private readonly store: EditStore,
    private readonly labels: Labels,
    /** Says what is to be done first. */
    private readonly tell: (message: string) => void
  ) {
    store.changed.connect(this.sync, this);
    labels.changed.connect(this.sync, this);
  }

  get node(): HTMLElement {
    return this.chips.node;
  }

  /** Give the current label to the image, once. */
  add(): void {
    const label = this.labels.current;
    if (label === null) {
      this.tell('Choose a label first: it is then given to the whole image.');
      return;
    }
    if (!this.entries().some(({ feature }) => feature.label === label)) {
      const nothing = { id: null, shape_params: null, score: null, geometry: null, properties: {} };
      this.store.add({ ...nothing, shape: 'image', label, layer: DRAWN_LAYER });
    }
  }

  sync(): void {
    this.chips.set(
      this.entries().map(({ feature: { label }, unsaved, remove }) => ({
        label,
        color: this.labels.colorOf(label),
        unsaved,
        remove
      }))
    );
  }

  dispose(): void {
    this.store.changed.disconnect(this.sync, this);
    this.labels.changed.disconnect(this.sync, this);
  }

  private entries(): Entry[] {
    const shadowed = new Set(this.store.shadowedIds);
    const stored = (this.annotations?.meta?.images ?? [])
      .filter(({ id }) => !shadowed.has(id!))
      .map(feature => ({ feature, unsaved: false, remove: () => this.store.removeStored(feature.id!) }));
    const drawn = this.store.drafts
      .filter(({ feature }) => feature.shape === 'image')
      .map(({ key, feature }) => ({ feature, unsaved: true, remove: () => this.store.remove(key) }));
    return [...stored, ...drawn];
  }
}

/** What the pointer does on the picture: draw, find out what is there, select, relabel, delete. */
import type * as L from 'leaflet';
import type { Annotations, Found } from './annotations';
import { HINTS, type Drawing, type DrawTool } from './edit/draw';
import { drawnFeature } from './edit/features';
import type { Overlay } from './edit/overlay';
import type { EditStore } from './edit/store';
import type { Labels } from './labels';
import type { ReadOut } from './readout';

export interface HandParts {
  map: L.Map;
  store: EditStore;
  labels: Labels;
  overlay: Overlay;
  drawing: Drawing;
  /** Whether nothing can be edited at the moment. */
  readOnly: () => boolean;
  /** Runs what may fail, and shows the error. */
  guard: (action: () => Promise<unknown>) => Promise<unknown>;
  selectionChanged: (selected: boolean) => void;
}

export class Hand {
  /** Set once the slide is open. */
  annotations: Annotations | null = null;
  readOut: ReadOut | null = null;
  private picking = false;

  constructor(private readonly parts: HandParts) {
    const { map, drawing, overlay } = parts;
    map.on('click', this.onClick, this).on('mousemove', this.onMove, this);
    drawing.created.connect((_, layer) => this.onDrawn(layer));
    drawing.toolChanged.connect((_, tool) => this.onTool(tool));
    overlay.clicked.connect((_, key) => {
      if (!drawing.tool) {
        void this.select(key);
      }
    });
  }

  dispose(): void {
    this.parts.map.off('click', this.onClick, this).off('mousemove', this.onMove, this);
  }

  /** Give a draft the handles, or none; what was opened and not changed goes back. */
  async select(key: number | null): Promise<void> {
    const { store, overlay, labels } = this.parts;
    store.closePristine(key);
    await overlay.select(key);
    if (overlay.selected) {
      // the palette shows the label of the shape in hand, so that choosing another one relabels it
      labels.current = overlay.selected.feature.label;
    }
    this.refresh();
    this.parts.selectionChanged(overlay.selected !== null);
  }

  /** The shape in hand may have changed. */
  refresh(): void {
    this.readOut?.setShape(this.parts.overlay.selected?.feature ?? null);
  }

  /** Put the tool away, or deselect; returns whether there was anything. */
  cancel(): boolean {
    if (this.parts.drawing.tool) {
      void this.parts.drawing.use(null);
      return true;
    }
    const selected = this.parts.overlay.selected !== null;
    void this.select(null);
    return selected;
  }

  removeSelected(): void {
    const { selected } = this.parts.overlay;
    if (selected) {
      this.parts.store.remove(selected.key);
      void this.select(null);
    }
  }

  /** The label of the selected shape, and of those drawn from now on. */
  chooseLabel(name: string | null): void {
    const { overlay, store, labels } = this.parts;
    if (overlay.selected && overlay.selected.feature.label !== name) {
      store.update(overlay.selected.key, { label: name });
    }
    labels.current = name;
  }

  private onDrawn(layer: L.Layer): void {
    const { store, labels, drawing } = this.parts;
    const draft = store.add(drawnFeature(layer, labels.current));
    if (drawing.tool !== 'point') {
      void this.select(draft.key);
    }
  }

  private onTool(tool: DrawTool | null): void {
    this.parts.map.getContainer().classList.toggle('wsinb-mod-drawing', tool !== null);
    this.readOut?.setHint(tool ? HINTS[tool] : '');
    if (tool) {
      void this.select(null);
    }
  }

  private onClick({ latlng }: L.LeafletMouseEvent): void {
    if (!this.parts.drawing.tool && !this.parts.readOnly()) {
      void this.parts.guard(() => this.selectAt(latlng));
    }
  }

  private async selectAt(latlng: L.LatLng): Promise<void> {
    const found = await this.annotations?.pick(latlng);
    if (!found || found.picked.count !== null) {
      await this.select(null);
      return;
    }
    const feature = await this.annotations!.exact(found.picked.row);
    if (feature) {
      await this.select(this.parts.store.open(feature).key);
    }
  }

  private onMove({ latlng }: L.LeafletMouseEvent): void {
    if (this.picking || this.parts.drawing.tool || !this.annotations) {
      return;
    }
    this.picking = true;
    void this.annotations
      .pick(latlng)
      .then(found => this.tell(found))
      .finally(() => (this.picking = false));
  }

  private tell(found: Found | null): void {
    this.readOut?.setFound(found ? foundText(found) : '');
    const editable = found !== null && found.picked.count === null && !this.parts.readOnly();
    this.parts.map.getContainer().classList.toggle('wsinb-mod-over', editable);
  }
}

function foundText({ label, picked }: Found): string {
  const name = label ?? 'no label';
  if (picked.count !== null) {
    const what = picked.count === 1 ? `1 annotation, ${name}` : `${picked.count} annotations, mostly ${name}`;
    return `${what}: zoom in to edit`;
  }
  return picked.score === null ? name : `${name} (score ${picked.score.toFixed(2)})`;
}

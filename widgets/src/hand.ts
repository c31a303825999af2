/** What the pointer does on the picture: draw, find out what is there, select, relabel, delete. */
import type * as L from 'leaflet';
import type { Annotations, Found } from './annotations';
import { HINTS, type Drawing, type DrawTool } from './edit/draw';
import { drawnFeature } from './edit/features';
import type { Overlay } from './edit/overlay';
import type { EditStore } from './edit/store';
import type { Labels } from './labels';
import type { ReadOut } from './readout';
import type { Selection } from './selection';

export interface HandParts {
  map: L.Map;
  store: EditStore;
  labels: Labels;
  overlay: Overlay;
  drawing: Drawing;
  selection: Selection;
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
    map.on('click', this.onClick, this).on('mousemove', this.onMove, this).on('mouseout', this.onOut, this);
    drawing.created.connect((_, layer) => this.onDrawn(layer));
    drawing.toolChanged.connect((_, tool) => this.onTool(tool));
    overlay.clicked.connect((_, key) => {
      if (!drawing.tool) {
        void this.select(key);
      }
    });
  }

  dispose(): void {
    const { map } = this.parts;
    map
      .off('click', this.onClick, this)
      .off('mousemove', this.onMove, this)
      .off('mouseout', this.onOut, this);
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
    const { overlay, selection } = this.parts;
    const opened = overlay.selected?.feature.id;
    if (opened && selection.ids.length === 1 && selection.ids[0] === opened) {
      selection.clear();
    }
    const selected = overlay.selected !== null;
    void this.select(null);
    return selected;
  }

  /** Returns whether there was one. */
  removeSelected(): boolean {
    const { overlay, store, selection } = this.parts;
    const { selected } = overlay;
    if (selected) {
      store.remove(selected.key);
      selection.set(selection.ids.filter(id => id !== selected.feature.id));
      void this.select(null);
    }
    return selected !== null;
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

  private onClick({ latlng, originalEvent }: L.LeafletMouseEvent): void {
    const { ctrlKey, metaKey, shiftKey } = originalEvent;
    if (!this.parts.drawing.tool) {
      void this.parts.guard(() => this.selectAt(latlng, ctrlKey || metaKey || shiftKey));
    }
  }

  /** Open what lies there for editing and mark it; or only mark it, beside those that are marked already. */
  private async selectAt(latlng: L.LatLng, adding: boolean): Promise<void> {
    const { selection, store, readOnly } = this.parts;
    const found = await this.annotations?.pick(latlng);
    const feature = found && !found.cell ? await this.annotations!.exact(found.picked.row) : null;
    if (adding) {
      if (feature) {
        await this.select(null);
        selection.toggle(feature.id!);
      }
      return;
    }
    selection.set(feature ? [feature.id!] : []);
    if (!readOnly()) {
      await this.select(feature ? store.open(feature).key : null);
    }
  }

  private onOut(): void {
    this.annotations?.hover(null);
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
    const isShape = found !== null && !found.cell;
    this.annotations?.hover(isShape ? found.picked.row : null);
    this.parts.map.getContainer().classList.toggle('wsinb-mod-over', isShape);
  }
}

const NAMED_IN_CELL = 3;

/** What lies under the pointer, in words. */
export function foundText({ label, layer, value, cell, picked }: Found): string {
  if (cell) {
    return cellText(cell);
  }
  const said = [
    label ?? 'no label',
    ...(picked.score === null ? [] : [`score ${picked.score.toFixed(2)}`]),
    ...(layer === null ? [] : [layer]),
    ...(value === null ? [] : [value])
  ];
  return said.join(' · ');
}

function cellText(cell: NonNullable<Found['cell']>): string {
  const total = cell.reduce((sum, { count }) => sum + count, 0);
  const parts = cell
    .slice(0, NAMED_IN_CELL)
    .map(({ name, count }) => `${count.toLocaleString('en')} ${name ?? 'without'}`);
  const rest = cell.slice(NAMED_IN_CELL).reduce((sum, { count }) => sum + count, 0);
  const all = [...parts, ...(rest > 0 ? [`${rest.toLocaleString('en')} others`] : [])].join(', ');
  return `${total.toLocaleString('en')} annotation${total === 1 ? '' : 's'} here: ${all}`;
}

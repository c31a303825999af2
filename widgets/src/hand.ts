/** What the pointer does on the picture: draw, find out what is there, select, relabel, delete. */
import type * as L from 'leaflet';
import type { Annotations, Found } from './annotations';
import { HINTS, type Drawing, type DrawTool } from './edit/draw';
import { drawnFeature, DRAWN_LAYER, isNothing } from './edit/features';
import { isOnSlide, type Extent } from './edit/onslide';
import type { Overlay } from './edit/overlay';
import type { EditStore } from './edit/store';
import type { Labels } from './labels';
import type { Look } from './look';
import type { ReadOut } from './readout';
import type { Selection } from './selection';

export interface HandParts {
  map: L.Map;
  store: EditStore;
  labels: Labels;
  look: Look;
  overlay: Overlay;
  drawing: Drawing;
  selection: Selection;
  /** Whether nothing can be edited at the moment. */
  readOnly: () => boolean;
  /** Runs what may fail, and shows the error. */
  guard: (action: () => Promise<unknown>) => Promise<unknown>;
  /** Says what a person should know, until it is closed. */
  tell: (message: string) => void;
  selectionChanged: (selected: boolean) => void;
}

const NO_SIZE = 'That has no size and was not kept: its corners must lie apart.';
const NOT_ON_SLIDE = 'That lies outside the slide and was not kept: draw on the slide, or over its edge.';
const PUT_BACK = 'The shape would lie outside the slide: it is back where it was.';

export class Hand {
  /** Set once the slide is open. */
  annotations: Annotations | null = null;
  readOut: ReadOut | null = null;
  private picking = false;
  /** Of the clicks on what is stored: only what the last one found is opened. */
  private clicks = 0;
  /** The shape that is in hand because it was drawn just now, not because it was chosen. */
  private fresh: number | null = null;

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
    overlay.leftSlide.connect(() => parts.tell(PUT_BACK));
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
    this.fresh = null;
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

  /** Take back the last corner of what is half drawn, or else the last edit. */
  undo(): void {
    const { drawing, store } = this.parts;
    if (!drawing.stepBack()) {
      store.undo();
    }
  }

  /** Delete the shape in hand, or the last corner of what is half drawn; returns whether there was one. */
  removeSelected(): boolean {
    const { overlay, store, selection, drawing } = this.parts;
    if (drawing.stepBack()) {
      return true;
    }
    const { selected } = overlay;
    if (selected) {
      store.remove(selected.key);
      selection.set(selection.ids.filter(id => id !== selected.feature.id));
      void this.select(null);
    }
    return selected !== null;
  }

  /**
   * The label of the shape in hand; with none in hand that of the next one, for which its tool is taken.
   *
   * What was drawn just now has its label already, unless it was drawn without: another label is for the next.
   */
  chooseLabel(name: string | null): void {
    const { overlay, store, labels, drawing, selection, readOnly } = this.parts;
    const { selected } = overlay;
    if (selected && (selected.key !== this.fresh || selected.feature.label === null)) {
      if (selected.feature.label !== name) {
        store.update(selected.key, { label: name });
        this.show(name);
      }
      labels.current = name;
      return;
    }
    labels.current = name;
    if (selected) {
      void this.select(null);
    }
    const shape = labels.byName(name)?.shape;
    const many = selection.ids.length > 0;
    if (shape && this.slide && !many && !readOnly()) {
      void drawing.offer(shape);
    }
  }

  private get slide(): Extent | null {
    return this.parts.overlay.slide;
  }

  private onDrawn(layer: L.Layer): void {
    const { store, labels, drawing, tell } = this.parts;
    const feature = drawnFeature(layer, labels.current);
    if (isNothing(feature)) {
      tell(NO_SIZE);
      return;
    }
    if (this.slide && !isOnSlide(feature.geometry!, this.slide)) {
      tell(NOT_ON_SLIDE);
      return;
    }
    const draft = store.add(feature);
    this.show(feature.label);
    if (drawing.tool !== 'point') {
      void this.select(draft.key);
      this.fresh = draft.key;
    }
  }

  /** Nothing that is made here vanishes: a hidden label, or the layer of what is drawn, is shown again. */
  private show(label: string | null): void {
    const { labels, look } = this.parts;
    if (!look.layer(DRAWN_LAYER).visible) {
      look.setLayer(DRAWN_LAYER, { visible: true });
    }
    if (label !== null) {
      labels.show(label);
    }
  }

  private onTool(tool: DrawTool | null): void {
    this.parts.map.getContainer().classList.toggle('wsinb-mod-drawing', tool !== null);
    this.readOut?.setHint(tool ? HINTS[tool] : '');
    if (tool) {
      this.annotations?.hover(null);
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
    const { selection, store, readOnly, drawing } = this.parts;
    const click = ++this.clicks;
    const found = await this.annotations?.pick(latlng);
    const feature = found && !found.cell ? await this.annotations!.exact(found.picked.row) : null;
    if (click !== this.clicks || drawing.tool) {
      return;
    }
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
    const { drawing } = this.parts;
    if (this.picking || drawing.tool || !this.annotations) {
      return;
    }
    if (drawing.elsewhere) {
      this.annotations.hover(null);
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

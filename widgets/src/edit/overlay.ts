/** Shows the drafts as Leaflet shapes; the selected one has Geoman's handles. */
import * as L from 'leaflet';
import { Signal, type ISignal } from '@lumino/signaling';
import type { Feature } from '../types';
import type { Labels } from '../labels';
import { layerOf, shapeFrom, type ShapeLayer } from './features';
import { loadGeoman } from './geoman';
import { makeMovable } from './move';
import { isOnSlide, type Extent } from './onslide';
import type { Draft, EditStore } from './store';

interface Shown {
  feature: Feature;
  layer: ShapeLayer | null;
  /** Null where its label is hidden. */
  color: string | null;
}

/** Geoman shows only the handles nearest to the pointer beyond this number. */
const MAX_HANDLES = 150;
const MIN_SIZE_FOR_HANDLES_PX = 48;
/** Corners nearer to each other than this would hide the outline: only a few have handles, near the pointer. */
const DENSE_PX = 22;
const DENSE_HANDLES = 15;

export class Overlay {
  private readonly shown = new Map<number, Shown>();
  private selectedKey: number | null = null;
  private readonly clickedSignal = new Signal<this, number>(this);
  private readonly leftSlideSignal = new Signal<this, void>(this);
  private reading = false;
  /** Set once the slide is open. */
  slide: Extent | null = null;

  constructor(
    private readonly map: L.Map,
    private readonly store: EditStore,
    private readonly labels: Labels
  ) {
    store.changed.connect(this.sync, this);
    map.on('zoomend', this.onZoom, this);
  }

  /** A draft was clicked. */
  get clicked(): ISignal<this, number> {
    return this.clickedSignal;
  }

  /** A shape was moved off the slide, and is back where it was. */
  get leftSlide(): ISignal<this, void> {
    return this.leftSlideSignal;
  }

  get selected(): Draft | null {
    return this.selectedKey === null ? null : (this.store.draft(this.selectedKey) ?? null);
  }

  /** Give one draft the handles, or none. */
  async select(key: number | null): Promise<void> {
    if (key === this.selectedKey) {
      return;
    }
    const before = this.selectedKey;
    this.selectedKey = key;
    if (before !== null) {
      this.refresh(before);
    }
    if (key !== null) {
      await loadGeoman(this.map);
      this.refresh(key);
    }
  }

  /** Draw all drafts anew, for instance after a change of colours. */
  sync(): void {
    // what is relabelled in place is shown by the layer of stored annotations
    const drafts = this.store.drafts.filter(draft => !draft.inPlace);
    const keys = new Set(drafts.map(draft => draft.key));
    for (const [key, { layer }] of this.shown) {
      if (!keys.has(key)) {
        this.take(layer);
        this.shown.delete(key);
      }
    }
    if (this.selectedKey !== null && !keys.has(this.selectedKey)) {
      this.selectedKey = null;
    }
    for (const draft of drafts) {
      const shown = this.shown.get(draft.key);
      if (shown?.feature !== draft.feature || shown.color !== this.colorOf(draft)) {
        this.refresh(draft.key);
      }
    }
  }

  dispose(): void {
    this.map.off('zoomend', this.onZoom, this);
    Signal.clearData(this);
    this.shown.forEach(({ layer }) => this.take(layer));
    this.shown.clear();
  }

  private refresh(key: number): void {
    const draft = this.store.draft(key);
    const shown = this.shown.get(key);
    const selected = key === this.selectedKey;
    if (!draft) {
      return;
    }
    const color = this.colorOf(draft);
    if (this.reading && shown) {
      // the change came from the shape's own handles: it shows it already
      this.shown.set(key, { ...shown, feature: draft.feature });
      return;
    }
    this.take(shown?.layer ?? null);
    const style: L.PathOptions = {
      color: color ?? undefined,
      weight: selected ? 3 : 2,
      // the tissue below the shape in hand should stay visible
      fillOpacity: selected ? 0.1 : 0.25,
      className: selected ? 'wsinb-draft wsinb-mod-selected' : 'wsinb-draft',
      bubblingMouseEvents: false
    };
    const layer = color === null ? null : layerOf(draft.feature, style);
    this.shown.set(key, { feature: draft.feature, layer, color });
    if (!layer) {
      return;
    }
    layer.addTo(this.map).on('click', event => {
      L.DomEvent.stop(event as L.LeafletMouseEvent);
      this.clickedSignal.emit(key);
    });
    if (selected) {
      this.enableHandles(key, layer);
    }
  }

  /** What is in hand is seen, whatever its label. */
  private colorOf({ key, feature: { label } }: Draft): string | null {
    return this.labels.isHidden(label) && key !== this.selectedKey ? null : this.labels.colorOf(label);
  }

  private enableHandles(key: number, layer: ShapeLayer): void {
    if (layer instanceof L.FeatureGroup) {
      return;
    }
    if (!layer.pm) {
      L.PM.reInitLayer(layer);
    }
    const isDense = this.spacing(layer) < DENSE_PX;
    const handles = {
      snappable: false,
      allowSelfIntersection: false,
      hideMiddleMarkers: isDense,
      limitMarkersToCount: isDense ? DENSE_HANDLES : MAX_HANDLES
    };
    // handles would hide a shape that is hardly larger than they are: closer views bring them
    const reachable = this.sizeOnScreen(layer) >= MIN_SIZE_FOR_HANDLES_PX;
    if (reachable) {
      layer.pm.enable(handles);
    }
    layer.on('pm:edit', () => this.read(key, layer));
    // taking away vertices until none is left removes the shape
    layer.on('pm:remove', () => this.store.remove(key));
    if (layer instanceof L.Polyline || layer instanceof L.CircleMarker) {
      const put = (): void => {
        this.read(key, layer);
        if (reachable) {
          layer.pm.enable(handles);
        }
      };
      makeMovable(this.map, layer, () => layer.pm.disable(), put);
    }
  }

  /** Between corners, on the screen. */
  private spacing(layer: ShapeLayer): number {
    if (!(layer instanceof L.Polyline)) {
      return Infinity;
    }
    const corners = [layer.getLatLngs()].flat(3) as L.LatLng[];
    const points = corners.map(corner => this.map.latLngToLayerPoint(corner));
    const length = points.reduce((sum, point, i) => sum + point.distanceTo(points[Math.max(0, i - 1)]!), 0);
    return length / points.length;
  }

  private sizeOnScreen(layer: Exclude<ShapeLayer, L.FeatureGroup>): number {
    if (!(layer instanceof L.Polyline) && !(layer instanceof L.Circle)) {
      return Infinity;
    }
    const bounds = layer.getBounds();
    const size = this.map
      .latLngToLayerPoint(bounds.getSouthEast())
      .subtract(this.map.latLngToLayerPoint(bounds.getNorthWest()));
    return Math.max(Math.abs(size.x), Math.abs(size.y));
  }

  private onZoom(): void {
    if (this.selectedKey !== null) {
      this.refresh(this.selectedKey);
    }
  }

  private read(key: number, layer: L.Layer): void {
    const draft = this.store.draft(key);
    if (!draft) {
      return;
    }
    const shape = shapeFrom(layer, draft.feature);
    if (this.slide && shape.geometry && !isOnSlide(shape.geometry, this.slide)) {
      this.refresh(key);
      this.leftSlideSignal.emit();
      return;
    }
    this.reading = true;
    this.store.update(key, shape);
    this.reading = false;
  }

  private take(layer: ShapeLayer | null): void {
    if (layer) {
      layer.off();
      if (!(layer instanceof L.FeatureGroup)) {
        layer.pm?.disable();
      }
      layer.remove();
    }
  }
}

/** A see-through sheet over the picture: one canvas that is painted anew when the view comes to rest. */
import * as L from 'leaflet';
import { turningOf } from '../turning';
import type { View } from './strokes';

export const SHEET_PANE = 'wsinb-sheet';
/** Between the stored annotations (350) and Leaflet's shapes (400). */
const SHEET_PANE_Z = '380';
/** Part of the view that is painted beyond each side, so that a drag finds something there. */
const MARGIN = 0.25;

interface MapInternals {
  _latLngToNewLayerPoint(latlng: L.LatLng, zoom: number, center: L.LatLng): L.Point;
}

export type Paint = (context: CanvasRenderingContext2D, view: View) => void;

export class Sheet extends L.Layer {
  private readonly canvas = document.createElement('canvas');
  private corner = L.latLng(0, 0);
  private frame = 0;

  constructor(private readonly paint: Paint) {
    super({ pane: SHEET_PANE });
    this.canvas.className = 'wsinb-sheet leaflet-zoom-animated';
  }

  override onAdd(map: L.Map): this {
    const pane = map.getPane(SHEET_PANE) ?? map.createPane(SHEET_PANE);
    pane.style.zIndex = SHEET_PANE_Z;
    pane.style.pointerEvents = 'none';
    pane.append(this.canvas);
    this.redraw();
    return this;
  }

  override onRemove(): this {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.canvas.remove();
    return this;
  }

  override getEvents(): Record<string, L.LeafletEventHandlerFn> {
    const redraw = (): void => this.redraw();
    return {
      moveend: redraw,
      resize: redraw,
      viewreset: redraw,
      zoomanim: event => this.onZoom(event as L.ZoomAnimEvent)
    };
  }

  /** Paint with the next frame. */
  redraw(): void {
    if (!this.frame) {
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.draw();
      });
    }
  }

  private draw(): void {
    const map = this._map as L.Map | null;
    const context = this.canvas.getContext('2d');
    if (!map || !context) {
      return;
    }
    const size = map.getSize();
    const margin = size.multiplyBy(MARGIN).round();
    const full = size.add(margin.multiplyBy(2));
    const corner = map.containerPointToLayerPoint(margin.multiplyBy(-1));
    this.corner = map.layerPointToLatLng(corner);
    const density = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(full.x * density);
    this.canvas.height = Math.round(full.y * density);
    this.canvas.style.width = `${full.x}px`;
    this.canvas.style.height = `${full.y}px`;
    L.DomUtil.setPosition(this.canvas, corner);
    context.setTransform(density, 0, 0, density, 0, 0);
    const view = {
      scale: 2 ** map.getZoom(),
      l0_x: this.corner.lng,
      l0_y: -this.corner.lat,
      width: full.x,
      height: full.y,
      upright: turningOf(map)?.upright
    };
    this.paint(context, view);
  }

  private onZoom({ zoom, center }: L.ZoomAnimEvent): void {
    const map = this._map;
    const corner = (map as unknown as MapInternals)._latLngToNewLayerPoint(this.corner, zoom, center);
    L.DomUtil.setTransform(this.canvas, corner, map.getZoomScale(zoom));
  }
}

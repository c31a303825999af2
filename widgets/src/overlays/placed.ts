/** A canvas that lies on a part of the slide, and moves with it. */
import * as L from 'leaflet';
import { element } from '../dom';
import type { Box } from './spec';

/** From here on a pixel of an overlay is a square: screen pixels for one of its own. */
const CRISP_PX = 4;

interface MapInternals {
  _latLngToNewLayerPoint(latlng: L.LatLng, zoom: number, center: L.LatLng): L.Point;
}

export class PlacedCanvas extends L.Layer {
  readonly canvas = element('canvas', 'wsinb-overlay leaflet-zoom-animated');
  private box: Box | null = null;

  constructor(pane: string) {
    super();
    L.Util.setOptions(this, { pane });
    this.canvas.hidden = true;
  }

  /** Where all of the canvas lies; null is nowhere. */
  lay(box: Box | null): void {
    this.box = box;
    this.canvas.hidden = box === null;
    this.place();
  }

  override onAdd(): this {
    this.getPane()!.append(this.canvas);
    this.place();
    return this;
  }

  override onRemove(): this {
    this.canvas.remove();
    return this;
  }

  override getEvents(): Record<string, L.LeafletEventHandlerFn> {
    return {
      zoom: () => this.place(),
      viewreset: () => this.place(),
      zoomanim: event => {
        const { zoom, center } = event as L.ZoomAnimEvent;
        const internals = this._map as unknown as MapInternals;
        this.transform(zoom, corner => internals._latLngToNewLayerPoint(corner, zoom, center));
      }
    };
  }

  private place(): void {
    const map = this._map as L.Map | undefined;
    if (map) {
      const zoom = map.getZoom();
      this.transform(zoom, corner => map.project(corner, zoom).subtract(map.getPixelOrigin()));
    }
  }

  private transform(zoom: number, toLayer: (corner: L.LatLng) => L.Point): void {
    const { box, canvas } = this;
    if (!box || canvas.width === 0 || canvas.height === 0) {
      return;
    }
    const [xmin, ymin, xmax, ymax] = box;
    const { x, y } = toLayer(L.latLng(-ymin, xmin)).round();
    const scale = 2 ** zoom;
    const [across, down] = [((xmax - xmin) * scale) / canvas.width, ((ymax - ymin) * scale) / canvas.height];
    canvas.style.width = `${canvas.width}px`;
    canvas.style.height = `${canvas.height}px`;
    canvas.style.transform = `translate3d(${x}px, ${y}px, 0) scale(${across}, ${down})`;
    canvas.classList.toggle('wsinb-mod-crisp', across >= CRISP_PX);
  }
}

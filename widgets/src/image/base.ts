/** The slide as a whole, below its tiles: its glass, its edge, and a small picture of all of it. */
import * as L from 'leaflet';
import { element } from '../dom';
import { PatientImage, type PatientEvents } from './patient';

interface MapInternals {
  _latLngBoundsToNewLayerBounds(bounds: L.LatLngBounds, zoom: number, center: L.LatLng): L.Bounds;
}

export class Base extends L.Layer {
  readonly image: PatientImage;
  private readonly node = element('div', 'wsinb-slide leaflet-zoom-animated');
  /** The zoom at which it has its size. */
  private placed = 0;

  constructor(
    private readonly bounds: L.LatLngBounds,
    pane: string,
    background: string,
    events: PatientEvents
  ) {
    super();
    L.Util.setOptions(this, { pane });
    this.image = new PatientImage(events);
    this.node.style.background = background;
    this.node.append(this.image.node);
  }

  override onAdd(): this {
    this.getPane()!.append(this.node);
    this.place();
    return this;
  }

  override onRemove(): this {
    this.image.stop();
    this.node.remove();
    return this;
  }

  override getEvents(): Record<string, L.LeafletEventHandlerFn> {
    return {
      zoom: event => ((event as { pinch?: boolean }).pinch ? this.stretch() : this.place()),
      viewreset: () => this.place(),
      zoomanim: event => this.animate(event as L.ZoomAnimEvent)
    };
  }

  private place(): void {
    const corner = this._map.latLngToLayerPoint(this.bounds.getNorthWest());
    const size = this._map.latLngToLayerPoint(this.bounds.getSouthEast()).subtract(corner);
    this.placed = this._map.getZoom();
    L.DomUtil.setPosition(this.node, corner);
    this.node.style.width = `${size.x}px`;
    this.node.style.height = `${size.y}px`;
  }

  /** While the zoom goes on changing, nothing is laid out anew. */
  private stretch(): void {
    const corner = this._map.latLngToLayerPoint(this.bounds.getNorthWest());
    L.DomUtil.setTransform(this.node, corner, this._map.getZoomScale(this._map.getZoom(), this.placed));
  }

  private animate({ zoom, center }: L.ZoomAnimEvent): void {
    const internals = this._map as unknown as MapInternals;
    const { min } = internals._latLngBoundsToNewLayerBounds(this.bounds, zoom, center);
    L.DomUtil.setTransform(this.node, min!, this._map.getZoomScale(zoom, this.placed));
  }
}

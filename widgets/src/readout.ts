/**
 * Where the pointer is, in µm and level-0 pixels, what lies there, the magnification of the view, and how large
 * the shape in hand is.
 */
import * as L from 'leaflet';
import { ownMagnification, zoomText } from './magnification';
import { sizeText } from './shapesize';
import type { Feature, SlideInfo } from './types';

/** The text for a position in level-0 pixels. */
export function positionText(l0x: number, l0y: number, mpp: [number, number] | null): string {
  const px = `${Math.floor(l0x)}, ${Math.floor(l0y)} px`;
  if (!mpp) {
    return `${px} (µm per pixel unknown)`;
  }
  return `${(l0x * mpp[0]).toFixed(1)}, ${(l0y * mpp[1]).toFixed(1)} µm  ·  ${px}`;
}

export class ReadOut {
  readonly node = document.createElement('div');
  private readonly position = span('wsinb-position');
  private readonly found = span('wsinb-found');
  private readonly values = span('wsinb-values');
  private readonly zoom = span('wsinb-zoom');
  private readonly size = span('wsinb-size');
  private readonly chosen = span('wsinb-chosen');
  private shape: Feature | null = null;
  private hint = '';

  constructor(
    private readonly map: L.Map,
    private readonly info: SlideInfo
  ) {
    this.node.className = 'wsinb-readout';
    this.node.append(this.zoom, this.position, this.values, this.size, this.chosen, this.found);
    map.on('mousemove', this.onMove, this).on('zoom zoomend', this.onZoom, this);
    this.position.textContent = positionText(0, 0, info.mpp);
    this.onZoom();
  }

  /** What the pointer is over; nothing shows the hint of the tool in hand. */
  setFound(text: string): void {
    this.found.textContent = text || this.hint;
  }

  /** What overlays say of the place under the pointer. */
  setValues(text: string): void {
    this.values.textContent = text;
  }

  setHint(text: string): void {
    this.hint = text;
    this.found.textContent = text;
  }

  /** How many annotations are selected. */
  setSelected(n: number): void {
    this.chosen.textContent = n > 1 ? `${n.toLocaleString('en')} selected` : '';
  }

  /** The shape that is drawn or selected; null is none. */
  setShape(feature: Feature | null): void {
    if (feature !== this.shape) {
      this.shape = feature;
      this.size.textContent = feature ? sizeText(feature, this.info.mpp) : '';
    }
  }

  dispose(): void {
    this.map.off('mousemove', this.onMove, this).off('zoom zoomend', this.onZoom, this);
  }

  private onMove({ latlng }: L.LeafletMouseEvent): void {
    this.position.textContent = positionText(latlng.lng, -latlng.lat, this.info.mpp);
  }

  private onZoom(): void {
    const own = ownMagnification(this.info);
    this.zoom.textContent = zoomText(this.map.getZoom(), own);
    this.zoom.title = own === null ? 'Screen pixels per slide pixel' : 'Magnification';
  }
}

function span(className: string): HTMLSpanElement {
  const node = document.createElement('span');
  node.className = className;
  return node;
}

/** The scale bar: a round length in µm, or in px where the slide does not say how large its pixels are. */
import type * as L from 'leaflet';
import { lengthText, tidy } from './units';

const MAX_BAR_PX = 140;

export interface Bar {
  /** Width on the screen. */
  px: number;
  text: string;
}

/** The longest of 1, 2, 5 times a power of ten that is not longer than `limit`. */
export function roundLength(limit: number): number {
  const power = 10 ** Math.floor(Math.log10(limit));
  const factor = [5, 2, 1].find(candidate => candidate * power <= limit * (1 + 1e-9)) ?? 1;
  return factor * power;
}

/** A bar for a view with `screenPx` screen pixels per level-0 pixel of `mpp` µm. */
export function barFor(screenPx: number, mpp: number | null): Bar {
  const unitsPerScreenPx = (mpp ?? 1) / screenPx;
  const length = roundLength(MAX_BAR_PX * unitsPerScreenPx);
  return { px: length / unitsPerScreenPx, text: mpp === null ? `${tidy(length)} px` : lengthText(length) };
}

export class ScaleBar {
  readonly node = document.createElement('div');
  private readonly line = document.createElement('div');
  private readonly text = document.createElement('span');

  constructor(
    private readonly map: L.Map,
    private readonly mpp: number | null
  ) {
    this.node.className = 'wsinb-scale';
    this.line.className = 'wsinb-scale-line';
    this.node.append(this.line, this.text);
    this.node.title =
      mpp === null ? 'The slide does not say how large its pixels are: lengths are in pixels.' : 'Scale';
    map.on('zoom zoomend', this.update, this);
    this.update();
  }

  dispose(): void {
    this.map.off('zoom zoomend', this.update, this);
  }

  private update(): void {
    const { px, text } = barFor(2 ** this.map.getZoom(), this.mpp);
    this.line.style.width = `${px}px`;
    this.text.textContent = text;
  }
}

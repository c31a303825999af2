/**
 * Magnifications, as on a microscope: at m× a screen pixel shows 10/m µm, so 40× is 0.25 µm.
 *
 * A slide that tells neither the size of its pixels nor its magnification has zoom percentages instead.
 */
import type { SlideInfo } from './types';
import { tidy } from './units';

export interface Step {
  text: string;
  /** Leaflet's zoom level, in general not a whole number. */
  zoom: number;
  /** Whether it shows at most twice the slide's own resolution. */
  useful: boolean;
}

const UM_PER_PX_AT_1X = 10;
const MAGNIFICATIONS = [1, 2.5, 5, 10, 20, 40];
const PERCENTAGES = [6.25, 12.5, 25, 50, 100, 200];
/** Closer than this times the slide's own resolution there is nothing more to see. */
const MAX_EMPTY = 2;

/** The magnification at which a slide pixel is a screen pixel, or null where nothing tells. */
export function ownMagnification({
  mpp,
  magnification
}: Pick<SlideInfo, 'mpp' | 'magnification'>): number | null {
  return mpp ? UM_PER_PX_AT_1X / mpp[0] : magnification;
}

/** What the buttons and keys 1 to 6 show. */
export function magnificationSteps(info: Pick<SlideInfo, 'mpp' | 'magnification'>): Step[] {
  const own = ownMagnification(info);
  return own === null
    ? PERCENTAGES.map(percent => step(`${percent} %`, percent / 100))
    : MAGNIFICATIONS.map(value => step(`${value}×`, value / own));
}

function step(text: string, scale: number): Step {
  return { text, zoom: Math.log2(scale), useful: scale <= MAX_EMPTY * (1 + 1e-6) };
}

/** The magnification of a view in words. */
export function zoomText(zoom: number, own: number | null): string {
  const scale = 2 ** zoom;
  return own === null ? `${tidy(scale * 100, 3)} %` : `${tidy(own * scale, 3)}×`;
}

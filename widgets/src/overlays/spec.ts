/** What lies over the picture, as Python and the browser tell each other. */

/** xmin, ymin, xmax, ymax in level-0 pixels. */
export type Box = [number, number, number, number];

/** A slide file, over the whole slide unless a box is given; or what is predicted as it is looked at. */
export type OverlaySource = { path: string; box?: Box } | { live: string };

export interface OverlayLook {
  /** 0..1 */
  opacity: number;
  /** 0..1; lower values are not shown. */
  threshold: number;
  /** The name of a colour map, or `#rrggbb`. */
  colours: string;
  visible: boolean;
}

export interface OverlaySpec extends OverlayLook {
  name: string;
  source: OverlaySource;
}

export const PLAIN_OVERLAY: OverlayLook = { opacity: 0.6, threshold: 0, colours: 'viridis', visible: true };

/** The whole slide in view, and again when the viewer gets another size, until somebody moves the view. */
import * as L from 'leaflet';
import { fitWhole } from './zoom';

interface Fitted {
  /** Of the viewer, in CSS px. */
  width: number;
  height: number;
  zoom: number;
  /** The upper left corner of the view. */
  corner: L.LatLng;
}

/** Nearer than this, in screen pixels, the view is where it was. */
const SAME_PX = 1;

export class WholeView {
  private fitted: Fitted | null = null;

  constructor(
    private readonly map: L.Map,
    /** Of the slide; null before it is open. */
    private readonly bounds: () => L.LatLngBounds | null
  ) {
    map.on('resize', this.onResize, this);
  }

  show(): void {
    const bounds = this.bounds();
    if (bounds) {
      fitWhole(this.map, bounds);
      const { clientWidth: width, clientHeight: height } = this.map.getContainer();
      const corner = this.map.containerPointToLatLng([0, 0]);
      this.fitted = { width, height, zoom: this.map.getZoom(), corner };
    }
  }

  dispose(): void {
    this.map.off('resize', this.onResize, this);
  }

  private onResize(): void {
    const { map, fitted } = this;
    const { clientWidth, clientHeight } = map.getContainer();
    const isSame = fitted && fitted.width === clientWidth && fitted.height === clientHeight;
    // turning the view makes the map larger or smaller, too
    if (!fitted || isSame || fitted.zoom !== map.getZoom()) {
      return;
    }
    const corner = map.latLngToContainerPoint(fitted.corner);
    if (Math.hypot(corner.x, corner.y) <= SAME_PX) {
      this.show();
    }
  }
}

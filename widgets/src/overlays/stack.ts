/** What lies over the picture, below the annotations, lowest first. */
import type * as L from 'leaflet';
import { LiveCanvas, type LiveOverlay } from './live';
import type { OverlaySpec } from './spec';

export type { LiveOverlay, LivePicture } from './live';
export type { OverlaySpec } from './spec';

const PANE = 'wsinb-overlays';
/** Over the picture (190), below Leaflet's own tiles (200). */
const PANE_Z = '195';

export interface OverlayStackOptions {
  map: L.Map;
}

export class OverlayStack {
  private readonly lives = new Map<string, LiveCanvas>();

  constructor(private readonly given: OverlayStackOptions) {
    const { map } = given;
    const pane = map.getPane(PANE) ?? map.createPane(PANE);
    pane.style.zIndex = PANE_Z;
    pane.style.pointerEvents = 'none';
  }

  /** Show these, the first one lowest; what is there already stays. */
  set(specs: readonly OverlaySpec[]): void {
    specs.forEach(({ source, ...look }, order) => {
      if ('live' in source) {
        const canvas = this.canvasOf(source.live);
        canvas.show(look);
        canvas.canvas.style.zIndex = String(order + 1);
      }
    });
  }

  /** What is predicted under a name; it is there from the first time that it is asked for. */
  live(id: string): LiveOverlay {
    return this.canvasOf(id);
  }

  dispose(): void {
    this.lives.forEach(canvas => canvas.remove());
    this.lives.clear();
  }

  private canvasOf(id: string): LiveCanvas {
    let canvas = this.lives.get(id);
    if (!canvas) {
      canvas = new LiveCanvas(PANE);
      canvas.addTo(this.given.map);
      this.lives.set(id, canvas);
    }
    return canvas;
  }
}

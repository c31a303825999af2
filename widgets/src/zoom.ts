/** Zooming: smooth with the wheel and a touch pad's pinch, whole steps with keys and buttons. */
import * as L from 'leaflet';
import { defaults } from './defaults';

/** A notch of a usual mouse is about one level. */
const WHEEL_PX_PER_ZOOM = 120;
/** A pinch on a touch pad comes as a wheel with Ctrl: the size grows by e for 100 of its pixels. */
const PINCH_PX_PER_ZOOM = 100 / Math.LOG2E;
/** No pinch moves so far at once. */
const NOTCH_PX = 50;
/** After this time the view has come 63 % of the way to where the wheel wants it. */
const FOLLOW_MS = 50;
/** On the map while the wheel moves it. */
const ZOOMING = 'wsinb-mod-zooming';
/** No screen shows less than this. */
const CLOSE_ENOUGH = 0.002;

interface MapInternals {
  _stop(): void;
  _moveStart(zoomChanged: boolean, noMoveStart: boolean): void;
  _move(center: L.LatLng, zoom: number, data?: { pinch: boolean }): void;
  _moveEnd(zoomChanged: boolean): void;
  _animatingZoom?: boolean;
}

/** The next whole zoom in a direction. */
export function wholeStep(zoom: number, by: 1 | -1): number {
  return by > 0 ? Math.floor(zoom + 1e-6) + 1 : Math.ceil(zoom - 1e-6) - 1;
}

/** Zoom to the next whole zoom, about the middle of the view. */
export function zoomStep(map: L.Map, by: 1 | -1): void {
  map.setZoom(wholeStep(map.getZoom(), by));
}

/** Show bounds as large as a whole zoom can. */
export function fitWhole(map: L.Map, bounds: L.LatLngBounds): void {
  const zoom = Math.floor(map.getBoundsZoom(bounds) + 1e-6);
  map.setView(bounds.getCenter(), Math.max(zoom, map.getMinZoom()), { animate: false });
}

/**
 * Takes the place of Leaflet's handler of the wheel, and keeps its name, so that whoever switches zooming by
 * the wheel on or off does so to this one.
 */
export class SmoothWheel extends L.Handler {
  private readonly view: L.Map;
  private target = 0;
  /** The pointer, and the place of the slide that stays under it. */
  private at: L.Point = L.point(0, 0);
  private held = L.latLng(0, 0);
  private frame = 0;
  private before = 0;
  /** Where the last frame has left the zoom: when it is another, somebody else has moved the view. */
  private left: number | null = null;

  constructor(
    map: L.Map,
    private readonly isMine: (event: WheelEvent) => boolean
  ) {
    super(map);
    this.view = map;
  }

  /** Replace the map's own handler; `isMine` tells whether a turn of the wheel is meant for the map. */
  static install(map: L.Map, isMine: (event: WheelEvent) => boolean): SmoothWheel {
    const wheel = new SmoothWheel(map, isMine);
    if (map.scrollWheelZoom.enabled()) {
      map.scrollWheelZoom.disable();
      wheel.enable();
    }
    map.scrollWheelZoom = wheel;
    return wheel;
  }

  override addHooks(): void {
    this.view.getContainer().addEventListener('wheel', this.onWheel, { passive: false });
  }

  override removeHooks(): void {
    this.view.getContainer().removeEventListener('wheel', this.onWheel);
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (this.left !== null) {
      this.finish();
    }
  }

  dispose(): void {
    this.disable();
  }

  private get internals(): MapInternals {
    return this.view as unknown as MapInternals;
  }

  private readonly onWheel = (event: WheelEvent): void => {
    if (!this.isMine(event)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const { view } = this;
    const delta = L.DomEvent.getWheelDelta(event);
    // a mouse with Ctrl held turns by whole notches
    const isPinch = event.ctrlKey && Math.abs(delta) < NOTCH_PX;
    const zooms = isPinch ? delta / PINCH_PX_PER_ZOOM : (defaults.wheelSpeed * delta) / WHEEL_PX_PER_ZOOM;
    const from = this.left === null ? view.getZoom() : this.target;
    this.target = Math.max(view.getMinZoom(), Math.min(view.getMaxZoom(), from + zooms));
    this.hold(view.mouseEventToContainerPoint(event));
    if (this.frame === 0 && Math.abs(this.target - view.getZoom()) > 1e-9) {
      this.internals._stop();
      this.before = performance.now();
      view.getContainer().classList.add(ZOOMING);
      this.frame = requestAnimationFrame(this.onFrame);
    }
  };

  private readonly onFrame = (now: number): void => {
    const { view } = this;
    this.frame = 0;
    if (this.left !== null && this.left !== view.getZoom()) {
      this.stand();
      return;
    }
    if (!this.internals._animatingZoom) {
      if (this.left === null) {
        this.internals._moveStart(true, false);
        this.left = view.getZoom();
      }
      const passed = Math.max(0, now - this.before);
      const rest = (this.target - view.getZoom()) * Math.exp(-passed / FOLLOW_MS);
      if (Math.abs(rest) < CLOSE_ENOUGH) {
        this.finish();
        return;
      }
      this.moveTo(this.target - rest, { pinch: true });
    }
    this.before = now;
    this.frame = requestAnimationFrame(this.onFrame);
  };

  /** Each frame rounds to whole pixels: the place is taken once, or it would wander off. */
  private hold(at: L.Point): void {
    if (this.left === null || !at.equals(this.at)) {
      this.at = at;
      this.held = this.view.containerPointToLatLng(at);
    }
  }

  private moveTo(zoom: number, how?: { pinch: boolean }): void {
    const { view } = this;
    const offset = this.at.subtract(view.getSize().divideBy(2));
    const center = view.unproject(view.project(this.held, zoom).subtract(offset), zoom);
    this.internals._move(center, zoom, how);
    this.left = zoom;
  }

  private finish(): void {
    // without the word "pinch" the layers load what the new zoom needs
    this.moveTo(this.target);
    this.stand();
    this.internals._moveEnd(true);
  }

  private stand(): void {
    this.left = null;
    this.view.getContainer().classList.remove(ZOOMING);
  }
}

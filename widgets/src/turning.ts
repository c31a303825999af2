/**
 * Which way up the slide is seen: any angle, and mirrored.
 *
 * Leaflet knows nothing of it. Its panes are put into a stage that is turned about the centre of the view by
 * CSS, and the map believes to be as large as the turned view needs. What comes from the screen (the pointer,
 * the size, drags) is turned back where Leaflet takes it in. While nothing is turned there is no stage.
 */
import * as L from 'leaflet';
import { Signal, type ISignal } from '@lumino/signaling';

export interface Turn {
  /** Clockwise as it is seen, 0 <= degrees < 360. */
  degrees: number;
  /** Whether left and right are exchanged; done before turning. */
  flipped: boolean;
}

/** a, b, c, d of a CSS matrix: x' = a x + c y, y' = b x + d y. */
type Matrix = [number, number, number, number];

interface MapInternals {
  _lastCenter: L.LatLng | null;
  _mapPane: HTMLElement;
}

interface DragInternals {
  _startPos: L.Point;
  _newPos: L.Point;
  _parentScale: L.Point;
  on(name: 'predrag', act: () => void): void;
}

interface Draggable {
  dragging?: { _draggable?: DragInternals };
}

const ALL = new WeakMap<L.Map, Turning>();

/** How a map is turned, where its turning is not at hand. */
export function turningOf(map: L.Map): Turning | null {
  return ALL.get(map) ?? null;
}

const UPRIGHT: Turn = { degrees: 0, flipped: false };

export class Turning {
  private current = UPRIGHT;
  private readonly stage = document.createElement('div');
  private readonly straightened = new WeakSet<DragInternals>();
  private readonly changedSignal = new Signal<this, Turn>(this);

  constructor(private readonly map: L.Map) {
    this.stage.className = 'wsinb-stage';
    ALL.set(map, this);
    map.getSize = () => this.size();
    map.mouseEventToContainerPoint = event =>
      this.fromScreen(L.Map.prototype.mouseEventToContainerPoint.call(map, event));
    map.getBoundsZoom = (bounds, inside, padding) => this.boundsZoom(bounds, inside ?? false, padding);
    map.on('resize', this.place, this).on('layeradd', this.onLayer, this);
    map.on('dragstart', () => this.straighten(map as unknown as Draggable));
    map.eachLayer(layer => this.onLayer({ layer }));
  }

  get value(): Turn {
    return this.current;
  }

  get changed(): ISignal<this, Turn> {
    return this.changedSignal;
  }

  get isUpright(): boolean {
    return this.current.degrees === 0 && !this.current.flipped;
  }

  /** Turn to an angle; what is in the middle of the view stays there. */
  set({ degrees, flipped }: Turn): void {
    const before = this.map.getSize();
    this.current = { degrees: ((degrees % 360) + 360) % 360, flipped };
    const after = this.map.getSize();
    (this.map as unknown as MapInternals)._lastCenter = null;
    this.place();
    this.map.panBy(before.subtract(after).divideBy(2), { animate: false });
    this.map.fire('resize', { oldSize: before, newSize: after });
    this.changedSignal.emit(this.current);
  }

  /** Turn by degrees, clockwise as it is seen. */
  turnBy(degrees: number): void {
    this.set({ ...this.current, degrees: this.current.degrees + degrees });
  }

  /** Exchange left and right as they are seen. */
  flip(): void {
    this.set({ degrees: -this.current.degrees, flipped: !this.current.flipped });
  }

  reset(): void {
    this.set(UPRIGHT);
  }

  /** The place on the screen, from the map's corner, of one of Leaflet's container points. */
  toScreen(point: L.Point): L.Point {
    return this.apply(this.matrix, point.subtract(this.size().divideBy(2))).add(this.realSize().divideBy(2));
  }

  /** Leaflet's container point of a place on the screen. */
  fromScreen(point: L.Point): L.Point {
    return this.turnedBack(point.subtract(this.realSize().divideBy(2))).add(this.size().divideBy(2));
  }

  /** What Leaflet calls a movement by so many pixels on the screen. */
  turnedBack(offset: L.Point): L.Point {
    return this.apply(this.upright, offset);
  }

  /** From the slide's axes to the screen's. */
  get matrix(): Matrix {
    const angle = (this.current.degrees * Math.PI) / 180;
    const mirror = this.current.flipped ? -1 : 1;
    const [cos, sin] = [tidy(Math.cos(angle)), tidy(Math.sin(angle))];
    return [cos * mirror, sin * mirror, -sin, cos];
  }

  dispose(): void {
    this.current = UPRIGHT;
    this.place();
    const { map } = this;
    map.off('resize', this.place, this).off('layeradd', this.onLayer, this);
    const { getSize, mouseEventToContainerPoint, getBoundsZoom } = L.Map.prototype;
    ALL.delete(map);
    Object.assign(map, { getSize, mouseEventToContainerPoint, getBoundsZoom });
    Signal.clearData(this);
  }

  /** What undoes the turn, for texts. */
  get upright(): Matrix {
    const [a, b, c, d] = this.matrix;
    // its columns are perpendicular unit vectors
    return [a, c, b, d];
  }

  private apply([a, b, c, d]: Matrix, { x, y }: L.Point): L.Point {
    return L.point(a * x + c * y, b * x + d * y);
  }

  /** What a person sees of the map. */
  realSize(): L.Point {
    return L.Map.prototype.getSize.call(this.map);
  }

  /** Upright and large enough to hold the turned view; even, so that half of it is whole. */
  private size(): L.Point {
    const real = this.realSize();
    if (this.isUpright) {
      return real;
    }
    const [a, b] = this.matrix.map(Math.abs) as Matrix;
    return L.point(even(a * real.x + b * real.y), even(b * real.x + a * real.y));
  }

  private boundsZoom(given: L.LatLngBoundsExpression, inside: boolean, padding = L.point(0, 0)): number {
    const { map } = this;
    const bounds = given instanceof L.LatLngBounds ? given : L.latLngBounds(given);
    const original = (): number => L.Map.prototype.getBoundsZoom.call(map, bounds, inside, padding);
    if (this.isUpright || inside) {
      return original();
    }
    const zoom = map.getZoom();
    const [nw, se] = [bounds.getNorthWest(), bounds.getSouthEast()].map(corner => map.project(corner, zoom));
    const [a, b] = this.matrix.map(Math.abs) as Matrix;
    const { x, y } = se!.subtract(nw!);
    const real = this.realSize().subtract(padding);
    const scale = Math.min(real.x / (a * x + b * y), real.y / (b * x + a * y));
    const snap = map.options.zoomSnap || 1e-3;
    const fitting = Math.floor(map.getScaleZoom(scale, zoom) / snap + 1e-6) * snap;
    return Math.max(map.getMinZoom(), Math.min(map.getMaxZoom(), fitting));
  }

  /** Put the panes on the stage, and the stage into its place; or away with it. */
  private place(): void {
    const container = this.map.getContainer();
    const { _mapPane: pane } = this.map as unknown as MapInternals;
    if (this.isUpright) {
      if (this.stage.contains(pane)) {
        this.stage.replaceWith(pane);
        container.classList.remove('wsinb-mod-turned');
      }
      return;
    }
    if (!this.stage.contains(pane)) {
      pane.replaceWith(this.stage);
      this.stage.append(pane);
      container.classList.add('wsinb-mod-turned');
    }
    const { x, y } = this.toScreen(L.point(0, 0));
    const [a, b, c, d] = this.matrix;
    this.stage.style.transform = `matrix(${a}, ${b}, ${c}, ${d}, ${x}, ${y})`;
    this.stage.style.setProperty('--wsinb-upright', `matrix(${this.upright.join()}, 0, 0)`);
  }

  private onLayer({ layer }: { layer: L.Layer }): void {
    if (layer instanceof L.Marker) {
      layer.on('dragstart', () => this.straighten(layer as unknown as Draggable));
    }
  }

  /** Drags are measured on the screen. */
  private straighten({ dragging }: Draggable): void {
    const draggable = dragging?._draggable;
    if (!draggable || this.straightened.has(draggable)) {
      return;
    }
    this.straightened.add(draggable);
    draggable.on('predrag', () => {
      if (!this.isUpright) {
        const { _startPos: start, _newPos: end, _parentScale: scale } = draggable;
        const seen = end.subtract(start).scaleBy(L.point(scale.x, scale.y));
        draggable._newPos = start.add(this.turnedBack(seen));
      }
    });
  }
}

function even(length: number): number {
  return 2 * Math.ceil(length / 2 - 1e-6);
}

/** Quarter turns are exact. */
function tidy(value: number): number {
  return Math.abs(value) < 1e-12 ? 0 : value;
}

/** A region drawn with the pointer held down: a rectangle as it is seen, or a lasso. */
import * as L from 'leaflet';

export type AreaTool = 'rectangle' | 'lasso';

export interface AreaEvents {
  /** A region was drawn; `adding` is with Shift or Ctrl held. */
  drawn: (ring: L.LatLng[], adding: boolean) => void;
}

const SMALLEST_PX = 4;
const LASSO_STEP_PX = 4;
/** A region travels in an address. */
const MOST_CORNERS = 160;
const SWALLOWED = ['mousedown', 'touchstart', 'click', 'dblclick'] as const;

type Place = [number, number];

export class Area {
  private tool: AreaTool | null = null;
  /** Client coordinates: the first and the present one, or all of a lasso. */
  private path: Place[] = [];
  private shape: L.Polygon | null = null;

  constructor(
    private readonly map: L.Map,
    /** What lies over the map and keeps its own clicks. */
    private readonly over: HTMLElement,
    private readonly events: AreaEvents
  ) {
    const container = map.getContainer();
    container.addEventListener('pointerdown', this.onDown, { capture: true });
    // before Leaflet: the map is not dragged, and nothing is opened, while a region is drawn
    SWALLOWED.forEach(name =>
      container.addEventListener(name, this.swallow, { capture: true, passive: false })
    );
  }

  /** What is in hand. */
  get current(): AreaTool | null {
    return this.tool;
  }

  use(tool: AreaTool | null): void {
    this.forget();
    this.tool = tool;
    this.map.getContainer().classList.toggle('wsinb-mod-area', tool !== null);
  }

  dispose(): void {
    this.use(null);
    const container = this.map.getContainer();
    container.removeEventListener('pointerdown', this.onDown, { capture: true });
    SWALLOWED.forEach(name => container.removeEventListener(name, this.swallow, { capture: true }));
  }

  private isMine(event: Event): boolean {
    return this.tool !== null && event.target instanceof Node && !this.over.contains(event.target);
  }

  private readonly swallow = (event: Event): void => {
    if (this.isMine(event)) {
      event.stopImmediatePropagation();
      if (event.type === 'mousedown') {
        event.preventDefault();
        this.map.getContainer().focus({ preventScroll: true });
      }
    }
  };

  private readonly onDown = (event: PointerEvent): void => {
    if (this.isMine(event) && event.button === 0 && event.isPrimary) {
      this.path = [[event.clientX, event.clientY]];
      this.shape = L.polygon([], { className: 'wsinb-area', interactive: false, weight: 1.5 }).addTo(
        this.map
      );
      window.addEventListener('pointermove', this.onMove);
      window.addEventListener('pointerup', this.onUp);
      window.addEventListener('pointercancel', this.onCancel);
    }
  };

  private readonly onMove = (event: PointerEvent): void => {
    const place: Place = [event.clientX, event.clientY];
    if (this.tool === 'rectangle') {
      this.path = [this.path[0]!, place];
    } else if (distance(place, this.path.at(-1)!) >= LASSO_STEP_PX) {
      this.path.push(place);
    }
    this.shape?.setLatLngs(this.ring());
  };

  private readonly onUp = (event: PointerEvent): void => {
    const ring = this.ring();
    const size = Math.max(...this.path.map(place => distance(place, this.path[0]!)));
    this.forget();
    if (ring.length > 2 && size >= SMALLEST_PX) {
      this.events.drawn(ring, event.shiftKey || event.ctrlKey || event.metaKey);
    }
  };

  private readonly onCancel = (): void => this.forget();

  private forget(): void {
    this.shape?.remove();
    this.shape = null;
    window.removeEventListener('pointermove', this.onMove);
    window.removeEventListener('pointerup', this.onUp);
    window.removeEventListener('pointercancel', this.onCancel);
  }

  private ring(): L.LatLng[] {
    const corners = this.tool === 'rectangle' ? rectangle(this.path) : thinned(this.path, MOST_CORNERS);
    return corners.map(([clientX, clientY]) =>
      this.map.mouseEventToLatLng({ clientX, clientY } as unknown as MouseEvent)
    );
  }
}

function rectangle(path: readonly Place[]): Place[] {
  const [x0, y0] = path[0]!;
  const [x1, y1] = path.at(-1)!;
  return [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1]
  ];
}

/** At most `most` of some places, evenly. */
export function thinned<T>(path: readonly T[], most: number): T[] {
  const step = Math.max(1, Math.ceil(path.length / most));
  return path.filter((_, i) => i % step === 0);
}

function distance([x0, y0]: Place, [x1, y1]: Place): number {
  return Math.hypot(x1 - x0, y1 - y0);
}

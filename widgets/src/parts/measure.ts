/** Measure lengths and areas on the picture: never stored, gone when they are cleared. */
import * as L from 'leaflet';
import { iconButton } from '../dom';
import { strokeIcon } from '../icons';
import { fromLatLng } from '../edit/features';
import type { Disposable, Scene } from '../scene';
import { MEASURE_PANE, Measurement } from './measurement';

/** Above all shapes and their handles. */
const PANE_Z = '640';
/** Clicks nearer than this to a point mean that point. */
const NEAR_PX = 10;
const SAME_PX = 3;
const HINT =
  'Click points; double click or Enter ends, a click on the first point closes the area. Esc clears.';

const measureIcon = strokeIcon(
  'measure',
  '<path d="M3.500 15.500l12-12 5 5-12 12z"/><path d="M7 12l2 2M10 9l2.500 2.500M13 6l2 2"/>'
);

export function measurePart(scene: Scene): Disposable {
  const measure = new Measure(scene);
  const group = 'Measuring';
  const bindings = scene.keys.add(
    { keys: 'Shift+M', title: 'Measure lengths and areas', group, act: () => measure.toggle() },
    { keys: 'Enter', title: 'End the line', group, act: () => measure.end() },
    { keys: 'Esc', title: 'Clear the line, then all measurements', group, act: () => measure.clear() }
  );
  return {
    dispose: () => {
      bindings.dispose();
      measure.dispose();
    }
  };
}

class Measure {
  private readonly button: HTMLButtonElement;
  private readonly done: Measurement[] = [];
  private running: Measurement | null = null;
  private isOn = false;

  constructor(private readonly scene: Scene) {
    const { map, toolbar, drawing } = scene;
    const pane = map.getPane(MEASURE_PANE) ?? map.createPane(MEASURE_PANE);
    pane.style.zIndex = PANE_Z;
    pane.style.pointerEvents = 'none';
    this.button = iconButton(measureIcon, 'Measure (Shift+M)', () => this.toggle());
    this.button.dataset.tool = 'measure';
    toolbar.add('measure', this.button);
    this.mark();
    drawing.toolChanged.connect(this.onTool, this);
    const container = map.getContainer();
    // before Leaflet: no shape is selected and nothing zooms while lengths are measured
    container.addEventListener('click', this.onClick, { capture: true });
    container.addEventListener('dblclick', this.onDoubleClick, { capture: true });
    map.on('mousemove', this.onMove, this);
  }

  toggle(): void {
    if (this.isOn) {
      this.stop();
    } else {
      void this.scene.drawing.use(null);
      this.isOn = this.scene.drawing.elsewhere = true;
      this.mark();
    }
  }

  /** End the line; false where there is none. */
  end(): boolean {
    if (!this.running) {
      return false;
    }
    if (this.running.n > 1) {
      this.running.finish();
      this.done.push(this.running);
    } else {
      this.running.remove();
    }
    this.running = null;
    return true;
  }

  /** Clear the line, or else all measurements and put the tool away; false where there is nothing. */
  clear(): boolean {
    if (this.running) {
      this.running.remove();
      this.running = null;
      return true;
    }
    const some = this.isOn || this.done.length > 0;
    this.done.splice(0).forEach(measurement => measurement.remove());
    this.stop();
    return some;
  }

  dispose(): void {
    const { map, drawing } = this.scene;
    const container = map.getContainer();
    this.clear();
    drawing.toolChanged.disconnect(this.onTool, this);
    container.removeEventListener('click', this.onClick, { capture: true });
    container.removeEventListener('dblclick', this.onDoubleClick, { capture: true });
    map.off('mousemove', this.onMove, this);
  }

  private stop(): void {
    this.end();
    if (this.isOn) {
      this.isOn = this.scene.drawing.elsewhere = false;
      this.mark();
    }
  }

  private mark(): void {
    this.button.setAttribute('aria-pressed', String(this.isOn));
    const { map, drawing, readOut } = this.scene;
    map.getContainer().classList.toggle('wsinb-mod-measuring', this.isOn);
    if (this.isOn || !drawing.tool) {
      readOut.setHint(this.isOn ? HINT : '');
    }
  }

  /** Another tool was taken, select and pan being one as well. */
  private onTool(): void {
    this.stop();
  }

  private takes(event: MouseEvent): boolean {
    const onPicture = event.target instanceof Node && !this.scene.root.contains(event.target);
    if (!this.isOn || !onPicture) {
      return false;
    }
    event.stopPropagation();
    event.preventDefault();
    return true;
  }

  private readonly onClick = (event: MouseEvent): void => {
    const { map } = this.scene;
    if (!this.takes(event) || wasDragged(map)) {
      return;
    }
    const at = map.mouseEventToLatLng(event);
    if (!this.running) {
      this.running = new Measurement(map, this.scene.info.mpp, fromLatLng(at));
    } else if (this.running.n > 2 && this.running.isFirst(at, NEAR_PX)) {
      this.running.close();
      this.end();
    } else if (!this.running.isLast(at, SAME_PX)) {
      this.running.add(fromLatLng(at));
    }
  };

  private readonly onDoubleClick = (event: MouseEvent): void => {
    if (this.takes(event)) {
      this.end();
    }
  };

  private onMove({ latlng }: L.LeafletMouseEvent): void {
    this.running?.follow(fromLatLng(latlng));
  }
}

/** Whether the press that ends with this click moved the view. */
function wasDragged({ dragging }: L.Map): boolean {
  return (dragging as L.Handler & { moved(): boolean | undefined }).moved() === true;
}

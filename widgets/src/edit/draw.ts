/** The drawing tools, by Geoman. */
import * as L from 'leaflet';
import { Signal, type ISignal } from '@lumino/signaling';
import { loadGeoman } from './geoman';

export type DrawTool = 'point' | 'line' | 'polygon' | 'rectangle' | 'circle';

const GEOMAN_NAMES: Record<DrawTool, L.PM.SUPPORTED_SHAPES> = {
  point: 'CircleMarker',
  line: 'Line',
  polygon: 'Polygon',
  rectangle: 'Rectangle',
  circle: 'Circle'
};

export const HINTS: Record<DrawTool, string> = {
  point: 'Click to set points. Esc ends.',
  line: 'Click to add points, click the last one again to finish. Esc cancels.',
  polygon: 'Click to add corners, click the first one to close. Esc cancels.',
  rectangle: 'Click two opposite corners. Esc cancels.',
  circle: 'Click the centre, then the rim. Esc cancels.'
};

export class Drawing {
  private current: DrawTool | null = null;
  private readonly toolSignal = new Signal<this, DrawTool | null>(this);
  private readonly createdSignal = new Signal<this, L.Layer>(this);

  constructor(
    private readonly map: L.Map,
    private readonly color: () => string
  ) {
    map.on('pm:create', this.onCreate, this);
    map.on('pm:drawend', this.onEnd, this);
  }

  /** The tool in hand; null selects and pans. */
  get tool(): DrawTool | null {
    return this.current;
  }

  get toolChanged(): ISignal<this, DrawTool | null> {
    return this.toolSignal;
  }

  get created(): ISignal<this, L.Layer> {
    return this.createdSignal;
  }

  async use(tool: DrawTool | null): Promise<void> {
    if (this.current) {
      const ended = this.current;
      this.current = null;
      this.map.pm.disableDraw(GEOMAN_NAMES[ended]);
    }
    if (tool) {
      await loadGeoman(this.map);
      this.current = tool;
      this.map.pm.enableDraw(GEOMAN_NAMES[tool], this.options(tool));
    }
    this.toolSignal.emit(this.current);
  }

  /** Take over a change of the current colour while a tool is in hand. */
  recolor(): void {
    if (this.current) {
      void this.use(this.current);
    }
  }

  dispose(): void {
    if (this.current) {
      this.map.pm.disableDraw(GEOMAN_NAMES[this.current]);
    }
    this.map.off('pm:create', this.onCreate, this);
    this.map.off('pm:drawend', this.onEnd, this);
    Signal.clearData(this);
  }

  private options(tool: DrawTool): L.PM.DrawModeOptions {
    const style = { color: this.color(), weight: 2 };
    return {
      snappable: false,
      tooltips: false,
      allowSelfIntersection: false,
      continueDrawing: tool === 'point',
      finishOn: null as unknown as undefined,
      templineStyle: style,
      hintlineStyle: { ...style, dashArray: '4 4' },
      pathOptions: { ...style, fillOpacity: 0.2 },
      markerEditable: false
    };
  }

  private onCreate({ layer }: L.LeafletEvent & { layer: L.Layer }): void {
    // the shape goes into our own record, which draws it; Geoman's copy is not kept
    layer.remove();
    this.createdSignal.emit(layer);
  }

  private onEnd(): void {
    if (this.current && this.current !== 'point') {
      this.current = null;
      this.toolSignal.emit(null);
    }
  }
}

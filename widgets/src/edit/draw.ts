/** The drawing tools, by Geoman. */
import * as L from 'leaflet';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ShapeKind } from '../types';
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
  line: 'Click points; a double click or Enter ends. Backspace takes one back, Esc cancels.',
  polygon: 'Click corners; a double click or Enter closes. Backspace takes one back, Esc cancels.',
  rectangle: 'Click two opposite corners. Esc cancels.',
  circle: 'Click the centre, then the rim. Esc cancels.'
};

/** The tool for a kind of shape; kinds without one are drawn otherwise, or not at all. */
const TOOL_OF: Partial<Record<ShapeKind, DrawTool>> = {
  point: 'point',
  line: 'line',
  polyline: 'line',
  polygon: 'polygon',
  rectangle: 'rectangle',
  circle: 'circle'
};

/** Where Geoman keeps what is drawn at the moment. */
interface DrawInternals {
  options: Record<'templineStyle' | 'hintlineStyle' | 'pathOptions', L.PathOptions | undefined>;
  _layerGroup?: L.LayerGroup;
  _removeLastVertex?(): void;
  _finishShape?(): void;
}

export class Drawing {
  private current: DrawTool | null = null;
  private wanted: DrawTool | null = null;
  /** Whether a person took the tool that is wanted, or a label brought it. */
  private byHand = false;
  /** Whether the first click of a shape was made. */
  private begun = false;
  private isElsewhere = false;
  private readonly elsewhereSignal = new Signal<this, boolean>(this);
  private readonly toolSignal = new Signal<this, DrawTool | null>(this);
  private readonly createdSignal = new Signal<this, L.Layer>(this);

  constructor(
    private readonly map: L.Map,
    private readonly color: () => string
  ) {
    map.on('pm:create', this.onCreate, this);
    map.on('pm:drawend', this.onEnd, this);
    map.on('click', this.onClick, this);
  }

  /** The tool in hand; null selects and pans. */
  get tool(): DrawTool | null {
    return this.current;
  }

  get toolChanged(): ISignal<this, DrawTool | null> {
    return this.toolSignal;
  }

  /** Whether a tool that does not draw has the pointer: one that was taken by hand, too. */
  get elsewhere(): boolean {
    return this.isElsewhere;
  }

  set elsewhere(value: boolean) {
    if (value !== this.isElsewhere) {
      this.isElsewhere = value;
      this.elsewhereSignal.emit(value);
    }
  }

  get elsewhereChanged(): ISignal<this, boolean> {
    return this.elsewhereSignal;
  }

  get created(): ISignal<this, L.Layer> {
    return this.createdSignal;
  }

  /** Take a tool, by hand; null puts away what there is. */
  use(tool: DrawTool | null): Promise<void> {
    this.byHand = tool !== null;
    return this.take(tool);
  }

  /** Take the tool for a label's kind of shape, unless one was taken by hand or has begun a shape. */
  async offer(shape: ShapeKind): Promise<void> {
    const tool = TOOL_OF[shape];
    const taken = this.elsewhere || this.begun || (this.wanted !== null && this.byHand);
    if (tool && !taken && tool !== this.wanted) {
      this.byHand = false;
      await this.take(tool);
    }
  }

  /** Take back the last corner of what is half drawn; false where nothing is. */
  stepBack(): boolean {
    return this.half(tool => tool._removeLastVertex);
  }

  /** End the line, close the polygon, as far as it is drawn; false where none is. */
  finish(): boolean {
    return this.half(tool => tool._finishShape);
  }

  /** Take over a change of the current colour, also for the lines of a shape that is half drawn. */
  recolor(): void {
    if (this.current) {
      const style = this.style();
      const tool = this.internals(this.current);
      for (const name of ['templineStyle', 'hintlineStyle', 'pathOptions'] as const) {
        tool.options[name] = { ...tool.options[name], ...style };
      }
      tool._layerGroup?.eachLayer(layer => layer instanceof L.Path && layer.setStyle(style));
    }
  }

  dispose(): void {
    this.wanted = null;
    this.end();
    this.map.off('pm:create', this.onCreate, this);
    this.map.off('pm:drawend', this.onEnd, this);
    this.map.off('click', this.onClick, this);
    Signal.clearData(this);
  }

  private internals(tool: DrawTool): DrawInternals {
    return (this.map.pm.Draw as unknown as Record<string, DrawInternals>)[GEOMAN_NAMES[tool]]!;
  }

  /** Have Geoman do something with the half drawn line or polygon. */
  private half(what: (tool: DrawInternals) => (() => void) | undefined): boolean {
    if (!this.begun || (this.current !== 'line' && this.current !== 'polygon')) {
      return false;
    }
    const tool = this.internals(this.current);
    what(tool)?.call(tool);
    return true;
  }

  private async take(tool: DrawTool | null): Promise<void> {
    this.wanted = tool;
    this.end();
    if (tool) {
      await loadGeoman(this.map);
      if (this.wanted !== tool || this.current === tool) {
        // while Geoman was loading, another one was taken
        return;
      }
      this.end();
      this.current = tool;
      this.map.pm.enableDraw(GEOMAN_NAMES[tool], this.options(tool));
    }
    this.toolSignal.emit(this.current);
  }

  private end(): void {
    this.begun = false;
    if (this.current) {
      const ended = this.current;
      this.current = null;
      this.map.pm.disableDraw(GEOMAN_NAMES[ended]);
    }
  }

  private style(): L.PathOptions {
    return { color: this.color(), weight: 2 };
  }

  private options(tool: DrawTool): L.PM.DrawModeOptions {
    const style = this.style();
    return {
      snappable: false,
      tooltips: false,
      allowSelfIntersection: false,
      continueDrawing: tool === 'point',
      finishOn: (tool === 'line' || tool === 'polygon' ? 'dblclick' : null) as 'dblclick',
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

  private onClick(): void {
    this.begun = this.current !== null && this.current !== 'point';
  }

  private onEnd(): void {
    this.begun = false;
    this.passDoubleClick();
    if (this.current && this.current !== 'point') {
      this.current = this.wanted = null;
      this.toolSignal.emit(null);
    }
  }

  /** The second click of a double click has ended a shape: the double click is not for the map. */
  private passDoubleClick(): void {
    const { doubleClickZoom } = this.map;
    if (doubleClickZoom.enabled()) {
      doubleClickZoom.disable();
      setTimeout(() => doubleClickZoom.enable(), 0);
    }
  }
}

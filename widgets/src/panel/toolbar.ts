/** The column of tools at the left. */
import type * as L from 'leaflet';
import { element, iconButton } from '../dom';
import type { Drawing, DrawTool } from '../edit/draw';
import * as icons from '../icons';

export interface ToolbarActions {
  fit: () => void;
  labelImage: () => void;
  history: () => void;
}

export class Toolbar {
  readonly node = element('div', 'wsinb-toolbar wsinb-surface');
  private readonly buttons = new Map<DrawTool | null, HTMLButtonElement>();

  private readonly history: HTMLButtonElement;

  constructor(map: L.Map, drawing: Drawing, actions: ToolbarActions) {
    this.node.setAttribute('role', 'toolbar');
    this.node.setAttribute('aria-label', 'Slide tools');
    const use = (tool: DrawTool | null): void => void drawing.use(tool);
    const tools: [DrawTool | null, typeof icons.selectIcon, string][] = [
      [null, icons.selectIcon, 'Select and pan (Shift+S)'],
      ['point', icons.pointIcon, 'Draw points (Shift+D)'],
      ['line', icons.lineIcon, 'Draw a line (Shift+L)'],
      ['polygon', icons.polygonIcon, 'Draw a polygon (Shift+P)'],
      ['rectangle', icons.rectangleIcon, 'Draw a rectangle (Shift+R)'],
      ['circle', icons.circleIcon, 'Draw a circle (Shift+C)']
    ];
    this.node.append(
      iconButton(icons.zoomInIcon, 'Zoom in (+)', () => map.zoomIn()),
      iconButton(icons.zoomOutIcon, 'Zoom out (-)', () => map.zoomOut()),
      iconButton(icons.fitIcon, 'Show the whole slide (Shift+0)', actions.fit),
      element('div', 'wsinb-separator')
    );
    for (const [tool, icon, title] of tools) {
      const button = iconButton(icon, title, () => use(tool));
      button.dataset.tool = tool ?? 'select';
      this.buttons.set(tool, button);
      this.node.append(button);
    }
    const whole = iconButton(
      icons.wholeImageIcon,
      'Give the current label to the whole image (Shift+I)',
      actions.labelImage
    );
    whole.dataset.tool = 'image';
    this.history = iconButton(icons.historyIcon, 'History of this slide (h)', actions.history);
    this.history.dataset.tool = 'history';
    this.node.append(whole, element('div', 'wsinb-separator'), this.history);
    drawing.toolChanged.connect(() => this.mark(drawing.tool));
    this.mark(null);
  }

  setHistory(open: boolean): void {
    this.history.setAttribute('aria-pressed', String(open));
  }

  private mark(current: DrawTool | null): void {
    for (const [tool, button] of this.buttons) {
      button.setAttribute('aria-pressed', String(tool === current));
    }
  }
}

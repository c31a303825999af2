/** The buttons of the drawing tools; the one in hand is marked. */
import { iconButton } from '../dom';
import type { Drawing, DrawTool } from '../edit/draw';
import * as icons from '../icons';

const TOOLS: readonly [DrawTool | null, typeof icons.selectIcon, string][] = [
  [null, icons.selectIcon, 'Select and pan (Shift+S)'],
  ['point', icons.pointIcon, 'Draw points (Shift+D)'],
  ['line', icons.lineIcon, 'Draw a line (Shift+L)'],
  ['polygon', icons.polygonIcon, 'Draw a polygon (Shift+P)'],
  ['rectangle', icons.rectangleIcon, 'Draw a rectangle (Shift+R)'],
  ['circle', icons.circleIcon, 'Draw a circle (Shift+C)']
];

export function drawTools(drawing: Drawing): HTMLButtonElement[] {
  const buttons = TOOLS.map(([tool, icon, title]) => {
    const button = iconButton(icon, title, () => void drawing.use(tool));
    button.dataset.tool = tool ?? 'select';
    return button;
  });
  const mark = (): void =>
    buttons.forEach((button, k) =>
      button.setAttribute('aria-pressed', String(TOOLS[k]![0] === drawing.tool && !drawing.elsewhere))
    );
  drawing.toolChanged.connect(mark);
  drawing.elsewhereChanged.connect(mark);
  mark();
  return buttons;
}

/** The keys of editing, history and labels; parts add their own. */
import type { DrawTool } from './edit/draw';
import { ANY_LETTER, type Binding } from './keys';

export interface KeyActions {
  save: () => void;
  undo: () => void;
  redo: () => void;
  /** Returns whether there was anything. */
  removeSelected: () => unknown;
  /** Returns whether anything is half drawn. */
  finish: () => boolean;
  /** Returns whether there was anything to cancel. */
  cancel: () => unknown;
  fit: () => void;
  labelImage: () => void;
  history: () => void;
  /** Go to the next change or the one before; returns whether there is anything to step through. */
  step: (by: 1 | -1) => boolean;
  useTool: (tool: DrawTool | null) => void;
  /** Returns whether a label has that key. */
  chooseLabel: (key: string) => boolean;
}

/** Keys of the tools, with Shift: plain letters belong to the labels. */
const TOOL_KEYS: readonly [string, DrawTool | null, string][] = [
  ['S', null, 'Select and pan'],
  ['D', 'point', 'Draw points'],
  ['L', 'line', 'Draw a line'],
  ['P', 'polygon', 'Draw a polygon'],
  ['R', 'rectangle', 'Draw a rectangle'],
  ['C', 'circle', 'Draw a circle']
];

/** A label's own key wins over the history's; while changes are stepped through there is nothing to label. */
export function editBindings(actions: KeyActions): Binding[] {
  const [edit, draw, look] = ['Editing', 'Drawing', 'Looking'];
  return [
    { keys: 'n', title: 'Next change', group: 'History', act: () => actions.step(1) },
    { keys: 'p', title: 'Change before', group: 'History', act: () => actions.step(-1) },
    { keys: ANY_LETTER, title: 'Choose the label with that key', group: edit, act: actions.chooseLabel },
    { keys: 'h', title: '', group: 'History', act: actions.history },
    { keys: 'Shift+H', title: 'History', group: 'History', act: actions.history },
    ...TOOL_KEYS.map(([letter, tool, title]) => ({
      ...{ keys: `Shift+${letter}`, title, group: draw },
      act: () => actions.useTool(tool)
    })),
    {
      ...{ keys: 'Shift+I', title: 'Give the current label to the whole image', group: draw },
      act: actions.labelImage
    },
    { keys: 'Enter', title: 'End the line, close the polygon', group: draw, act: actions.finish },
    { keys: 'Esc', title: 'Put the tool away, or deselect', group: edit, act: actions.cancel },
    {
      keys: 'Del',
      title: 'Delete the selected shape, or the last corner',
      group: edit,
      act: actions.removeSelected
    },
    { keys: 'Backspace', title: '', group: edit, act: actions.removeSelected },
    { keys: 'Ctrl+S', title: 'Save as a new version', group: edit, act: actions.save, typing: true },
    { keys: 'Ctrl+Z', title: 'Undo', group: edit, act: actions.undo },
    { keys: 'Ctrl+Shift+Z', title: 'Redo', group: edit, act: actions.redo },
    { keys: 'Ctrl+Y', title: '', group: edit, act: actions.redo },
    { keys: 'Shift+0', title: 'Show the whole slide', group: look, act: actions.fit }
  ];
}

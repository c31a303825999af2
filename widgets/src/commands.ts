/** The commands of the extension: their names, and those that act on the slide in front. */
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { SlideWidget } from './faces/slide';
import * as icons from './icons';

export const CommandIDs = {
  openSlide: 'wsinb:open-slide',
  openBeside: 'wsinb:open-slide-beside',
  next: 'wsinb:next-slide',
  previous: 'wsinb:previous-slide',
  newProject: 'wsinb:new-project',
  addSlides: 'wsinb:add-slides',
  showPanel: 'wsinb:show-panel',
  mark: 'wsinb:mark-slide',
  copyPath: 'wsinb:copy-slide-path',
  save: 'wsinb:save-version',
  fit: 'wsinb:show-whole-slide',
  history: 'wsinb:toggle-history',
  layers: 'wsinb:show-layers',
  picture: 'wsinb:show-picture',
  about: 'wsinb:show-about',
  minimap: 'wsinb:toggle-minimap',
  goTo: 'wsinb:go-to',
  screenshot: 'wsinb:take-screenshot',
  fullScreen: 'wsinb:toggle-full-screen',
  keys: 'wsinb:show-keys'
} as const;

export const CATEGORY = 'Slides';

/** What a key of the viewer does, as a command; the keys are those of its page of keys. */
const VIEWER_COMMANDS: readonly { id: string; label: string; keys: string; icon?: LabIcon }[] = [
  { id: CommandIDs.save, label: 'Save version', keys: 'Ctrl+S', icon: icons.tagIcon },
  { id: CommandIDs.fit, label: 'Show whole slide', keys: 'Shift+0', icon: icons.fitIcon },
  { id: CommandIDs.history, label: 'Toggle history', keys: 'Shift+H', icon: icons.historyIcon },
  { id: CommandIDs.layers, label: 'Show layers tab', keys: 'Shift+B' },
  { id: CommandIDs.picture, label: 'Show picture tab', keys: 'Shift+V' },
  { id: CommandIDs.about, label: 'Show about tab', keys: 'Shift+E' },
  { id: CommandIDs.minimap, label: 'Toggle minimap', keys: 'Shift+N' },
  { id: CommandIDs.goTo, label: 'Go to a place on the slide…', keys: 'Shift+G' },
  { id: CommandIDs.screenshot, label: 'Take a screenshot of the slide', keys: 'Shift+X' },
  { id: CommandIDs.fullScreen, label: 'Toggle full screen', keys: 'Shift+F' },
  { id: CommandIDs.keys, label: 'Show page of keys', keys: '?' }
];

/** Add the commands that act on the slide in front. */
export function addViewerCommands(commands: CommandRegistry, slide: () => SlideWidget | null): void {
  for (const { id, label, keys, icon } of VIEWER_COMMANDS) {
    commands.addCommand(id, {
      label,
      icon,
      caption: `${label} (${keys} in the viewer)`,
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => slide() !== null,
      execute: () => slide()?.press(keys)
    });
  }
}

/** List commands in the palette. */
export function addToPalette(palette: ICommandPalette | null): void {
  const listed = Object.values(CommandIDs).filter(id => id !== CommandIDs.copyPath && id !== CommandIDs.mark);
  listed.forEach((command, rank) => palette?.addItem({ command, category: CATEGORY, rank }));
}

/** Opening a slide in a tab of JupyterLab: a view of a widget knows the page's commands through here. */
import type { CommandRegistry } from '@lumino/commands';

export const SHOW_ANNOTATION = 'wsinb:show-annotation';

/** Where an annotation is; `box` is xmin, ymin, xmax, ymax in level-0 pixels. */
export interface AnnotationPlace {
  project: string;
  branch: string;
  slide: string;
  annotation: string;
  box: [number, number, number, number];
}

let commands: CommandRegistry | null = null;

/** The page's commands, told by the plugin that registers the widgets. */
export function useCommands(registry: CommandRegistry): void {
  commands = registry;
}

/** Whether slides can be opened in tabs: not in Notebook 7, which has none. */
export function hasTabs(): boolean {
  return commands?.hasCommand(SHOW_ANNOTATION) ?? false;
}

export async function showInTab(place: AnnotationPlace): Promise<void> {
  await commands?.execute(SHOW_ANNOTATION, { ...place });
}

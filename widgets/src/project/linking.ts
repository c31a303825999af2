/** Slides in tabs that move together. */
import { Notification, type ICommandPalette } from '@jupyterlab/apputils';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { CATEGORY } from '../commands';
import type { SlideWidget } from '../faces/slide';
import { isSlideTab } from './opening';

export const LINK_VIEWS = 'wsinb:link-views';
const NOTICE_MS = 4000;

/** Add the command that links the slides that can be seen, as they lie at the moment, or sets them free. */
export function addLinking(app: JupyterFrontEnd, palette: ICommandPalette | null): void {
  let linked: SlideWidget[] = [];
  let groups = 0;
  const seen = (): SlideWidget[] => slidesInView(app);
  const isLinked = (): boolean => linked.some(slide => slide.isLinked && slide.isVisible);
  const free = (): void => {
    linked.forEach(slide => slide.unlink());
    linked = [];
  };
  const link = (): void => {
    const [first, ...others] = (linked = seen());
    const group = `tabs ${++groups}`;
    first!.link(group);
    others.forEach(slide => slide.link(group, first));
    Notification.info(`${linked.length} slides move together, as they lie now.`, { autoClose: NOTICE_MS });
  };
  app.commands.addCommand(LINK_VIEWS, {
    label: 'Link views of slides',
    caption: 'Let the slides that stand side by side move together: lay them on each other first',
    describedBy: { args: { type: 'object', properties: {} } },
    isToggleable: true,
    isToggled: isLinked,
    isEnabled: () => isLinked() || seen().length > 1,
    execute: () => (isLinked() ? free() : link())
  });
  palette?.addItem({ command: LINK_VIEWS, category: CATEGORY });
}

function slidesInView({ shell }: JupyterFrontEnd): SlideWidget[] {
  return [...shell.widgets('main')]
    .filter(isSlideTab)
    .map(tab => tab.content)
    .filter(slide => slide.isVisible);
}

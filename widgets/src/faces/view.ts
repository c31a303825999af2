/** A tab with a slide of a project that no document tab can show: its file is elsewhere, or it is on a branch. */
import { MainAreaWidget } from '@jupyterlab/apputils';
import { slideIcon } from '../icons';
import type { SlidePlace } from '../project/model';
import { guardClosing } from './closing';
import { SlideWidget } from './slide';

export class SlideView extends MainAreaWidget<SlideWidget> {
  constructor(readonly place: SlidePlace) {
    const { project, slide, branch } = place;
    super({ content: new SlideWidget({ project, slide }, branch) });
    this.id = `wsinb-view-${viewName(place)}`;
    this.toolbar.hide();
    this.title.label = slide;
    this.title.caption = `${slide}\nProject: ${project}\nBranch: ${branch}`;
    this.title.icon = slideIcon;
    guardClosing(this, this.content);
  }
}

/** What tells one place from another: the name under which its tab is restored. */
export function viewName({ project, slide, branch }: SlidePlace): string {
  return [project, branch, slide].map(encodeURIComponent).join(':');
}

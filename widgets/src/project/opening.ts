/** Opens slides of a project in tabs, and steps from one to the next. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification, type WidgetTracker } from '@jupyterlab/apputils';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { Widget } from '@lumino/widgets';
import { mayClose } from '../faces/closing';
import { SlideDocument } from '../faces/document';
import type { SlideWidget } from '../faces/slide';
import { SlideView } from '../faces/view';
import type { ProjectModel, SlidePlace } from './model';
import { neighbour } from './order';
import type { ProjectOverview, SlideRow } from './requests';

export const FACTORY = 'Slide';
const MAIN = 'main';
const NOTICE_MS = 3000;

export type SlideTab = SlideDocument | SlideView;

export function isSlideTab(widget: Widget | null): widget is SlideTab {
  return widget instanceof SlideDocument || widget instanceof SlideView;
}

export class Opening {
  private stepping = false;

  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly model: ProjectModel,
    private readonly views: WidgetTracker<SlideView>
  ) {}

  /** The slide in front, or null. */
  get tab(): SlideTab | null {
    const { currentWidget } = this.app.shell;
    return isSlideTab(currentWidget) ? currentWidget : null;
  }

  /** What the tab in front shows, or null. */
  get slide(): SlideWidget | null {
    return this.tab?.content ?? null;
  }

  /** Open a slide of the project that is shown; one that is open already comes to the front. */
  async open(name: string, options: DocumentRegistry.IOpenOptions = {}): Promise<Widget | null> {
    const { overview } = this.model;
    const slide = overview?.slides.find(each => each.name === name);
    return overview && slide ? this.openSlide(overview, slide, options) : null;
  }

  /** Open a slide in a tab that needs no file below the server's root. */
  openView(place: SlidePlace, options: DocumentRegistry.IOpenOptions = {}): SlideView {
    const found = this.findView(place);
    if (found) {
      this.app.shell.activateById(found.id);
      return found;
    }
    const view = new SlideView(place);
    view.content.stepped.connect((_, by) => void this.step(by));
    void this.views.add(view);
    this.app.shell.add(view, 'main', options);
    return view;
  }

  /** Put the slide before or after the one in front in its place. */
  async step(by: -1 | 1): Promise<void> {
    const { tab } = this;
    if (!tab || this.stepping) {
      return;
    }
    this.stepping = true;
    try {
      await this.stepFrom(tab, by);
    } finally {
      this.stepping = false;
    }
  }

  /** Let the panel show the project of the slide in front. */
  async follow(tab: SlideTab): Promise<void> {
    if (tab instanceof SlideView) {
      await this.model.showSlide(tab.place);
    } else {
      await this.model.showFile(this.app.serviceManager.contents.localPath(tab.context.path));
    }
  }

  private async stepFrom(tab: SlideTab, by: -1 | 1): Promise<void> {
    const { model } = this;
    await this.follow(tab);
    const { overview, current } = model;
    if (!overview || current === null) {
      this.tell('This slide belongs to no project: save an annotation to make one.');
      return;
    }
    const known = model.listed.some(({ name }) => name === current) ? model.listed : overview.slides;
    const next = neighbour(known, current, by);
    if (!next) {
      this.tell(by < 0 ? 'This is the first slide.' : 'This is the last slide.');
    } else if (this.findOpen(overview, next)) {
      await this.openSlide(overview, next, {});
    } else if (await mayClose(tab.content)) {
      const opened = await this.openSlide(overview, next, { mode: 'tab-after', ref: tab.id });
      if (opened) {
        tab.dispose();
      }
    }
  }

  private async openSlide(
    overview: ProjectOverview,
    slide: SlideRow,
    options: DocumentRegistry.IOpenOptions
  ): Promise<Widget | null> {
    const path = pathOf(overview, slide);
    if (path === null) {
      return this.openView({ project: overview.path, branch: overview.branch, slide: slide.name }, options);
    }
    const opened: unknown = await this.app.commands.execute('docmanager:open', {
      path,
      factory: FACTORY,
      options: { ...options }
    });
    return (opened as Widget | undefined) ?? null;
  }

  private findOpen(overview: ProjectOverview, slide: SlideRow): Widget | undefined {
    const path = pathOf(overview, slide);
    if (path === null) {
      return this.findView({ project: overview.path, branch: overview.branch, slide: slide.name });
    }
    const { contents } = this.app.serviceManager;
    return [...this.app.shell.widgets('main')].find(
      widget => widget instanceof SlideDocument && contents.localPath(widget.context.path) === path
    );
  }

  private findView({ project, branch, slide }: SlidePlace): SlideView | undefined {
    return this.views.find(
      ({ place }) => place.project === project && place.branch === branch && place.slide === slide
    );
  }

  private tell(message: string): void {
    Notification.info(message, { autoClose: NOTICE_MS });
  }
}

/** The path that a document tab can open: such a tab works on the main branch. */
function pathOf({ branch }: ProjectOverview, { path }: SlideRow): string | null {
  return branch === MAIN ? path : null;
}

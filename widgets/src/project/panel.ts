/** The sidebar: a project, how far the work on it is, and its slides. */
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { element, iconButton, textButton } from '../dom';
import { addIcon } from '../icons';
import { Poll } from '../poll';
import type { Adding } from './adding';
import { slidesIcon } from './icons';
import type { ProjectModel } from './model';
import { SORTS, type Sort } from './order';
import type { ProjectOverview } from './requests';
import { Strip } from './strip';
import { capitalized, doneText } from './words';

const POLL_MS = 3000;
const BAR_PARTS = ['done', 'in work'] as const;

export interface PanelActions {
  open: (slide: string) => void;
  newProject: () => void;
  addSlides: () => void;
}

export class ProjectPanel extends Widget {
  private readonly strip: Strip;
  private readonly poll: Poll;
  private readonly projects = select('Project', 'wsinb-project-name');
  private readonly branches = select('Branch', 'wsinb-project-branch');
  private readonly search = element('input', 'wsinb-input wsinb-project-search');
  private readonly sorts = select('Sorted by', 'wsinb-project-sort');
  private readonly head = element('div', 'wsinb-project-head');
  private readonly tools = element('div', 'wsinb-project-tools');
  private readonly progress = element('div', 'wsinb-project-progress');
  private readonly bar = element('div', 'wsinb-progress');
  private readonly doneText = element('span', 'wsinb-progress-text');
  private readonly adding = element('div', 'wsinb-project-adding');
  private readonly error = element('p', 'wsinb-project-error');
  private readonly empty = element('div', 'wsinb-project-empty');

  constructor(
    private readonly model: ProjectModel,
    private readonly actions: PanelActions
  ) {
    super();
    this.id = 'wsinb-project';
    this.addClass('wsinb-project');
    this.title.icon = slidesIcon;
    this.title.caption = 'Slides';
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'Slides');
    this.strip = new Strip({
      open: name => this.actions.open(name),
      mark: (name, progress) => void model.mark(name, progress),
      thumbnail: name => model.api.thumbnail(model.overview!.path, name)
    });
    this.error.setAttribute('role', 'alert');
    this.adding.hidden = true;
    this.listen();
    this.head.append(this.projects, this.branches);
    const add = iconButton(addIcon, 'Add slides', () => this.actions.addSlides());
    this.tools.append(this.search, add);
    const done = element('div', 'wsinb-project-done');
    done.append(this.doneText, this.sorts);
    this.progress.append(this.bar, done);
    const parts = [this.head, this.progress, this.tools, this.error, this.adding, this.empty];
    this.node.append(...parts, this.strip.node);
    this.poll = new Poll(this.node, () => model.poll(), POLL_MS);
    model.changed.connect(this.render, this);
    this.render();
  }

  /** The slide that the keyboard is at in the strip. */
  get active(): string | null {
    return this.strip.activeName;
  }

  /** Show how the adding of slides goes on, until it is done. */
  track(adding: Adding): void {
    const text = element('span', 'wsinb-project-adding-text');
    const stop = textButton('Stop', 'Add no more slides; those added stay', () => {
      adding.stop();
      stop.disabled = true;
    });
    const show = (): void => {
      text.textContent = `Adding ${Math.min(adding.done + 1, adding.total)} of ${adding.total}: ${adding.file}`;
    };
    adding.changed.connect(show);
    show();
    this.adding.replaceChildren(text, stop);
    this.adding.hidden = false;
  }

  /** Whether slides are being added. */
  get busy(): boolean {
    return !this.adding.hidden;
  }

  untrack(): void {
    this.adding.hidden = true;
  }

  override dispose(): void {
    this.model.changed.disconnect(this.render, this);
    this.poll.dispose();
    this.strip.dispose();
    super.dispose();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    (this.strip.node.hidden
      ? this.node.querySelector<HTMLElement>('button:enabled')
      : this.strip.node
    )?.focus();
  }

  protected override onAfterShow(): void {
    // asks at once instead of at the next turn of the poll; it asks again if this fails
    this.model.poll().catch(() => undefined);
  }

  private listen(): void {
    const { model } = this;
    this.search.type = 'search';
    this.search.placeholder = 'Search names and metadata';
    this.search.setAttribute('aria-label', this.search.placeholder);
    this.search.addEventListener('input', () => (model.query = this.search.value));
    this.search.addEventListener('keydown', event => {
      if (event.key === 'ArrowDown') {
        event.preventDefault();
        this.strip.node.focus();
      }
    });
    fill(
      this.sorts,
      SORTS.map(sort => [sort, capitalized(sort)]),
      model.sort
    );
    this.sorts.addEventListener('change', () => (model.sort = this.sorts.value as Sort));
    this.projects.addEventListener('change', () => void model.show(this.projects.value));
    this.branches.addEventListener('change', () => {
      if (model.overview) {
        void model.show(model.overview.path, this.branches.value);
      }
    });
  }

  private render(): void {
    const { overview, error, listed } = this.model;
    this.error.hidden = error === null;
    this.error.textContent = error ?? '';
    for (const node of [this.head, this.tools, this.progress]) {
      node.hidden = overview === null;
    }
    this.tools.hidden = !overview?.slides.length;
    this.progress.hidden = !overview?.slides.length;
    this.strip.node.hidden = listed.length === 0;
    if (overview) {
      this.renderHead(overview);
      this.renderProgress(overview);
      this.strip.show(overview.path, listed, overview.slides, this.model.current);
    }
    this.renderEmpty();
  }

  private renderHead(overview: ProjectOverview): void {
    const known = this.model.projects.some(({ path }) => path === overview.path);
    const projects = known ? this.model.projects : [overview, ...this.model.projects];
    fill(
      this.projects,
      projects.map(({ path, name }) => [path, name]),
      overview.path
    );
    this.projects.title = overview.path;
    fill(
      this.branches,
      overview.branches.map(name => [name, name]),
      overview.branch
    );
    this.branches.title = `Branch ${overview.branch}`;
    this.sorts.value = this.model.sort;
  }

  private renderProgress({ slides }: ProjectOverview): void {
    const text = doneText(slides);
    this.doneText.textContent = this.doneText.title = text;
    this.bar.setAttribute('role', 'img');
    this.bar.setAttribute('aria-label', text);
    const parts = BAR_PARTS.map(progress => {
      const part = element('span', 'wsinb-progress-part');
      part.dataset.progress = progress;
      const n = slides.filter(slide => slide.progress === progress).length;
      part.style.width = `${(100 * n) / Math.max(1, slides.length)}%`;
      return part;
    });
    this.bar.replaceChildren(...parts);
  }

  private renderEmpty(): void {
    const { overview, folder, error, listed, query } = this.model;
    const said = (text: string, ...buttons: HTMLElement[]): void => {
      // the same sentence again must not take the focus from its button
      if (this.empty.dataset.text !== text) {
        this.empty.dataset.text = text;
        this.empty.replaceChildren(element('p', '', text), ...buttons);
      }
      this.empty.hidden = false;
    };
    this.empty.hidden = true;
    if (!overview && folder !== null && error === null) {
      const name = folder === '' ? "the server's root folder" : `“${folder}”`;
      const make = textButton('New project in this folder', 'Keep annotations of slides there', () =>
        this.actions.newProject()
      );
      make.classList.add('wsinb-mod-accept');
      said(`There is no slide project in ${name} or around it.`, make);
    } else if (overview?.slides.length === 0) {
      const add = textButton('Add slides', 'Choose slide files of the folder', () =>
        this.actions.addSlides()
      );
      add.classList.add('wsinb-mod-accept');
      said('This project has no slides yet.', add);
    } else if (overview && listed.length === 0) {
      said(`No slide fits to “${query.trim()}”.`);
    }
  }
}

function select(title: string, className: string): HTMLSelectElement {
  const node = element('select', `wsinb-select ${className}`);
  node.setAttribute('aria-label', title);
  return node;
}

/** Set the choices of a list, without touching it where they are the same: it may be open. */
function fill(node: HTMLSelectElement, choices: readonly (readonly [string, string])[], value: string): void {
  const text = JSON.stringify(choices);
  if (node.dataset.choices !== text) {
    node.dataset.choices = text;
    node.replaceChildren(
      ...choices.map(([key, title]) => {
        const option = element('option', '', title);
        option.value = key;
        return option;
      })
    );
  }
  node.value = value;
}

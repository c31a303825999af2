/** The panel at the right: one page at a time, and what stays below all of them. */
import type { LabIcon } from '@jupyterlab/ui-components';
import { element, iconButton } from '../dom';

interface Page {
  button: HTMLButtonElement;
  body: HTMLElement;
}

export class Tabs {
  readonly node = element('div', 'wsinb-panel wsinb-surface wsinb-main');
  private readonly head = element('div', 'wsinb-tabs');
  private readonly foot = element('div', 'wsinb-tabs-foot');
  private readonly pages = new Map<string, Page>();
  private opened: string | null = null;

  constructor() {
    this.head.setAttribute('role', 'tablist');
    this.node.append(this.head, this.foot);
  }

  /** Add a page; the first one is open. The title is its tooltip; a click on the open page's button closes it. */
  add(name: string, icon: LabIcon, title: string, ...content: HTMLElement[]): void {
    const button = iconButton(icon, title, () => this.toggle(name));
    button.dataset.tab = name;
    button.setAttribute('role', 'tab');
    const body = element('div', 'wsinb-tab');
    body.setAttribute('role', 'tabpanel');
    body.setAttribute('aria-label', title);
    body.dataset.tab = name;
    body.append(...content);
    this.pages.set(name, { button, body });
    this.head.append(button);
    this.foot.before(body);
    if (this.pages.size === 1) {
      this.open(name);
    } else {
      this.mark();
    }
  }

  /** Put something below the pages: it is always there. */
  addBelow(node: HTMLElement): void {
    this.foot.append(node);
  }

  /** Open a page; null closes them all, so that the picture is seen. */
  open(name: string | null): void {
    this.opened = name;
    this.mark();
  }

  /** Open a page, or close it where it is open. */
  toggle(name: string): void {
    this.open(this.opened === name ? null : name);
  }

  /** The page that is open. */
  get current(): string | null {
    return this.opened;
  }

  /** Take away a page. */
  remove(name: string): void {
    const page = this.pages.get(name);
    page?.button.remove();
    page?.body.remove();
    this.pages.delete(name);
    this.mark();
  }

  private mark(): void {
    for (const [name, { button, body }] of this.pages) {
      button.setAttribute('aria-selected', String(name === this.opened));
      body.hidden = name !== this.opened;
    }
    this.node.classList.toggle('wsinb-mod-closed', this.opened === null);
  }
}

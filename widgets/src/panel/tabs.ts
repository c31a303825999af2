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

  constructor() {
    this.head.setAttribute('role', 'tablist');
    this.head.hidden = true;
    this.node.append(this.head, this.foot);
  }

  /** Add a page; the first one is open. The title is its tooltip. */
  add(name: string, icon: LabIcon, title: string, ...content: HTMLElement[]): void {
    const button = iconButton(icon, title, () => this.open(name));
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
    this.head.hidden = this.pages.size < 2;
    this.open([...this.pages.keys()][0]!);
  }

  /** Put something below the pages: it is always there. */
  addBelow(node: HTMLElement): void {
    this.foot.append(node);
  }

  open(name: string): void {
    for (const [key, { button, body }] of this.pages) {
      button.setAttribute('aria-selected', String(key === name));
      body.hidden = key !== name;
    }
  }

  /** The page that is open. */
  get current(): string | null {
    return [...this.pages].find(([, { body }]) => !body.hidden)?.[0] ?? null;
  }

  /** Take away a page. */
  remove(name: string): void {
    const page = this.pages.get(name);
    page?.button.remove();
    page?.body.remove();
    this.pages.delete(name);
    this.head.hidden = this.pages.size < 2;
    this.open([...this.pages.keys()][0] ?? '');
  }
}

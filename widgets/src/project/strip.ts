/** The slides of a project, one below the other; hundreds of them cost no more than those in view. */
import { element } from '../dom';
import type { Progress, SlideRow } from './requests';
import { Row } from './row';
import { Thumbnails } from './thumbnails';

export interface StripActions {
  open: (name: string) => void;
  mark: (name: string, progress: Progress) => void;
  thumbnail: (name: string) => string;
}

export class Strip {
  readonly node = element('ul', 'wsinb-strip');
  private readonly rows = new Map<string, Row>();
  private readonly thumbnails = new Thumbnails(this.node);
  private names: string[] = [];
  private active: string | null = null;
  private current: string | null = null;
  private project: string | null = null;

  constructor(private readonly actions: StripActions) {
    this.node.tabIndex = 0;
    this.node.setAttribute('role', 'listbox');
    this.node.setAttribute('aria-label', 'Slides of the project');
    this.node.addEventListener('keydown', this.onKey);
    this.node.addEventListener('click', event => this.activate(nameAt(event)));
    this.node.addEventListener('dblclick', event => this.onDoubleClick(event));
    this.node.addEventListener('contextmenu', event => this.activate(nameAt(event)));
  }

  /** The slide that the keyboard is at. */
  get activeName(): string | null {
    return this.active;
  }

  /** Show slides in their order; those of a project that is shown already keep their pictures. */
  show(project: string, slides: readonly SlideRow[], all: readonly SlideRow[], current: string | null): void {
    if (project !== this.project) {
      this.project = project;
      this.keep(new Set());
      this.node.scrollTop = 0;
    }
    this.keep(new Set(all.map(({ name }) => name)));
    const nodes = slides.map(slide => this.row(slide).node);
    this.names = slides.map(({ name }) => name);
    if (
      nodes.length !== this.node.childElementCount ||
      nodes.some((node, i) => node !== this.node.children[i])
    ) {
      this.node.replaceChildren(...nodes);
    }
    this.setCurrent(current);
    this.activate(this.active !== null && this.names.includes(this.active) ? this.active : null, false);
  }

  dispose(): void {
    this.thumbnails.dispose();
  }

  private row(slide: SlideRow): Row {
    let row = this.rows.get(slide.name);
    if (row && !row.update(slide)) {
      return row;
    }
    row ??= new Row(slide, progress => this.actions.mark(slide.name, progress));
    this.rows.set(slide.name, row);
    this.thumbnails.add(row.image, this.actions.thumbnail(slide.name));
    return row;
  }

  /** Forget the rows of slides that are gone. */
  private keep(names: ReadonlySet<string>): void {
    for (const [name, row] of this.rows) {
      if (!names.has(name)) {
        this.thumbnails.drop(row.image);
        row.node.remove();
        this.rows.delete(name);
      }
    }
  }

  private setCurrent(name: string | null): void {
    const moved = name !== this.current;
    if (moved) {
      this.active = name ?? this.active;
    }
    this.current = name;
    for (const [key, { node }] of this.rows) {
      node.setAttribute('aria-current', String(key === name));
    }
    if (moved && name !== null) {
      this.rows.get(name)?.node.scrollIntoView({ block: 'nearest' });
    }
  }

  private activate(name: string | null, scroll = true): void {
    this.active = name;
    for (const [key, { node }] of this.rows) {
      node.setAttribute('aria-selected', String(key === name));
    }
    const node = name === null ? null : (this.rows.get(name)?.node ?? null);
    if (node) {
      this.node.setAttribute('aria-activedescendant', node.id);
      if (scroll) {
        node.scrollIntoView({ block: 'nearest' });
      }
    } else {
      this.node.removeAttribute('aria-activedescendant');
    }
  }

  private onDoubleClick(event: MouseEvent): void {
    const name = nameAt(event);
    if (name !== null) {
      this.actions.open(name);
    }
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const at = this.active === null ? -1 : this.names.indexOf(this.active);
    const last = this.names.length - 1;
    const page = Math.max(
      1,
      Math.floor(this.node.clientHeight / (this.node.firstElementChild?.clientHeight || 1))
    );
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at < 0 ? last : at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: last
    };
    const move = moves[event.key];
    if (move !== undefined && last >= 0) {
      this.activate(this.names[Math.min(Math.max(move, 0), last)]!);
    } else if (event.key === 'Enter' && this.active !== null) {
      this.actions.open(this.active);
    } else if (event.key === ' ' && this.active !== null) {
      this.actions.mark(this.active, this.rows.get(this.active)!.nextProgress);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
}

function nameAt(event: Event): string | null {
  return (event.target as Element).closest<HTMLElement>('[data-slide]')?.dataset.slide ?? null;
}

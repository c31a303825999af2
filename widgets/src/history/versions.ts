/** All that a viewer does with versions: their history, differences, conflicts, and unsaved edits kept for later. */
import type * as L from 'leaflet';
import type { Api, Place } from '../api';
import { element } from '../dom';
import type { EditStore } from '../edit/store';
import { Notice } from '../notice';
import type { Session } from '../session';
import { DraftKeeper } from './drafts';
import { History } from './history';
import { Offers } from './offers';
import { Resolving } from './resolving';
import { Stage } from './stage';

/** Below this width panels take turns. */
const NARROW_PX = 860;

export interface VersionsParts {
  map: L.Map;
  root: HTMLElement;
  api: Api;
  session: Session;
  store: EditStore;
  notice: Notice;
  guard: (action: () => Promise<unknown>) => Promise<boolean>;
  /** Shows a version; null is the pinned or newest one. Resolves with its commit. */
  showVersion: (version: string | null) => Promise<string | null>;
  /** Whether the server has what is unsaved. */
  keptChanged: (kept: boolean) => void;
  historyToggled: (open: boolean) => void;
}

export class Versions {
  readonly stage: Stage;
  readonly history: History;
  readonly resolving: Resolving;
  private readonly keeper: DraftKeeper;
  private readonly offer = new Notice(() => undefined);

  constructor(private readonly parts: VersionsParts) {
    const { map, root, api, session, store, notice, guard, showVersion } = parts;
    this.stage = new Stage([root, map.getContainer()]);
    const { stage } = this;
    const begin = (): void => this.makeRoom();
    this.resolving = new Resolving({ map, api, session, stage, begin });
    this.history = new History({
      ...{ map, api, session, store, stage, notice, guard, showVersion },
      merge: from => this.resolving.merge(from),
      isNarrow: () => this.isNarrow()
    });
    this.history.panel.toggled = parts.historyToggled;
    this.keeper = new DraftKeeper({
      ...{ api, store },
      ground: () => this.ground(),
      stateChanged: state => parts.keptChanged(state !== 'waiting')
    });
  }

  /** The panels, and the messages that go above the viewer's own. */
  get panels(): HTMLElement[] {
    const { history, resolving } = this;
    return [history.difference.panel.node, resolving.choosing.panel.node, history.panel.node];
  }

  /** Sentences about what is shown, above the viewer's own messages. */
  messages(): HTMLElement {
    const node = element('div', 'wsinb-messages');
    node.append(this.history.banner.node, this.offer.node, this.parts.notice.node);
    return node;
  }

  /** Whether an older version is shown as it was, without what is being edited in the newest. */
  get reading(): boolean {
    return this.stage.mode === 'version' || this.stage.mode === 'compare';
  }

  /** Whether there are edits that a closed browser would lose. */
  get atRisk(): boolean {
    return this.parts.store.count > 0 && (!this.parts.session.place || this.keeper.pending);
  }

  /** Keep what is unsaved from now on, and offer what was kept at another time. */
  async begin(): Promise<void> {
    const { api, session, store, guard } = this.parts;
    const { keeper, offer: notice } = this;
    keeper.sync();
    await new Offers({ api, session, store, keeper, notice, guard }).look();
  }

  /** Resolves when the server has been told about the present edits. */
  settled(): Promise<void> {
    return this.keeper.settled();
  }

  /** The server's draft of the edits, when it has caught up with them. */
  async draft(): Promise<string | undefined> {
    await this.keeper.settled();
    return this.keeper.draft;
  }

  /** The next change or conflict, or the one before; returns whether there is anything to step through. */
  step(by: 1 | -1): boolean {
    const { choosing } = this.resolving;
    if (choosing.active) {
      choosing.step(by);
      return true;
    }
    return this.history.step(by);
  }

  dispose(): void {
    this.resolving.dispose();
    this.history.dispose();
    this.keeper.dispose();
  }

  private isNarrow(): boolean {
    return this.parts.map.getContainer().clientWidth < NARROW_PX;
  }

  private makeRoom(): void {
    if (this.isNarrow()) {
      this.history.panel.open = false;
    }
  }

  /** Where and on what unsaved edits are; null while there is no project to keep them in. */
  private ground(): { place: Place; base: string } | null {
    const { place, editBase } = this.parts.session;
    return place && editBase !== null ? { place, base: editBase } : null;
  }
}

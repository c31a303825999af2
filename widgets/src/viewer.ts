/** The slide viewer on a Leaflet map: the one class that the document tab and the notebook cell mount. */
import type * as L from 'leaflet';
import { Signal, type ISignal } from '@lumino/signaling';
import { Editing } from './editing';
import { EditStore } from './edit/store';
import { Furniture } from './furniture';
import type { History } from './history/history';
import { Versions } from './history/versions';
import { MAX_ZOOM, slideBounds } from './image';
import { Keyboard, Keys } from './keys';
import { Labels } from './labels';
import { aligning, IDENTITY, Link, type Affine } from './links';
import { Live } from './live/model';
import { Look } from './look';
import { Notice } from './notice';
import { Opened, type Stage } from './opened';
import type { ViewerOptions } from './options';
import { OverlayList } from './overlays/list';
import type { OverlayStack } from './overlays/stack';
import { Picture } from './picture';
import { Poll } from './poll';
import { Selection } from './selection';
import { Session } from './session';
import { Showing } from './showing';
import { Turning } from './turning';
import { Trouble } from './trouble';
import type { LiveDraft } from './types';
import { WheelOwner } from './wheel';
import { WholeView } from './whole';
import { SmoothWheel } from './zoom';

/** On the root while there is nothing to see, and no tool. */
const FAILED = 'wsinb-mod-failed';
/** What is seen around an annotation that is shown. */
const ANNOTATION_PADDING_PX = 80;

export class Viewer {
  readonly store = new EditStore();
  readonly labels = new Labels();
  readonly look = new Look();
  readonly picture = new Picture();
  readonly selection = new Selection();
  readonly overlayList = new OverlayList();
  readonly live = new Live();
  readonly keys = new Keys();
  private readonly furniture: Furniture;
  private readonly notice = new Notice(message => this.failedSignal.emit(message));
  private readonly trouble = new Trouble(this.notice);
  private readonly versions: Versions;
  /** Where sentences are shown. */
  private readonly messages: HTMLElement;
  private readonly showing: Showing;
  private readonly turning: Turning;
  private readonly whole: WholeView;
  private readonly session: Session;
  private readonly editing: Editing;
  private readonly disposables: { dispose: () => void }[] = [];
  private readonly linked: Link;
  private opened: Opened | null = null;
  private readonly savedSignal = new Signal<this, string>(this);
  private readonly shownSignal = new Signal<this, string | null>(this);
  private readonly failedSignal = new Signal<this, string>(this);
  private disposed = false;

  constructor(
    private readonly map: L.Map,
    private readonly options: ViewerOptions
  ) {
    const { store, labels, notice } = this;
    // any zoom is right: keys and buttons go to whole ones by themselves
    map.options.zoomSnap = 0;
    this.furniture = new Furniture(map);
    this.linked = new Link(map);
    this.turning = new Turning(map);
    this.whole = new WholeView(map, () => this.session.info && slideBounds(this.session.info));
    const { api, source } = options;
    this.session = new Session(api, source, null, options.branch);
    this.editing = new Editing({
      ...{ map, session: this.session, store, labels, look: this.look, selection: this.selection, notice },
      path: source.path ?? '',
      versions: () => this.versions,
      showing: () => this.showing,
      readOnly: () => this.readOnly,
      discard: () => void this.discard(),
      fit: () => this.fit(),
      saved: commit => this.savedSignal.emit(commit)
    });
    const { editing } = this;
    const { saving, saveRow, palette, wholeImage } = editing;
    this.versions = new Versions({
      ...{ map, api, store, notice, root: this.furniture.root, session: this.session },
      guard: action => saving.guard(action),
      showVersion: version => this.showing.show(version),
      keptChanged: kept => saveRow.setKept(kept),
      historyToggled: open => this.furniture.markHistory(open)
    });
    this.messages = this.versions.messages();
    this.showing = new Showing({
      ...{ session: this.session, labels },
      annotations: () => this.opened?.annotations ?? null,
      history: () => this.history,
      dirty: () => this.dirty,
      choosing: () => this.versions.resolving.choosing.active,
      coming: meta => palette.setCounts(meta.counts),
      shown: () => {
        wholeImage.sync();
        this.shownSignal.emit(this.session.editBase);
      }
    });
    this.keys.add(...editing.bindings(), {
      ...{ keys: 'Shift+K', title: 'Labels', group: 'Looking' },
      act: () => this.furniture.tabs.open('labels')
    });
    const { versions, showing } = this;
    this.disposables.push(this.linked, this.turning, this.whole, versions, showing, editing);
    const wheel = new WheelOwner(map.getContainer(), options.wheel ?? 'always');
    this.disposables.push(
      SmoothWheel.install(map, event => wheel.isMine(event)),
      wheel
    );
    this.furniture.root.append(wheel.hint);
    this.disposables.push(new Keyboard(map.getContainer(), this.keys));
    this.disposables.push(
      this.look,
      this.picture,
      this.selection,
      this.overlayList,
      this.live,
      this.furniture
    );
    this.furniture.furnish({
      drawing: editing.drawing,
      labels: [palette.node, wholeImage.node],
      below: saveRow.node,
      others: versions.panels,
      messages: this.messages,
      fit: () => this.fit(),
      labelImage: () => wholeImage.add(),
      toggleHistory: () => this.history.toggle()
    });
    versions.stage.changed.connect(this.onStage, this);
    window.addEventListener('beforeunload', this.onUnload);
    store.changed.connect(this.onEdited, this);
  }

  /** A commit was written from here; the argument is its id. */
  get saved(): ISignal<this, string> {
    return this.savedSignal;
  }

  /** Another version is shown; the argument is the commit that edits build on. */
  get shown(): ISignal<this, string | null> {
    return this.shownSignal;
  }

  /** Something went wrong; the argument is the sentence that is shown. */
  get failed(): ISignal<this, string> {
    return this.failedSignal;
  }

  /** What lies over the picture, once the slide is open. */
  get overlays(): OverlayStack | null {
    return this.opened?.overlays ?? null;
  }

  get history(): History {
    return this.versions.history;
  }

  /** Whether nothing can be edited at the moment. */
  get readOnly(): boolean {
    return this.versions.stage.readOnly || this.furniture.root.classList.contains(FAILED);
  }

  get dirty(): boolean {
    return this.store.count > 0;
  }

  /** Whether closing would lose something: unsaved edits that the server has not kept. */
  get atRisk(): boolean {
    return this.versions.atRisk;
  }

  /** Read the slide and its annotations, or read them anew; errors show as a sentence. */
  async open(): Promise<void> {
    const { classList } = this.furniture.root;
    classList.add('wsinb-mod-loading');
    try {
      await this.session.open();
      if (!this.disposed) {
        await this.guard(() => this.showSlide());
      }
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
    } finally {
      classList.remove('wsinb-mod-loading');
    }
  }

  /** Show a version, or the difference to it, read-only; null and null is the newest, to edit. */
  async setVersion(version: string | null, compare: string | null): Promise<void> {
    if (this.opened && !this.history.isShowing({ version, compare })) {
      await this.guard(() => this.history.show({ version, compare }));
    }
  }

  /** The branch that is worked on, once the slide is open. */
  get branch(): string | null {
    return this.session.place?.branch ?? null;
  }

  /** Forget what is unsaved, here and on the server. */
  async discard(): Promise<void> {
    await this.editing.hand.select(null);
    this.store.clear();
    await this.versions.settled();
    await this.guard(() => this.showing.show(null));
  }

  /** The drafts were committed elsewhere (by the kernel): show that version. */
  async catchUp(commit: string | null): Promise<void> {
    if (commit) {
      await this.guard(() => this.showing.catchUp(commit));
    }
  }

  /** Show what an open session of Python sees as it edits; null shows the version again. */
  async showDraft(draft: LiveDraft | null): Promise<void> {
    await this.guard(() => this.showing.showDraft(draft));
  }

  /** Move with the other viewers of a group, whose frame `affine` brings this slide's pixels to. */
  link(group: string, affine: Affine = IDENTITY): void {
    this.linked.join(group, affine);
  }

  /** Move alone. */
  unlink(): void {
    this.linked.leave();
  }

  get isLinked(): boolean {
    return this.linked.isActive;
  }

  /** The map that lays this slide on another one, as both lie at the moment. */
  lyingOn(other: Viewer): Affine {
    const [own, its] = [this.session.info?.mpp?.[0] ?? null, other.session.info?.mpp?.[0] ?? null];
    return aligning(this.map, own, other.map, its);
  }

  /** The kernel behind the cell has gone, or is there again. */
  setKernel(live: boolean): void {
    if (!live && !this.disposed) {
      this.notice.tell(
        'The kernel was restarted: Python no longer hears of what is drawn here. It can still be saved; ' +
          'run the cell again for a viewer that Python knows.'
      );
    }
  }

  /** There is nothing to see: say why, and put the tools away. */
  fail(message: string): void {
    if (!this.disposed) {
      this.editing.rest();
      this.furniture.root.classList.add(FAILED);
      this.notice.fatal(message, () => {
        this.furniture.root.classList.remove(FAILED);
        void this.open();
      });
    }
  }

  /** Bring an annotation into view and mark it; its box is xmin, ymin, xmax, ymax in level-0 pixels. */
  showAnnotation(id: string, [xmin, ymin, xmax, ymax]: readonly [number, number, number, number]): void {
    const corners: L.LatLngBoundsLiteral = [
      [-ymin, xmin],
      [-ymax, xmax]
    ];
    const padding: L.PointTuple = [ANNOTATION_PADDING_PX, ANNOTATION_PADDING_PX];
    this.map.fitBounds(corners, { animate: false, maxZoom: 0, padding });
    this.selection.set([id]);
  }

  /** Show the whole slide, once it is open. */
  fit(): void {
    this.whole.show();
  }

  dispose(): void {
    this.disposed = true;
    window.removeEventListener('beforeunload', this.onUnload);
    this.store.changed.disconnect(this.onEdited, this);
    this.versions.stage.changed.disconnect(this.onStage, this);
    this.opened?.dispose();
    this.disposables.forEach(part => part.dispose());
    Signal.clearData(this);
  }

  private async showSlide(): Promise<void> {
    const info = this.session.info!;
    const before = this.opened;
    before?.dispose();
    this.map.setMinZoom(info.min_zoom - 1).setMaxZoom(MAX_ZOOM);
    const isSameSize = before?.info.width === info.width && before.info.height === info.height;
    if (before ? !isSameSize : this.options.fit !== false) {
      this.fit();
    }
    this.labels.set(info.project?.labels ?? []);
    const { furniture, messages, trouble } = this;
    const reload = (): void => void this.open();
    const lost = (why: string | null): void => (why === null ? this.recover() : this.fail(why));
    const opened = new Opened({ stage: this.stage(), info, furniture, messages, trouble, reload, lost });
    this.opened = opened;
    this.editing.take(opened);
    // what is unsaved was there before, or came from the kernel
    this.onEdited();
    if (!before) {
      furniture.makeRoom();
    }
    const { version = null, compare = null } = this.options;
    await this.history.show(before ? this.history.current : { version, compare });
    if (!before) {
      await this.versions.begin();
    }
    if (!this.disposed && this.opened === opened) {
      // from now on: before, it would stand in the way of the first picture
      this.editing.prepare();
      opened.add(new Poll(this.map.getContainer(), () => this.follow()));
    }
  }

  private stage(): Stage {
    const { map, session, labels, store, look, picture, selection, keys, turning, notice } = this;
    const { overlayList, live } = this;
    const { drawing } = this.editing;
    const { api, source } = this.options;
    const { toolbar, tabs, root, status, corner } = this.furniture;
    return {
      ...{ map, api, source, session, labels, store, drawing, look, picture, selection, keys, turning },
      ...{ notice, toolbar, tabs, root, status, corner, overlayList, live },
      lay: node => this.furniture.lay(node),
      guard: action => this.guard(action),
      fit: () => this.fit()
    };
  }

  /** There is something to see after all. */
  private recover(): void {
    this.furniture.root.classList.remove(FAILED);
    this.notice.clear();
  }

  private async follow(): Promise<void> {
    if (!this.furniture.root.classList.contains('wsinb-mod-loading')) {
      await this.showing.follow();
    }
  }

  private readonly onUnload = (event: BeforeUnloadEvent): void => {
    // what the server has is offered again; only what it has not could be lost
    if (this.versions.atRisk) {
      event.preventDefault();
    }
  };

  private onStage(): void {
    this.editing.rest();
    this.onEdited();
  }

  private onEdited(): void {
    this.furniture.root.classList.toggle('wsinb-mod-dirty', this.dirty);
    const { shadowedIds: hidden, relabelled } = this.store;
    const edited = this.versions.reading ? { hidden: [], relabelled: [] } : { hidden, relabelled };
    void this.guard(async () => this.opened?.annotations.shadow(edited));
    this.editing.refresh();
  }

  private async guard(action: () => Promise<unknown>): Promise<void> {
    await this.editing.saving.guard(action);
  }
}

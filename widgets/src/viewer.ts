/** The slide viewer on a Leaflet map: the one class that the document tab and the notebook cell mount. */
import * as L from 'leaflet';
import { Signal, type ISignal } from '@lumino/signaling';
import type { Api } from './api';
import { Annotations } from './annotations';
import { editBindings } from './bindings';
import { element, iconButton } from './dom';
import { Drawing } from './edit/draw';
import { Overlay } from './edit/overlay';
import { EditStore } from './edit/store';
import { Hand } from './hand';
import type { History } from './history/history';
import { Versions } from './history/versions';
import * as icons from './icons';
import { MAX_ZOOM, slideBounds, SlideImage } from './image';
import { Keyboard, Keys, type Binding } from './keys';
import { Labels } from './labels';
import { aligning, IDENTITY, joinLink, type Affine } from './links';
import { Look } from './look';
import { Notice } from './notice';
import { drawTools } from './panel/drawtools';
import { Palette } from './panel/palette';
import { SaveRow } from './panel/save';
import { Tabs } from './panel/tabs';
import { Toolbar } from './panel/toolbar';
import { PARTS } from './parts';
import { Picture } from './picture';
import { Poll } from './poll';
import { ReadOut } from './readout';
import { Saving } from './saving';
import { ScaleBar } from './scalebar';
import type { Scene } from './scene';
import { Selection } from './selection';
import { Session } from './session';
import { Turning } from './turning';
import { Trouble } from './trouble';
import { commitOf, type LiveDraft, type Source, type VectorMeta } from './types';
import { WholeImage } from './wholeimage';
import { fitWhole, SmoothWheel, zoomStep } from './zoom';

/** In a narrower viewer the panel would hide the slide: it starts closed. */
const NARROW_PX = 600;

export interface ViewerOptions {
  api: Api;
  source: Source;
  /** A version to show; null follows the newest. */
  version?: string | null;
  /** A version to compare it with; null shows no difference. */
  compare?: string | null;
  /** The branch to work on; null is the project's own. */
  branch?: string | null;
  /** Whether to start with the whole slide in view. */
  fit?: boolean;
}

export class Viewer {
  readonly store = new EditStore();
  readonly labels = new Labels();
  readonly look = new Look();
  readonly picture = new Picture();
  readonly selection = new Selection();
  readonly keys = new Keys();
  private readonly root = element('div', 'wsinb-root');
  private readonly notice = new Notice(message => this.failedSignal.emit(message));
  private readonly trouble = new Trouble(this.notice);
  private readonly versions: Versions;
  private readonly toolbar = new Toolbar();
  private readonly tabs = new Tabs();
  private readonly historyButton: HTMLButtonElement;
  private readonly status = element('div', 'wsinb-status wsinb-surface');
  private readonly corner = element('div', 'wsinb-corner');
  private readonly turning: Turning;
  private readonly session: Session;
  private readonly overlay: Overlay;
  private readonly drawing: Drawing;
  private readonly hand: Hand;
  private readonly saving: Saving;
  private readonly saveRow: SaveRow;
  private readonly palette: Palette;
  private readonly wholeImage: WholeImage;
  private readonly disposables: { dispose: () => void }[] = [];
  private annotations: Annotations | null = null;
  private readonly savedSignal = new Signal<this, string>(this);
  private readonly shownSignal = new Signal<this, string | null>(this);
  private readonly failedSignal = new Signal<this, string>(this);
  private disposed = false;
  private leaveLink: (() => void) | null = null;

  constructor(
    private readonly map: L.Map,
    private readonly options: ViewerOptions
  ) {
    const { store, labels, notice } = this;
    // any zoom is right: keys and buttons go to whole ones by themselves
    map.options.zoomSnap = 0;
    this.disposables.push(SmoothWheel.install(map));
    this.turning = new Turning(map);
    const { api } = options;
    this.session = new Session(api, options.source, null, options.branch);
    this.overlay = new Overlay(map, store, label => labels.colorOf(label));
    this.drawing = new Drawing(map, () => labels.colorOf(labels.current));
    this.saving = new Saving({
      session: this.session,
      store,
      labels,
      notice,
      path: options.source.path ?? '',
      showVersion: version => this.showVersion(version),
      deselect: () => this.hand.select(null),
      saved: commit => this.savedSignal.emit(commit),
      draft: () => this.versions.draft(),
      resolve: conflicts => this.versions.resolving.forCommit(conflicts)
    });
    this.hand = new Hand({
      map,
      store,
      labels,
      overlay: this.overlay,
      drawing: this.drawing,
      selection: this.selection,
      readOnly: () => this.readOnly,
      guard: action => this.guard(action),
      selectionChanged: selected => this.saveRow.setSelected(selected)
    });
    this.palette = new Palette(
      labels,
      name => this.hand.chooseLabel(name),
      label => void this.guard(() => this.saving.addLabel(label))
    );
    this.saveRow = new SaveRow(store, {
      save: message => this.save(message),
      discard: () => void this.discard(),
      removeSelected: () => this.hand.removeSelected()
    });
    this.wholeImage = new WholeImage(store, labels);
    this.versions = new Versions({
      ...{ map, api, store, notice, root: this.root, session: this.session },
      guard: action => this.saving.guard(action),
      showVersion: version => this.showVersion(version),
      keptChanged: kept => this.saveRow.setKept(kept),
      historyToggled: open => this.historyButton.setAttribute('aria-pressed', String(open))
    });
    this.historyButton = iconButton(icons.historyIcon, 'History of this slide (Shift+H)', () =>
      this.history.toggle()
    );
    this.historyButton.dataset.tool = 'history';
    this.keys.add(...this.bindings());
    const { saving, versions, hand, overlay, drawing, palette, saveRow, wholeImage } = this;
    this.disposables.push(saving, versions, hand, overlay, drawing, palette, saveRow, wholeImage);
    this.disposables.push(
      new Keyboard(map.getContainer(), this.keys),
      this.look,
      this.picture,
      this.selection,
      this.turning
    );
    this.build();
    this.versions.stage.changed.connect(this.onStage, this);
    window.addEventListener('beforeunload', this.onUnload);
    store.changed.connect(this.onEdited, this);
    labels.changed.connect(this.onLabels, this);
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

  get history(): History {
    return this.versions.history;
  }

  /** Whether nothing can be edited at the moment. */
  get readOnly(): boolean {
    return this.versions.stage.readOnly;
  }

  get dirty(): boolean {
    return this.store.count > 0;
  }

  /** Whether closing would lose something: unsaved edits that the server has not kept. */
  get atRisk(): boolean {
    return this.versions.atRisk;
  }

  /** Read the slide and its annotations; errors show as a sentence. */
  async open(): Promise<void> {
    this.root.classList.add('wsinb-mod-loading');
    try {
      await this.session.open();
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
      return;
    } finally {
      this.root.classList.toggle('wsinb-mod-loading', this.session.info !== null);
    }
    if (!this.disposed) {
      await this.guard(() => this.showSlide());
    }
    this.root.classList.remove('wsinb-mod-loading');
  }

  /** Show a version, or the difference to it, read-only; null and null is the newest, to edit. */
  async setVersion(version: string | null, compare: string | null): Promise<void> {
    if (this.annotations && !this.history.isShowing({ version, compare })) {
      await this.guard(() => this.history.show({ version, compare }));
    }
  }

  /** The branch that is worked on, once the slide is open. */
  get branch(): string | null {
    return this.session.place?.branch ?? null;
  }

  /** Forget what is unsaved, here and on the server. */
  async discard(): Promise<void> {
    await this.hand.select(null);
    this.store.clear();
    await this.versions.settled();
    await this.guard(() => this.showVersion(null));
  }

  /** The drafts were committed elsewhere (by the kernel): show that version. */
  async catchUp(commit: string | null): Promise<void> {
    if (commit && commit !== this.annotations?.meta?.version) {
      await this.guard(async () => {
        this.labels.set(await this.session.labels());
        this.session.rebase(commit);
        await this.history.back();
      });
    }
  }

  /** Show what an open session of Python sees as it edits; null shows the version again. */
  async showDraft(draft: LiveDraft | null): Promise<void> {
    const before = this.session.draft;
    this.session.draft = draft?.id ?? null;
    if (this.annotations?.meta && (before !== null || draft !== null)) {
      await this.guard(() => this.showVersion(null));
    }
  }

  /** Move with the other viewers of a group, whose frame `affine` brings this slide's pixels to. */
  link(group: string, affine: Affine = IDENTITY): void {
    this.unlink();
    this.leaveLink = joinLink(this.map, group, affine);
  }

  /** Move alone. */
  unlink(): void {
    this.leaveLink?.();
    this.leaveLink = null;
  }

  get isLinked(): boolean {
    return this.leaveLink !== null;
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
      this.root.classList.add('wsinb-mod-failed');
      this.notice.fatal(message, () => {
        this.root.classList.remove('wsinb-mod-failed');
        void this.open();
      });
    }
  }

  /** Show the whole slide, once it is open. */
  fit(): void {
    const { info } = this.session;
    if (info) {
      fitWhole(this.map, slideBounds(info));
    }
  }

  dispose(): void {
    this.disposed = true;
    this.unlink();
    window.removeEventListener('beforeunload', this.onUnload);
    this.store.changed.disconnect(this.onEdited, this);
    this.labels.changed.disconnect(this.onLabels, this);
    this.versions.stage.changed.disconnect(this.onStage, this);
    this.disposables.forEach(part => part.dispose());
    this.root.remove();
    Signal.clearData(this);
  }

  private bindings(): Binding[] {
    const edit = (act: () => unknown) => () => (this.readOnly ? undefined : act());
    return editBindings({
      save: edit(() => void this.saveRow.save()),
      undo: edit(() => this.store.undo()),
      redo: edit(() => this.store.redo()),
      removeSelected: edit(() => this.hand.removeSelected()),
      cancel: () => this.hand.cancel(),
      fit: () => this.fit(),
      labelImage: edit(() => this.wholeImage.add()),
      history: () => this.history.toggle(),
      step: by => this.versions.step(by),
      useTool: tool => edit(() => void (this.session.info && this.drawing.use(tool)))(),
      chooseLabel: key => {
        const label = this.readOnly ? undefined : this.labels.byKey(key);
        if (label) {
          this.hand.chooseLabel(label.name);
        }
        return label !== undefined;
      }
    });
  }

  private build(): void {
    const container = this.map.getContainer();
    container.classList.add('wsinb-map');
    const { map, toolbar, tabs, wholeImage } = this;
    toolbar.add(
      'view',
      iconButton(icons.zoomInIcon, 'Zoom in (+)', () => zoomStep(map, 1)),
      iconButton(icons.zoomOutIcon, 'Zoom out (-)', () => zoomStep(map, -1)),
      iconButton(icons.fitIcon, 'Show the whole slide (Shift+0)', () => this.fit())
    );
    const labelAll = 'Give the current label to the whole image (Shift+I)';
    const whole = iconButton(icons.wholeImageIcon, labelAll, () => wholeImage.add());
    whole.dataset.tool = 'image';
    toolbar.add('draw', ...drawTools(this.drawing), whole);
    toolbar.add('panels', this.historyButton);
    tabs.add('labels', icons.tagIcon, 'Labels', this.palette.node, wholeImage.node);
    tabs.addBelow(this.saveRow.node);
    for (const node of [toolbar.node, tabs.node, ...this.versions.panels, this.versions.messages()]) {
      this.lay(node);
    }
    this.lay(this.corner);
    container.append(this.root);
  }

  /** Put something over the picture: what happens on it does not reach the map. */
  private lay(node: HTMLElement): void {
    L.DomEvent.disableClickPropagation(node);
    L.DomEvent.disableScrollPropagation(node);
    this.root.append(node);
  }

  private async showSlide(): Promise<void> {
    const info = this.session.info!;
    const { map, labels } = this;
    map.setMinZoom(info.min_zoom - 1).setMaxZoom(MAX_ZOOM);
    if (this.options.fit !== false) {
      this.fit();
    }
    const { api, source } = this.options;
    const image = new SlideImage({ map, api, source, info, picture: this.picture, trouble: this.trouble });
    const scale = new ScaleBar(map, info.mpp?.[0] ?? null);
    const readOut = new ReadOut(map, info);
    this.status.replaceChildren(scale.node, readOut.node);
    this.lay(this.status);
    labels.set(info.project?.labels ?? []);
    const fail = (message: string): void => this.notice.error(message);
    const { look, selection } = this;
    const annotations = new Annotations({
      ...{ map, api, labels, look, selection, bounds: slideBounds(info) },
      failed: fail,
      trouble: this.trouble
    });
    this.annotations = this.hand.annotations = this.wholeImage.annotations = annotations;
    this.hand.readOut = readOut;
    this.disposables.push(scale, readOut, annotations, image);
    const scene = this.scene({ info, annotations, image, readOut });
    this.disposables.push(...PARTS.map(part => part(scene)));
    if (map.getSize().x < NARROW_PX) {
      this.tabs.open(null);
    }
    const { version = null, compare = null } = this.options;
    await this.history.show({ version, compare });
    await this.versions.begin();
    if (!this.disposed) {
      // from now on: before, its questions would stand in the way of the first picture
      this.disposables.push(new Poll(map.getContainer(), () => this.follow()));
    }
  }

  private scene(opened: Pick<Scene, 'info' | 'annotations' | 'image' | 'readOut'>): Scene {
    const { map, session, labels, store, drawing, look, picture, selection, toolbar, tabs, keys } = this;
    const { turning } = this;
    const { api, source } = this.options;
    return {
      ...opened,
      ...{ map, api, source, session, labels, store, drawing, look, picture, selection, toolbar, tabs, keys },
      ...{ turning, notice: this.notice, root: this.root, status: this.status, corner: this.corner },
      lay: node => this.lay(node),
      guard: action => this.guard(action),
      fit: () => this.fit()
    };
  }

  /** Show another version: null is the pinned or the newest one. Returns its commit. */
  private async showVersion(version: string | null): Promise<string | null> {
    const meta = await this.session.read(version);
    if (!meta || this.disposed) {
      return null;
    }
    await this.showMeta(meta);
    return meta.version;
  }

  private async showMeta(meta: VectorMeta): Promise<void> {
    if (!this.dirty) {
      this.session.rebase(commitOf(meta.version));
    }
    this.palette.setCounts(meta.counts);
    const { project, slide } = this.session.place!;
    await this.annotations!.show(project, slide, meta);
    this.wholeImage.sync();
    this.shownSignal.emit(this.session.editBase);
    this.history.showing(commitOf(meta.version));
  }

  /** Somebody else, or a job, may have committed. */
  private async follow(): Promise<void> {
    if (this.root.classList.contains('wsinb-mod-loading')) {
      return;
    }
    if (this.session.draft !== null && this.session.follows) {
      await this.followDraft();
      return;
    }
    const head = await this.session.head();
    const isNews = head !== null && head !== this.annotations?.meta?.version;
    if (isNews && this.session.follows && !this.versions.resolving.choosing.active && !this.disposed) {
      this.labels.set(await this.session.labels());
      await this.showVersion(head);
    }
    await this.history.headIs(head);
  }

  /** An open session may have been edited, or be committed by now. */
  private async followDraft(): Promise<void> {
    const meta = await this.session.read();
    const isNews = meta !== null && meta.version !== this.annotations?.meta?.version;
    if (isNews && this.session.follows && !this.disposed) {
      await this.showMeta(meta);
    }
  }

  private async save(message: string): Promise<boolean> {
    const saved = await this.saving.save(message);
    if (saved) {
      this.map.getContainer().focus({ preventScroll: true });
    }
    return saved;
  }

  private readonly onUnload = (event: BeforeUnloadEvent): void => {
    // what the server has is offered again; only what it has not could be lost
    if (this.versions.atRisk) {
      event.preventDefault();
    }
  };

  private onStage(): void {
    void this.drawing.use(null);
    void this.hand.select(null);
    this.onEdited();
  }

  private onEdited(): void {
    this.root.classList.toggle('wsinb-mod-dirty', this.dirty);
    const { shadowedIds: hidden, relabelled } = this.store;
    const edited = this.versions.reading ? { hidden: [], relabelled: [] } : { hidden, relabelled };
    void this.guard(async () => this.annotations?.shadow(edited));
    this.saveRow.setSelected(this.overlay.selected !== null);
    this.hand.refresh();
  }

  private onLabels(): void {
    this.overlay.sync();
    this.drawing.recolor();
  }

  private async guard(action: () => Promise<unknown>): Promise<void> {
    await this.saving.guard(action);
  }
}

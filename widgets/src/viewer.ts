/** The slide viewer on a Leaflet map: the one class that the document tab and the notebook cell mount. */
import * as L from 'leaflet';
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError, type Api } from './api';
import { Annotations } from './annotations';
import { element } from './dom';
import { Drawing, HINTS, type DrawTool } from './edit/draw';
import { drawnFeature } from './edit/features';
import { Overlay } from './edit/overlay';
import { EditStore } from './edit/store';
import { ImageLayer, MAX_ZOOM, slideBounds } from './image';
import { handleKey } from './keys';
import { Labels } from './labels';
import { Notice, type Choice } from './notice';
import { askForProject } from './panel/dialog';
import { ImageLabels, type ImageLabel } from './panel/images';
import { Palette } from './panel/palette';
import { SaveRow } from './panel/save';
import { Toolbar } from './panel/toolbar';
import { Poll } from './poll';
import { ReadOut } from './readout';
import { ScaleBar } from './scalebar';
import { defaultMessage, Session } from './session';
import type { Feature, LabelInfo, Source, StoredFeature } from './types';

export interface ViewerOptions {
  api: Api;
  source: Source;
  /** A version to show; null follows the newest. */
  version?: string | null;
  /** Whether to start with the whole slide in view. */
  fit?: boolean;
}

export class Viewer {
  readonly store = new EditStore();
  readonly labels = new Labels();
  private readonly session: Session;
  private readonly root = element('div', 'wsinb-root');
  private readonly notice = new Notice(message => this.failedSignal.emit(message));
  private readonly overlay: Overlay;
  private readonly drawing: Drawing;
  private readonly saveRow: SaveRow;
  private readonly palette: Palette;
  private readonly imageLabels = new ImageLabels();
  private readonly disposables: { dispose: () => void }[] = [];
  private annotations: Annotations | null = null;
  private readOut: ReadOut | null = null;
  private readonly savedSignal = new Signal<this, string>(this);
  private readonly shownSignal = new Signal<this, string | null>(this);
  private readonly failedSignal = new Signal<this, string>(this);
  private disposed = false;

  constructor(
    private readonly map: L.Map,
    private readonly options: ViewerOptions
  ) {
    this.session = new Session(options.api, options.source, options.version ?? null);
    this.overlay = new Overlay(map, this.store, label => this.labels.colorOf(label));
    this.drawing = new Drawing(map, () => this.labels.colorOf(this.labels.current));
    this.palette = new Palette(
      this.labels,
      name => this.chooseLabel(name),
      label => void this.guard(() => this.addLabel(label))
    );
    this.saveRow = new SaveRow(this.store, {
      save: message => this.save(message),
      discard: () => this.discard(),
      removeSelected: () => this.removeSelected()
    });
    this.build();
    this.listen();
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

  get dirty(): boolean {
    return this.store.count > 0;
  }

  /** Read the slide and its annotations; errors show as a sentence. */
  async open(): Promise<void> {
    this.root.classList.add('wsinb-mod-loading');
    await this.guard(async () => {
      const info = await this.session.open();
      if (this.disposed) {
        return;
      }
      this.showSlide();
      this.labels.set(info.project?.labels ?? []);
      this.annotations = new Annotations(
        this.map,
        this.options.api,
        this.labels,
        slideBounds(info),
        message => this.notice.error(message)
      );
      await this.showVersion(null);
      const poll = new Poll(this.map.getContainer(), () => this.follow());
      this.disposables.push(this.annotations, poll);
    });
    this.root.classList.remove('wsinb-mod-loading');
  }

  /** Show another version: null is the newest. */
  async showVersion(version: string | null): Promise<void> {
    const meta = await this.session.read(version);
    if (!meta || this.disposed) {
      return;
    }
    if (!this.dirty) {
      this.session.rebase(meta.version);
    }
    this.palette.setCounts(meta.counts);
    const { project, slide } = this.session.place!;
    await this.annotations!.show(project, slide, meta);
    this.showImageLabels();
    this.shownSignal.emit(this.session.editBase);
  }

  /** Pin a version, or follow the newest again. */
  async setVersion(version: string | null): Promise<void> {
    this.session.pin(version);
    await this.guard(() => this.showVersion(version));
  }

  /** Show an error that arose outside. */
  fail(message: string): void {
    this.notice.error(message);
  }

  /** The drafts were committed elsewhere (by the kernel): show that version. */
  async catchUp(commit: string | null): Promise<void> {
    if (commit && commit !== this.annotations?.meta?.version) {
      await this.guard(async () => {
        this.labels.set(await this.session.labels());
        this.session.rebase(commit);
        await this.showVersion(commit);
      });
    }
  }

  fit(): void {
    this.map.fitBounds(slideBounds(this.session.info), { animate: false });
  }

  dispose(): void {
    this.disposed = true;
    this.unlisten();
    this.disposables.forEach(part => part.dispose());
    this.overlay.dispose();
    this.drawing.dispose();
    this.palette.dispose();
    this.saveRow.dispose();
    this.root.remove();
    Signal.clearData(this);
  }

  // -- building ---------------------------------------------------------------------------------------------

  private build(): void {
    const container = this.map.getContainer();
    container.classList.add('wsinb-map');
    container.tabIndex = 0;
    // the viewer's own keys would otherwise also be commands of the notebook around it
    container.dataset.lmSuppressShortcuts = 'true';
    const panel = element('div', 'wsinb-panel wsinb-surface');
    panel.append(this.palette.node, this.imageLabels.node, this.saveRow.node);
    const toolbar = new Toolbar(
      this.map,
      this.drawing,
      () => this.fit(),
      () => this.labelImage()
    );
    this.root.append(toolbar.node, panel, this.notice.node);
    for (const node of [toolbar.node, panel, this.notice.node]) {
      L.DomEvent.disableClickPropagation(node);
      L.DomEvent.disableScrollPropagation(node);
    }
    container.append(this.root);
  }

  private showSlide(): void {
    const { info } = this.session;
    this.map.setMinZoom(info.min_zoom - 1).setMaxZoom(MAX_ZOOM);
    if (this.options.fit !== false) {
      this.fit();
    }
    const image = new ImageLayer(this.options.api, this.session.imageSource, info);
    image.once('tileerror', () =>
      this.notice.error(`A part of ${info.name} could not be read: the file may be damaged.`)
    );
    image.addTo(this.map);
    const scale = new ScaleBar(this.map, info.mpp?.[0] ?? null);
    this.readOut = new ReadOut(this.map, info);
    const status = element('div', 'wsinb-status wsinb-surface');
    status.append(scale.node, this.readOut.node);
    this.root.append(status);
    this.disposables.push(scale, this.readOut, { dispose: () => image.remove() });
  }

  private listen(): void {
    const container = this.map.getContainer();
    container.addEventListener('keydown', this.onKey);
    container.addEventListener('focusout', this.onFocusLost);
    window.addEventListener('beforeunload', this.onUnload);
    this.map.on('click', this.onClick, this).on('mousemove', this.onMove, this);
    this.drawing.created.connect((_, layer) => this.onDrawn(layer));
    this.drawing.toolChanged.connect((_, tool) => this.onTool(tool));
    this.overlay.clicked.connect((_, key) => {
      if (!this.drawing.tool) {
        void this.select(key);
      }
    });
    this.store.changed.connect(this.onEdited, this);
    this.labels.changed.connect(this.onLabels, this);
  }

  private unlisten(): void {
    const container = this.map.getContainer();
    container.removeEventListener('keydown', this.onKey);
    container.removeEventListener('focusout', this.onFocusLost);
    window.removeEventListener('beforeunload', this.onUnload);
    this.map.off('click', this.onClick, this).off('mousemove', this.onMove, this);
    this.store.changed.disconnect(this.onEdited, this);
    this.labels.changed.disconnect(this.onLabels, this);
  }

  // -- what the person does ---------------------------------------------------------------------------------

  private readonly onKey = (event: KeyboardEvent): void => {
    const used = handleKey(event, {
      save: () => void this.saveRow.save(),
      undo: () => this.store.undo(),
      redo: () => this.store.redo(),
      removeSelected: () => this.removeSelected(),
      cancel: () => this.cancel(),
      fit: () => this.fit(),
      labelImage: () => this.labelImage(),
      useTool: tool => void this.drawing.use(tool),
      chooseLabel: key => {
        const label = this.labels.byKey(key);
        if (label) {
          this.chooseLabel(label.name);
        }
        return label !== undefined;
      }
    });
    if (used) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  /** A handle or button that had the focus may vanish: the keys then still belong to the viewer. */
  private readonly onFocusLost = ({ target }: FocusEvent): void => {
    setTimeout(() => {
      const vanished = target instanceof Node && !target.isConnected;
      if (vanished && document.activeElement === document.body && !this.disposed) {
        this.focus();
      }
    }, 0);
  };

  private focus(): void {
    this.map.getContainer().focus({ preventScroll: true });
  }

  private readonly onUnload = (event: BeforeUnloadEvent): void => {
    if (this.dirty) {
      event.preventDefault();
    }
  };

  private onDrawn(layer: L.Layer): void {
    const draft = this.store.add(drawnFeature(layer, this.labels.current));
    if (!this.drawing.tool || this.drawing.tool !== 'point') {
      void this.select(draft.key);
    }
  }

  private onTool(tool: DrawTool | null): void {
    this.map.getContainer().classList.toggle('wsinb-mod-drawing', tool !== null);
    this.readOut?.setHint(tool ? HINTS[tool] : '');
    if (tool) {
      void this.select(null);
    }
  }

  private onClick({ latlng }: L.LeafletMouseEvent): void {
    if (!this.drawing.tool) {
      void this.guard(() => this.pickAt(latlng));
    }
  }

  private async pickAt(latlng: L.LatLng): Promise<void> {
    const found = await this.annotations?.pick(latlng);
    if (!found || found.picked.count !== null) {
      await this.select(null);
      return;
    }
    const feature = await this.annotations!.exact(found.picked.row);
    if (feature) {
      const draft = this.store.open(feature);
      await this.select(draft.key);
    }
  }

  private picking = false;

  private onMove({ latlng }: L.LeafletMouseEvent): void {
    if (this.picking || this.drawing.tool || !this.annotations) {
      return;
    }
    this.picking = true;
    void this.annotations
      .pick(latlng)
      .then(found => {
        this.readOut?.setFound(found ? foundText(found.label, found.picked.count, found.picked.score) : '');
        this.map
          .getContainer()
          .classList.toggle('wsinb-mod-over', found !== null && found.picked.count === null);
      })
      .finally(() => (this.picking = false));
  }

  private async select(key: number | null): Promise<void> {
    this.store.closePristine(key);
    await this.overlay.select(key);
    this.saveRow.setSelected(this.overlay.selected !== null);
  }

  private cancel(): void {
    if (this.drawing.tool) {
      void this.drawing.use(null);
    } else {
      void this.select(null);
    }
  }

  private removeSelected(): void {
    const { selected } = this.overlay;
    if (selected) {
      this.store.remove(selected.key);
      void this.select(null);
    }
  }

  private discard(): void {
    void this.select(null);
    this.store.clear();
    void this.guard(() => this.showVersion(null));
  }

  private chooseLabel(name: string | null): void {
    const { selected } = this.overlay;
    if (selected && selected.feature.label !== name) {
      this.store.update(selected.key, { label: name });
    }
    this.labels.current = name;
  }

  /** With a project the label is stored at once; without one it waits for the first save. */
  private async addLabel(label: LabelInfo): Promise<void> {
    if (this.session.project) {
      this.labels.set(await this.session.addLabels([label]));
      this.labels.current = label.name;
    } else {
      this.labels.add(label);
    }
  }

  private labelImage(): void {
    const label = this.labels.current;
    const has = this.imageFeatures().some(({ feature }) => feature.label === label);
    if (!has) {
      const nothing = { id: null, shape_params: null, score: null, geometry: null, properties: {} };
      this.store.add({ ...nothing, shape: 'image', label, layer: 'manual' });
    }
  }

  // -- saving -----------------------------------------------------------------------------------------------

  private async save(message: string): Promise<boolean> {
    let saved = false;
    await this.guard(async () => {
      if (!this.session.place && !(await this.makeProject())) {
        return;
      }
      const { upsert, deleted } = this.store;
      const commit = await this.session.commit(message || defaultMessage(upsert, deleted), upsert, deleted);
      await this.accept(commit);
      saved = true;
      this.notice.info('Saved as a new version.');
      this.focus();
    });
    return saved;
  }

  /** A commit holds the edits: show it, then let go of the drafts it contains. */
  async accept(commit: string): Promise<void> {
    if (!this.session.follows) {
      this.session.pin(commit);
    }
    await this.select(null);
    await this.showVersion(commit);
    this.store.clear();
    this.session.rebase(commit);
    this.savedSignal.emit(commit);
  }

  private async makeProject(): Promise<boolean> {
    const { project } = this.session;
    const path = this.options.source.path ?? '';
    if (project) {
      // the folder has a project already: the slide only joins it
      await this.session.createProject(project.path, project.name, this.newLabels(project.labels));
      return true;
    }
    const answer = await askForProject(path);
    if (answer) {
      await this.session.createProject(answer.folder, answer.name, this.labels.all);
    }
    return answer !== null;
  }

  private newLabels(known: LabelInfo[]): LabelInfo[] {
    return this.labels.all.filter(label => !known.some(({ name }) => name === label.name));
  }

  /** Somebody else, or a job, may have committed. */
  private async follow(): Promise<void> {
    const shown = this.annotations?.meta?.version ?? null;
    const news = await this.session.news(shown);
    if (news && !this.disposed) {
      this.labels.set(await this.session.labels());
      await this.showVersion(news);
    }
  }

  private onConflict(error: ApiError): void {
    const reload = async (keep: boolean): Promise<void> => {
      if (!keep) {
        this.store.clear();
      }
      this.labels.set(await this.session.labels());
      await this.showVersion(null);
      this.session.rebase(this.annotations!.meta!.version);
    };
    const choices: Choice[] = [
      {
        text: 'Load the newest, keep mine',
        title: 'Show the newest version; your unsaved shapes stay and replace the others when you save',
        act: () => void this.guard(() => reload(true))
      },
      {
        text: 'Load the newest, discard mine',
        title: 'Show the newest version and forget your unsaved changes',
        act: () => void this.guard(() => reload(false))
      }
    ];
    this.notice.error(`Nothing was saved. ${error.message}`, choices);
  }

  // -- keeping the parts in step ----------------------------------------------------------------------------

  private onEdited(): void {
    void this.guard(async () => this.annotations?.shadow(this.store.shadowedIds));
    this.saveRow.setSelected(this.overlay.selected !== null);
    this.showImageLabels();
  }

  private onLabels(): void {
    this.overlay.sync();
    this.drawing.recolor();
    this.showImageLabels();
  }

  private showImageLabels(): void {
    this.imageLabels.set(
      this.imageFeatures().map(({ feature, remove, unsaved }): ImageLabel => ({
        label: feature.label,
        color: this.labels.colorOf(feature.label),
        unsaved,
        remove
      }))
    );
  }

  private imageFeatures(): { feature: Feature; unsaved: boolean; remove: () => void }[] {
    const shadowed = new Set(this.store.shadowedIds);
    const stored = (this.annotations?.meta?.images ?? [])
      .filter(({ id }) => !shadowed.has(id!))
      .map((feature: StoredFeature) => ({
        feature,
        unsaved: false,
        remove: () => this.store.removeStored(feature.id!)
      }));
    const drawn = this.store.drafts
      .filter(({ feature }) => feature.shape === 'image')
      .map(({ key, feature }) => ({ feature, unsaved: true, remove: () => this.store.remove(key) }));
    return [...stored, ...drawn];
  }

  private async guard(action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (this.disposed) {
        return;
      }
      if (error instanceof ApiError && error.status === 409) {
        this.onConflict(error);
      } else {
        this.notice.error(error instanceof Error ? error.message : String(error));
      }
    }
  }
}

function foundText(label: string | null, count: number | null, score: number | null): string {
  const name = label ?? 'no label';
  if (count !== null) {
    return `${count} annotations, mostly ${name}: zoom in to edit`;
  }
  return score === null ? name : `${name} (score ${score.toFixed(2)})`;
}

/** Selecting many: by rectangle and lasso; and what can be done with all that are selected. */
import * as L from 'leaflet';
import { element, iconButton, textButton } from '../dom';
import { fromLatLng, positionsOf, toLatLng } from '../edit/features';
import { closeIcon, strokeIcon } from '../icons';
import type { Disposable, Scene } from '../scene';
import { Area, type AreaTool } from './area';

const TITLES: Record<AreaTool, string> = {
  rectangle: 'Select by rectangle (Shift+A)',
  lasso: 'Select by lasso (Shift+W)'
};
const ICONS = {
  rectangle: strokeIcon('select-rectangle', '<path d="M4 5h16v13H4z" stroke-dasharray="3.500 3"/>'),
  lasso: strokeIcon(
    'select-lasso',
    '<path d="M7 15.500C4.500 14.500 3 12.700 3 10.500 3 7 7 4.500 12 4.500s9 2.500 9 6-4 6-9 6c-1 0-2-.1-2.900-.3" stroke-dasharray="3.500 3"/><circle cx="8" cy="16.500" r="1.800"/><path d="M8 18.500c0 1.500-.8 2.300-2 2.500"/>'
  )
};
const HINT = 'Drag around what is to be selected; with Shift it is added. Esc ends.';
/** Of more the places are not read one by one. */
const MOST_BOXES = 1000;
const CLOSEST_ZOOM = 1;

export function selectPart(scene: Scene): Disposable {
  const tools = new AreaTools(scene);
  const bar = new SelectionBar(scene, tools);
  const group = 'Selecting';
  const bindings = scene.keys.add(
    { keys: 'Shift+A', title: 'Select by rectangle', group, act: () => tools.toggle('rectangle') },
    { keys: 'Shift+W', title: 'Select by lasso', group, act: () => tools.toggle('lasso') },
    { keys: 'Esc', title: 'Select nothing', group, act: () => tools.stop() || bar.clear() },
    { keys: 'Del', title: 'Delete all that are selected', group, act: () => bar.remove() },
    { keys: 'Backspace', title: '', group, act: () => bar.remove() }
  );
  return {
    dispose: () => {
      bindings.dispose();
      bar.dispose();
      tools.dispose();
    }
  };
}

/** The two tools, of which at most one is in hand, and no drawing tool beside it. */
class AreaTools {
  /** Around all that was selected by regions since nothing was. */
  bounds: L.LatLngBounds | null = null;
  private readonly area: Area;
  private readonly buttons = new Map<AreaTool, HTMLButtonElement>();

  constructor(private readonly scene: Scene) {
    const { map, root, toolbar, drawing } = scene;
    this.area = new Area(map, root, {
      drawn: (ring, adding) => void scene.guard(() => this.select(ring, adding))
    });
    for (const tool of ['rectangle', 'lasso'] as const) {
      const button = iconButton(ICONS[tool], TITLES[tool], () => this.toggle(tool));
      button.dataset.tool = `select-${tool}`;
      this.buttons.set(tool, button);
      toolbar.add('measure', button);
    }
    drawing.toolChanged.connect(this.onDrawing, this);
    this.mark();
  }

  toggle(tool: AreaTool): void {
    if (this.area.current === tool) {
      this.stop();
      return;
    }
    void this.scene.drawing.use(null);
    this.scene.drawing.elsewhere = true;
    this.area.use(tool);
    this.mark();
    this.scene.readOut.setHint(HINT);
  }

  /** Put the tool away; false where there is none. */
  stop(): boolean {
    if (!this.area.current) {
      return false;
    }
    this.scene.drawing.elsewhere = false;
    this.area.use(null);
    this.mark();
    this.scene.readOut.setHint('');
    return true;
  }

  dispose(): void {
    this.scene.drawing.toolChanged.disconnect(this.onDrawing, this);
    this.area.dispose();
  }

  /** Another tool was taken, select and pan being one as well. */
  private onDrawing(): void {
    this.stop();
  }

  private mark(): void {
    for (const [tool, button] of this.buttons) {
      button.setAttribute('aria-pressed', String(tool === this.area.current));
    }
  }

  private async select(ring: L.LatLng[], adding: boolean): Promise<void> {
    const { annotations, selection, store, notice } = this.scene;
    store.closePristine();
    const { ids, n } = await annotations.within(ring.map(fromLatLng));
    const around = L.latLngBounds(ring);
    this.bounds = adding && this.bounds ? this.bounds.extend(around) : around;
    if (adding) {
      selection.add(ids);
    } else {
      selection.set(ids);
      this.stop();
    }
    if (n > ids.length) {
      notice.tell(
        `${n.toLocaleString('en')} annotations are in that region, more than can be selected at once: ` +
          `the first ${ids.length.toLocaleString('en')} are.`
      );
    }
  }
}

/** How many are selected, and what can be done with them. */
class SelectionBar {
  private readonly node = element('div', 'wsinb-selection wsinb-surface');
  private readonly text = element('span', 'wsinb-selection-text');
  private readonly labelButton: HTMLButtonElement;
  private busy = false;

  constructor(
    private readonly scene: Scene,
    private readonly tools: AreaTools
  ) {
    const { selection, store, labels } = scene;
    const guarded = (act: () => Promise<void>) => () => void scene.guard(() => this.working(act));
    this.labelButton = textButton(
      '',
      '',
      guarded(() => this.relabel())
    );
    const zoom = textButton(
      'Zoom to',
      'Bring all that are selected into view',
      guarded(() => this.zoomTo())
    );
    const remove = textButton('Delete', 'Delete all that are selected (Del)', () => this.remove());
    for (const button of [this.labelButton, remove]) {
      button.classList.add('wsinb-mod-edits');
    }
    const close = iconButton(closeIcon, 'Select nothing (Esc)', () => this.clear());
    this.node.setAttribute('role', 'status');
    this.node.append(this.text, this.labelButton, zoom, remove, close);
    scene.lay(this.node);
    selection.changed.connect(this.sync, this);
    store.changed.connect(this.sync, this);
    labels.changed.connect(this.sync, this);
    this.sync();
  }

  /** Select nothing; false where nothing is selected. */
  clear(): boolean {
    const { selection } = this.scene;
    const some = selection.ids.length > 0;
    selection.clear();
    return some;
  }

  /** Delete all that are selected; false where there is nothing to. */
  remove(): boolean {
    const { selection, store, annotations, root } = this.scene;
    const ids = annotations.knownOf(selection.ids);
    if (this.busy || ids.length === 0 || root.dataset.wsinbMode !== 'edit') {
      return false;
    }
    store.closePristine();
    store.removeAll(ids);
    selection.clear();
    return true;
  }

  dispose(): void {
    const { selection, store, labels } = this.scene;
    selection.changed.disconnect(this.sync, this);
    store.changed.disconnect(this.sync, this);
    labels.changed.disconnect(this.sync, this);
    this.node.remove();
  }

  private async relabel(): Promise<void> {
    const { selection, store, labels, annotations } = this.scene;
    const { current } = labels;
    const features = await annotations.exactOf(selection.ids, done => this.say(`Reading ${many(done)} …`));
    store.closePristine();
    const deleted = new Set(store.deleted);
    store.relabel(
      features.filter(({ id }) => !deleted.has(id!)),
      current
    );
  }

  private async zoomTo(): Promise<void> {
    const { map, selection, annotations } = this.scene;
    const { ids } = selection;
    let bounds = ids.length > MOST_BOXES ? this.tools.bounds : null;
    if (!bounds) {
      const features = await annotations.exactOf(ids.slice(0, MOST_BOXES));
      const places = features.flatMap(({ geometry }) => positionsOf(geometry)).map(toLatLng);
      bounds = places.length > 0 ? L.latLngBounds(places) : null;
    }
    if (bounds) {
      const zoom = Math.min(Math.floor(map.getBoundsZoom(bounds.pad(0.1))), CLOSEST_ZOOM);
      map.setView(bounds.getCenter(), Math.max(map.getMinZoom(), zoom), { animate: false });
    }
  }

  private async working(act: () => Promise<void>): Promise<void> {
    if (this.busy) {
      return;
    }
    this.busy = true;
    this.node.setAttribute('aria-busy', 'true');
    try {
      await act();
    } finally {
      this.busy = false;
      this.node.removeAttribute('aria-busy');
      this.sync();
    }
  }

  private sync(): void {
    const { selection, store, labels, readOut } = this.scene;
    const { ids } = selection;
    readOut.setSelected(ids.length);
    // one that is open has its own handles and keys
    const isOpen =
      ids.length === 1 && store.drafts.some(({ feature, inPlace }) => feature.id === ids[0] && !inPlace);
    this.node.hidden = ids.length === 0 || isOpen;
    this.labelButton.textContent = `Label: ${labels.current ?? 'none'}`;
    this.labelButton.title = `Give all that are selected the label in hand: ${labels.current ?? 'no label'}`;
    if (!this.busy) {
      this.say(`${many(ids.length)} selected`);
    }
  }

  private say(text: string): void {
    this.text.textContent = text;
  }
}

function many(n: number): string {
  return n.toLocaleString('en');
}

/** The stored annotations of the shown version: one vector layer, its colours, and what lies under the pointer. */
import { Signal, type ISignal } from '@lumino/signaling';
import type * as L from 'leaflet';
import type { Api } from './api';
import { BUILT_IN, schemeOf, styleOf, type Scheme } from './coloring';
import { asksAnew, countedBy, follow, LABELS } from './following';
import type { Labels } from './labels';
import type { Look, LookState } from './look';
import { RowBook } from './rows';
import type { Selection } from './selection';
import type { Trouble } from './trouble';
import type { Position, StoredFeature, VectorMeta } from './types';
import { VectorClient } from './vector/client';
import type { Picked, Told } from './vector/messages';
import { VectorLayer } from './vector/layer';

export const VECTOR_PANE = 'wsinb-annotations';
/** Between Leaflet's tiles (200) and its shapes (400). */
const VECTOR_PANE_Z = '350';
const HANDOVER_TIMEOUT_MS = 5000;
/** What the server tells at most of a region. */
const MOST_WITHIN = 100_000;
/** Beyond, rows are not asked for one by one. */
const MANY_IDS = 600;
/** Who has it. */
const TROUBLE = 'annotations';

export interface Found {
  picked: Picked;
  label: string | null;
  layer: string | null;
  /** Its value in the column that colours follow, as text. */
  value: string | null;
  /** What a density cell holds, the most first. */
  cell: { name: string | null; count: number }[] | null;
}

export interface AnnotationParts {
  map: L.Map;
  api: Api;
  labels: Labels;
  look: Look;
  selection: Selection;
  bounds: L.LatLngBounds;
  /** Something went wrong. */
  failed: (message: string) => void;
  /** Hears of what cannot be loaded and is tried again. */
  trouble: Trouble;
}

/** Edits that the stored layer has to know of. */
export interface Edited {
  /** Ids of what is drawn elsewhere, or deleted. */
  hidden: readonly string[];
  /** New labels of what is stored otherwise as it is. */
  relabelled: readonly { id: string; label: string | null }[];
}

export class Annotations {
  private readonly client: VectorClient;
  private layer: VectorLayer | null = null;
  private shown: VectorMeta | null = null;
  private book: RowBook | null = null;
  private edited: Edited = { hidden: [], relabelled: [] };
  private followed = LABELS;
  private styling: Promise<void> | null = null;
  private restyleWanted = false;
  private hovered = -1;
  private readonly changedSignal = new Signal<this, void>(this);

  constructor(private readonly parts: AnnotationParts) {
    const { map, api, labels, look, selection } = parts;
    const pane = map.getPane(VECTOR_PANE) ?? map.createPane(VECTOR_PANE);
    pane.style.zIndex = VECTOR_PANE_Z;
    pane.style.pointerEvents = 'none';
    this.client = new VectorClient(api.headers);
    this.client.told.connect(this.onTold, this);
    labels.changed.connect(this.restyle, this);
    look.changed.connect(this.onLook, this);
    look.hidden.changed.connect(this.restyle, this);
    selection.changed.connect(this.onSelection, this);
  }

  get meta(): VectorMeta | null {
    return this.shown;
  }

  /** What colours mean at the moment; null before a version is shown. */
  get scheme(): Scheme | null {
    const { look, labels } = this.parts;
    const { by, column } = this.followed;
    return this.shown && schemeOf(by, look, labels, this.shown, column);
  }

  /** The version, or how it looks, is another one. */
  get changed(): ISignal<this, void> {
    return this.changedSignal;
  }

  /** Show a version; the one shown before stays until the new tiles are there. */
  async show(project: string, slide: string, meta: VectorMeta): Promise<void> {
    const { api, bounds } = this.parts;
    this.shown = meta;
    const isKnown = this.book?.query.version === meta.version;
    const book = isKnown ? this.book! : new RowBook(api, { project, slide, version: meta.version });
    this.book = book;
    meta.images.forEach(image => book.remember(image.id!, image.row));
    const [isColored] = await Promise.all([this.findColumn(), this.find(book, this.editedIds)]);
    // another call may have overtaken this one, or the same version be shown already
    const before = this.layer;
    if (this.shown !== meta || before?.version === meta.version) {
      this.restyle();
      return;
    }
    if (!isColored) {
      this.followed = LABELS;
    }
    const layer = new VectorLayer({
      client: this.client,
      version: meta.version,
      tileUrl: (z, x, y, counted) =>
        api.url(`vector/${meta.version}/${z}/${x}/${y}`, { project, slide, ...counted }),
      pane: VECTOR_PANE,
      minZoom: meta.min_zoom,
      densityMaxZoom: meta.density_max_zoom,
      bounds
    });
    this.layer = layer;
    // what the one before could not load does not matter any more
    this.parts.trouble.works(TROUBLE);
    void this.client.setStyle(layer.name, this.style());
    layer.countBy(countedBy(this.followed));
    this.changedSignal.emit();
    await this.handOver(before, layer);
    void this.onSelection();
  }

  /** Take over what is under edit, deleted or has another label. */
  async shadow(edited: Edited): Promise<void> {
    this.edited = edited;
    const { book } = this;
    if (book) {
      await this.find(book, this.editedIds);
      if (this.book === book) {
        this.restyle();
      }
    }
  }

  async pick(latlng: L.LatLng): Promise<Found | null> {
    const picked = (await this.layer?.pick(this.parts.map, latlng)) ?? null;
    const { shown, scheme } = this;
    if (!picked || !shown) {
      return null;
    }
    const counted = countedBy(this.followed) === null ? shown.labels : names(scheme);
    return {
      picked,
      label: picked.label === null ? null : (shown.labels[picked.label] ?? null),
      layer: picked.layer === null ? null : (shown.layers[picked.layer] ?? null),
      value:
        picked.value === null || BUILT_IN.includes(this.followed.by) ? null : valueText(scheme, picked.value),
      cell:
        picked.cell?.map(({ category, count }) => ({
          name: category === null ? null : (counted[category] ?? null),
          count
        })) ?? null
    };
  }

  /** Mark what is under the pointer; null for nothing. */
  hover(row: number | null): void {
    const next = row ?? -1;
    if (this.layer && next !== this.hovered) {
      this.hovered = next;
      this.client.hover(this.layer.name, next);
    }
  }

  /** The exact shape of a picked row. */
  async exact(row: number): Promise<StoredFeature | null> {
    const { book } = this;
    if (!book) {
      return null;
    }
    const [feature] = await this.parts.api.annotationsByRow(book.query, [row]);
    if (feature) {
      book.remember(feature.id!, feature.row);
    }
    return feature ?? null;
  }

  /** The exact shapes of some ids that the shown version has. */
  async exactOf(ids: readonly string[], progress?: (done: number) => void): Promise<StoredFeature[]> {
    return this.book?.exact(ids, progress) ?? [];
  }

  /** Those of some ids that the shown version has. */
  knownOf(ids: readonly string[]): string[] {
    return ids.filter(id => this.book?.row(id) !== null);
  }

  /** Ids of the annotations whose middle is inside a polygon, and how many there are. */
  async within(polygon: readonly Position[]): Promise<{ ids: string[]; n: number }> {
    const { book } = this;
    if (!book) {
      return { ids: [], n: 0 };
    }
    const { rows, ids, n } = await this.parts.api.within(book.query, polygon);
    ids.forEach((id, i) => book.remember(id, rows[i]!));
    return { ids, n };
  }

  /** Ask again now for what could not be loaded. */
  retry(): void {
    this.client.retry();
  }

  dispose(): void {
    const { labels, look, selection } = this.parts;
    labels.changed.disconnect(this.restyle, this);
    look.changed.disconnect(this.onLook, this);
    look.hidden.changed.disconnect(this.restyle, this);
    selection.changed.disconnect(this.onSelection, this);
    this.layer?.remove();
    this.client.dispose();
    Signal.clearData(this);
  }

  private get editedIds(): string[] {
    return [...this.edited.hidden, ...this.edited.relabelled.map(({ id }) => id)];
  }

  private onTold(_: VectorClient, told: Told): void {
    if (told.what !== 'trouble' || told.layer !== this.layer?.name) {
      return;
    }
    if (told.message === null) {
      this.parts.trouble.works(TROUBLE);
    } else {
      this.parts.trouble.failed(TROUBLE, told.message);
    }
  }

  private onLook(look: Look, news: Partial<LookState>): void {
    if (!asksAnew(news, look.value)) {
      this.restyle();
    } else if (this.shown) {
      void this.recolor();
    }
  }

  private async recolor(): Promise<void> {
    if (await this.findColumn()) {
      this.layer?.countBy(countedBy(this.followed));
      this.restyle();
    }
  }

  /** Have the wanted column; returns whether colours follow another one now. What is not there is told. */
  private async findColumn(): Promise<boolean> {
    const { look, failed, api } = this.parts;
    const meta = this.shown!;
    const wanted = look.value;
    try {
      const found = await follow(wanted, meta, this.book!.query, api, url => this.client.column(url));
      const { colorBy, since } = look.value;
      if (this.shown !== meta || colorBy !== wanted.colorBy || since !== wanted.since) {
        return false;
      }
      this.followed = found;
      return true;
    } catch (error) {
      failed(error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  private async onSelection(): Promise<void> {
    const { book } = this;
    try {
      if (book) {
        await this.find(book, this.parts.selection.ids);
      }
    } catch (error) {
      this.parts.failed(error instanceof Error ? error.message : String(error));
    }
    this.restyle();
  }

  /** Have the rows of some ids; of very many by asking for all that there are. */
  private async find(book: RowBook, ids: readonly string[]): Promise<void> {
    const { bounds, n } = this.shown!;
    if (bounds && n <= MOST_WITHIN && book.unknown(ids) > MANY_IDS) {
      const [x0, y0, x1, y1] = [bounds[0] - 1, bounds[1] - 1, bounds[2] + 1, bounds[3] + 1];
      const around: Position[] = [
        [x0, y0],
        [x1, y0],
        [x1, y1],
        [x0, y1]
      ];
      const found = await this.parts.api.within(book.query, around);
      found.ids.forEach((id, i) => book.remember(id, found.rows[i]!));
    }
    await book.find(ids);
  }

  /** Paint anew, with what is wanted at the end of those that are under way. */
  private restyle(): void {
    this.restyleWanted = true;
    this.styling ??= this.runRestyle().finally(() => (this.styling = null));
    this.changedSignal.emit();
  }

  private async runRestyle(): Promise<void> {
    // changes of one moment are painted together
    await Promise.resolve();
    while (this.restyleWanted && this.layer) {
      this.restyleWanted = false;
      await this.client.setStyle(this.layer.name, this.style());
    }
  }

  private style(): ReturnType<typeof styleOf> {
    const { look, labels, selection } = this.parts;
    const book = this.book!;
    const hidden = new Set(this.edited.hidden);
    return styleOf(this.scheme!, this.followed.url, look, labels, this.shown!, {
      hidden: book.rows(this.edited.hidden),
      selected: book.rows(selection.ids.filter(id => !hidden.has(id))),
      relabelled: this.edited.relabelled.flatMap(({ id, label }) => {
        const row = book.row(id);
        return row === null ? [] : [{ row, label }];
      })
    });
  }

  private handOver(before: VectorLayer | null, after: VectorLayer): Promise<void> {
    return new Promise(resolve => {
      const finish = (): void => {
        clearTimeout(timer);
        before?.remove();
        resolve();
      };
      const timer = setTimeout(finish, HANDOVER_TIMEOUT_MS);
      after.once('load', finish);
      after.addTo(this.parts.map);
    });
  }
}

function names(scheme: Scheme | null): (string | null)[] {
  return scheme?.kind === 'category' ? scheme.categories.map(({ name }) => name) : [];
}

function valueText(scheme: Scheme | null, value: number): string | null {
  if (scheme?.kind === 'number') {
    return `${Number(value.toPrecision(4))}${scheme.unit ? ` ${scheme.unit}` : ''}`;
  }
  return names(scheme)[value] ?? null;
}

/** The stored annotations of the shown version: one vector layer, its colours, and what lies under the pointer. */
import type * as L from 'leaflet';
import { ApiError, type AnnotationQuery, type Api } from './api';
import { rgb, UNLABELLED_COLOR, type Labels } from './labels';
import type { StoredFeature, VectorMeta } from './types';
import { VectorClient } from './vector/client';
import type { Picked } from './vector/engine';
import { VectorLayer } from './vector/layer';
import type { Style } from './vector/paint';

export const VECTOR_PANE = 'wsinb-annotations';
/** Between Leaflet's tiles (200) and its shapes (400). */
const VECTOR_PANE_Z = '350';
const HANDOVER_TIMEOUT_MS = 5000;
const UNKNOWN_ROW = -1;

export interface Found {
  picked: Picked;
  label: string | null;
}

export class Annotations {
  private readonly client: VectorClient;
  private layer: VectorLayer | null = null;
  private shadowedIds: readonly string[] = [];
  private hiddenRows: number[] = [];
  private readonly rowOf = new Map<string, number>();
  private shown: VectorMeta | null = null;

  constructor(
    private readonly map: L.Map,
    private readonly api: Api,
    private readonly labels: Labels,
    private readonly bounds: L.LatLngBounds,
    private readonly onError: (message: string) => void
  ) {
    const pane = map.getPane(VECTOR_PANE) ?? map.createPane(VECTOR_PANE);
    pane.style.zIndex = VECTOR_PANE_Z;
    pane.style.pointerEvents = 'none';
    this.client = new VectorClient(api.headers);
    labels.changed.connect(this.restyle, this);
  }

  get meta(): VectorMeta | null {
    return this.shown;
  }

  /** Show a version; the one shown before stays until the new tiles are there. */
  async show(project: string, slide: string, meta: VectorMeta): Promise<void> {
    const before = this.layer;
    const query = { project, slide, version: meta.version };
    this.shown = meta;
    this.rowOf.clear();
    meta.images.forEach(image => this.rowOf.set(image.id!, image.row));
    await this.findRows(project, slide);
    // another call may have overtaken this one, or the same version be shown already
    if (this.shown !== meta || before?.version === meta.version) {
      this.restyle();
      return;
    }
    await this.client.setStyle(meta.version, this.style());
    this.layer = new VectorLayer({
      client: this.client,
      version: meta.version,
      tileUrl: (z, x, y) => this.api.url(`vector/${meta.version}/${z}/${x}/${y}`, { project, slide }),
      pane: VECTOR_PANE,
      minZoom: meta.min_zoom,
      bounds: this.bounds,
      onError: this.onError
    });
    this.query = query;
    await this.handOver(before, this.layer);
  }

  /** Do not draw these stored annotations: they are under edit, or deleted. */
  async shadow(ids: readonly string[]): Promise<void> {
    this.shadowedIds = ids;
    if (this.query) {
      await this.findRows(this.query.project, this.query.slide);
      this.restyle();
    }
  }

  /** Know the row of a feature that was read. */
  remember({ id, row }: StoredFeature): void {
    this.rowOf.set(id!, row);
  }

  async pick(latlng: L.LatLng): Promise<Found | null> {
    const picked = (await this.layer?.pick(this.map, latlng)) ?? null;
    return (
      picked && { picked, label: picked.label === null ? null : (this.shown?.labels[picked.label] ?? null) }
    );
  }

  /** The exact shape of a picked row. */
  async exact(row: number): Promise<StoredFeature | null> {
    if (!this.query) {
      return null;
    }
    const [feature] = await this.api.annotationsByRow(this.query, [row]);
    if (feature) {
      this.remember(feature);
    }
    return feature ?? null;
  }

  dispose(): void {
    this.labels.changed.disconnect(this.restyle, this);
    this.layer?.remove();
    this.client.dispose();
  }

  private query: { project: string; slide: string; version: string } | null = null;

  private restyle(): void {
    void this.layer?.restyle(this.style());
  }

  /** Row numbers belong to a version: ask for those of shadowed ids that are not known yet. */
  private async findRows(project: string, slide: string): Promise<void> {
    const version = this.shown!.version;
    const unknown = this.shadowedIds.filter(id => !this.rowOf.has(id));
    const features = await this.known({ project, slide, version }, unknown);
    if (this.shown?.version === version) {
      unknown.forEach(id => this.rowOf.set(id, UNKNOWN_ROW));
      features.forEach(feature => this.remember(feature));
      this.hiddenRows = this.shadowedIds.map(id => this.rowOf.get(id)!).filter(row => row !== UNKNOWN_ROW);
    }
  }

  /** Those of some ids that the version has: one that it lacks is an error to the server. */
  private async known(query: AnnotationQuery, ids: string[]): Promise<StoredFeature[]> {
    try {
      return await this.api.annotationsById(query, ids);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) {
        throw error;
      }
      if (ids.length === 1) {
        return [];
      }
      return (await Promise.all(ids.map(id => this.known(query, [id])))).flat();
    }
  }

  private style(): Style {
    const names = this.shown?.labels ?? [];
    return {
      palette: names.map(name => rgb(this.labels.colorOf(name))),
      fallback: rgb(UNLABELLED_COLOR),
      hiddenLabels: names.flatMap((name, index) => (this.labels.isHidden(name) ? [index] : [])),
      hiddenRows: this.hiddenRows
    };
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
      after.addTo(this.map);
    });
  }
}

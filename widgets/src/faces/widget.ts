/** The notebook cell: the TypeScript twin of `wsinb.view.SlideLayer`, on an ipyleaflet map. */
import { LeafletLayerView } from 'jupyter-leaflet';
import * as L from 'leaflet';
import { Api } from '../api';
import { PROTOCOL, type Feature, type LiveDraft, type Source } from '../types';
import type { Live, LiveState } from '../live/model';
import { fromPython, toPython } from '../names';
import type { OverlaySpec } from '../overlays/spec';
import { Viewer } from '../viewer';
import { sameItems } from '../edit/store';
import type { Link, SlideLayerState } from './layer';

export { ConfusionModel, ConfusionView } from '../confusion';
export { SlideLayerModel } from './layer';
export { SlideMapModel } from './map';

/** Leaflet wants a layer from a layer's view; the viewer manages its own. */
class Anchor extends L.Layer {
  override onAdd(): this {
    return this;
  }

  override onRemove(): this {
    return this;
  }
}

export class SlideLayerView extends LeafletLayerView {
  private viewer: Viewer | null = null;

  override create_obj(): void {
    this.obj = new Anchor();
    const protocol = this.model.get('protocol') as number;
    const viewer = new Viewer(this.map_view.obj, {
      api: new Api(),
      source: this.model.get('source') as Source,
      version: this.model.get('version') as string | null,
      compare: this.model.get('compare') as string | null,
      branch: this.model.get('branch') as string | null,
      fit: this.model.get('fit') as boolean,
      wheel: 'asked'
    });
    this.viewer = viewer;
    if (protocol !== PROTOCOL) {
      viewer.fail(
        `The kernel's wsinb speaks protocol ${protocol}, this page protocol ${PROTOCOL}: ` +
          'install the same version of wsinb in both, then reload the page.'
      );
      return;
    }
    this.fromModel(viewer);
    this.toModel(viewer);
    const label = this.model.get('label') as string | null;
    void viewer.open().then(() => {
      this.relink(viewer);
      this.onMoved();
      if (label !== null) {
        viewer.labels.current = label;
      }
    });
  }

  override leaflet_events(): void {
    // the anchor has no pixels: the map tells the kernel about the mouse already
  }

  override remove(): void {
    this.map_view.obj?.off('moveend', this.onMoved);
    this.viewer?.dispose();
    this.viewer = null;
    super.remove();
  }

  private fromModel(viewer: Viewer): void {
    const takeDrawn = (): void => {
      viewer.store.replace(this.model.get('drawn') as Feature[], this.model.get('deleted') as string[]);
    };
    takeDrawn();
    this.listenTo(this.model, 'change:drawn change:deleted', takeDrawn);
    this.listenTo(this.model, 'change:label', () => {
      viewer.labels.current = this.model.get('label') as string | null;
    });
    this.listenTo(this.model, 'change:version change:compare', () => {
      const [version, compare] = [this.model.get('version'), this.model.get('compare')];
      void viewer.setVersion(version as string | null, compare as string | null);
    });
    this.listenTo(
      this.model,
      'msg:custom',
      (message: { event: string; center: [number, number]; zoom: number }) => {
        if (message.event === 'go_to') {
          this.map_view.obj.setView(message.center, message.zoom, { animate: false });
        }
      }
    );
    this.listenTo(this.model, 'change:saved', () => {
      void viewer.catchUp(this.model.get('saved') as string | null);
    });
    const follow = (trait: keyof SlideLayerState, take: () => void): void => {
      take();
      this.listenTo(this.model, `change:${trait}`, take);
    };
    follow('look', () => viewer.look.set(fromPython(this.model.get('look'))));
    follow('picture', () => viewer.picture.set(fromPython(this.model.get('picture'))));
    follow('selection', () => viewer.selection.set(this.model.get('selection') as string[]));
    follow('draft', () => viewer.showDraft(this.draft));
    follow('overlays', () => viewer.overlayList.set({ all: this.model.get('overlays') as OverlaySpec[] }));
    follow('live', () => viewer.live.set(this.model.get('live') as Partial<LiveState>));
    this.listenTo(this.model, 'msg:custom', (...heard: Parameters<Live['hear']>) =>
      viewer.live.hear(...heard)
    );
    this.listenTo(this.model, 'change:link', () => this.relink(viewer));
    this.listenTo(this.model, 'comm_live_update', () => this.tellWhetherLive(viewer));
  }

  private toModel(viewer: Viewer): void {
    viewer.store.changed.connect(() => {
      this.tell({ drawn: viewer.store.upsert, deleted: [...viewer.store.deleted] });
    });
    viewer.labels.changed.connect(() => {
      this.tell({ labels: [...viewer.labels.all], label: viewer.labels.current });
    });
    this.map_view.obj.on('moveend', this.onMoved);
    viewer.shown.connect((_, base) => this.tell({ edit_base: base, branch: viewer.branch }));
    viewer.history.wantedChanged.connect((_, { version, compare }) => this.tell({ version, compare }));
    viewer.saved.connect((_, saved) => this.tell({ saved }));
    viewer.failed.connect((_, error) => this.tell({ error }));
    viewer.look.changed.connect(() => this.tell({ look: toPython(viewer.look.value) }));
    viewer.picture.changed.connect(() => this.tell({ picture: toPython(viewer.picture.value) }));
    viewer.selection.changed.connect((_, ids) => this.tell({ selection: [...ids] }));
    viewer.live.said.connect((_, words) => {
      this.model.send({ event: 'live', ...words }, this.callbacks());
    });
    viewer.overlayList.changed.connect(({ all }) => this.tell({ overlays: [...all] }));
  }

  private get draft(): LiveDraft | null {
    const { id, revision } = this.model.get('draft') as Partial<LiveDraft>;
    return id === undefined || revision === undefined ? null : { id, revision };
  }

  /** Move with other viewers, or alone again. */
  private relink(viewer: Viewer): void {
    const { group, affine } = this.model.get('link') as Partial<Link>;
    if (group && affine) {
      viewer.link(group, affine);
    } else {
      viewer.unlink();
    }
  }

  /** A kernel that was restarted or shut down has forgotten this viewer; the server has not. */
  private tellWhetherLive(viewer: Viewer): void {
    viewer.setKernel(this.model.comm_live);
  }

  private readonly onMoved = (): void => {
    const bounds = this.map_view.obj.getBounds();
    this.tell({ view: [bounds.getWest(), -bounds.getNorth(), bounds.getEast(), -bounds.getSouth()] });
  };

  private tell(state: Partial<SlideLayerState>): void {
    // a list that says the same must not travel again
    const news = Object.entries(state).filter(([name, value]) => !isSame(this.model.get(name), value));
    // all at once: whoever hears of one trait must find the others as new
    this.model.set(Object.fromEntries(news));
    this.touch();
  }
}

/** Thousands of shapes are mostly the very same ones: their content is not looked at. */
function isSame(before: unknown, after: unknown): boolean {
  return sameItems(before, after) || JSON.stringify(before) === JSON.stringify(after);
}

/** Go to a position or an annotation, and mark it for a moment. */
import * as L from 'leaflet';
import { ApiError } from '../api';
import { element, iconButton, textButton } from '../dom';
import { layerOf, toLatLng } from '../edit/features';
import { strokeIcon } from '../icons';
import { wanted } from '../place';
import type { Disposable, Scene } from '../scene';
import type { Feature } from '../types';
import { SmallForm } from './smallform';

const MARK_MS = 2000;
/** A position is seen from at least as near as this. */
const NEAR_ZOOM = -2;
const PADDING_PX = 80;

const goToIcon = strokeIcon(
  'go-to',
  '<circle cx="12" cy="10.500" r="2.500"/><path d="M12 21c-4-4.500-6.500-7.300-6.500-10.500a6.500 6.500 0 0 1 13 0C18.500 13.700 16 16.500 12 21z"/>'
);

export function goToPart(scene: Scene): Disposable {
  const goTo = new GoTo(scene);
  const bindings = scene.keys.add({
    ...{ keys: 'Shift+G', title: 'Go to a position or annotation', group: 'Looking' },
    act: () => goTo.form.toggle()
  });
  return {
    dispose: () => {
      bindings.dispose();
      goTo.dispose();
    }
  };
}

class GoTo {
  readonly form: SmallForm;
  private readonly field = element('input', 'wsinb-input');
  private mark: L.Layer | null = null;
  private timer = 0;

  constructor(private readonly scene: Scene) {
    const button = iconButton(goToIcon, 'Go to a position or annotation (Shift+G)', () => this.form.toggle());
    button.dataset.tool = 'goto';
    scene.toolbar.add('view', button);
    this.field.placeholder = scene.info.mpp ? 'x, y or x, y µm or an id' : 'x, y or an id';
    this.field.setAttribute('aria-label', 'Position or id of an annotation');
    this.field.spellcheck = false;
    const go = textButton('Go', 'Go there (Enter)', () => undefined);
    go.type = 'submit';
    const row = element('div', 'wsinb-row wsinb-gap');
    row.append(this.field, go);
    this.form = new SmallForm(scene, 'Go to', button, row);
    this.form.node.addEventListener('submit', event => {
      event.preventDefault();
      void scene.guard(() => this.go());
    });
  }

  dispose(): void {
    this.unmark();
    this.form.dispose();
  }

  private async go(): Promise<void> {
    const place = wanted(this.field.value, this.scene.info);
    this.form.say('');
    if (place.kind === 'problem') {
      this.form.say(place.problem);
    } else if (place.kind === 'position') {
      const { map } = this.scene;
      const at = toLatLng([place.l0x, place.l0y]);
      map.setView(at, Math.max(map.getZoom(), NEAR_ZOOM), { animate: false });
      this.show(ring(at));
    } else {
      await this.goToAnnotation(place.id);
    }
  }

  private async goToAnnotation(id: string): Promise<void> {
    const feature = await this.find(id);
    const outline = feature && layerOf(feature, { className: 'wsinb-place-outline', interactive: false });
    if (!outline) {
      if (feature) {
        this.form.say('This is a label of the whole image: it has no place.');
      }
      return;
    }
    const { map } = this.scene;
    const bounds = boundsOf(outline);
    map.fitBounds(bounds, { animate: false, maxZoom: 1, padding: [PADDING_PX, PADDING_PX] });
    this.show(L.layerGroup([outline, ring(bounds.getCenter())]));
  }

  /** The annotation as it is here: an unsaved change of it counts. */
  private async find(id: string): Promise<Feature | null> {
    const { store, session, annotations, api } = this.scene;
    const draft = store.drafts.find(({ feature }) => feature.id === id);
    if (draft) {
      return draft.feature;
    }
    const version = annotations.meta?.version;
    if (!session.place || version === undefined) {
      this.form.say('This slide has no annotations yet.');
      return null;
    }
    const { project, slide } = session.place;
    try {
      return (await api.annotationsById({ project, slide, version }, [id]))[0] ?? null;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) {
        this.form.say(error.message);
        return null;
      }
      throw error;
    }
  }

  private show(mark: L.Layer): void {
    this.unmark();
    this.mark = mark.addTo(this.scene.map);
    this.timer = window.setTimeout(() => this.unmark(), MARK_MS);
  }

  private unmark(): void {
    window.clearTimeout(this.timer);
    this.mark?.remove();
    this.mark = null;
  }
}

function ring(at: L.LatLng): L.Marker {
  const icon = L.divIcon({ className: 'wsinb-place-mark', iconSize: [44, 44] });
  return L.marker(at, { icon, interactive: false, keyboard: false });
}

function boundsOf(layer: L.Path | L.FeatureGroup): L.LatLngBounds {
  return layer instanceof L.CircleMarker && !(layer instanceof L.Circle)
    ? layer.getLatLng().toBounds(0)
    : (layer as L.Polyline).getBounds();
}

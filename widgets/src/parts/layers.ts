/** The tab of layers: what annotations are coloured by, from which score on, and how each layer is shown. */
import { CHANGE, choices, titleOf, type Category } from '../coloring';
import { element } from '../dom';
import { strokeIcon } from '../icons';
import { OverlaySection } from '../overlays/section';
import { LayerList, opacitySlider, scoreSlider } from '../panel/layerlist';
import { Legend } from '../panel/legend';
import { SinceField } from '../panel/since';
import { Tick } from '../panel/tick';
import type { Disposable, Scene } from '../scene';
import { commitOf } from '../types';

/** Versions to choose from; Python may name any other. */
const MOST_VERSIONS = 100;

const layersIcon = strokeIcon(
  'layers',
  '<path d="M12 4l9 5-9 5-9-5z"/><path d="M3.500 13l8.500 4.700 8.500-4.700"/><path d="M3.500 16.800l8.500 4.700 8.500-4.700" opacity=".5"/>'
);

export function layersPart(scene: Scene): Disposable {
  const tab = new LayersTab(scene);
  scene.tabs.add('layers', layersIcon, 'Colours and layers (Shift+B)', ...tab.nodes);
  const bindings = scene.keys.add({
    ...{ keys: 'Shift+B', title: 'Colours and layers', group: 'Looking' },
    act: () => scene.tabs.open('layers')
  });
  return {
    dispose: () => {
      bindings.dispose();
      tab.dispose();
      scene.tabs.remove('layers');
    }
  };
}

class LayersTab {
  readonly nodes: HTMLElement[];
  private readonly by = element('select', 'wsinb-input wsinb-select');
  private readonly since = new SinceField(since => this.scene.look.set({ since }));
  /** The commit that was the newest when versions were offered. */
  private offeredAt: string | null = null;
  private readonly legend = new Legend();
  private readonly threshold = scoreSlider(threshold => this.scene.look.set({ threshold }));
  private readonly opacity = opacitySlider(opacity => this.scene.look.set({ opacity }));
  private readonly fill = new Tick('Fill shapes', 'Fill shapes, or only outline them', fill =>
    this.scene.look.set({ fill })
  );
  private readonly list = new LayerList((name, parts) => this.scene.look.setLayer(name, parts));
  private readonly layers = element('section', 'wsinb-section');
  private readonly overlays: OverlaySection;

  constructor(private readonly scene: Scene) {
    const { look, annotations } = scene;
    const field = element('label', 'wsinb-by');
    field.append(element('span', 'wsinb-heading', 'Colour by'), this.by);
    this.by.addEventListener('change', () => look.set({ colorBy: this.by.value }));
    const colors = element('section', 'wsinb-section');
    colors.append(field, this.since.node, this.legend.node);
    const all = element('section', 'wsinb-section wsinb-all-layers');
    all.append(this.threshold.node, this.opacity.node, this.fill.node);
    this.layers.append(element('h3', 'wsinb-heading', 'Layers'), this.list.node);
    this.overlays = new OverlaySection(scene);
    this.nodes = [colors, all, this.layers, this.overlays.node];
    annotations.changed.connect(this.sync, this);
    look.changed.connect(this.sync, this);
    this.sync();
  }

  dispose(): void {
    this.overlays.dispose();
    this.scene.annotations.changed.disconnect(this.sync, this);
    this.scene.look.changed.disconnect(this.sync, this);
  }

  private sync(): void {
    const { look, annotations } = this.scene;
    const { meta, scheme } = annotations;
    const { threshold, opacity, fill } = look.value;
    this.threshold.set(threshold);
    this.opacity.set(opacity);
    this.fill.set(fill);
    this.syncChoices(choices(meta), scheme?.by ?? 'label');
    this.syncSince(scheme?.by === CHANGE);
    if (scheme) {
      this.legend.show(scheme, {
        toggle: category => this.toggle(scheme.by, category),
        recolor: scheme.by === 'label' ? null : (category, color) => this.recolor(category, color)
      });
    }
    const names = meta?.layers ?? [];
    this.layers.hidden = names.length === 0;
    this.list.show(
      names.map(name => ({ name, count: meta?.layer_counts?.[name] ?? null, look: look.layer(name) }))
    );
  }

  private syncChoices(names: string[], chosen: string): void {
    const known = [...this.by.options].map(({ value }) => value);
    if (JSON.stringify(names) !== JSON.stringify(known)) {
      this.by.replaceChildren(...names.map(name => new Option(titleOf(name), name)));
    }
    this.by.value = chosen;
  }

  private syncSince(isAsked: boolean): void {
    const { look, annotations } = this.scene;
    this.since.node.hidden = !isAsked;
    this.since.set(look.value.since);
    const commit = commitOf(annotations.meta?.version ?? '');
    if (isAsked && commit !== this.offeredAt) {
      this.offeredAt = commit;
      void this.scene.guard(() => this.offer());
    }
  }

  private async offer(): Promise<void> {
    const { api, session } = this.scene;
    const { project, slide, branch } = session.place!;
    const [refs, log] = await Promise.all([
      api.refs(project),
      api.log(project, branch, MOST_VERSIONS, slide)
    ]);
    this.since.offer(refs, log);
  }

  private toggle(by: string, { name, hidden }: Category): void {
    const { labels, look } = this.scene;
    if (by === 'layer' && name !== null) {
      look.setLayer(name, { visible: hidden });
    } else if (by !== 'label') {
      look.toggleHidden(by, name ?? '');
    } else if (name !== null) {
      labels.toggleHidden(name);
    }
  }

  private recolor({ name }: Category, color: string): void {
    const { look } = this.scene;
    if (name !== null) {
      look.set({ colors: { ...look.value.colors, [name]: color } });
    }
  }
}

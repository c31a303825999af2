/** What lies over the picture, below the annotations, lowest first. */
import type * as L from 'leaflet';
import { Signal, type ISignal } from '@lumino/signaling';
import type { Api } from '../api';
import { Poll } from '../poll';
import type { SlideInfo } from '../types';
import { FileOverlay } from './file';
import type { OverlayList } from './list';
import { LiveCanvas, type LiveOverlay } from './live';
import type { OverlaySpec } from './spec';

export type { LiveOverlay, LivePicture } from './live';
export type { OverlaySpec } from './spec';

const PANE = 'wsinb-overlays';
/** Over the picture (190), below Leaflet's own tiles (200). */
const PANE_Z = '195';
const LOOK_MS = 2000;

export interface OverlayStackOptions {
  map: L.Map;
  api: Api;
  /** The slide below. */
  info: SlideInfo;
  /** What is shown, now and later. */
  list: OverlayList;
}

export interface OverlayValue {
  name: string;
  /** 0..1 */
  value: number;
}

export class OverlayStack {
  /** By name and source. */
  private readonly files = new Map<string, FileOverlay>();
  private readonly lives = new Map<string, LiveCanvas>();
  private specs: readonly OverlaySpec[] = [];
  private readonly poll: Poll;
  private readonly changedSignal = new Signal<this, void>(this);

  constructor(private readonly given: OverlayStackOptions) {
    const { map, list } = given;
    const pane = map.getPane(PANE) ?? map.createPane(PANE);
    pane.style.zIndex = PANE_Z;
    pane.style.pointerEvents = 'none';
    list.changed.connect(this.onList, this);
    this.poll = new Poll(map.getContainer(), () => this.look(), LOOK_MS);
    this.onList();
  }

  /** One is there now, or there is another reason why not. */
  get changed(): ISignal<this, void> {
    return this.changedSignal;
  }

  /** Show these, the first one lowest; what is there already stays. */
  set(specs: readonly OverlaySpec[]): void {
    const before = this.specs;
    this.specs = specs;
    const kept = new Set(specs.map(keyOf));
    for (const spec of before.filter(spec => !kept.has(keyOf(spec)))) {
      this.drop(spec);
    }
    specs.forEach((spec, order) => this.show(spec, order));
    this.changedSignal.emit();
  }

  /** What is predicted under a name; it is there from the first time that it is asked for. */
  live(id: string): LiveOverlay {
    return this.canvasOf(id);
  }

  /** Why an overlay cannot be seen, in a sentence. */
  trouble(name: string): string | null {
    const spec = this.specs.find(overlay => overlay.name === name);
    return (spec && this.files.get(keyOf(spec))?.trouble) ?? null;
  }

  /** The values at a place in level-0 pixels, of the uppermost first. */
  valuesAt(l0x: number, l0y: number): OverlayValue[] {
    return [...this.specs].reverse().flatMap(spec => {
      const { name, source } = spec;
      const shown = 'live' in source ? this.lives.get(source.live) : this.files.get(keyOf(spec));
      const value = shown?.valueAt(l0x, l0y) ?? null;
      return value === null ? [] : [{ name, value }];
    });
  }

  /** Ask again now for what did not come. */
  retry(): void {
    this.files.forEach(file => file.retry());
  }

  dispose(): void {
    this.poll.dispose();
    this.given.list.changed.disconnect(this.onList, this);
    this.files.forEach(file => file.dispose());
    this.lives.forEach(canvas => canvas.remove());
    this.files.clear();
    this.lives.clear();
    Signal.clearData(this);
  }

  /** A file may be written again, by a model that knows better. */
  private async look(): Promise<void> {
    await Promise.all([...this.files.values()].map(file => file.look()));
  }

  private onList(): void {
    this.set(this.given.list.all);
  }

  private show(spec: OverlaySpec, order: number): void {
    const { source, opacity, threshold, colours, visible } = spec;
    const look = { opacity, threshold, colours, visible };
    if ('live' in source) {
      const live = this.canvasOf(source.live);
      live.addTo(this.given.map);
      live.show(look);
      live.canvas.style.zIndex = String(order + 1);
      return;
    }
    const key = keyOf(spec);
    let file = this.files.get(key);
    if (!file) {
      const { map, api, info: slide } = this.given;
      const { path, box } = source;
      const changed = (): void => this.changedSignal.emit();
      file = new FileOverlay({ map, api, slide, pane: PANE, path, box, changed }, look);
      this.files.set(key, file);
    }
    file.show(look, order);
  }

  private drop(spec: OverlaySpec): void {
    if ('live' in spec.source) {
      // what is still on its way to it is not seen
      this.lives.get(spec.source.live)?.remove();
    } else {
      this.files.get(keyOf(spec))?.dispose();
      this.files.delete(keyOf(spec));
    }
  }

  private canvasOf(id: string): LiveCanvas {
    let canvas = this.lives.get(id);
    if (!canvas) {
      canvas = new LiveCanvas(PANE);
      canvas.addTo(this.given.map);
      this.lives.set(id, canvas);
    }
    return canvas;
  }
}

function keyOf({ name, source }: OverlaySpec): string {
  return JSON.stringify([name, source]);
}

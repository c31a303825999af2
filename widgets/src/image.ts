/** The slide's pixels: tiles from the server over a small picture of the whole, adjusted as the picture says. */
import * as L from 'leaflet';
import { ApiError, type Api } from './api';
import { NEUTRAL, type Adjustments } from './image/adjust';
import { asked, type Asked } from './image/asked';
import { Base } from './image/base';
import { Channels } from './image/channels';
import { Prefetch, Preload } from './image/loading';
import { Painter } from './image/painter';
import type { PatientImage } from './image/patient';
import { Swap } from './image/swap';
import { TileGrid } from './image/tiles';
import type { Picture, PictureState } from './picture';
import type { Trouble } from './trouble';
import type { SlideInfo, Source } from './types';

export { MAX_ZOOM } from './image/tiles';

const PANE = 'wsinb-image';
/** Below Leaflet's own tiles (200). */
const PANE_Z = '190';
const OVERVIEW_PX = 1024;
/** From here on pixels are squares. */
const CRISP_ZOOM = 2;
const CHANNELS_MS = 100;
const IDLE_MS = 150;
const TROUBLE = 'picture';

export function slideBounds(info: SlideInfo): L.LatLngBounds {
  return L.latLngBounds([-info.height, 0], [0, info.width]);
}

export interface SlideImageOptions {
  map: L.Map;
  api: Api;
  source: Source;
  info: SlideInfo;
  picture: Picture;
  trouble: Trouble;
  /** The file is another one by now: its tiles cannot be had. */
  replaced: () => void;
  /** Nothing of the slide can be read, and why; null when something of it can. */
  lost: (why: string | null) => void;
}

export class SlideImage {
  /** Null where the colours of the picture are its own. */
  readonly channels: Channels | null;
  private readonly pane: HTMLElement;
  private readonly grid: TileGrid;
  private readonly base: Base;
  private readonly painter = new Painter();
  private readonly prefetch = new Prefetch();
  private readonly swap: Swap;
  private readonly failing = new Set<PatientImage>();
  private wanted: Asked;
  private timers: Record<'channels' | 'idle' | 'rest', number> = { channels: 0, idle: 0, rest: 0 };
  private frame = 0;
  private asking = false;
  /** Whether anything of the slide was ever seen, and whether it was told that nothing can be. */
  private seen = false;
  private isLost = false;

  constructor(private readonly given: SlideImageOptions) {
    const { map, info, picture } = given;
    this.pane = map.getPane(PANE) ?? map.createPane(PANE);
    this.pane.style.zIndex = PANE_Z;
    this.channels = info.channels && new Channels(picture, info.channels);
    this.wanted = asked(picture.value, info);
    const events = {
      loaded: (image: PatientImage) => this.onLoaded(image),
      failed: (image: PatientImage) => this.onFailed(image)
    };
    const bounds = slideBounds(info);
    this.base = new Base(bounds, PANE, info.background ?? '#ffffff', events);
    this.grid = new TileGrid({
      ...{ info, pane: PANE, bounds, events },
      address: (z, x, y) => this.tile(z, x, y, this.swap.shown)
    });
    this.swap = new Swap(this.wanted, {
      load: wanted => new Preload(this.visible(wanted)),
      show: () => this.onSwapped()
    });
    this.grid.on('tileunload', event => this.onUnload((event as unknown as { tile: HTMLImageElement }).tile));
    this.grid.on('load', this.whenIdle, this);
    map.on('zoom viewreset', this.onZoom, this).on('moveend', this.whenIdle, this);
    picture.changed.connect(this.onPicture, this);
    this.base.image.show(this.overview());
    this.base.addTo(map);
    this.grid.addTo(map);
    this.onZoom();
    this.mark();
    this.adjust(picture.value);
  }

  /** What is on the screen: it may be a moment behind what the picture says. */
  get shown(): Asked {
    return this.swap.shown;
  }

  /** Load what is in view as another plane shows it; resolves when it can be shown at once. */
  async ready(parts: Partial<PictureState>): Promise<void> {
    const { picture, info } = this.given;
    await new Preload(this.visible(asked({ ...picture.value, ...parts }, info))).done;
  }

  /** Ask again now for what did not come. */
  retry(): void {
    this.failing.forEach(image => image.retry());
  }

  dispose(): void {
    const { map, picture } = this.given;
    picture.changed.disconnect(this.onPicture, this);
    map.off('zoom viewreset', this.onZoom, this).off('moveend', this.whenIdle, this);
    Object.values(this.timers).forEach(timer => window.clearTimeout(timer));
    cancelAnimationFrame(this.frame);
    this.swap.dispose();
    this.prefetch.dispose();
    this.grid.remove();
    this.base.remove();
    this.failing.clear();
    this.given.trouble.works(TROUBLE);
  }

  private tile(z: number, x: number, y: number, wanted: Asked): string {
    const { api, source, info } = this.given;
    return api.url(`tile/${z}/${x}/${y}`, { ...source, v: info.fingerprint, ...wanted });
  }

  private overview(): string {
    const { api, source, info } = this.given;
    return api.url('thumbnail', { ...source, size: OVERVIEW_PX, v: info.fingerprint, ...this.swap.shown });
  }

  /** Addresses of the tiles in view, of another picture. */
  private visible(wanted: Asked, more: { ring?: number; above?: number } = {}): string[] {
    return this.grid.addresses(more, (z, x, y) => this.tile(z, x, y, wanted));
  }

  private onPicture(_: Picture, changes: Partial<PictureState>): void {
    const { picture, info } = this.given;
    this.wanted = asked(picture.value, info);
    if ('z' in changes || 't' in changes) {
      this.swap.want(this.wanted);
    } else if ('channels' in changes && this.timers.channels === 0) {
      this.timers.channels = window.setTimeout(() => {
        this.timers.channels = 0;
        this.swap.want(this.wanted);
      }, CHANNELS_MS);
    }
    if (Object.keys(NEUTRAL).some(name => name in changes) && this.frame === 0) {
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.adjust(picture.value);
      });
    }
  }

  /** What is in view comes first. */
  private adjust({ brightness, contrast, gamma, saturation, invert }: Adjustments): void {
    const adjustments = { brightness, contrast, gamma, saturation, invert };
    const [near, far] = this.grid.split();
    this.painter.set(
      adjustments,
      near.map(image => image.node)
    );
    this.pane.dataset.adjusted = String(this.painter.active);
    window.clearTimeout(this.timers.rest);
    const rest = [this.base.image, ...far];
    this.timers.rest = window.setTimeout(
      () => rest.forEach(image => this.painter.paint(image.node)),
      IDLE_MS
    );
  }

  private onSwapped(): void {
    this.grid.refresh();
    this.grid.all.forEach(image => this.painter.paint(image.node));
    this.mark();
    this.whenIdle();
  }

  /** Tell on the page what it shows. */
  private mark(): void {
    this.pane.dataset.plane = this.shown.plane ?? '0.0';
    this.pane.dataset.channels = this.shown.channels ?? '';
  }

  private onZoom(): void {
    this.pane.classList.toggle('wsinb-mod-crisp', this.given.map.getZoom() >= CRISP_ZOOM);
  }

  private onLoaded(image: PatientImage): void {
    this.painter.paint(image.node);
    this.seen = true;
    if (this.isLost) {
      this.isLost = false;
      this.given.lost(null);
    }
    if (this.failing.delete(image)) {
      // the cause is gone, perhaps for all of them
      this.retry();
      this.settle();
    }
  }

  private onUnload(node: HTMLImageElement): void {
    this.painter.forget(node);
    this.failing.forEach(image => {
      if (image.node === node) {
        this.failing.delete(image);
      }
    });
    this.settle();
  }

  private settle(): void {
    if (this.failing.size === 0) {
      this.given.trouble.works(TROUBLE);
    }
  }

  private onFailed(image: PatientImage): void {
    this.failing.add(image);
    void this.explain();
  }

  /** An image does not say why it did not come: the server may. */
  private async explain(): Promise<void> {
    if (this.asking) {
      return;
    }
    this.asking = true;
    const { api, source, info, trouble, replaced, lost } = this.given;
    let sentence = `A part of ${info.name} could not be read: the file may be damaged.`;
    let isAnother = false;
    try {
      isAnother = (await api.slide(source)).fingerprint !== info.fingerprint;
    } catch (error) {
      sentence = error instanceof ApiError ? error.message : sentence;
    }
    this.asking = false;
    if (isAnother) {
      trouble.works(TROUBLE);
      replaced();
    } else if (this.seen && this.failing.size > 0) {
      trouble.failed(TROUBLE, sentence);
    } else if (!this.isLost && this.failing.has(this.base.image) && this.failing.size > 1) {
      // the whole as well as what is in view
      this.isLost = true;
      lost(sentence);
    }
  }

  /** Nothing moves, nothing loads: get what may be wanted next. */
  private whenIdle(): void {
    window.clearTimeout(this.timers.idle);
    this.timers.idle = window.setTimeout(() => {
      this.base.image.show(this.overview());
      const { picture, info } = this.given;
      const planes = neighbours(picture.value, info).flatMap(state => this.visible(asked(state, info)));
      const around = [{ above: 1 }, { ring: 1 }].flatMap(where => this.visible(this.shown, where));
      const here = new Set(this.visible(this.shown));
      this.prefetch.want([...new Set([...planes, ...around])].filter(address => !here.has(address)));
    }, IDLE_MS);
  }
}

/** The planes beside the one that is shown. */
function neighbours(state: PictureState, { planes }: SlideInfo): PictureState[] {
  const { z, t } = state;
  const beside = [
    { ...state, z: z + 1 },
    { ...state, z: z - 1 },
    { ...state, t: t + 1 },
    { ...state, t: t - 1 }
  ];
  const there = (value: number, n: number): boolean => value >= 0 && value < n;
  return beside.filter(other => there(other.z, planes.z) && there(other.t, planes.t));
}

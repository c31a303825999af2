/** A slide file that lies over the picture: a map of probabilities, say. */
import type * as L from 'leaflet';
import { ApiError, type Api } from '../api';
import type { SlideInfo } from '../types';
import { colourTable } from './colours';
import { boxOf, levelAt, partFor, tilesOf, type Level, type Part } from './registration';
import type { Box, OverlayLook } from './spec';
import { ValueTiles, type Tile } from './values';
import { PartCanvas } from './partcanvas';

export interface FileOverlayOptions {
  map: L.Map;
  pane: string;
  api: Api;
  /** The slide below it. */
  slide: SlideInfo;
  path: string;
  box: Box | undefined;
  /** It is there, or there is another reason why not. */
  changed: () => void;
}

interface Opened {
  info: SlideInfo;
  box: Box;
  tiles: ValueTiles;
  front: PartCanvas;
  back: PartCanvas;
}

interface MapInternals {
  _animatingZoom?: boolean;
}

export class FileOverlay {
  /** Why it cannot be seen, in a sentence. */
  trouble: string | null = null;
  private shown: OverlayLook;
  private table: Uint32Array;
  private order = 0;
  private opened: Opened | null = null;
  private coming: { level: Level; part: Part; inView: Part } | null = null;
  /** The zoom at which the view stood last. */
  private zoom: number;
  private frame = 0;
  private repainting = 0;
  private asking = false;
  private disposed = false;

  constructor(
    private readonly given: FileOverlayOptions,
    look: OverlayLook
  ) {
    const { map } = given;
    this.shown = look;
    this.table = colourTable(look);
    this.zoom = map.getZoom();
    map.on('move', this.onMove, this).on('moveend viewreset resize', this.onStand, this);
    map.on('zoomanim', this.onZoomAnim, this);
    void this.open();
  }

  /** Whether it is on the page; if not, `trouble` may say why. */
  get isOpen(): boolean {
    return this.opened !== null;
  }

  /** Show it in another way, and so high in the stack. */
  show(look: OverlayLook, order: number): void {
    const before = this.shown;
    this.shown = look;
    this.order = order;
    this.arrange();
    if (look.visible && !before.visible) {
      this.update();
    }
    const isPainted = (['opacity', 'threshold', 'colours'] as const).some(
      name => look[name] !== before[name]
    );
    if (isPainted && this.repainting === 0) {
      this.repainting = requestAnimationFrame(() => {
        this.repainting = 0;
        this.table = colourTable(this.shown);
        this.opened?.front.repaint(this.table);
      });
    }
  }

  /** The value at a place in level-0 pixels; null where there is none, or none is shown. */
  valueAt(l0x: number, l0y: number): number | null {
    const { opened, shown } = this;
    const level = opened?.front.level;
    if (!opened || !level || !shown.visible) {
      return null;
    }
    const { info, box, tiles } = opened;
    const x = Math.floor((l0x - box[0]) / level.across);
    const y = Math.floor((l0y - box[1]) / level.down);
    if (x < 0 || y < 0 || x >= level.width || y >= level.height) {
      return null;
    }
    const side = info.tile_size;
    const values = tiles.get({ z: level.z, x: Math.floor(x / side), y: Math.floor(y / side) });
    return values ? values[(y % side) * side + (x % side)]! / 255 : null;
  }

  /** Look whether the file is another one by now, and show that one. */
  async look(): Promise<void> {
    const { api, path } = this.given;
    const { opened } = this;
    if (opened && this.shown.visible && !this.asking) {
      const isAnother = (await api.fingerprint({ path })) !== opened.info.fingerprint;
      if (isAnother && !this.disposed && this.opened === opened) {
        await this.open();
      }
    }
  }

  /** Ask again now for what did not come. */
  retry(): void {
    if (this.opened) {
      this.opened.tiles.retry();
    } else {
      void this.open();
    }
  }

  dispose(): void {
    this.disposed = true;
    const { map } = this.given;
    map.off('move', this.onMove, this).off('moveend viewreset resize', this.onStand, this);
    map.off('zoomanim', this.onZoomAnim, this);
    cancelAnimationFrame(this.frame);
    cancelAnimationFrame(this.repainting);
    this.close();
  }

  private async open(): Promise<void> {
    const { api, path, slide, changed } = this.given;
    if (this.asking) {
      return;
    }
    this.asking = true;
    try {
      const info = await api.slide({ path });
      if (!this.disposed) {
        this.openAs(info, boxOf(info, slide, this.given.box));
        this.trouble = null;
      }
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : String(error);
    }
    this.asking = false;
    if (!this.disposed) {
      changed();
      this.update();
    }
  }

  private openAs(info: SlideInfo, box: Box): void {
    const { map, pane, api, path } = this.given;
    this.close();
    const address = ({ z, x, y }: Tile): string =>
      api.url(`tile/${z}/${x}/${y}`, { path, v: info.fingerprint, gray: 1 });
    const tiles = new ValueTiles(info.tile_size, address, {
      ready: tile => this.onReady(tile),
      failed: () => void this.explain(),
      works: () => this.tell(null)
    });
    const source = { side: info.tile_size, values: (tile: Tile) => tiles.get(tile) };
    const [front, back] = [new PartCanvas(pane, source), new PartCanvas(pane, source)];
    front.addTo(map);
    back.addTo(map);
    this.opened = { info, box, tiles, front, back };
    this.arrange();
  }

  private close(): void {
    this.opened?.tiles.dispose();
    this.opened?.front.remove();
    this.opened?.back.remove();
    this.opened = this.coming = null;
  }

  private arrange(): void {
    for (const { canvas } of this.opened ? [this.opened.front, this.opened.back] : []) {
      canvas.style.visibility = this.shown.visible ? '' : 'hidden';
      canvas.style.zIndex = String(this.order + 1);
    }
  }

  private onMove(): void {
    // while the zoom goes on changing, what is there is stretched
    if (this.frame === 0 && this.given.map.getZoom() === this.zoom) {
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.update();
      });
    }
  }

  private onStand(): void {
    this.update();
  }

  private onZoomAnim(event: L.LeafletEvent): void {
    const { center, zoom } = event as L.ZoomAnimEvent;
    this.update(center, zoom);
  }

  /** Have what is in view, or soon will be. */
  private update(center = this.given.map.getCenter(), zoom = this.given.map.getZoom()): void {
    this.zoom = zoom;
    if (!this.opened || !this.shown.visible) {
      return;
    }
    const { info, box, tiles, front, back } = this.opened;
    const half = this.given.map.getSize().divideBy(2 ** (zoom + 1));
    const view: Box = [center.lng - half.x, -center.lat - half.y, center.lng + half.x, -center.lat + half.y];
    const level = levelAt(zoom, info, info.min_zoom, box);
    const part = partFor(view, zoom, level, box);
    if (!part) {
      [front, back].forEach(canvas => canvas.empty());
      tiles.want([]);
      this.coming = null;
      return;
    }
    tiles.want(tilesOf(part, info.tile_size).map(([x, y]) => ({ z: level.z, x, y })));
    const isShown = front.level?.z === level.z && JSON.stringify(front.part) === JSON.stringify(part);
    this.coming = isShown ? null : { level, part, inView: partFor(view, zoom, level, box, 0) ?? part };
    this.advance();
  }

  /** Show what is coming as soon as that shows no less than what is there. */
  private advance(): void {
    const { opened, coming } = this;
    if (!opened || !coming || (this.given.map as unknown as MapInternals)._animatingZoom) {
      return;
    }
    const { info, box, tiles, front, back } = opened;
    const { level, part, inView } = coming;
    const isMove = front.level === null || front.level.z === level.z;
    if (isMove || tilesOf(inView, info.tile_size).every(([x, y]) => tiles.get({ z: level.z, x, y }))) {
      back.show(level, part, box, this.table, front);
      front.empty();
      Object.assign(opened, { front: back, back: front });
      this.coming = null;
    }
  }

  private onReady(tile: Tile): void {
    this.opened?.front.paintTile(tile, this.table);
    this.advance();
  }

  /** An image does not say why it did not come: the server may. */
  private async explain(): Promise<void> {
    if (this.asking || !this.opened) {
      return;
    }
    this.asking = true;
    const { api, path } = this.given;
    const { info } = this.opened;
    let sentence = `A part of ${info.name} could not be read: the file may be damaged.`;
    let isAnother = false;
    try {
      isAnother = (await api.slide({ path })).fingerprint !== info.fingerprint;
    } catch (error) {
      sentence = error instanceof ApiError ? error.message : sentence;
    }
    this.asking = false;
    if (isAnother && !this.disposed) {
      await this.open();
    } else {
      this.tell(sentence);
    }
  }

  private tell(sentence: string | null): void {
    if (this.trouble !== sentence && !this.disposed) {
      this.trouble = sentence;
      this.given.changed();
    }
  }
}

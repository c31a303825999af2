/** The whole slide, small, with a frame around what is shown; a click or drag moves the view. */
import * as L from 'leaflet';
import { defaults } from '../defaults';
import { element, iconButton } from '../dom';
import { strokeIcon } from '../icons';
import { slideBounds } from '../image';
import { asked } from '../image/asked';
import type { Disposable, Scene } from '../scene';

const MAX_SIZE_PX = 168;
const STORED = 'wsinb:minimap';
const CLOSED = 'closed';
const SVG = 'http://www.w3.org/2000/svg';

const mapIcon = strokeIcon(
  'minimap',
  '<rect x="3.500" y="5" width="17" height="14" rx="1"/><rect x="11" y="11" width="6" height="5"/>'
);
const collapseIcon = strokeIcon('minimap-close', '<path d="M9 9l7 7M16 10v6h-6"/>');

export function minimapPart(scene: Scene): Disposable {
  const minimap = new Minimap(scene);
  const bindings = scene.keys.add({
    ...{ keys: 'Shift+N', title: 'Overview of the slide', group: 'Looking' },
    act: () => minimap.toggle()
  });
  return {
    dispose: () => {
      bindings.dispose();
      minimap.dispose();
    }
  };
}

class Minimap {
  private readonly node = element('div', 'wsinb-minimap wsinb-surface');
  private readonly body = element('div', 'wsinb-minimap-body');
  private readonly image = element('img', 'wsinb-minimap-image');
  private readonly frame = document.createElementNS(SVG, 'polygon');
  private readonly opener: HTMLButtonElement;
  /** Minimap pixels per level-0 pixel. */
  private readonly scale: number;

  constructor(private readonly scene: Scene) {
    const { map, info, turning, picture, corner } = scene;
    this.scale = MAX_SIZE_PX / Math.max(info.width, info.height);
    const [width, height] = [info.width, info.height].map(side => Math.max(1, Math.round(side * this.scale)));
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    svg.append(this.frame);
    this.image.alt = '';
    this.image.draggable = false;
    this.body.style.width = `${width}px`;
    this.body.style.height = `${height}px`;
    this.body.setAttribute('role', 'img');
    this.body.setAttribute('aria-label', 'Overview of the slide: the frame is what is shown');
    this.body.title = 'Click or drag to move the view';
    const closer = iconButton(collapseIcon, 'Close the overview (Shift+N)', () => this.toggle());
    closer.classList.add('wsinb-minimap-close');
    this.opener = iconButton(mapIcon, 'Overview of the slide (Shift+N)', () => this.toggle());
    this.opener.classList.add('wsinb-minimap-open', 'wsinb-surface');
    this.body.append(this.image, svg);
    this.node.append(this.body, closer);
    corner.append(this.node, this.opener);
    this.body.addEventListener('pointerdown', this.onPointer);
    this.body.addEventListener('pointermove', this.onPointer);
    map.on('move zoom resize', this.update, this);
    turning.changed.connect(this.update, this);
    picture.changed.connect(this.load, this);
    this.load();
    this.update();
  }

  /** Open or close it, and remember that. */
  toggle(): void {
    window.localStorage.setItem(STORED, this.isOpen ? CLOSED : 'open');
    this.load();
    this.update();
  }

  dispose(): void {
    const { map, turning, picture } = this.scene;
    map.off('move zoom resize', this.update, this);
    turning.changed.disconnect(this.update, this);
    picture.changed.disconnect(this.load, this);
    this.node.remove();
    this.opener.remove();
  }

  private get isOpen(): boolean {
    const stored = window.localStorage.getItem(STORED);
    return stored === null ? defaults.minimap : stored !== CLOSED;
  }

  private load(): void {
    if (!this.isOpen) {
      return;
    }
    const { api, source, info, picture } = this.scene;
    const size = Math.round(MAX_SIZE_PX * Math.min(2, window.devicePixelRatio || 1));
    const url = api.url('thumbnail', { ...source, size, ...asked(picture.value, info), v: info.fingerprint });
    if (this.image.src !== url) {
      this.image.src = url;
    }
  }

  private update(): void {
    const needed = !this.seesAll();
    this.node.hidden = !needed || !this.isOpen;
    this.opener.hidden = !needed || this.isOpen;
    if (!this.node.hidden) {
      const points = this.viewCorners().map(({ lat, lng }) => `${lng * this.scale},${-lat * this.scale}`);
      this.frame.setAttribute('points', points.join(' '));
    }
  }

  /** The corners of what is seen, on the slide. */
  private viewCorners(): L.LatLng[] {
    const { map, turning } = this.scene;
    const { x, y } = turning.realSize();
    const corners = [L.point(0, 0), L.point(x, 0), L.point(x, y), L.point(0, y)];
    return corners.map(corner => map.containerPointToLatLng(turning.fromScreen(corner)));
  }

  private seesAll(): boolean {
    const { map, turning, info } = this.scene;
    const bounds = slideBounds(info);
    const view = L.bounds(L.point(-1, -1), turning.realSize().add([1, 1]));
    const corners = [
      bounds.getNorthWest(),
      bounds.getNorthEast(),
      bounds.getSouthEast(),
      bounds.getSouthWest()
    ];
    return corners.every(corner => view.contains(turning.toScreen(map.latLngToContainerPoint(corner))));
  }

  private readonly onPointer = (event: PointerEvent): void => {
    if (event.type === 'pointerdown') {
      this.body.setPointerCapture(event.pointerId);
    } else if (!this.body.hasPointerCapture(event.pointerId)) {
      return;
    }
    const box = this.body.getBoundingClientRect();
    const { info, map } = this.scene;
    const l0x = clamp((event.clientX - box.left) / this.scale, info.width);
    const l0y = clamp((event.clientY - box.top) / this.scale, info.height);
    map.panTo([-l0y, l0x], { animate: false });
  };
}

function clamp(value: number, limit: number): number {
  return Math.max(0, Math.min(limit, value));
}

/**
 * What is seen of a slide, as a PNG: the picture with its adjustments, annotations, drafts and measurements,
 * a scale bar, and a caption.
 *
 * The page is painted anew on a canvas from what Leaflet's panes hold at this moment. All of it comes from the
 * same server, so the canvas may be read.
 */
import { barFor } from './scalebar';
import type { Scene } from './scene';

export interface SnapshotOptions {
  caption?: string;
}

interface MapInternals {
  _animatingZoom?: boolean;
}

interface Style {
  /** Whether pixels stay squares. */
  crisp: boolean;
  filter: string;
  opacity: number;
  blend: string;
  /** What is cut off at the right and at the bottom. */
  cut: [right: number, bottom: number];
}

const PLAIN: Style = { crisp: false, filter: '', opacity: 1, blend: 'normal', cut: [0, 0] };
const CUT = /^inset\((\S+) (\S+) (\S+)/;
const TRANSPARENT = 'rgba(0, 0, 0, 0)';
const FONT = '13px system-ui, sans-serif';
const MARGIN_PX = 12;
const PADDING_PX = 8;
const LINE_PX = 18;
/** What belongs to the hand, not to the picture. */
const NOT_SHOWN =
  '.marker-icon, .wsinb-place-mark, .wsinb-place-outline, .leaflet-control-container, .wsinb-root';

/** Paint what is seen, at the density of the screen. */
export async function snapshot(scene: Scene, options: SnapshotOptions = {}): Promise<Blob> {
  const { map, turning, info } = scene;
  if ((map as unknown as MapInternals)._animatingZoom) {
    // half way everything is scaled
    await new Promise<void>(resolve => map.once('zoomend', () => resolve()));
  }
  const { x: width, y: height } = turning.realSize();
  const density = window.devicePixelRatio || 1;
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  const context = canvas.getContext('2d')!;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  const painter = new Painter(context);
  await painter.paintChildren(map.getContainer(), new DOMMatrix().scale(density), PLAIN);
  context.setTransform(density, 0, 0, density, 0, 0);
  paintLegend(context, 2 ** map.getZoom(), info.mpp?.[0] ?? null, options.caption ?? '', height);
  return new Promise((resolve, reject) => {
    canvas.toBlob(blob => (blob ? resolve(blob) : reject(new Error(TOO_LARGE))), 'image/png');
  });
}

const TOO_LARGE = 'The browser could not make a picture of this size: make the window smaller.';

/** A snapshot for those who take text, as `data:image/png;base64,...`. */
export async function snapshotUrl(scene: Scene, options: SnapshotOptions = {}): Promise<string> {
  const blob = await snapshot(scene, options);
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(new Error(TOO_LARGE));
    reader.readAsDataURL(blob);
  });
}

class Painter {
  constructor(private readonly context: CanvasRenderingContext2D) {}

  async paintChildren(parent: Element, matrix: DOMMatrix, style: Style): Promise<void> {
    for (const child of inPaintingOrder(parent)) {
      await this.paint(child, matrix, style);
    }
  }

  private async paint(node: HTMLElement | SVGElement, outer: DOMMatrix, around: Style): Promise<void> {
    const css = getComputedStyle(node);
    if (css.display === 'none' || css.visibility === 'hidden' || node.matches(NOT_SHOWN)) {
      return;
    }
    const matrix = outer.multiply(placeOf(css));
    const style: Style = {
      crisp: css.imageRendering === 'pixelated',
      filter: [around.filter, css.filter].filter(filter => filter && filter !== 'none').join(' '),
      opacity: around.opacity * Number(css.opacity),
      blend: css.mixBlendMode === 'normal' ? around.blend : css.mixBlendMode,
      cut: cutOf(css)
    };
    if (node instanceof HTMLImageElement) {
      if (node.complete && node.naturalWidth > 0) {
        this.draw(node, node.offsetWidth, node.offsetHeight, matrix, style);
      }
    } else if (node instanceof HTMLCanvasElement) {
      if (node.width > 0 && node.height > 0) {
        this.draw(node, node.offsetWidth, node.offsetHeight, matrix, style);
      }
    } else if (node instanceof SVGSVGElement) {
      await this.drawSvg(node, matrix, style);
    } else if (node.matches('.wsinb-measure-text')) {
      this.drawText(node as HTMLElement, matrix);
    } else {
      this.drawGround(node as HTMLElement, css.backgroundColor, matrix);
      await this.paintChildren(node, matrix, style);
    }
  }

  private drawGround({ offsetWidth, offsetHeight }: HTMLElement, color: string, matrix: DOMMatrix): void {
    if (color !== TRANSPARENT && offsetWidth > 0 && offsetHeight > 0) {
      this.context.save();
      this.context.setTransform(matrix);
      this.context.fillStyle = color;
      this.context.fillRect(0, 0, offsetWidth, offsetHeight);
      this.context.restore();
    }
  }

  private draw(
    image: CanvasImageSource,
    width: number,
    height: number,
    matrix: DOMMatrix,
    style: Style
  ): void {
    const { context } = this;
    context.save();
    context.setTransform(matrix);
    context.beginPath();
    context.rect(0, 0, width - style.cut[0], height - style.cut[1]);
    context.clip();
    context.imageSmoothingEnabled = !style.crisp;
    context.globalAlpha = style.opacity;
    context.filter = style.filter || 'none';
    context.globalCompositeOperation =
      style.blend === 'normal' ? 'source-over' : (style.blend as GlobalCompositeOperation);
    context.drawImage(image, 0, 0, width, height);
    context.restore();
  }

  private async drawSvg(svg: SVGSVGElement, matrix: DOMMatrix, style: Style): Promise<void> {
    const { width, height } = svg.viewBox.baseVal;
    if (!(width > 0 && height > 0) || svg.querySelector('path, polygon, circle') === null) {
      return;
    }
    const copy = svg.cloneNode(true) as SVGSVGElement;
    copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    copy.setAttribute('width', String(width));
    copy.setAttribute('height', String(height));
    copy.querySelectorAll('.wsinb-place-outline').forEach(path => path.remove());
    copy.removeAttribute('style');
    const image = new Image(width, height);
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
    await image.decode();
    this.draw(image, width, height, matrix, style);
  }

  private drawText(node: HTMLElement, matrix: DOMMatrix): void {
    if (node.hidden) {
      return;
    }
    const { context } = this;
    context.save();
    context.setTransform(matrix);
    context.font = FONT;
    const text = node.textContent ?? '';
    const width = context.measureText(text).width + 2 * PADDING_PX;
    box(context, 0, 0, width, LINE_PX + PADDING_PX);
    context.fillText(text, PADDING_PX, LINE_PX);
    context.restore();
  }
}

/** Tiles at the edges reach beyond the slide: what is beyond is cut off. */
function cutOf({ clipPath }: CSSStyleDeclaration): [number, number] {
  const [, , right, bottom] = CUT.exec(clipPath) ?? [];
  return [parseFloat(right ?? '0') || 0, parseFloat(bottom ?? '0') || 0];
}

function inPaintingOrder(parent: Element): (HTMLElement | SVGElement)[] {
  const children = [...parent.children].filter(
    (child): child is HTMLElement | SVGElement => child instanceof HTMLElement || child instanceof SVGElement
  );
  const level = (node: Element): number => Number(getComputedStyle(node).zIndex) || 0;
  return children
    .map((node, order) => ({ node, order, level: level(node) }))
    .sort((a, b) => a.level - b.level || a.order - b.order)
    .map(({ node }) => node);
}

/** Where an element lies in the one around it; Leaflet places by transforms, from the upper left corner. */
function placeOf(css: CSSStyleDeclaration): DOMMatrix {
  const matrix = new DOMMatrix();
  if (css.position === 'absolute') {
    const [left, top] = [css.left, css.top].map(length => parseFloat(length) || 0);
    const [marginLeft, marginTop] = [css.marginLeft, css.marginTop].map(length => parseFloat(length) || 0);
    matrix.translateSelf(left! + marginLeft!, top! + marginTop!);
  }
  if (css.transform === 'none') {
    return matrix;
  }
  const [originX, originY] = css.transformOrigin.split(' ').map(length => parseFloat(length) || 0);
  return matrix
    .translateSelf(originX!, originY!)
    .multiplySelf(new DOMMatrix(css.transform))
    .translateSelf(-originX!, -originY!);
}

/** The scale bar at the lower left, with the caption beside it. */
function paintLegend(
  context: CanvasRenderingContext2D,
  screenPx: number,
  mpp: number | null,
  caption: string,
  height: number
): void {
  const { px, text } = barFor(screenPx, mpp);
  context.font = FONT;
  const textWidth = context.measureText(text).width;
  const captionWidth = caption ? context.measureText(caption).width + 2 * PADDING_PX : 0;
  const width = px + textWidth + captionWidth + 3 * PADDING_PX;
  const boxHeight = LINE_PX + PADDING_PX;
  const [left, top] = [MARGIN_PX, height - MARGIN_PX - boxHeight];
  box(context, left, top, width, boxHeight);
  const [x, y] = [left + PADDING_PX, top + boxHeight / 2];
  context.lineWidth = 2;
  context.strokeStyle = '#000';
  context.beginPath();
  context.moveTo(x + 1, y - 3);
  context.lineTo(x + 1, y + 3);
  context.lineTo(x + px - 1, y + 3);
  context.lineTo(x + px - 1, y - 3);
  context.stroke();
  context.textBaseline = 'middle';
  context.fillText(text, x + px + PADDING_PX, y);
  if (caption) {
    context.fillText(caption, x + px + textWidth + 3 * PADDING_PX, y);
  }
}

/** A light ground for dark text. */
function box(context: CanvasRenderingContext2D, x: number, y: number, width: number, height: number): void {
  context.fillStyle = 'rgb(255 255 255 / 88%)';
  context.beginPath();
  context.roundRect(x, y, width, height, 4);
  context.fill();
  context.fillStyle = '#000';
}

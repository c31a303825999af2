/** What is predicted as it is looked at: planes of bytes for a part of the slide, the newest of which is shown. */
import { mixPlanes } from './colours';
import { PlacedCanvas } from './placed';
import { PLAIN_OVERLAY, type Box, type OverlayLook } from './spec';

/** One byte of probability a pixel, one plane a class but the background, row by row. */
export interface LivePicture {
  /** What the planes cover, in level-0 pixels. */
  box: Box;
  width: number;
  height: number;
  planes: Uint8Array[];
  /** CSS colours (`#rrggbb`) of the planes. */
  colours: string[];
}

export interface LiveOverlay {
  /** Show these planes, and no others. */
  put(picture: LivePicture): void;
  clear(): void;
  opacity: number;
  threshold: number;
  visible: boolean;
}

export class LiveCanvas extends PlacedCanvas implements LiveOverlay {
  private look: OverlayLook = { ...PLAIN_OVERLAY };
  private picture: LivePicture | null = null;

  put(picture: LivePicture): void {
    const { width, height, planes } = picture;
    if (!planes.every(plane => plane.length === width * height)) {
      throw new Error(`Planes of ${width} x ${height} pixels have one byte for each of them.`);
    }
    this.picture = picture;
    this.paint();
    this.lay(width > 0 && height > 0 ? picture.box : null);
  }

  clear(): void {
    this.picture = null;
    this.lay(null);
  }

  get opacity(): number {
    return this.look.opacity;
  }

  set opacity(opacity: number) {
    this.show({ opacity });
  }

  get threshold(): number {
    return this.look.threshold;
  }

  set threshold(threshold: number) {
    this.show({ threshold });
  }

  get visible(): boolean {
    return this.look.visible;
  }

  set visible(visible: boolean) {
    this.show({ visible });
  }

  show(parts: Partial<OverlayLook>): void {
    const before = this.look;
    this.look = { ...before, ...parts };
    this.canvas.style.visibility = this.look.visible ? '' : 'hidden';
    if (before.opacity !== this.look.opacity || before.threshold !== this.look.threshold) {
      this.paint();
    }
  }

  /** The value of the surest plane at a place in level-0 pixels; null where nothing is shown. */
  valueAt(l0x: number, l0y: number): number | null {
    if (!this.picture || !this.look.visible) {
      return null;
    }
    const { box, width, height, planes } = this.picture;
    const x = Math.floor(((l0x - box[0]) / (box[2] - box[0])) * width);
    const y = Math.floor(((l0y - box[1]) / (box[3] - box[1])) * height);
    if (x < 0 || y < 0 || x >= width || y >= height || planes.length === 0) {
      return null;
    }
    return Math.max(...planes.map(plane => plane[y * width + x]!)) / 255;
  }

  private paint(): void {
    const { canvas, picture } = this;
    if (!picture || picture.width === 0 || picture.height === 0) {
      return;
    }
    const { width, height, planes, colours } = picture;
    if (canvas.width !== width || canvas.height !== height) {
      Object.assign(canvas, { width, height });
    }
    const pixels = new ImageData(width, height);
    mixPlanes(planes, colours, this.look, new Uint32Array(pixels.data.buffer));
    canvas.getContext('2d')?.putImageData(pixels, 0, 0);
  }
}

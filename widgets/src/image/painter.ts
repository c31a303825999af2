/** Adjusted pixels: a canvas in the place of each image. While nothing is adjusted there is none. */
import { adjustPixels, isNeutral, NEUTRAL, type Adjustments } from './adjust';

export class Painter {
  private adjust: Adjustments = NEUTRAL;
  private readonly canvases = new Map<HTMLImageElement, HTMLCanvasElement>();
  private readonly scratch = document.createElement('canvas').getContext('2d', { willReadFrequently: true });

  get active(): boolean {
    return !isNeutral(this.adjust);
  }

  /** Show images in another way from now on. */
  set(adjust: Adjustments, images: Iterable<HTMLImageElement>): void {
    this.adjust = adjust;
    if (!this.active) {
      [...this.canvases.keys()].forEach(image => this.forget(image));
      return;
    }
    for (const image of images) {
      this.paint(image);
    }
  }

  /** An image has its pixels. */
  paint(image: HTMLImageElement): void {
    const { naturalWidth: width, naturalHeight: height } = image;
    if (!this.active || !image.complete || width === 0 || !this.scratch) {
      return;
    }
    Object.assign(this.scratch.canvas, { width, height });
    this.scratch.drawImage(image, 0, 0);
    const pixels = this.scratch.getImageData(0, 0, width, height);
    adjustPixels(pixels.data, this.adjust);
    const canvas = this.canvases.get(image) ?? this.inPlaceOf(image);
    if (canvas.width !== width || canvas.height !== height) {
      Object.assign(canvas, { width, height });
    }
    canvas.getContext('2d', { willReadFrequently: true })?.putImageData(pixels, 0, 0);
    image.style.visibility = 'hidden';
  }

  /** An image goes, or is shown as it is. */
  forget(image: HTMLImageElement): void {
    this.canvases.get(image)?.remove();
    this.canvases.delete(image);
    image.style.visibility = '';
  }

  private inPlaceOf(image: HTMLImageElement): HTMLCanvasElement {
    const canvas = document.createElement('canvas');
    canvas.className = image.className;
    canvas.style.cssText = image.style.cssText;
    image.after(canvas);
    this.canvases.set(image, canvas);
    return canvas;
  }
}

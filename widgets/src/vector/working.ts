/** Small helpers of the engine: bitmaps, pauses, what is hidden. */

// twice as fast as `createImageBitmap` in Chromium
const stages = new Map<number, OffscreenCanvas>();

/** A bitmap of pixels that may change afterwards. */
export function bitmapOf(image: ImageData): Promise<ImageBitmap> | ImageBitmap {
  if (typeof OffscreenCanvas === 'undefined') {
    return createImageBitmap(image);
  }
  let stage = stages.get(image.width);
  if (!stage) {
    stage = new OffscreenCanvas(image.width, image.height);
    stages.set(image.width, stage);
  }
  stage.getContext('2d', { willReadFrequently: true })!.putImageData(image, 0, 0);
  return stage.transferToImageBitmap();
}

/** Whether two tables of colours hide the same features. */
export function sameHidden(before: Uint32Array, after: Uint32Array): boolean {
  for (let i = 1; i < after.length; i++) {
    if ((before[i] === 0) !== (after[i] === 0)) {
      return false;
    }
  }
  return before.length === after.length;
}

/** Let messages and events in. */
export const breathe = ((): (() => Promise<void>) => {
  const channel = new MessageChannel();
  const waiting: (() => void)[] = [];
  channel.port1.onmessage = () => waiting.shift()?.();
  return () =>
    new Promise(resume => {
      waiting.push(resume);
      channel.port2.postMessage(null);
    });
})();

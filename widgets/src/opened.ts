/** A slide that is open: its picture, its annotations, the strip below, and all parts. */
import { Annotations } from './annotations';
import type { Furniture } from './furniture';
import { slideBounds, SlideImage, type SlideImageOptions } from './image';
import { OverlayStack } from './overlays/stack';
import { PARTS } from './parts';
import { ReadOut } from './readout';
import { ScaleBar } from './scalebar';
import type { Disposable, Scene } from './scene';
import type { Trouble } from './trouble';
import type { SlideInfo } from './types';
import { Watch } from './watch';

/** The part of a scene that is there before a slide is open. */
export type Stage = Omit<Scene, 'info' | 'annotations' | 'image' | 'overlays' | 'readOut'>;

export interface OpenedParts {
  stage: Stage;
  info: SlideInfo;
  furniture: Furniture;
  /** Where sentences are shown. */
  messages: HTMLElement;
  trouble: Trouble;
  /** The person wants to see the file that has taken the place of this one. */
  reload: () => void;
  lost: SlideImageOptions['lost'];
}

export class Opened {
  readonly info: SlideInfo;
  readonly annotations: Annotations;
  readonly image: SlideImage;
  readonly overlays: OverlayStack;
  readonly readOut: ReadOut;
  private readonly disposables: Disposable[];

  constructor({ stage, info, furniture, messages, trouble, reload, lost }: OpenedParts) {
    this.info = info;
    const { map, api, source, labels, look, picture, selection, notice } = stage;
    this.image = new SlideImage({
      ...{ map, api, source, info, picture, trouble, lost },
      replaced: () => void watch.look()
    });
    this.overlays = new OverlayStack({ map, api, info, list: stage.overlayList });
    const scale = new ScaleBar(map, info.mpp?.[0] ?? null);
    this.readOut = new ReadOut(map, info);
    furniture.setStatus(scale.node, this.readOut.node);
    this.annotations = new Annotations({
      ...{ map, api, labels, look, selection, bounds: slideBounds(info) },
      failed: message => notice.error(message),
      trouble
    });
    const { annotations, image, overlays, readOut } = this;
    const back = (): void => {
      image.retry();
      overlays.retry();
      annotations.retry();
    };
    const watch = new Watch({ api, source, info, trouble, reload, back, node: map.getContainer() });
    messages.append(watch.node);
    this.disposables = [scale, readOut, annotations, overlays, image, watch, furniture.guest()];
    const scene: Scene = { ...stage, info, annotations, image, overlays, readOut };
    this.disposables.push(...PARTS.map(part => part(scene)));
  }

  /** Something more that lasts as long as the slide is open. */
  add(disposable: Disposable): void {
    this.disposables.push(disposable);
  }

  dispose(): void {
    this.disposables.forEach(part => part.dispose());
  }
}

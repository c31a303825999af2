/** What a part of the viewer is given, once the slide is open. */
import type * as L from 'leaflet';
import type { Annotations } from './annotations';
import type { Api } from './api';
import type { Drawing } from './edit/draw';
import type { EditStore } from './edit/store';
import type { SlideImage } from './image';
import type { Keys } from './keys';
import type { Labels } from './labels';
import type { Live } from './live/model';
import type { Look } from './look';
import type { Notice } from './notice';
import type { OverlayList } from './overlays/list';
import type { OverlayStack } from './overlays/stack';
import type { Tabs } from './panel/tabs';
import type { Toolbar } from './panel/toolbar';
import type { Picture } from './picture';
import type { ReadOut } from './readout';
import type { Selection } from './selection';
import type { Session } from './session';
import type { Turning } from './turning';
import type { SlideInfo, Source } from './types';

export interface Scene {
  readonly map: L.Map;
  /** Which way up the slide is seen; also tells places on the screen from Leaflet's. */
  readonly turning: Turning;
  readonly api: Api;
  readonly source: Source;
  readonly info: SlideInfo;
  readonly session: Session;
  readonly labels: Labels;
  readonly store: EditStore;
  readonly drawing: Drawing;
  readonly annotations: Annotations;
  readonly image: SlideImage;
  /** What lies over the picture, below the annotations. */
  readonly overlays: OverlayStack;
  readonly overlayList: OverlayList;
  /** What the kernel learns and predicts while one draws. */
  readonly live: Live;
  readonly look: Look;
  readonly picture: Picture;
  readonly selection: Selection;
  readonly toolbar: Toolbar;
  readonly tabs: Tabs;
  readonly keys: Keys;
  readonly readOut: ReadOut;
  readonly notice: Notice;
  /** Everything that lies over the picture. */
  readonly root: HTMLElement;
  /** The strip at the bottom left. */
  readonly status: HTMLElement;
  /** At the bottom right. */
  readonly corner: HTMLElement;
  /** Put something over the picture: what happens on it does not reach the map. */
  lay(node: HTMLElement): void;
  /** Run what may fail, and show the error. */
  guard(action: () => Promise<unknown>): Promise<void>;
  /** Show the whole slide. */
  fit(): void;
}

export interface Disposable {
  dispose(): void;
}

/** A piece of the viewer with its own controls: it uses the scene, and no other part. */
export type Part = (scene: Scene) => Disposable;

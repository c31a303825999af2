/** The parts of the viewer, in the order in which they are made. */
import type { Part } from '../scene';
import { aboutPart } from './about';
import { fullScreenPart } from './fullscreen';
import { goToPart } from './goto';
import { keysPagePart } from './keyspage';
import { livePart } from '../live/part';
import { layersPart } from './layers';
import { magnificationPart } from './magnification';
import { measurePart } from './measure';
import { minimapPart } from './minimap';
import { overlaysPart } from './overlays';
import { picturePart } from './picture';
import { planesPart } from './planes';
import { screenshotPart } from './screenshot';
import { selectPart } from './select';
import { turnPart } from './turn';

export const PARTS: readonly Part[] = [
  layersPart,
  overlaysPart,
  selectPart,
  livePart,
  picturePart,
  planesPart,
  goToPart,
  turnPart,
  magnificationPart,
  measurePart,
  screenshotPart,
  fullScreenPart,
  minimapPart,
  aboutPart,
  keysPagePart
];

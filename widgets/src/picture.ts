/** How the slide's pixels are shown: which plane, and adjusted how. */
import { Model } from './model';

export interface ChannelLook {
  visible: boolean;
  /** CSS hexadecimal colour. */
  color: string;
  /** Values shown as black and as the full colour. */
  low: number;
  high: number;
}

export interface PictureState {
  /** Focal plane and time point. */
  z: number;
  t: number;
  /** -1..1 */
  brightness: number;
  /** -1..1 */
  contrast: number;
  /** 0.1..10; above 1 is brighter. */
  gamma: number;
  /** 0..3 */
  saturation: number;
  invert: boolean;
  /** One for each channel; null is how the file asks to be shown. */
  channels: ChannelLook[] | null;
}

export const PLAIN_PICTURE: PictureState = {
  ...{ z: 0, t: 0, brightness: 0, contrast: 0, gamma: 1, saturation: 1 },
  ...{ invert: false, channels: null }
};

export class Picture extends Model<PictureState> {
  constructor() {
    super(PLAIN_PICTURE);
  }
}

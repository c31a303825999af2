/** What a picture asks of the server: the parameters of its tiles. */
import type { ChannelLook, PictureState } from '../picture';
import type { SlideInfo } from '../types';

export interface Asked {
  plane?: string;
  channels?: string;
}

/** Planes that there are not become the nearest one. */
export function asked({ z, t, channels }: PictureState, info: SlideInfo): Asked {
  const [plane, frame] = [within(z, info.planes.z), within(t, info.planes.t)];
  return {
    ...(plane || frame ? { plane: `${plane}.${frame}` } : {}),
    ...(channels && info.channels ? { channels: channelText(channels.slice(0, info.channels.length)) } : {})
  };
}

function within(value: number, n: number): number {
  return Math.max(0, Math.min(n - 1, Math.round(value)));
}

function channelText(channels: readonly ChannelLook[]): string {
  return channels
    .flatMap(({ visible, color, low, high }, number) =>
      visible ? [`${number}:${color.replace('#', '')}:${low}:${high}`] : []
    )
    .join(',');
}

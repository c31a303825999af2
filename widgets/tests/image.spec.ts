/** What of the picture needs no browser: values of pixels, addresses, the order of loading, playing. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { adjustPixels, isNeutral, lookUpTable, NEUTRAL } from '../src/image/adjust';
import { asked, type Asked } from '../src/image/asked';
import { Channels } from '../src/image/channels';
import { Player } from '../src/image/player';
import { Swap } from '../src/image/swap';
import { Picture, PLAIN_PICTURE } from '../src/picture';
import { backOff } from '../src/trouble';
import type { ChannelInfo, SlideInfo } from '../src/types';

const CHANNELS: ChannelInfo[] = [
  { name: 'DAPI', color: '#0000ff', range: [0, 100], limits: [0, 255], auto: [2, 40], visible: true },
  { name: 'CD8', color: '#00ff00', range: [5, 90.5], limits: [0, 255], auto: [7, 30], visible: true },
  { name: 'AF', color: '#ff0000', range: [0, 10], limits: [0, 255], auto: [0, 10], visible: false }
];
const INFO = { planes: { z: 3, t: 4, c: 3 }, channels: CHANNELS } as SlideInfo;

describe('adjusting', () => {
  const grey = (value: number): Uint8ClampedArray => Uint8ClampedArray.from([value, value, value, 255]);

  it('changes nothing when neutral', () => {
    expect(isNeutral(NEUTRAL)).toBe(true);
    expect([...lookUpTable(NEUTRAL)]).toEqual(Array.from({ length: 256 }, (_, value) => value));
  });

  it('is black and white at the ends of brightness, one grey at the lower end of contrast', () => {
    expect(Math.max(...lookUpTable({ ...NEUTRAL, brightness: -1 }))).toBe(0);
    expect(Math.min(...lookUpTable({ ...NEUTRAL, brightness: 1 }))).toBe(255);
    expect(new Set(lookUpTable({ ...NEUTRAL, contrast: -1 })).size).toBe(1);
    const hard = lookUpTable({ ...NEUTRAL, contrast: 1 });
    expect([hard[126], hard[129]]).toEqual([0, 255]);
  });

  it('makes more of a gamma above 1 brighter, and never touches the ends', () => {
    const brighter = lookUpTable({ ...NEUTRAL, gamma: 2 });
    expect([brighter[0], brighter[255]]).toEqual([0, 255]);
    expect(brighter[64]).toBe(Math.round(255 * Math.sqrt(64 / 255)));
  });

  it('inverts twice to the same', () => {
    const pixels = Uint8ClampedArray.from([10, 20, 30, 255, 40, 50, 60, 128]);
    const before = [...pixels];
    adjustPixels(pixels, { ...NEUTRAL, invert: true });
    expect([...pixels]).toEqual([245, 235, 225, 255, 215, 205, 195, 128]);
    adjustPixels(pixels, { ...NEUTRAL, invert: true });
    expect([...pixels]).toEqual(before);
  });

  it('leaves grey as it is whatever the saturation, and takes colours away at 0', () => {
    const pixels = grey(77);
    adjustPixels(pixels, { ...NEUTRAL, saturation: 3 });
    expect([...pixels]).toEqual([...grey(77)]);
    const red = Uint8ClampedArray.from([200, 0, 0, 255]);
    adjustPixels(red, { ...NEUTRAL, saturation: 0 });
    expect(new Set(red.slice(0, 3)).size).toBe(1);
    const vivid = Uint8ClampedArray.from([150, 100, 100, 255]);
    adjustPixels(vivid, { ...NEUTRAL, saturation: 2 });
    expect(vivid[0]! - vivid[1]!).toBeGreaterThan(90);
  });
});

describe('what is asked of the server', () => {
  it('is nothing for the picture as the file shows it', () => {
    expect(asked(PLAIN_PICTURE, INFO)).toEqual({});
  });

  it('names planes that exist, and the channels that are shown', () => {
    expect(asked({ ...PLAIN_PICTURE, z: 9, t: -1 }, INFO)).toEqual({ plane: '2.0' });
    const picture = new Picture();
    new Channels(picture, CHANNELS).set(0, { high: 50 });
    expect(asked(picture.value, INFO)).toEqual({ channels: '0:0000ff:0:50,1:00ff00:5:90.5' });
    expect(asked(picture.value, { ...INFO, channels: null })).toEqual({});
  });

  it('shows nothing where all channels are hidden', () => {
    const picture = new Picture();
    const channels = new Channels(picture, CHANNELS);
    [0, 1].forEach(number => channels.set(number, { visible: false }));
    expect(asked(picture.value, INFO)).toEqual({ channels: '' });
  });
});

describe('channels', () => {
  it('come back from being shown alone as they were', () => {
    const picture = new Picture();
    const channels = new Channels(picture, CHANNELS);
    channels.set(2, { visible: true });
    channels.solo(1);
    expect(channels.alone).toBe(1);
    channels.solo(0);
    expect(channels.alone).toBe(0);
    channels.solo(null);
    expect(channels.looks.map(({ visible }) => visible)).toEqual([true, true, true]);
    channels.set(2, { visible: false });
    expect(picture.value.channels).toBeNull();
  });

  it('take the range that fits the data, and that of the file again', () => {
    const picture = new Picture();
    const channels = new Channels(picture, CHANNELS);
    channels.set(1, { low: 50, high: 60, color: '#ffffff' });
    channels.auto(1);
    expect(channels.looks[1]).toEqual({ visible: true, color: '#ffffff', low: 7, high: 30 });
    channels.reset();
    expect(picture.value.channels).toBeNull();
  });
});

class Loads {
  readonly started: Asked[] = [];
  readonly cancelled: Asked[] = [];
  shown = 0;
  private readonly ends: (() => void)[] = [];
  readonly swap = new Swap(
    {},
    {
      load: wanted => {
        this.started.push(wanted);
        return {
          done: new Promise<void>(resolve => this.ends.push(resolve)),
          cancel: () => this.cancelled.push(wanted)
        };
      },
      show: () => (this.shown += 1)
    }
  );

  async end(number: number): Promise<void> {
    this.ends[number]!();
    await vi.advanceTimersByTimeAsync(0);
  }
}

describe('going from one picture to another', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('shows it only when all of it is there', async () => {
    const loads = new Loads();
    loads.swap.want({ plane: '1.0' });
    expect([loads.swap.shown, loads.shown]).toEqual([{}, 0]);
    await loads.end(0);
    expect([loads.swap.shown, loads.shown]).toEqual([{ plane: '1.0' }, 1]);
  });

  it('shows what comes soon, then only the newest wish', async () => {
    const loads = new Loads();
    ['1.0', '2.0', '3.0'].forEach(plane => loads.swap.want({ plane }));
    await loads.end(0);
    expect(loads.swap.shown).toEqual({ plane: '1.0' });
    expect(loads.started).toEqual([{ plane: '1.0' }, { plane: '3.0' }]);
    await loads.end(1);
    expect(loads.swap.shown).toEqual({ plane: '3.0' });
    expect(loads.cancelled).toEqual([]);
  });

  it('gives up what takes long when something else is wanted', async () => {
    const loads = new Loads();
    loads.swap.want({ plane: '1.0' });
    loads.swap.want({ plane: '2.0' });
    await vi.advanceTimersByTimeAsync(1000);
    expect(loads.cancelled).toEqual([{ plane: '1.0' }]);
    await loads.end(0);
    expect(loads.swap.shown).toEqual({});
    await loads.end(1);
    expect(loads.swap.shown).toEqual({ plane: '2.0' });
  });

  it('asks for nothing when what is shown is wanted again', async () => {
    const loads = new Loads();
    loads.swap.want({ plane: '1.0' });
    loads.swap.want({});
    await vi.advanceTimersByTimeAsync(1000);
    expect(loads.cancelled).toEqual([{ plane: '1.0' }]);
    expect(loads.started).toHaveLength(1);
    expect(loads.shown).toBe(0);
  });
});

describe('playing', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function film(rate: number | null): {
    picture: Picture;
    player: Player;
    times: number[];
    slow: Set<number>;
  } {
    const picture = new Picture();
    const times: number[] = [];
    const slow = new Set<number>();
    picture.changed.connect(() => times.push(picture.value.t));
    const player = new Player({
      ...{ picture, n: 4, rate, changed: () => undefined },
      ready: t => (slow.has(t) ? new Promise<void>(() => undefined) : Promise.resolve())
    });
    return { picture, player, times, slow };
  }

  it('goes round at the rate of the film until it is stopped', async () => {
    const { player, times } = film(10);
    player.toggle();
    await vi.advanceTimersByTimeAsync(650);
    expect(times).toEqual([1, 2, 3, 0, 1, 2]);
    player.toggle();
    await vi.advanceTimersByTimeAsync(1000);
    expect(times).toHaveLength(6);
  });

  it('waits for a time point that is not there yet', async () => {
    const { player, times, slow } = film(null);
    slow.add(2);
    player.toggle();
    await vi.advanceTimersByTimeAsync(5000);
    expect(times).toEqual([1]);
    player.stop();
  });
});

it('waits longer from one attempt to the next, but not for ever', () => {
  const waits = Array.from({ length: 12 }, (_, attempt) => backOff(attempt));
  expect([...waits].sort((a, b) => a - b)).toEqual(waits);
  expect([waits[0], waits[11]]).toEqual([500, 15_000]);
});

import { expect, it } from 'vitest';
import { VectorEngine } from '../src/vector/engine';
import type { TileRequest, Told } from '../src/vector/messages';
import { paint } from '../src/vector/paint';
import type { Painter, PaintJob } from '../src/vector/painter';
import { PLAIN_STYLE, type Style } from '../src/vector/style';
import { square, tileBytes, type Cell, type Shape } from './build';

const SIZE = 64;
const [RED, GREEN] = [0x0000ff, 0x00ff00];
const STYLE: Style = { ...PLAIN_STYLE, palette: [RED, GREEN] };

/** Paints into arrays: there are no bitmaps outside of a browser. */
class ArrayPainter implements Painter {
  onLost?: () => void;
  isBroken = false;
  /** Painting waits for it. */
  held: Promise<void> | null = null;

  async paint(job: PaintJob): Promise<ImageBitmap> {
    await this.held;
    if (this.isBroken) {
      throw new Error('no memory');
    }
    const pixels = new Uint32Array(job.raster.size ** 2);
    paint(pixels, job);
    return { pixels, close: () => undefined } as unknown as ImageBitmap;
  }
}

class Bench {
  readonly painter = new ArrayPainter();
  readonly told: Told[] = [];
  readonly served = new Map<string, ArrayBuffer>();
  readonly engine = new VectorEngine(told => this.told.push(told), this.painter, (async (url: string) => {
    const body = this.served.get(url);
    return body ? new Response(body.slice(0)) : new Response('{"error": "It is gone."}', { status: 404 });
  }) as typeof fetch);

  serve(key: string, shapes: Shape[], cells: Cell[] = []): void {
    this.served.set(key, tileBytes(shapes, cells, cells.length > 0 ? 2 : 0));
  }

  request(key: string, changed: Partial<TileRequest> = {}): void {
    const placement = { scale: 1, offsetX: 0, offsetY: 0, density: 1 };
    const place = { z: 0, x: 0, y: 0 };
    this.engine.render({
      layer: 'all',
      key,
      url: key,
      by: null,
      placement,
      size: SIZE,
      ...place,
      ...changed
    });
  }

  async until(isSo: () => boolean): Promise<void> {
    for (let i = 0; i < 500 && !isSo(); i++) {
      await new Promise(resume => setTimeout(resume, 1));
    }
    expect(isSo()).toBe(true);
  }

  get painted(): string[] {
    return this.told.flatMap(told => (told.what === 'painted' ? [told.key] : []));
  }

  get troubles(): (string | null)[] {
    return this.told.flatMap(told => (told.what === 'trouble' ? [told.message] : []));
  }

  /** The colour, without alpha, that a tile was last painted with at a place. */
  color(key: string, x: number, y: number): number {
    const last = this.told.filter(told => told.what === 'painted' && told.key === key).at(-1);
    const { pixels } = (last as unknown as { bitmap: { pixels: Uint32Array } }).bitmap;
    return pixels[y * SIZE + x]! & 0xffffff;
  }
}

const BOX: Shape = { rings: [square(10, 10, 30)], label: 0, row: 7 };

it('paints what is asked for, the nearest first, and again with each style', async () => {
  const bench = new Bench();
  ['far', 'near'].forEach(key => bench.serve(key, [BOX]));
  await bench.engine.setStyle('all', STYLE);
  bench.engine.look(0, 0.5, 0.5);
  bench.request('far', { x: 5 });
  bench.request('near');
  await bench.until(() => bench.painted.length === 2);
  expect(bench.painted).toEqual(['near', 'far']);
  expect(bench.color('near', 20, 20)).toBe(RED);
  await bench.engine.setStyle('all', { ...STYLE, palette: [GREEN, GREEN] });
  expect(bench.color('near', 20, 20)).toBe(GREEN);
  expect(bench.color('far', 20, 20)).toBe(GREEN);
});

it('paints everything again when bitmaps are gone', async () => {
  const bench = new Bench();
  ['a', 'b'].forEach(key => bench.serve(key, [BOX]));
  bench.request('a');
  bench.request('b', { layer: 'other' });
  await bench.until(() => bench.painted.length === 2);
  bench.painter.onLost!();
  await bench.until(() => bench.painted.length === 4);
  expect(new Set(bench.painted.slice(2))).toEqual(new Set(['a', 'b']));
});

it('paints a tile again when the pointer comes to one of its features or leaves it', async () => {
  const bench = new Bench();
  bench.serve('here', [BOX]);
  bench.serve('elsewhere', [{ ...BOX, row: 8 }]);
  await bench.engine.setStyle('all', STYLE);
  bench.request('here');
  bench.request('elsewhere');
  await bench.until(() => bench.painted.length === 2);
  bench.engine.hover('all', 7);
  await bench.until(() => bench.painted.length === 3);
  expect(bench.color('here', 25, 8)).toBe(RED);
  bench.engine.hover('all', 7);
  bench.engine.hover('all', -1);
  await bench.until(() => bench.painted.length === 4);
  expect(bench.painted.slice(2)).toEqual(['here', 'here']);
  expect(bench.color('here', 25, 8)).toBe(0);
});

it('picks features and cells, and what a hidden feature covered', async () => {
  const bench = new Bench();
  const below = { rings: [square(5, 5, 50)], label: 1, row: 3, score: 127 };
  bench.serve('features', [below, BOX]);
  bench.serve('cells', [], [{ index: 0, label: 1, count: 4 }]);
  await bench.engine.setStyle('all', STYLE);
  bench.request('features');
  bench.request('cells');
  await bench.until(() => bench.painted.length === 2);
  expect(bench.engine.pick('features', 20, 20)).toMatchObject({ row: 7, label: 0, score: null, cell: null });
  expect(bench.engine.pick('features', 62, 62)).toBeNull();
  expect(bench.engine.pick('cells', 1, 1)).toMatchObject({ row: -1, cell: [{ category: 1, count: 4 }] });
  expect(bench.engine.pick('unknown', 1, 1)).toBeNull();
  const hidden = bench.engine.setStyle('all', { ...STYLE, hiddenLabels: [0] });
  expect(bench.engine.pick('features', 20, 20)).toMatchObject({ row: 3, score: 0.5 });
  await hidden;
});

it('shows what lies below a hidden feature, however long painting takes', async () => {
  const bench = new Bench();
  const keys = ['a', 'b'];
  keys.forEach(key => bench.serve(key, [{ ...BOX, label: 1 }, BOX]));
  await bench.engine.setStyle('all', STYLE);
  keys.forEach(key => bench.request(key));
  await bench.until(() => bench.painted.length === 2);
  let goOn = (): void => undefined;
  bench.painter.held = new Promise(resolve => (goOn = resolve));
  void bench.engine.setStyle('all', { ...STYLE, hiddenLabels: [0] });
  // longer than a style has to rest
  await new Promise(resume => setTimeout(resume, 150));
  bench.engine.hover('all', 7);
  goOn();
  await bench.until(() => keys.every(key => bench.color(key, 20, 20) === GREEN));
});

it('tells of trouble once, and when all is well again', async () => {
  const bench = new Bench();
  bench.serve('good', [BOX]);
  bench.request('lost');
  bench.request('gone');
  bench.request('good');
  await bench.until(() => bench.painted.length === 1 && bench.told.length >= 4);
  expect(bench.troubles).toEqual(['It is gone.']);
  bench.engine.drop('lost');
  expect(bench.troubles).toEqual(['It is gone.']);
  bench.engine.drop('gone');
  expect(bench.troubles).toEqual(['It is gone.', null]);
});

it('gives a tile up without taking it from another one that shares its address', async () => {
  const bench = new Bench();
  bench.request('a', { url: 'shared' });
  bench.request('b', { url: 'shared' });
  await bench.until(() => bench.told.filter(({ what }) => what === 'failed').length === 2);
  bench.serve('shared', [BOX]);
  bench.request('b', { url: 'shared' });
  bench.engine.drop('a');
  await bench.until(() => bench.painted.includes('b'));
  expect(bench.troubles).toEqual(['It is gone.', null]);
});

it('paints and picks at the size that is wanted now', async () => {
  const bench = new Bench();
  bench.serve('a', [BOX]);
  await bench.engine.setStyle('all', STYLE);
  bench.request('a');
  await bench.until(() => bench.painted.length === 1);
  const placement = { scale: 2, offsetX: 0, offsetY: 0, density: 2 };
  bench.request('a', { placement, size: 2 * SIZE });
  expect(bench.engine.pick('a', 70, 70)).toMatchObject({ row: 7 });
  expect(bench.engine.pick('a', 15, 15)).toBeNull();
  await bench.until(() => bench.painted.length === 2);
});

it('goes on after a tile that cannot be painted, and forgets one that nobody wants', async () => {
  const bench = new Bench();
  ['a', 'b'].forEach(key => bench.serve(key, [BOX]));
  bench.painter.isBroken = true;
  bench.request('a');
  await bench.until(() => bench.troubles.length === 1);
  bench.painter.isBroken = false;
  bench.request('b');
  await bench.until(() => bench.painted.includes('b'));
  bench.engine.forget('all');
  expect(bench.troubles).toEqual(['no memory', null]);
  expect(bench.engine.pick('b', 20, 20)).toBeNull();
});

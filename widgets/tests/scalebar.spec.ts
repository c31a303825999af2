// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { positionText } from '../src/readout';
import { barFor, roundLength } from '../src/scalebar';

describe('roundLength', () => {
  it.each([
    [1, 1],
    [1.99, 1],
    [2, 2],
    [49.9, 20],
    [50, 50],
    [0.034, 0.02],
    [123456, 100000]
  ])('%d is at most %d', (limit, length) => {
    expect(roundLength(limit)).toBeCloseTo(length, 12);
  });
});

describe('barFor', () => {
  it('is never wider than 140 px and always wider than 50', () => {
    for (let zoom = -12; zoom <= 5; zoom += 0.25) {
      for (const mpp of [0.1, 0.2527, 0.5, 3.7]) {
        const { px } = barFor(2 ** zoom, mpp);
        expect(px).toBeGreaterThan(50);
        expect(px).toBeLessThanOrEqual(140.001);
      }
    }
  });

  it('says µm, mm and nm', () => {
    expect(barFor(1, 0.5).text).toBe('50 µm');
    expect(barFor(1, 0.5).px).toBe(100);
    expect(barFor(1 / 64, 0.5).text).toBe('2 mm');
    expect(barFor(512, 0.25).text).toBe('50 nm');
  });

  it('counts pixels where the size of a pixel is unknown', () => {
    expect(barFor(0.5, null)).toEqual({ px: 100, text: '200 px' });
  });
});

describe('positionText', () => {
  it('gives both units, or says that one is unknown', () => {
    expect(positionText(100.7, 20.4, [0.5, 0.25])).toBe('50.4, 5.1 µm  ·  100, 20 px');
    expect(positionText(100.7, 20.2, null)).toBe('100, 20 px (µm per pixel unknown)');
  });
});

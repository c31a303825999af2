// @vitest-environment jsdom
import * as L from 'leaflet';
import { afterEach, describe, expect, it } from 'vitest';
import { aligning, apply, growth, inverse, joinLink, linkSize, type Affine } from '../src/links';

const made: L.Map[] = [];

function makeMap(center: [number, number], zoom: number): L.Map {
  const node = document.createElement('div');
  Object.defineProperties(node, { clientWidth: { value: 400 }, clientHeight: { value: 300 } });
  document.body.append(node);
  const map = L.map(node, { crs: L.CRS.Simple, minZoom: -10, maxZoom: 10, zoomSnap: 0 });
  map.setView([-center[1], center[0]], zoom, { animate: false });
  made.push(map);
  return map;
}

function middle(map: L.Map): [number, number] {
  return [map.getCenter().lng, -map.getCenter().lat];
}

function expectMiddle(map: L.Map, [x, y]: readonly [number, number]): void {
  expect(middle(map)[0]).toBeCloseTo(x, 0);
  expect(middle(map)[1]).toBeCloseTo(y, 0);
}

afterEach(() => made.splice(0).forEach(map => map.remove()));

const TURNED: Affine = [0, -2, 5000, 2, 0, -300];

describe('affine maps', () => {
  it('are undone by their inverse', () => {
    const [x, y] = apply(inverse(TURNED), ...apply(TURNED, 17, 23));
    expect(x).toBeCloseTo(17);
    expect(y).toBeCloseTo(23);
    expect(growth(TURNED)).toBeCloseTo(1);
  });
});

describe('linked maps', () => {
  it('move and zoom together, whichever is moved', () => {
    const [a, b] = [makeMap([1000, 800], -2), makeMap([0, 0], 0)];
    const leave = [joinLink(a, 'g', [1, 0, 0, 0, 1, 0]), joinLink(b, 'g', TURNED)];
    expectMiddle(b, apply(inverse(TURNED), 1000, 800));
    expect(b.getZoom()).toBeCloseTo(-1);
    b.setView([-2000, 500], 2, { animate: false });
    expectMiddle(a, apply(TURNED, 500, 2000));
    expect(a.getZoom()).toBeCloseTo(1);
    leave.forEach(each => each());
  });

  it('move alone in another group, and after they left', () => {
    const [a, b, c] = [makeMap([0, 0], 0), makeMap([0, 0], 0), makeMap([0, 0], 0)];
    joinLink(a, 'one', [1, 0, 0, 0, 1, 0]);
    const leave = joinLink(b, 'one', [1, 0, 0, 0, 1, 0]);
    joinLink(c, 'two', [1, 0, 0, 0, 1, 0]);
    expect(linkSize('one')).toBe(2);
    leave();
    a.setView([-100, 100], 0, { animate: false });
    expectMiddle(b, [0, 0]);
    expectMiddle(c, [0, 0]);
    expect(linkSize('one')).toBe(1);
  });

  it('are laid on each other as they stand', () => {
    const [a, b] = [makeMap([100, 200], 0), makeMap([3000, 1000], 0)];
    const affine = aligning(a, 0.5, b, 0.25);
    const [x, y] = apply(affine, 100, 200);
    expect([x, y]).toEqual([3000, 1000]);
    expect(growth(affine)).toBeCloseTo(1);
  });
});

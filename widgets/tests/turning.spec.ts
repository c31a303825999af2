// @vitest-environment jsdom
import * as L from 'leaflet';
import { beforeEach, describe, expect, it } from 'vitest';
import { Turning, turningOf } from '../src/turning';

const [WIDTH, HEIGHT] = [900, 500];

function mapOf(): L.Map {
  const container = document.createElement('div');
  Object.defineProperties(container, { clientWidth: { value: WIDTH }, clientHeight: { value: HEIGHT } });
  document.body.append(container);
  return L.map(container, { crs: L.CRS.Simple, center: [-300, 400], zoom: 0, minZoom: -9, zoomSnap: 0 });
}

describe('a turned map', () => {
  let map: L.Map;
  let turning: Turning;
  const seen = (latlng: L.LatLngExpression): L.Point => turning.toScreen(map.latLngToContainerPoint(latlng));

  beforeEach(() => {
    map = mapOf();
    turning = new Turning(map);
  });

  it.each([
    [0, false],
    [90, false],
    [180, true],
    [270, true],
    [33, false],
    [301, true]
  ])('at %d° (flipped: %s) keeps its middle, and the screen leads back to the slide', (degrees, flipped) => {
    turning.set({ degrees, flipped });
    expect(map.getCenter().lat).toBeCloseTo(-300, 0);
    expect(map.getCenter().lng).toBeCloseTo(400, 0);
    for (const place of [L.point(0, 0), L.point(WIDTH, 0), L.point(123, 456)]) {
      const back = seen(map.containerPointToLatLng(turning.fromScreen(place)));
      expect(back.distanceTo(place)).toBeLessThan(1);
      const { x, y } = turning.fromScreen(place);
      const { x: width, y: height } = map.getSize();
      expect(x > -1 && y > -1 && x < width + 1 && y < height + 1).toBe(true);
    }
  });

  it('turns clockwise, and mirrors what is seen', () => {
    const right = L.latLng(-300, 500);
    turning.turnBy(90);
    expect(seen(right).distanceTo(L.point(WIDTH / 2, HEIGHT / 2 + 100))).toBeLessThan(1.5);
    turning.flip();
    expect(seen(right).distanceTo(L.point(WIDTH / 2, HEIGHT / 2 + 100))).toBeLessThan(1.5);
    const below = L.latLng(-400, 400);
    expect(seen(below).distanceTo(L.point(WIDTH / 2 + 100, HEIGHT / 2))).toBeLessThan(1.5);
    turning.flip();
    turning.turnBy(-90);
    expect(turning.isUpright).toBe(true);
  });

  it('finds the zoom at which some bounds just fit', () => {
    const bounds = L.latLngBounds([-3000, 0], [0, 4000]);
    for (const degrees of [30, 90, 222]) {
      turning.set({ degrees, flipped: degrees === 30 });
      const [cos, sin] = [Math.cos, Math.sin].map(f => Math.abs(f((degrees * Math.PI) / 180)));
      const [wide, high] = [4000 * cos! + 3000 * sin!, 4000 * sin! + 3000 * cos!];
      expect(2 ** map.getBoundsZoom(bounds)).toBeCloseTo(Math.min(WIDTH / wide, HEIGHT / high), 3);
    }
  });

  it('has no stage while it is upright, and leaves the map as it was', () => {
    const container = map.getContainer();
    turning.turnBy(45);
    expect(container.querySelector('.wsinb-stage .leaflet-map-pane')).not.toBeNull();
    turning.reset();
    expect(container.querySelector('.wsinb-stage')).toBeNull();
    turning.turnBy(45);
    turning.dispose();
    expect(container.querySelector(':scope > .leaflet-map-pane')).not.toBeNull();
    expect(map.getSize()).toEqual(L.point(WIDTH, HEIGHT));
    expect(turningOf(map)).toBeNull();
  });
});

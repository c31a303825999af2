/** One line that is measured, or an area once it is closed, with its text. */
import * as L from 'leaflet';
import { element } from '../dom';
import { toLatLng } from '../edit/features';
import { lineLength, ringArea } from '../shapesize';
import type { Position } from '../types';
import { areaText, countText, lengthText } from '../units';

export const MEASURE_PANE = 'wsinb-measures';
const DIGITS = 4;

export class Measurement {
  private readonly points: Position[];
  private readonly line: L.Polyline;
  private readonly casing: L.Polyline;
  private readonly dots = L.layerGroup();
  private readonly label: L.Marker;
  private readonly text = element('span', 'wsinb-measure-text');
  private closed = false;

  constructor(
    private readonly map: L.Map,
    private readonly mpp: [number, number] | null,
    first: Position
  ) {
    this.points = [first];
    const style = { pane: MEASURE_PANE, interactive: false, pmIgnore: true, fill: false };
    // seen against glass and tissue
    this.casing = L.polyline([], { ...style, color: '#fff', weight: 5, opacity: 0.8 }).addTo(map);
    this.line = L.polyline([], { ...style, color: '#111', weight: 2 }).addTo(map);
    this.dots.addTo(map);
    const upright = element('div', 'wsinb-upright');
    upright.append(this.text);
    const icon = L.divIcon({ className: 'wsinb-measure-label', iconSize: [0, 0], html: upright });
    const still = { pane: MEASURE_PANE, interactive: false, keyboard: false, pmIgnore: true };
    this.label = L.marker(toLatLng(first), { ...still, icon }).addTo(map);
    this.addDot(first);
    this.show(this.points);
  }

  /** Number of points that were set. */
  get n(): number {
    return this.points.length;
  }

  add(point: Position): void {
    this.points.push(point);
    this.addDot(point);
    this.show(this.points);
  }

  /** Show the line as it would be with a point at the pointer. */
  follow(point: Position): void {
    this.show([...this.points, point]);
  }

  finish(): void {
    this.show(this.points);
  }

  /** Make an area of the line. */
  close(): void {
    this.closed = true;
    this.show(this.points);
  }

  isFirst(at: L.LatLng, px: number): boolean {
    return this.isNear(at, this.points[0]!, px);
  }

  isLast(at: L.LatLng, px: number): boolean {
    return this.isNear(at, this.points[this.n - 1]!, px);
  }

  remove(): void {
    [this.casing, this.line, this.dots, this.label].forEach(layer => layer.remove());
  }

  private isNear(at: L.LatLng, point: Position, px: number): boolean {
    const [a, b] = [at, toLatLng(point)].map(latlng => this.map.latLngToLayerPoint(latlng));
    return a!.distanceTo(b!) <= px;
  }

  private addDot(point: Position): void {
    const style = { radius: 3, color: '#111', weight: 2, fillColor: '#fff', fillOpacity: 1 };
    const still = { pane: MEASURE_PANE, interactive: false, pmIgnore: true };
    this.dots.addLayer(L.circleMarker(toLatLng(point), { ...style, ...still }));
  }

  private show(points: Position[]): void {
    const path = this.closed ? [...points, points[0]!] : points;
    const latlngs = path.map(toLatLng);
    this.casing.setLatLngs(latlngs);
    this.line.setLatLngs(latlngs);
    this.label.setLatLng(latlngs[latlngs.length - 1]!);
    this.text.textContent = this.closed ? areaWords(path, this.mpp) : lengthWords(path, this.mpp);
    this.text.hidden = points.length < 2;
  }
}

/** The whole length, and the last piece where there are several. */
export function lengthWords(line: Position[], mpp: [number, number] | null): string {
  const told = (part: Position[]): string => {
    const length = lineLength(part, mpp ?? [1, 1]);
    return mpp ? lengthText(length, DIGITS) : `${countText(length)} px`;
  };
  return line.length > 2 ? `${told(line)} (last ${told(line.slice(-2))})` : told(line);
}

/** The area and outline of a closed ring. */
export function areaWords(ring: Position[], mpp: [number, number] | null): string {
  const area = ringArea(ring, mpp ?? [1, 1]);
  const said = mpp ? areaText(area, DIGITS) : `${countText(area)} px²`;
  return `${said}, outline ${lengthWords([...ring], mpp).replace(/ \(.*/, '')}`;
}

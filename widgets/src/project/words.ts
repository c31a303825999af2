/** What the panel says. */
import type { Progress, SlideRow } from './requests';

export function sizeText({ width, height, mpp }: SlideRow): string {
  const size = `${width} × ${height}`;
  return mpp ? `${size} · ${Number(mpp[0].toPrecision(3))} µm` : `${size} px`;
}

export function countText(n: number): string {
  return n === 0 ? 'no annotations' : n === 1 ? '1 annotation' : `${n.toLocaleString('en')} annotations`;
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "12 of 40 done, 3 in work". */
export function doneText(slides: readonly SlideRow[]): string {
  const count = (wanted: Progress): number => slides.filter(({ progress }) => progress === wanted).length;
  const inWork = count('in work');
  return `${count('done')} of ${slides.length} done${inWork > 0 ? `, ${inWork} in work` : ''}`;
}

/** All that is known of a slide, for its tooltip. */
export function slideTitle(slide: SlideRow): string {
  const metadata = Object.entries(slide.metadata)
    .filter(([name]) => name !== 'progress')
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const rest = metadata.length > MAX_LINES ? [...metadata.slice(0, MAX_LINES), '...'] : metadata;
  const scale = slide.mpp ? `${Number(slide.mpp[0].toPrecision(3))} µm per pixel` : 'scale unknown';
  const size = `${slide.width} × ${slide.height} px, ${scale}`;
  return [slide.name, slide.file, size, countText(slide.n), ...rest].join('\n');
}

const MAX_LINES = 12;

export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

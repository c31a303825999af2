/** Which slides the strip shows, and in which order. */
import { PROGRESS, type SlideRow } from './requests';

export const SORTS = ['name', 'progress', 'annotations'] as const;
export type Sort = (typeof SORTS)[number];

// "slide 2" comes before "slide 10"
const NAMES = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

const KEYS: Record<Sort, (slide: SlideRow) => number> = {
  name: () => 0,
  progress: slide => PROGRESS.indexOf(slide.progress),
  annotations: slide => -slide.n
};

/** The slides that fit to all words of a query, sorted; those that are equal go by name. */
export function arrange(slides: readonly SlideRow[], query: string, sort: Sort): SlideRow[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const key = KEYS[sort];
  return slides
    .filter(slide => words.length === 0 || fits(slide, words))
    .sort((a, b) => key(a) - key(b) || NAMES.compare(a.name, b.name));
}

function fits(slide: SlideRow, words: readonly string[]): boolean {
  const { name, file, progress, metadata } = slide;
  const text = [name, file, progress, ...texts(metadata)].join('\n').toLocaleLowerCase();
  return words.every(word => text.includes(word));
}

/** All names and values in metadata, whatever their form. */
function texts(value: unknown): string[] {
  if (value === null || value === undefined) {
    return [];
  }
  return typeof value === 'object'
    ? Object.entries(value).flatMap(([name, inner]) => [name, ...texts(inner)])
    : [String(value)];
}

/** The slide before or after another one in a list, or null at its ends. */
export function neighbour(slides: readonly SlideRow[], name: string | null, by: number): SlideRow | null {
  const at = slides.findIndex(slide => slide.name === name);
  return at < 0 ? null : (slides[at + by] ?? null);
}

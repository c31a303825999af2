/** Where a person asks to go: a position in pixels or µm, or an annotation. */
import type { SlideInfo } from './types';

export type Wanted =
  | { kind: 'position'; l0x: number; l0y: number }
  | { kind: 'annotation'; id: string }
  /** A sentence that says what is wrong. */
  | { kind: 'problem'; problem: string };

const NUMBER = '[+-]?(?:\\d+\\.?\\d*|\\.\\d+)';
const POSITION = new RegExp(
  `^\\(?\\s*(${NUMBER})\\s*(?:[,;]\\s*|\\s+)(${NUMBER})\\s*\\)?\\s*(px|µm|μm|um|mm)?$`,
  'i'
);
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const ID_PART = /^(?=.*[0-9a-f])[0-9a-f-]{4,36}$/i;

type Slide = Pick<SlideInfo, 'width' | 'height' | 'mpp'>;

/** Understand what was typed. */
export function wanted(text: string, slide: Slide): Wanted {
  const typed = text.trim();
  const position = POSITION.exec(typed);
  if (position) {
    return inSlide(Number(position[1]), Number(position[2]), position[3] ?? 'px', slide);
  }
  if (ID.test(typed)) {
    return { kind: 'annotation', id: typed.toLowerCase() };
  }
  if (ID_PART.test(typed) && /[a-f-]/i.test(typed)) {
    return problem(
      'This is the beginning of an id: give it whole, 36 characters like 0f8fad5b-d9cb-469f-a165-70867728950e.'
    );
  }
  return problem(
    'Type a position as "x, y", in pixels or with µm behind it, or the whole id of an annotation.'
  );
}

function inSlide(x: number, y: number, unit: string, { width, height, mpp }: Slide): Wanted {
  let [l0x, l0y] = [x, y];
  if (unit.toLowerCase() !== 'px') {
    if (!mpp) {
      return problem('The slide does not say how large its pixels are: give the position in pixels.');
    }
    const um = unit.toLowerCase() === 'mm' ? 1000 : 1;
    [l0x, l0y] = [(x * um) / mpp[0], (y * um) / mpp[1]];
  }
  if (l0x < 0 || l0y < 0 || l0x > width || l0y > height) {
    const um = mpp ? `, ${(width * mpp[0]).toFixed(0)} × ${(height * mpp[1]).toFixed(0)} µm` : '';
    return problem(`That is outside of the slide, which has ${width} × ${height} px${um}.`);
  }
  return { kind: 'position', l0x, l0y };
}

function problem(sentence: string): Wanted {
  return { kind: 'problem', problem: sentence };
}

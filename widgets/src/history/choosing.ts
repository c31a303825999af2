/** Conflicts on the slide: both sides drawn, and a click on one takes it. */
import type * as L from 'leaflet';
import { fromLatLng, positionsOf } from '../edit/features';
import { ConflictsPanel, type ConflictTexts } from '../panel/conflicts';
import type { Conflict, Position, Side } from '../types';
import { boxOfCase, Cases, sideFeature, type Case } from './cases';
import { SIDES } from './kinds';
import { nearestSide } from './nearest';
import { goTo, hitBox } from './place';
import { Sheet } from './sheet';
import { isInView, outline, tag, toScreen, type View } from './strokes';

const HIT_PX = 8;

export class Choosing {
  readonly panel: ConflictsPanel;
  private readonly sheet: Sheet;
  private cases: Cases | null = null;
  private texts: ConflictTexts | null = null;
  private answer: (cases: Cases | null) => void = () => undefined;

  constructor(private readonly map: L.Map) {
    this.panel = new ConflictsPanel({
      step: by => this.step(by),
      choose: (conflicts, side) => this.choose(conflicts, side),
      chooseAll: side => this.cases?.chooseAll(side),
      finish: () => this.end(this.cases),
      cancel: () => this.end(null)
    });
    this.sheet = new Sheet((context, view) => this.paint(context, view));
  }

  get active(): boolean {
    return this.cases !== null;
  }

  /** Resolves with a choice for each conflict, or with null when the person goes back. */
  ask(conflicts: readonly Conflict[], perField: boolean, texts: ConflictTexts): Promise<Cases | null> {
    this.end(null);
    const cases = new Cases(conflicts, perField);
    this.cases = cases;
    this.texts = texts;
    cases.changed.connect(this.redraw, this);
    this.panel.show(cases, texts);
    this.sheet.addTo(this.map);
    this.map.on('click', this.onClick, this);
    this.look();
    return new Promise(resolve => (this.answer = resolve));
  }

  step(by: 1 | -1): void {
    this.cases?.step(by);
    this.look();
  }

  dispose(): void {
    this.end(null);
  }

  private choose(conflicts: readonly Conflict[], side: Side): void {
    const { cases } = this;
    if (!cases) {
      return;
    }
    const { current } = cases;
    cases.choose(conflicts, side);
    const decided = current.conflicts.every(conflict => cases.choiceOf(conflict) !== null);
    if (decided && !cases.complete) {
      cases.advance();
      this.look();
    }
  }

  private look(): void {
    const box = this.cases && this.isHere(this.cases.current) ? boxOfCase(this.cases.current) : null;
    if (box) {
      goTo(this.map, box, this.panel.node);
    }
  }

  private isHere(one: Case): boolean {
    return one.slide === this.texts?.slide;
  }

  private redraw(): void {
    this.sheet.redraw();
  }

  private end(cases: Cases | null): void {
    if (!this.cases) {
      return;
    }
    this.cases.changed.disconnect(this.redraw, this);
    this.cases = this.texts = null;
    this.map.off('click', this.onClick, this);
    this.sheet.remove();
    this.panel.hide();
    this.answer(cases);
  }

  /** A click on one of the two outlines takes that side; elsewhere it shows the conflict that is there. */
  private onClick({ latlng }: L.LeafletMouseEvent): void {
    const { cases } = this;
    if (!cases) {
      return;
    }
    const slack = HIT_PX / 2 ** this.map.getZoom();
    const place = fromLatLng(latlng);
    const here = cases.all.filter(one => this.isHere(one));
    const one = hitBox(place, [cases.current], boxOfCase, slack) ?? hitBox(place, here, boxOfCase, slack);
    if (!one) {
      return;
    }
    if (one !== cases.current) {
      cases.show(one);
      return;
    }
    const side = nearestSide(one, place, slack);
    if (side) {
      this.choose(one.conflicts, side);
    }
  }

  private paint(context: CanvasRenderingContext2D, view: View): void {
    const { cases, texts } = this;
    if (!cases || !texts) {
      return;
    }
    for (const one of cases.all) {
      const box = this.isHere(one) && one !== cases.current ? boxOfCase(one) : null;
      if (box && isInView(box, view)) {
        paintCase(context, one, cases.choiceFor(one), view, null);
      }
    }
    if (this.isHere(cases.current)) {
      paintCase(context, cases.current, cases.choiceFor(cases.current), view, texts.names);
    }
  }
}

function paintCase(
  context: CanvasRenderingContext2D,
  one: Case,
  choice: Side | null,
  view: View,
  names: { ours: string; theirs: string } | null
): void {
  for (const side of ['base', 'theirs', 'ours'] as const) {
    const geometry = sideFeature(one, side)?.geometry;
    if (!geometry || (side === 'base' && !names)) {
      continue;
    }
    const left = choice !== null && choice !== side;
    context.globalAlpha = left ? 0.4 : 1;
    outline(context, geometry, view, SIDES[side], {
      fill: choice === side ? 0.18 : 0,
      heavier: names && !left ? 0 : -1
    });
    context.globalAlpha = 1;
  }
  if (names) {
    (['base', 'theirs', 'ours'] as const).forEach(side => nameSide(context, one, side, view, names));
  }
}

/** A word at the outline: at its top, its right end or its bottom, so that no word covers another. */
function nameSide(
  context: CanvasRenderingContext2D,
  one: Case,
  side: 'base' | Side,
  view: View,
  names: { ours: string; theirs: string }
): void {
  const positions = positionsOf(sideFeature(one, side)?.geometry ?? null);
  if (positions.length === 0) {
    return;
  }
  const rank = { ours: ([, y]: Position) => y, theirs: ([x]: Position) => -x, base: ([, y]: Position) => -y };
  const at = toScreen(
    positions.reduce((best, position) => (rank[side](position) < rank[side](best) ? position : best)),
    view
  );
  const by = { ours: [0, -6], theirs: [8, 9], base: [0, 24] }[side] as Position;
  const text = side === 'base' ? 'before' : names[side];
  tag(context, text, { at, by, upright: view.upright }, SIDES[side].color);
}

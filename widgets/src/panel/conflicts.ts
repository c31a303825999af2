/** Two sides of the same annotation, one after the other, and the choice between them. */
import { element, textButton } from '../dom';
import type { Cases } from '../history/cases';
import { isFeature } from '../history/cases';
import { SIDES } from '../history/kinds';
import { fieldChange, fieldName, valueText, whereText } from '../history/words';
import type { Conflict, Feature, Side } from '../types';
import { sample } from './sample';
import { Stepper } from './stepper';

/** How the two sides are called. */
export interface SideNames {
  ours: string;
  theirs: string;
  keepOurs: string;
  takeTheirs: string;
}

export interface ConflictsActions {
  step: (by: 1 | -1) => void;
  choose: (conflicts: readonly Conflict[], side: Side) => void;
  chooseAll: (side: Side) => void;
  finish: () => void;
  cancel: () => void;
}

export interface ConflictTexts {
  sentence: string;
  names: SideNames;
  /** What the last button does: "Save". */
  finish: string;
  /** The slide that is open: conflicts of others are told, not drawn. */
  slide: string;
  mpp: number | null;
}

export class ConflictsPanel {
  readonly node = element('div', 'wsinb-panel wsinb-surface wsinb-conflicts');
  private cases: Cases | null = null;
  private texts: ConflictTexts | null = null;

  constructor(private readonly actions: ConflictsActions) {
    this.node.hidden = true;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'Conflicts');
  }

  show(cases: Cases, texts: ConflictTexts): void {
    this.hide();
    this.cases = cases;
    this.texts = texts;
    cases.changed.connect(this.render, this);
    this.node.hidden = false;
    this.render();
  }

  hide(): void {
    this.cases?.changed.disconnect(this.render, this);
    this.cases = this.texts = null;
    this.node.hidden = true;
  }

  private render(): void {
    if (this.cases && this.texts) {
      this.node.replaceChildren(
        this.head(this.texts),
        this.caseSection(this.cases, this.texts),
        this.foot(this.cases, this.texts)
      );
    }
  }

  private head({ sentence, names }: ConflictTexts): HTMLElement {
    const section = element('section', 'wsinb-section');
    const legend = element('div', 'wsinb-legend');
    for (const [side, name] of [
      ['ours', names.ours],
      ['theirs', names.theirs],
      ['base', 'before']
    ] as const) {
      const row = element('div', 'wsinb-legend-row');
      row.append(sample(SIDES[side]), element('span', 'wsinb-legend-name', name));
      legend.append(row);
    }
    section.append(element('p', 'wsinb-sentence', sentence), legend);
    return section;
  }

  private caseSection(cases: Cases, texts: ConflictTexts): HTMLElement {
    const section = element('section', 'wsinb-section wsinb-details');
    const stepper = new Stepper(this.actions.step, 'conflict');
    stepper.set(cases.position, cases.all.length);
    const one = cases.current;
    const elsewhere = whereText(one, texts.slide);
    section.append(stepper.node);
    if (elsewhere) {
      section.append(element('p', 'wsinb-hint', elsewhere));
    }
    // a commit takes one side of an annotation, a merge one of each field
    const groups = cases.perField ? one.conflicts.map(conflict => [conflict]) : [one.conflicts];
    section.append(...groups.map(group => this.choiceBlock(cases, group, texts)));
    return section;
  }

  /** What both sides made of some fields, and the choice between them. */
  private choiceBlock(cases: Cases, conflicts: readonly Conflict[], texts: ConflictTexts): HTMLElement {
    const block = element('div', 'wsinb-choice');
    const { names } = texts;
    const chosen = cases.choiceOf(conflicts[0]!);
    const sides: [Side, string, string][] = [
      ['ours', names.keepOurs, names.ours],
      ['theirs', names.takeTheirs, names.theirs]
    ];
    for (const [side, text, name] of sides) {
      const row = element('div', 'wsinb-side');
      row.dataset.side = side;
      const said = element('div', 'wsinb-side-text');
      said.append(element('span', 'wsinb-side-name', name));
      conflicts.forEach(conflict => said.append(element('div', '', sideText(conflict, side, texts.mpp))));
      const button = textButton(text, text, () => this.actions.choose(conflicts, side));
      button.setAttribute('aria-pressed', String(chosen === side));
      row.append(said, button);
      block.append(row);
    }
    return block;
  }

  private foot(cases: Cases, { names, finish }: ConflictTexts): HTMLElement {
    const section = element('section', 'wsinb-section wsinb-form');
    if (cases.all.length > 1) {
      const all = element('div', 'wsinb-row wsinb-gap');
      all.append(
        element('span', 'wsinb-state', 'For all'),
        textButton(names.keepOurs, `${names.keepOurs} for all`, () => this.actions.chooseAll('ours')),
        textButton(names.takeTheirs, `${names.takeTheirs} for all`, () => this.actions.chooseAll('theirs'))
      );
      section.append(all);
    }
    const row = element('div', 'wsinb-row wsinb-gap');
    const done = textButton(finish, `${finish} with these choices`, this.actions.finish);
    done.classList.add('wsinb-mod-accept');
    done.disabled = !cases.complete;
    row.append(
      element('span', 'wsinb-state', `${cases.decided} of ${cases.all.length} chosen`),
      textButton('Back', 'Change nothing, and go back', this.actions.cancel),
      done
    );
    section.append(row);
    return section;
  }
}

/** What one side made of it. */
function sideText(conflict: Conflict, side: Side, mpp: number | null): string {
  const { field } = conflict;
  const [base, value] = [conflict.base, conflict[side]];
  if (value === null || value === undefined) {
    return 'deleted';
  }
  if (!isFeature(value)) {
    return valueText(value);
  }
  const before: Feature | null = isFeature(base) ? base : null;
  if (field === null) {
    return before ? `changed (${value.label ?? 'no label'})` : `added (${value.label ?? 'no label'})`;
  }
  return `${fieldName(field)} ${fieldChange(field, before, value, mpp).after}`;
}

/** The legend of a difference, the step to the next change, and what that change is. */
import { element, iconButton, textButton } from '../dom';
import type { Changes } from '../history/changes';
import { loadedText } from '../history/changes';
import { KIND_ORDER, KINDS, OLD_PLACE } from '../history/kinds';
import { fieldChange } from '../history/words';
import { closeIcon } from '../icons';
import type { Change, ChangeKind } from '../types';
import { sample } from './sample';
import { Stepper } from './stepper';

export interface ChangesActions {
  step: (by: 1 | -1) => void;
  restore: (change: Change) => void;
  close: () => void;
}

export class ChangesPanel {
  readonly node = element('div', 'wsinb-panel wsinb-surface wsinb-changes');
  private readonly title = element('p', 'wsinb-subtitle');
  private readonly legend = element('div', 'wsinb-legend');
  private readonly stepper: Stepper;
  private readonly details = element('section', 'wsinb-section wsinb-details');
  private readonly loaded = element('div', 'wsinb-loaded');
  private readonly boxes = new Map<
    ChangeKind,
    { input: HTMLInputElement; row: HTMLElement; n: HTMLElement }
  >();
  private changes: Changes | null = null;
  private mpp: number | null = null;

  constructor(private readonly actions: ChangesActions) {
    this.stepper = new Stepper(actions.step, 'change');
    const head = element('div', 'wsinb-section-head');
    head.append(
      element('h3', 'wsinb-heading', 'Changes'),
      iconButton(closeIcon, 'Close the comparison', actions.close)
    );
    const section = element('section', 'wsinb-section');
    KIND_ORDER.forEach(kind => this.legend.append(this.legendRow(kind)));
    section.append(head, this.title, this.legend, this.loaded);
    const stepping = element('section', 'wsinb-section');
    stepping.append(this.stepper.node);
    this.node.append(section, stepping, this.details);
    this.node.hidden = true;
  }

  show(changes: Changes, title: string, mpp: number | null): void {
    this.hide();
    this.changes = changes;
    this.mpp = mpp;
    this.title.textContent = title;
    this.title.title = title;
    changes.changed.connect(this.render, this);
    this.node.hidden = false;
    this.render();
  }

  hide(): void {
    this.changes?.changed.disconnect(this.render, this);
    this.changes = null;
    this.node.hidden = true;
  }

  private legendRow(kind: ChangeKind): HTMLElement {
    const style = KINDS[kind];
    const row = element('label', 'wsinb-legend-row');
    row.dataset.kind = kind;
    const input = element('input', '');
    input.type = 'checkbox';
    input.addEventListener('change', () => this.changes?.toggle(kind));
    const n = element('span', 'wsinb-count');
    const stroke =
      kind === 'moved' ? sample(style, { from: OLD_PLACE }) : sample(style, { sign: style.sign });
    row.append(input, stroke, element('span', 'wsinb-legend-name', style.name), n);
    this.boxes.set(kind, { input, row, n });
    return row;
  }

  private render(): void {
    const { changes } = this;
    if (!changes) {
      return;
    }
    const counts = changes.counts();
    for (const [kind, { input, row, n }] of this.boxes) {
      const { n: count, exact } = counts[kind];
      input.checked = !changes.isHidden(kind);
      row.classList.toggle('wsinb-mod-none', count === 0 && exact);
      n.textContent = count.toLocaleString('en') + (exact ? '' : '+');
      n.title = exact ? '' : 'So many among the loaded ones';
    }
    this.stepper.set(changes.position, changes.shown.length);
    this.renderLoaded(changes);
    this.renderDetails(changes);
  }

  private renderLoaded(changes: Changes): void {
    const text = loadedText(changes.all.length, changes.total);
    this.loaded.hidden = text === '';
    const more = textButton(
      changes.busy ? 'Loading …' : 'Load more',
      'Load more changes',
      () => void changes.loadMore().catch(() => undefined)
    );
    more.disabled = changes.busy;
    this.loaded.replaceChildren(element('span', '', text), more);
  }

  private renderDetails(changes: Changes): void {
    const change = changes.current;
    if (!change) {
      const nothing =
        changes.total === 0
          ? 'Both versions are the same on this slide.'
          : 'Step through, or click one on the slide.';
      this.details.replaceChildren(element('p', 'wsinb-hint', nothing));
      return;
    }
    const head = element('div', 'wsinb-row');
    const label = (change.after ?? change.before)?.label ?? 'no label';
    head.append(element('span', 'wsinb-kind', KINDS[change.kind].name), element('span', 'wsinb-what', label));
    head.title = change.id;
    this.details.replaceChildren(head, ...this.fieldRows(change), ...this.restoreRow(changes, change));
  }

  private fieldRows(change: Change): HTMLElement[] {
    if (!change.before || !change.after) {
      return change.box ? [] : [element('p', 'wsinb-hint', 'A label of the whole image')];
    }
    const table = element('dl', 'wsinb-fields');
    for (const field of change.fields) {
      const { name, before, after } = fieldChange(field, change.before, change.after, this.mpp);
      const value = element('dd', '');
      value.append(
        element('span', 'wsinb-before', before),
        element('span', 'wsinb-arrow', ' → '),
        element('span', 'wsinb-after', after)
      );
      table.append(element('dt', '', name), value);
    }
    return [table];
  }

  private restoreRow(changes: Changes, change: Change): HTMLElement[] {
    if (!change.before) {
      return [];
    }
    if (changes.isRestored(change.id)) {
      return [element('p', 'wsinb-hint', 'Restored, as a new version.')];
    }
    const title =
      change.kind === 'deleted'
        ? 'Bring it back as it was, as a new version'
        : 'Make it again what it was before, as a new version';
    return [textButton('Restore', title, () => this.actions.restore(change))];
  }
}

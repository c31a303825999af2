/** The list of labels: colour, name, key, count, visibility; and a form to add one. */
import { element, iconButton } from '../dom';
import { addIcon, eyeIcon, eyeOffIcon } from '../icons';
import { UNLABELLED_COLOR, type Labels } from '../labels';
import type { LabelInfo, ShapeKind } from '../types';

/** What the shapes of a label can be drawn as. */
const SHAPES: readonly [ShapeKind, string][] = [
  ['polygon', 'Polygons'],
  ['rectangle', 'Rectangles'],
  ['circle', 'Circles'],
  ['polyline', 'Lines'],
  ['point', 'Points'],
  ['image', 'Whole image']
];

export class Palette {
  readonly node = element('section', 'wsinb-section');
  private readonly list = element('div', 'wsinb-labels');
  private readonly form = new LabelForm();
  private counts: Record<string, number> = {};

  constructor(
    private readonly labels: Labels,
    private readonly choose: (name: string | null) => void,
    add: (label: LabelInfo) => void
  ) {
    const head = element('div', 'wsinb-section-head');
    const plus = iconButton(addIcon, 'Add a label', () => this.form.open(labels));
    head.append(element('h3', 'wsinb-heading', 'Labels'), plus);
    this.list.setAttribute('role', 'radiogroup');
    this.list.setAttribute('aria-label', 'Label of new shapes');
    this.node.append(head, this.list, this.form.node);
    this.form.onSubmit = add;
    labels.changed.connect(this.render, this);
    this.render();
  }

  /** How many stored annotations each label has in the shown version. */
  setCounts(counts: Record<string, number>): void {
    this.counts = counts;
    this.render();
  }

  dispose(): void {
    this.labels.changed.disconnect(this.render, this);
  }

  private render(): void {
    const focused = this.focused();
    const known = this.labels.all.map(label => label.name);
    // a job may have written labels that the project's list lacks
    const foreign = Object.keys(this.counts).filter(name => name !== '' && !known.includes(name));
    this.list.replaceChildren(
      this.row(null, 'No label', UNLABELLED_COLOR, null),
      ...this.labels.all
        .filter(label => label.active !== false)
        .map(label => this.row(label.name, label.name, label.color, label.key, label.description)),
      ...foreign.map(name => this.row(name, name, UNLABELLED_COLOR, null))
    );
    if (focused) {
      const row = [...this.list.children].find(node => (node as HTMLElement).dataset.label === focused.label);
      row?.querySelector<HTMLElement>(focused.part)?.focus({ preventScroll: true });
    }
  }

  /** Which row has the keyboard, and which button in it: drawing the list anew must not take it away. */
  private focused(): { label: string; part: string } | null {
    const active = document.activeElement;
    const row = active?.closest<HTMLElement>('.wsinb-label');
    if (!row || !this.list.contains(row)) {
      return null;
    }
    const part = active!.matches('.wsinb-eye') ? '.wsinb-eye' : '.wsinb-label-button';
    return { label: row.dataset.label ?? '', part };
  }

  private row(
    name: string | null,
    text: string,
    color: string,
    key: string | null,
    description?: string
  ): HTMLDivElement {
    const row = element('div', 'wsinb-label');
    row.dataset.label = name ?? '';
    const button = element('button', 'wsinb-label-button');
    button.type = 'button';
    button.setAttribute('role', 'radio');
    button.setAttribute('aria-checked', String(name === this.labels.current));
    button.title = [description, key ? `Key: ${key}` : ''].filter(Boolean).join(' · ') || text;
    const swatch = element('span', 'wsinb-swatch');
    swatch.style.backgroundColor = color;
    button.append(swatch, element('span', 'wsinb-label-name', text));
    if (key) {
      button.append(element('kbd', 'wsinb-key', key));
    }
    button.addEventListener('click', () => this.choose(name));
    const count = this.counts[name ?? ''];
    row.append(button, element('span', 'wsinb-count', count ? count.toLocaleString('en') : ''));
    row.append(name === null ? element('span', 'wsinb-eye-gap') : this.eye(name));
    return row;
  }

  private eye(name: string): HTMLButtonElement {
    const hidden = this.labels.isHidden(name);
    const button = iconButton(hidden ? eyeOffIcon : eyeIcon, `${hidden ? 'Show' : 'Hide'} ${name}`, () =>
      this.labels.toggleHidden(name)
    );
    button.classList.add('wsinb-eye');
    button.setAttribute('aria-pressed', String(hidden));
    return button;
  }
}

/** Names a new label, with its colour, key and the shape that it is drawn as. */
class LabelForm {
  readonly node = element('form', 'wsinb-label-form');
  onSubmit: (label: LabelInfo) => void = () => undefined;
  private readonly color = element('input', 'wsinb-color');
  private readonly name = element('input', 'wsinb-input');
  private readonly shape = element('select', 'wsinb-input');
  private readonly key = element('input', 'wsinb-input wsinb-key-input');
  private labels: Labels | null = null;

  constructor() {
    this.node.hidden = true;
    this.color.type = 'color';
    this.color.title = 'Colour';
    this.name.placeholder = 'Name of the label';
    this.name.setAttribute('aria-label', 'Name of the label');
    this.name.required = true;
    this.name.maxLength = 200;
    this.shape.title = 'What it is drawn as: choosing the label takes this tool';
    this.shape.append(...SHAPES.map(([shape, name]) => new Option(name, shape)));
    this.key.placeholder = 'Key';
    this.key.title = 'Key that chooses the label; empty for none';
    this.key.maxLength = 1;
    const submit = element('button', 'wsinb-button wsinb-mod-accept', 'Add');
    submit.type = 'submit';
    this.node.append(this.color, this.name, this.shape, this.key, submit);
    this.name.addEventListener('input', () => {
      this.key.value = this.labels?.suggestKey(this.name.value) ?? '';
    });
    this.node.addEventListener('submit', event => {
      event.preventDefault();
      this.submit();
    });
    this.node.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        event.stopPropagation();
        this.node.hidden = true;
      }
    });
  }

  open(labels: Labels): void {
    this.labels = labels;
    this.name.value = this.key.value = '';
    this.color.value = labels.suggestColor();
    this.node.hidden = !this.node.hidden;
    if (!this.node.hidden) {
      this.name.focus();
    }
  }

  private submit(): void {
    const name = this.name.value.trim();
    if (name) {
      this.node.hidden = true;
      const shape = this.shape.value as ShapeKind;
      this.onSubmit({ name, color: this.color.value, key: this.key.value.trim() || null, shape });
    }
  }
}

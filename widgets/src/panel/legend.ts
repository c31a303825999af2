/** What the colours of annotations mean: a list of categories to hide and colour, or a range of numbers. */
import { BUILT_IN, type Category, type Scheme } from '../coloring';
import { element } from '../dom';
import { VIRIDIS } from '../vector/colors';

/** More would be no legend any more. */
const MOST = 200;

export interface LegendActions {
  toggle: (category: Category) => void;
  /** Gives a category a CSS colour; null where colours come from elsewhere. */
  recolor: ((category: Category, color: string) => void) | null;
}

export class Legend {
  readonly node = element('div', 'wsinb-color-legend');
  private shown = '';

  show(scheme: Scheme, actions: LegendActions): void {
    const wanted = JSON.stringify(scheme);
    if (wanted !== this.shown) {
      this.shown = wanted;
      keepingFocus(this.node, () =>
        this.node.replaceChildren(
          ...(scheme.kind === 'number' ? ramp(scheme) : categories(scheme.categories, actions))
        )
      );
    }
  }
}

function ramp({ by, min, max, unit }: Extract<Scheme, { kind: 'number' }>): HTMLElement[] {
  const bar = element('div', 'wsinb-ramp');
  bar.style.background = `linear-gradient(to right, ${VIRIDIS.join(', ')})`;
  const ends = element('div', 'wsinb-ramp-ends');
  const text = (value: number): string => String(Number(value.toPrecision(4)));
  ends.append(
    element('span', '', text(min)),
    element('span', '', unit ?? ''),
    element('span', '', text(max))
  );
  if (BUILT_IN.includes(by)) {
    return [bar, ends];
  }
  return [bar, ends, element('div', 'wsinb-legend-rest', 'Grey: no value, or counts; zoom in for shapes.')];
}

function categories(all: Category[], actions: LegendActions): HTMLElement[] {
  const rows = all.slice(0, MOST).map(category => row(category, actions));
  const rest = all.length - rows.length;
  return rest > 0
    ? [...rows, element('div', 'wsinb-legend-rest', `and ${rest.toLocaleString('en')} more`)]
    : rows;
}

function row(category: Category, { toggle, recolor }: LegendActions): HTMLElement {
  const { name, color, hidden, count } = category;
  const text = name ?? 'none';
  const node = element('div', hidden ? 'wsinb-category wsinb-mod-hidden' : 'wsinb-category');
  const button = element('button', 'wsinb-category-button');
  button.type = 'button';
  button.dataset.key = `show ${text}`;
  button.title = `${hidden ? 'Show' : 'Hide'} ${text}`;
  button.setAttribute('aria-pressed', String(!hidden));
  button.append(
    element('span', 'wsinb-category-name', text),
    element('span', 'wsinb-count', count === null ? '' : count.toLocaleString('en'))
  );
  button.addEventListener('click', () => toggle(category));
  node.append(recolor && name !== null ? colorInput(category, recolor) : swatch(color), button);
  return node;
}

function swatch(color: string): HTMLElement {
  const node = element('span', 'wsinb-swatch');
  node.style.backgroundColor = color;
  return node;
}

function colorInput(category: Category, recolor: NonNullable<LegendActions['recolor']>): HTMLElement {
  const input = element('input', 'wsinb-swatch wsinb-swatch-input');
  input.type = 'color';
  input.value = category.color;
  input.dataset.key = `color ${category.name}`;
  input.title = `Colour of ${category.name}`;
  input.setAttribute('aria-label', input.title);
  input.addEventListener('change', () => recolor(category, input.value));
  return input;
}

/** What has the focus is found again by its key. */
function keepingFocus(node: HTMLElement, change: () => void): void {
  const { activeElement } = document;
  const key =
    activeElement instanceof HTMLElement && node.contains(activeElement)
      ? activeElement.dataset.key
      : undefined;
  change();
  if (key !== undefined) {
    [...node.querySelectorAll<HTMLElement>('[data-key]')].find(found => found.dataset.key === key)?.focus();
  }
}

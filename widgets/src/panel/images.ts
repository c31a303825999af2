/** The labels of the whole image, as chips that can be taken away. */
import { element, iconButton } from '../dom';
import { closeIcon } from '../icons';

export interface ImageLabel {
  label: string | null;
  color: string;
  unsaved: boolean;
  remove: () => void;
}

export class ImageLabels {
  readonly node = element('section', 'wsinb-section');
  private readonly chips = element('div', 'wsinb-chips');

  constructor() {
    this.node.append(element('h3', 'wsinb-heading', 'Whole image'), this.chips);
    this.set([]);
  }

  set(labels: ImageLabel[]): void {
    this.node.hidden = labels.length === 0;
    this.chips.replaceChildren(...labels.map(chip));
  }
}

function chip({ label, color, unsaved, remove }: ImageLabel): HTMLElement {
  const node = element('span', unsaved ? 'wsinb-chip wsinb-mod-unsaved' : 'wsinb-chip');
  const swatch = element('span', 'wsinb-swatch');
  swatch.style.backgroundColor = color;
  const text = label ?? 'No label';
  node.append(swatch, element('span', 'wsinb-chip-name', text));
  node.append(iconButton(closeIcon, `Take ${text} away from the whole image`, remove));
  return node;
}

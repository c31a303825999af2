/** A name that opens and closes what belongs to it. */
import { element } from '../dom';
import { strokeIcon } from '../icons';

const openIcon = strokeIcon('open-layer', '<path d="M9 6l6 6-6 6"/>');

export function expander(
  name: string,
  title: string,
  details: HTMLElement,
  isOpen = false
): HTMLButtonElement {
  const button = element('button', 'wsinb-layer-button');
  button.type = 'button';
  button.title = title;
  const arrow = element('span', 'wsinb-layer-arrow');
  openIcon.element({ container: arrow });
  button.append(arrow, element('span', 'wsinb-category-name', name));
  const open = (isNow: boolean): void => {
    details.hidden = !isNow;
    button.setAttribute('aria-expanded', String(isNow));
  };
  button.addEventListener('click', () => open(details.hidden));
  open(isOpen);
  return button;
}

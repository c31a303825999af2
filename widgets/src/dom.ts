/** Small helpers for plain DOM; text is always inserted as text. */
import type { LabIcon } from '@jupyterlab/ui-components';

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  text?: string
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  node.className = className;
  if (text !== undefined) {
    node.textContent = text;
  }
  return node;
}

/** A button with an icon; the title is its tooltip and what a screen reader says. */
export function iconButton(icon: LabIcon, title: string, onClick: () => void): HTMLButtonElement {
  const button = element('button', 'wsinb-icon-button');
  button.type = 'button';
  button.title = title;
  button.setAttribute('aria-label', title);
  icon.element({ container: button });
  button.addEventListener('click', onClick);
  return button;
}

export function textButton(text: string, title: string, onClick: () => void): HTMLButtonElement {
  const button = element('button', 'wsinb-button', text);
  button.type = 'button';
  button.title = title;
  button.addEventListener('click', onClick);
  return button;
}

/** The page of keys, and the keys that move the view. */
import * as L from 'leaflet';
import { element, iconButton } from '../dom';
import { closeIcon, strokeIcon } from '../icons';
import { ANY_LETTER, type Binding } from '../keys';
import type { Disposable, Scene } from '../scene';
import { zoomStep } from '../zoom';

const keyboardIcon = strokeIcon(
  'keys',
  '<rect x="2.500" y="6" width="19" height="12" rx="1.500"/><path d="M6.500 10h.01M10 10h.01M14 10h.01M17.500 10h.01M8 14h8"/>'
);
const PAN_PX = 80;
/** With Shift, the view moves by so many times more. */
const FAR = 4;
const ARROWS: readonly [string, string, number, number][] = [
  ['ArrowLeft', 'left', -1, 0],
  ['ArrowRight', 'right', 1, 0],
  ['ArrowUp', 'up', 0, -1],
  ['ArrowDown', 'down', 0, 1]
];
const CAPS: Record<string, string> = {
  ...{ ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', [ANY_LETTER]: 'A … Z' }
};

export function keysPagePart(scene: Scene): Disposable {
  const page = new KeysPage(scene);
  const bindings = scene.keys.add(...viewBindings(scene), {
    ...{ keys: '?', title: 'This page', group: 'Help' },
    act: () => page.toggle()
  });
  return {
    dispose: () => {
      bindings.dispose();
      page.dispose();
    }
  };
}

function viewBindings({ map, turning, fit }: Scene): Binding[] {
  const group = 'Looking';
  const pan = (x: number, y: number, times: number) => (): void => {
    map.panBy(turning.turnedBack(L.point(x, y).multiplyBy(PAN_PX * times)));
  };
  const arrows = ARROWS.flatMap(([keys, where, x, y]) => [
    // asked first: the plain name of the key means it with Shift as well
    { keys: `Shift+${keys}`, title: '', group, act: pan(x, y, FAR) },
    { keys, title: `Move ${where}, with Shift far`, group, act: pan(x, y, 1) }
  ]);
  return [
    ...arrows,
    { keys: '+', title: 'Zoom in', group, act: () => zoomStep(map, 1) },
    { keys: '=', title: '', group, act: () => zoomStep(map, 1) },
    { keys: '-', title: 'Zoom out', group, act: () => zoomStep(map, -1) },
    { keys: 'Home', title: 'Show the whole slide', group, act: fit }
  ];
}

class KeysPage {
  private readonly shade = element('div', 'wsinb-shade');
  private readonly dialog = element('div', 'wsinb-keys-page wsinb-surface');
  private readonly list = element('div', 'wsinb-keys-groups');
  private readonly closer: HTMLButtonElement;

  constructor(private readonly scene: Scene) {
    const head = element('div', 'wsinb-section-head');
    this.closer = iconButton(closeIcon, 'Close (Esc)', () => this.close());
    head.append(element('h3', 'wsinb-heading', 'Keys'), this.closer);
    this.dialog.setAttribute('role', 'dialog');
    this.dialog.setAttribute('aria-modal', 'true');
    this.dialog.setAttribute('aria-label', 'Keys of the slide viewer');
    // the list may be longer than the picture is high
    this.list.tabIndex = 0;
    this.dialog.append(head, this.list);
    this.shade.append(this.dialog);
    this.shade.hidden = true;
    this.shade.addEventListener('keydown', this.onKey);
    this.shade.addEventListener('click', event => {
      if (event.target === this.shade) {
        this.close();
      }
    });
    scene.lay(this.shade);
    const button = iconButton(keyboardIcon, 'Keys (?)', () => this.toggle());
    button.dataset.tool = 'keys';
    scene.toolbar.add('panels', button);
  }

  toggle(): void {
    if (this.shade.hidden) {
      this.list.replaceChildren(...groups(this.scene.keys.all));
      this.shade.hidden = false;
      this.closer.focus();
    } else {
      this.close();
    }
  }

  dispose(): void {
    this.shade.remove();
  }

  private close(): void {
    this.shade.hidden = true;
    this.scene.map.getContainer().focus({ preventScroll: true });
  }

  /** Nothing else listens while the page is open; Tab goes round in it. */
  private readonly onKey = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === 'Escape' || event.key === '?') {
      event.preventDefault();
      this.close();
    } else if (event.key === 'Tab') {
      event.preventDefault();
      (document.activeElement === this.closer ? this.list : this.closer).focus();
    }
  };
}

/** One table for each group, in the order in which they were added. */
function groups(bindings: readonly Binding[]): HTMLElement[] {
  const named = bindings.filter(({ title }) => title !== '');
  return [...new Set(named.map(({ group }) => group))].map(group => {
    const node = element('section', 'wsinb-keys-group');
    const table = element('dl', 'wsinb-keys-list');
    for (const { keys, title } of named.filter(binding => binding.group === group)) {
      const caps = element('dt', 'wsinb-caps');
      caps.append(...capsOf(keys).map(cap => element('kbd', 'wsinb-key', cap)));
      table.append(caps, element('dd', '', title));
    }
    node.append(element('h4', 'wsinb-heading', group), table);
    return node;
  });
}

function capsOf(keys: string): string[] {
  const parts = keys === '+' ? ['+'] : keys.split('+');
  return parts.map(part => CAPS[part] ?? part);
}

/** What lies over the picture: tools at the left, pages at the right, the strip below, sentences. */
import * as L from 'leaflet';
import { element, iconButton } from './dom';
import type { Drawing } from './edit/draw';
import * as icons from './icons';
import { drawTools } from './panel/drawtools';
import { Tabs } from './panel/tabs';
import { Toolbar } from './panel/toolbar';
import type { Disposable } from './scene';
import { zoomStep } from './zoom';

/** In a narrower viewer the panel would hide the slide: it starts closed. */
const NARROW_PX = 600;

export interface Furnishing {
  drawing: Drawing;
  /** What the page of labels holds, and what stays below all pages. */
  labels: readonly HTMLElement[];
  below: HTMLElement;
  /** Further panels. */
  others: readonly HTMLElement[];
  /** Sentences about what is shown. */
  messages: HTMLElement;
  fit: () => void;
  labelImage: () => void;
  toggleHistory: () => void;
}

export class Furniture {
  readonly root = element('div', 'wsinb-root');
  readonly toolbar = new Toolbar();
  readonly tabs = new Tabs();
  /** The strip at the bottom left. */
  readonly status = element('div', 'wsinb-status wsinb-surface');
  /** At the bottom right. */
  readonly corner = element('div', 'wsinb-corner');
  private historyButton: HTMLButtonElement | null = null;

  constructor(private readonly map: L.Map) {}

  /** Build what is there before a slide is open. */
  furnish(with_: Furnishing): void {
    const { map, toolbar, tabs } = this;
    const container = map.getContainer();
    container.classList.add('wsinb-map');
    toolbar.add(
      'view',
      iconButton(icons.zoomInIcon, 'Zoom in (+)', () => zoomStep(map, 1)),
      iconButton(icons.zoomOutIcon, 'Zoom out (-)', () => zoomStep(map, -1)),
      iconButton(icons.fitIcon, 'Show the whole slide (Shift+0)', with_.fit)
    );
    const labelAll = 'Give the current label to the whole image (Shift+I)';
    const whole = iconButton(icons.wholeImageIcon, labelAll, with_.labelImage);
    whole.dataset.tool = 'image';
    toolbar.add('draw', ...drawTools(with_.drawing), whole);
    const history = iconButton(icons.historyIcon, 'History of this slide (Shift+H)', with_.toggleHistory);
    history.dataset.tool = 'history';
    this.historyButton = history;
    toolbar.add('panels', history);
    tabs.add('labels', icons.tagIcon, 'Labels (Shift+K)', ...with_.labels);
    tabs.addBelow(with_.below);
    const { others, messages } = with_;
    [toolbar.node, tabs.node, ...others, messages, this.corner].forEach(node => this.lay(node));
    container.append(this.root);
  }

  /** Put something over the picture: what happens on it does not reach the map. */
  lay(node: HTMLElement): void {
    L.DomEvent.disableClickPropagation(node);
    L.DomEvent.disableScrollPropagation(node);
    this.root.append(node);
  }

  /** Fill the strip at the bottom. */
  setStatus(...nodes: HTMLElement[]): void {
    this.status.replaceChildren(...nodes);
    this.lay(this.status);
  }

  markHistory(open: boolean): void {
    this.historyButton?.setAttribute('aria-pressed', String(open));
  }

  /** Where the panel would hide the slide it is closed. */
  makeRoom(): void {
    if (this.map.getSize().x < NARROW_PX) {
      this.tabs.open(null);
    }
  }

  /** Take away the tools that are added from now on when the returned one is disposed of. */
  guest(): Disposable {
    const tools = (): Element[] => [...this.toolbar.node.children].flatMap(group => [...group.children]);
    const own = new Set(tools());
    return {
      dispose: () =>
        tools()
          .filter(tool => !own.has(tool))
          .forEach(tool => tool.remove())
    };
  }

  dispose(): void {
    this.root.remove();
  }
}

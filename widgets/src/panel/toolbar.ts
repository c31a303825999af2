/** The column of tools at the left, in groups. */
import { element } from '../dom';

export type ToolGroup = 'view' | 'draw' | 'measure' | 'panels';

const GROUPS: readonly ToolGroup[] = ['view', 'draw', 'measure', 'panels'];

export class Toolbar {
  readonly node = element('div', 'wsinb-toolbar wsinb-surface');
  private readonly groups = new Map<ToolGroup, HTMLElement>();

  constructor() {
    this.node.setAttribute('role', 'toolbar');
    this.node.setAttribute('aria-label', 'Slide tools');
    for (const name of GROUPS) {
      const group = element('div', 'wsinb-tool-group');
      group.dataset.group = name;
      this.groups.set(name, group);
      this.node.append(group);
    }
  }

  add(group: ToolGroup, ...nodes: HTMLElement[]): void {
    this.groups.get(group)!.append(...nodes);
  }
}

/** What a person prefers, from JupyterLab's settings; a viewer that is opened later starts with it. */
export interface Defaults {
  /** Whether the minimap is open at first. */
  minimap: boolean;
  /** How far one notch of the wheel zooms: 1 is as usual. */
  wheelSpeed: number;
}

export const defaults: Defaults = { minimap: true, wheelSpeed: 1 };

/** Take over settings; what is no good stays as it is. */
export function takeDefaults({ minimap, wheelSpeed }: Record<string, unknown>): void {
  if (typeof minimap === 'boolean') {
    defaults.minimap = minimap;
  }
  if (typeof wheelSpeed === 'number' && wheelSpeed > 0) {
    defaults.wheelSpeed = wheelSpeed;
  }
}

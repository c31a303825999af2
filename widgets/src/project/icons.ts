/** Icons of the panel: how far the work on a slide is, and the panel itself. */
import { LabIcon } from '@jupyterlab/ui-components';
import { strokeIcon } from '../icons';
import type { Progress } from './requests';

export const slidesIcon = strokeIcon(
  'slides',
  '<rect x="3" y="4" width="8" height="6.500" rx="1"/><rect x="3" y="13.500" width="8" height="6.500" rx="1"/><path d="M14.500 5.500H21M14.500 9H19M14.500 15H21M14.500 18.500H19"/>'
);

/** The shapes differ, not only the colours: a ring, a ring half full, a disc with a tick. */
const MARKS: Record<Progress, [name: string, shape: string]> = {
  'to do': ['progress-to-do', '<circle cx="12" cy="12" r="7.500" stroke="currentColor"/>'],
  'in work': [
    'progress-in-work',
    '<circle cx="12" cy="12" r="7.500" stroke="currentColor"/><path d="M12 7.500a4.500 4.500 0 0 1 0 9z" fill="currentColor"/>'
  ],
  done: [
    'progress-done',
    '<circle cx="12" cy="12" r="8.500" fill="currentColor"/><path d="M8 12.300l2.800 2.700 5.200-5.500" stroke="var(--jp-layout-color1)"/>'
  ]
};

const ICONS = new Map(
  Object.entries(MARKS).map(([progress, [name, shape]]) => [
    progress,
    new LabIcon({
      name: `wsinb:${name}`,
      svgstr:
        '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24" fill="none" stroke-width="2" ' +
        `stroke-linecap="round" stroke-linejoin="round">${shape}</svg>`
    })
  ])
);

export function progressIcon(progress: Progress): LabIcon {
  return ICONS.get(progress)!;
}

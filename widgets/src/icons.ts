/** Icons in JupyterLab's style: they take the theme's colours through the class `jp-icon3`. */
import { LabIcon } from '@jupyterlab/ui-components';

export function strokeIcon(name: string, paths: string): LabIcon {
  const svgstr =
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24" fill="none">' +
    `<g class="jp-icon3" stroke="#616161" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${paths}</g></svg>`;
  return new LabIcon({ name: `wsinb:${name}`, svgstr });
}

/** A slide with a piece of tissue: files and tabs. */
export const slideIcon = new LabIcon({
  name: 'wsinb:slide',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24" fill="none">' +
    '<rect class="jp-icon3" x="2.5" y="5.5" width="19" height="13" rx="1.5" stroke="#616161" stroke-width="1.6"/>' +
    '<path class="jp-icon3" d="M6.5 5.5v13" stroke="#616161" stroke-width="1.6"/>' +
    '<path d="M10 12.5c0-2.4 2-3.8 4.2-3.4 2.4.4 4.6 1.6 4.3 3.6-.2 2-2.500 2.400-4.200 2.700-2.200.400-4.300-.8-4.300-2.900z" fill="#d1709f"/>' +
    '<circle cx="13.300" cy="12" r="1" fill="#6a3d7c"/><circle cx="15.800" cy="12.800" r=".9" fill="#6a3d7c"/></svg>'
});

export const selectIcon = strokeIcon('select', '<path d="M5 3l6 16 2.300-6.700L20 10z"/>');
export const pointIcon = strokeIcon(
  'point',
  '<circle cx="12" cy="12" r="3"/><path d="M12 3v3M12 18v3M3 12h3M18 12h3"/>'
);
export const lineIcon = strokeIcon(
  'line',
  '<path d="M5 17l6-7 4 4 5-7"/><circle cx="5" cy="17" r="1.500"/><circle cx="20" cy="7" r="1.500"/>'
);
export const polygonIcon = strokeIcon('polygon', '<path d="M12 3.500l8 6-3 10H7L4 9.500z"/>');
export const rectangleIcon = strokeIcon('rectangle', '<rect x="4" y="6" width="16" height="12"/>');
export const circleIcon = strokeIcon('circle', '<circle cx="12" cy="12" r="8"/>');
export const wholeImageIcon = strokeIcon(
  'whole-image',
  '<path d="M4 8V5a1 1 0 0 1 1-1h3M16 4h3a1 1 0 0 1 1 1v3M20 16v3a1 1 0 0 1-1 1h-3M8 20H5a1 1 0 0 1-1-1v-3"/><path d="M8.500 12h7M12 8.500v7"/>'
);
export const fitIcon = strokeIcon('fit', '<path d="M9 4H4v5M15 4h5v5M20 15v5h-5M4 15v5h5"/>');
export const zoomInIcon = strokeIcon('zoom-in', '<path d="M12 5v14M5 12h14"/>');
export const zoomOutIcon = strokeIcon('zoom-out', '<path d="M5 12h14"/>');
export const undoIcon = strokeIcon(
  'undo-edit',
  '<path d="M8 5L4 9l4 4"/><path d="M4 9h9a6 6 0 0 1 0 12h-2"/>'
);
export const redoIcon = strokeIcon(
  'redo-edit',
  '<path d="M16 5l4 4-4 4"/><path d="M20 9h-9a6 6 0 0 0 0 12h2"/>'
);
export const trashIcon = strokeIcon(
  'trash',
  '<path d="M4 7h16M9 7V4h6v3M6.500 7l1 13h9l1-13M10 11v5M14 11v5"/>'
);
export const addIcon = strokeIcon('add-label', '<path d="M12 6v12M6 12h12"/>');
export const eyeIcon = strokeIcon(
  'eye',
  '<path d="M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12z"/><circle cx="12" cy="12" r="2.500"/>'
);
export const eyeOffIcon = strokeIcon(
  'eye-off',
  '<path d="M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12z" opacity=".45"/><path d="M4 20L20 4"/>'
);
export const pictureIcon = strokeIcon(
  'picture',
  '<path d="M4 7h8M16 7h4M4 17h4M12 17h8"/><circle cx="14" cy="7" r="2"/><circle cx="10" cy="17" r="2"/>'
);
export const playIcon = strokeIcon('play', '<path d="M8 5l11 7-11 7z"/>');
export const pauseIcon = strokeIcon('pause', '<path d="M9 5v14M15 5v14"/>');
export const closeIcon = strokeIcon('close', '<path d="M7 7l10 10M17 7L7 17"/>');
export const historyIcon = strokeIcon(
  'history',
  '<path d="M4 5v5h5"/><path d="M4.700 10A8 8 0 1 1 4 13"/><path d="M12 8v4.500l3 2"/>'
);
export const branchIcon = strokeIcon(
  'branch',
  '<circle cx="7" cy="5.500" r="2"/><circle cx="7" cy="18.500" r="2"/><circle cx="17" cy="8" r="2"/><path d="M7 7.500v9M17 10c0 4-6 3-9.500 6.500"/>'
);
export const tagIcon = strokeIcon(
  'tag',
  '<path d="M4 4h8l8 8-8 8-8-8z"/><circle cx="8.500" cy="8.500" r="1"/>'
);
export const mergeIcon = strokeIcon(
  'merge',
  '<circle cx="7" cy="5.500" r="2"/><circle cx="7" cy="18.500" r="2"/><circle cx="17" cy="15" r="2"/><path d="M7 7.500v9M7.500 7.500c1 4.500 4 6.500 7.500 7"/>'
);
export const compareIcon = strokeIcon(
  'compare',
  '<path d="M12 3v18"/><path d="M8.500 6H4v12h4.500"/><path d="M15.500 6H20v12h-4.500" stroke-dasharray="3 2.500"/>'
);
export const previousIcon = strokeIcon('previous', '<path d="M15 5l-7 7 7 7"/>');
export const nextIcon = strokeIcon('next', '<path d="M9 5l7 7-7 7"/>');

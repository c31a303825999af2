/** Which files open in the viewer. */

export const SLIDE_FILE_TYPE = 'wsinb-slide';
/** JupyterLab's own type for .tif and .tiff. */
export const TIFF_FILE_TYPE = 'tiff';

/** Films, most of which JupyterLab shows itself, at least from some version on. */
export const FILM_FILE_TYPE = 'wsinb-film';
/** Where JupyterLab has a viewer, it keeps the double click, outside of projects; ours is under Open With. */
export const FILM_EXTENSIONS = [
  '.avi',
  '.gif',
  '.m4v',
  '.mkv',
  '.mov',
  '.mp4',
  '.mpeg',
  '.mpg',
  '.webm',
  '.wmv'
];

/** Pictures that JupyterLab shows itself. */
export const PICTURE_EXTENSIONS = ['.bmp', '.jpeg', '.jpg', '.png', '.webp'];

/** Those of the two kinds that are slides of the project that is looked at. */
export const PROJECT_FILE_TYPE = 'wsinb-project-slide';

/** Endings that are slides whatever else they may be; .tif and .tiff belong to JupyterLab's own type. */
export const SLIDE_EXTENSIONS = [
  '.bif',
  '.btf',
  '.czi',
  '.dcm',
  '.dicom',
  '.mrxs',
  '.ndpi',
  '.ome.tif',
  '.ome.tiff',
  '.ptif',
  '.ptiff',
  '.qptiff',
  '.scn',
  '.svs',
  '.svslide',
  '.vms',
  '.vmu'
];

/** Which files open in the viewer. */

export const SLIDE_FILE_TYPE = 'wsinb-slide';
/** JupyterLab's own type for .tif and .tiff. */
export const TIFF_FILE_TYPE = 'tiff';

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

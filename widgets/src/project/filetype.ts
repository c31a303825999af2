/** Pictures and films that are slides of the project open as slides, though JupyterLab can show them as well. */
import { PathExt } from '@jupyterlab/coreutils';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { FILM_EXTENSIONS, PICTURE_EXTENSIONS, PROJECT_FILE_TYPE } from '../faces/filetypes';
import { slideIcon } from '../icons';
import type { ProjectModel } from './model';

const SHARED = new Set([...FILM_EXTENSIONS, ...PICTURE_EXTENSIONS]);

type FileTypes = Pick<DocumentRegistry, 'addFileType'>;

/**
 * JupyterLab knows types of files by their names alone, not by their folders: the type has the names of those
 * slides that lie in the folder that is looked at, where a name stands for one file.
 */
export function followSlides(registry: FileTypes, model: ProjectModel): void {
  let shown = '';
  let added: { dispose: () => void } | null = null;
  model.changed.connect(() => {
    const pattern = patternOf(namesIn(model));
    if (pattern !== shown) {
      shown = pattern;
      added?.dispose();
      added = pattern === '' ? null : registry.addFileType(typeOf(pattern));
    }
  });
}

function namesIn({ overview, folder }: ProjectModel): string[] {
  const paths = overview?.slides.map(({ path }) => path) ?? [];
  return paths
    .filter(path => path !== null && PathExt.dirname(path) === folder)
    .map(path => PathExt.basename(path!))
    .filter(name => SHARED.has(PathExt.extname(name).toLowerCase()))
    .sort();
}

function patternOf(names: readonly string[]): string {
  const escaped = names.map(name => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return escaped.length > 0 ? `^(?:${escaped.join('|')})$` : '';
}

function typeOf(pattern: string): Partial<DocumentRegistry.IFileType> & { name: string } {
  return {
    name: PROJECT_FILE_TYPE,
    displayName: 'Slide of a project',
    pattern,
    mimeTypes: ['application/octet-stream'],
    contentType: 'file',
    fileFormat: 'base64',
    icon: slideIcon
  };
}

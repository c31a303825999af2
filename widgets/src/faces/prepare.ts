/** Readies server and browser when the pointer comes near a slide in the file browser. */
import { Api } from '../api';
import { PROJECT_FILE_TYPE, SLIDE_FILE_TYPE, TIFF_FILE_TYPE } from './filetypes';

const SLIDE_ITEM = [SLIDE_FILE_TYPE, TIFF_FILE_TYPE, PROJECT_FILE_TYPE]
  .map(type => `.jp-DirListing-item[data-file-type="${type}"]`)
  .join(', ');

/**
 * Ask the server once to load its readers, half a second's work, and start what paints annotations, before
 * the first double click. Who has no slides never loads them.
 */
export function prepareNearSlides(root: Document, prepare = prepareBoth): void {
  const near = (event: Event): void => {
    if ((event.target as Element).closest(SLIDE_ITEM)) {
      root.removeEventListener('pointerover', near);
      // opening the slide tells of any trouble
      prepare().catch(() => undefined);
    }
  };
  root.addEventListener('pointerover', near, { passive: true });
}

async function prepareBoth(): Promise<void> {
  const painting = import('../vector/client').then(({ readyWorker }) => readyWorker());
  await Promise.all([new Api().prepare(), painting]);
}

/** Slides of a project, for specs. */
import type { SlideRow } from '../src/project/requests';

export function slide(name: string, members: Partial<SlideRow> = {}): SlideRow {
  return {
    ...{ name, path: `${name}.tif`, file: `${name}.tif`, width: 100, height: 50, mpp: null },
    ...{ metadata: {}, n: 0, progress: 'to do' },
    ...members
  };
}

/** The command that opens a slide at one of its annotations, which is marked there. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { ProjectModel } from '../project/model';
import { isSlideTab, type Opening } from '../project/opening';
import { SHOW_ANNOTATION, type AnnotationPlace } from './tabs';

const TEXT = { type: 'string' };

export function addShowAnnotation(app: JupyterFrontEnd, model: ProjectModel, opening: Opening): void {
  app.commands.addCommand(SHOW_ANNOTATION, {
    label: 'Show an annotation on its slide',
    describedBy: {
      args: {
        type: 'object',
        required: ['project', 'branch', 'slide', 'annotation', 'box'],
        properties: {
          ...{ project: TEXT, branch: TEXT, slide: TEXT, annotation: TEXT },
          box: {
            type: 'array',
            description: 'xmin, ymin, xmax, ymax in level-0 pixels',
            items: { type: 'number' },
            minItems: 4,
            maxItems: 4
          }
        }
      }
    },
    execute: async args => {
      const { project, branch, slide, annotation, box } = placeOf(args);
      await model.show(project, branch);
      if (model.error !== null) {
        throw new Error(model.error);
      }
      const tab = await opening.open(slide, beside(app));
      if (!isSlideTab(tab)) {
        throw new Error(`The slide ${slide} could not be opened: look whether the project has it.`);
      }
      await tab.content.showAnnotation(annotation, box);
    }
  });
}

/** Where slides are open already, else beside what is worked on. */
function beside({ shell }: JupyterFrontEnd): DocumentRegistry.IOpenOptions {
  const open = [...shell.widgets('main')].filter(isSlideTab);
  const found = open.find(tab => tab.isVisible) ?? open[0];
  return found ? { mode: 'tab-after', ref: found.id } : { mode: 'split-right' };
}

function placeOf(args: ReadonlyPartialJSONObject): AnnotationPlace {
  const { project, branch, slide, annotation, box } = args;
  const texts = [project, branch, slide, annotation].every(text => typeof text === 'string');
  const numbers = Array.isArray(box) && box.length === 4 && box.every(value => Number.isFinite(value));
  if (!texts || !numbers) {
    throw new Error('An annotation is shown by project, branch, slide, its id and its box.');
  }
  return args as unknown as AnnotationPlace;
}

/** Asks where the project of a slide shall be, when it has none. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';
import { element } from '../dom';

export interface NewProject {
  folder: string;
  name: string;
}

class Form extends Widget implements Dialog.IBodyWidget<NewProject> {
  private readonly folder = element('input', 'jp-mod-styled');
  private readonly projectName = element('input', 'jp-mod-styled');

  constructor(folder: string) {
    super();
    this.addClass('wsinb-dialog');
    this.folder.value = folder;
    this.projectName.placeholder = "like the folder's";
    this.node.append(
      element(
        'p',
        '',
        'Annotations are kept in a project: a folder with their versions, beside the slides. ' +
          'This slide has none yet.'
      ),
      field('Folder', this.folder),
      field('Name', this.projectName)
    );
  }

  getValue(): NewProject {
    return { folder: this.folder.value.trim(), name: this.projectName.value.trim() };
  }
}

function field(text: string, input: HTMLInputElement): HTMLLabelElement {
  const label = element('label', 'wsinb-field');
  label.append(element('span', '', text), input);
  return label;
}

/** The answer, or null when the person thinks better of it. */
export async function askForProject(slidePath: string): Promise<NewProject | null> {
  const folder = slidePath.includes('/') ? slidePath.replace(/\/[^/]*$/, '') || '/' : '.';
  const result = await showDialog({
    title: 'Create a project for this slide?',
    body: new Form(folder),
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: 'Create and save' })]
  });
  return result.button.accept && result.value?.folder ? result.value : null;
}

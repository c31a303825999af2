/** Dialogs: which slide files to add to a project, and where a new project shall be. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';
import { element } from '../dom';
import type { ProjectName, SlideFile, SlideFiles } from './requests';
import { bytesText } from './words';

class FileList extends Widget implements Dialog.IBodyWidget<SlideFile[]> {
  private readonly boxes = new Map<HTMLInputElement, SlideFile>();
  private readonly all = element('input', '');

  constructor(files: readonly SlideFile[], { folder, more }: SlideFiles) {
    super();
    this.addClass('wsinb-files');
    const list = element('div', 'wsinb-files-list');
    for (const file of files) {
      list.append(this.line(file));
    }
    this.all.type = 'checkbox';
    this.all.addEventListener('change', () => {
      this.boxes.forEach((_, box) => (box.checked = this.all.checked));
    });
    list.addEventListener('change', () => this.sync());
    this.sync();
    const head = element('label', 'wsinb-files-all');
    head.append(this.all, element('span', '', files.length === 1 ? '1 file' : `All ${files.length} files`));
    this.node.append(element('p', 'wsinb-files-folder', `Slide files in ${folder}`), head, list);
    if (more) {
      this.node.append(element('p', '', 'There are more: add these first, then open this list again.'));
    }
  }

  getValue(): SlideFile[] {
    return [...this.boxes].filter(([box]) => box.checked).map(([, file]) => file);
  }

  private line(file: SlideFile): HTMLLabelElement {
    const box = element('input', '');
    box.type = 'checkbox';
    box.checked = file.suggested;
    this.boxes.set(box, file);
    const label = element('label', 'wsinb-files-line');
    label.title = file.path;
    label.append(
      box,
      element('span', 'wsinb-files-name', file.file),
      element('span', 'wsinb-files-bytes', bytesText(file.bytes))
    );
    return label;
  }

  private sync(): void {
    const n = this.getValue().length;
    this.all.checked = n > 0 && n === this.boxes.size;
    this.all.indeterminate = n > 0 && n < this.boxes.size;
  }
}

/** The files to add, none where the person thinks better of it. */
export async function chooseFiles(found: SlideFiles): Promise<SlideFile[]> {
  const files = found.files.filter(({ slide }) => slide === null);
  if (files.length === 0) {
    await showDialog({
      title: 'Add slides',
      body:
        found.files.length > 0
          ? `The project holds all ${found.files.length} slide files in ${found.folder} already.`
          : `There are no slide files in ${found.folder}: copy some there, then try again.`,
      buttons: [Dialog.okButton()]
    });
    return [];
  }
  const { button, value } = await showDialog({
    title: 'Add slides',
    body: new FileList(files, found),
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: 'Add' })]
  });
  return (button.accept && value) || [];
}

class ProjectForm extends Widget implements Dialog.IBodyWidget<ProjectName> {
  private readonly folder = element('input', 'jp-mod-styled');
  private readonly title_ = element('input', 'jp-mod-styled');

  constructor(folder: string) {
    super();
    this.addClass('wsinb-dialog');
    this.folder.value = folder;
    this.folder.placeholder = "the server's root folder";
    this.title_.placeholder = "like the folder's";
    this.node.append(
      element(
        'p',
        '',
        'A project is a folder that keeps the versions of annotations, in a subfolder named .wsinb. ' +
          'Slides stay where they are. A folder that does not exist is made.'
      ),
      field('Folder', this.folder),
      field('Name', this.title_)
    );
  }

  getValue(): ProjectName {
    return { path: this.folder.value.trim() || '.', name: this.title_.value.trim() };
  }
}

function field(text: string, input: HTMLInputElement): HTMLLabelElement {
  const label = element('label', 'wsinb-field');
  label.append(element('span', '', text), input);
  return label;
}

/** Where the project shall be, or null where the person thinks better of it. */
export async function askForNewProject(folder: string): Promise<ProjectName | null> {
  const { button, value } = await showDialog({
    title: 'New slide project',
    body: new ProjectForm(folder),
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: 'Create' })]
  });
  return button.accept ? value : null;
}

/** The plugin of the sidebar: slides of a project, the commands around them, a tile in the launcher. */
import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import { IDefaultFileBrowser, type FileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { Api } from '../api';
import { addToPalette, addViewerCommands, CommandIDs } from '../commands';
import { addShowAnnotation } from '../confusion/command';
import { takeDefaults } from '../defaults';
import { SlideDocument } from '../faces/document';
import { viewName, type SlideView } from '../faces/view';
import { addProjectCommands } from './commands';
import { followSlides } from './filetype';
import { Memory } from './memory';
import { ProjectModel } from './model';
import { addLinking } from './linking';
import { isSlideTab, Opening } from './opening';
import { ProjectPanel } from './panel';
import { ProjectApi } from './requests';

const PLUGIN_ID = 'wsinb:project';
const RESTORE = 'wsinb:restore-slide';
// the file browser has 100, the running kernels 200
const RANK = 150;

export const project: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'Lists the slides of a project in the sidebar.',
  autoStart: true,
  // Notebook 7 shows one document a page: there is no place for a list of others
  optional: [
    ILabShell,
    ILayoutRestorer,
    IDefaultFileBrowser,
    ICommandPalette,
    ILauncher,
    ISettingRegistry,
    IStateDB
  ],
  activate: (
    app: JupyterFrontEnd,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    browser: FileBrowser | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    settings: ISettingRegistry | null,
    state: IStateDB | null
  ) => {
    void loadSettings(settings);
    if (!labShell) {
      return;
    }
    const { commands } = app;
    const views = new WidgetTracker<SlideView>({ namespace: 'wsinb-view' });
    const model = new ProjectModel(new ProjectApi(new Api()));
    const memory = state && new Memory(model, state);
    memory?.recall();
    const opening = new Opening(app, model, views);
    const folder = (): string => app.serviceManager.contents.localPath(browser?.model.path ?? '');
    const panel = new ProjectPanel(model, {
      open: slide => void opening.open(slide),
      newProject: () => void commands.execute(CommandIDs.newProject),
      addSlides: () => void commands.execute(CommandIDs.addSlides)
    });
    labShell.add(panel, 'left', { rank: RANK, type: 'Slides' });
    addProjectCommands({ app, model, panel, opening, folder });
    addViewerCommands(commands, () => opening.slide);
    addToPalette(palette);
    addLinking(app, palette);
    addShowAnnotation(app, model, opening);
    launcher?.add({ command: CommandIDs.newProject, category: 'Other', rank: 5 });
    restore(app, restorer, views, opening, panel);
    followSlides(app.docRegistry, model);
    void follow(app, labShell, browser, model, opening, folder).then(() => memory?.start());
  }
};

async function loadSettings(registry: ISettingRegistry | null): Promise<void> {
  try {
    const settings = await registry?.load(PLUGIN_ID);
    const take = (): void => takeDefaults(settings!.composite);
    if (settings) {
      take();
      settings.changed.connect(take);
    }
  } catch {
    // without its schema (an extension that was not installed as a whole) the defaults hold
  }
}

function restore(
  app: JupyterFrontEnd,
  restorer: ILayoutRestorer | null,
  views: WidgetTracker<SlideView>,
  opening: Opening,
  panel: ProjectPanel
): void {
  app.commands.addCommand(RESTORE, {
    label: 'Open a slide again after a reload',
    describedBy: { args: { type: 'object', properties: {} } },
    isVisible: () => false,
    execute: args =>
      opening.openView({
        project: String(args.project),
        branch: String(args.branch),
        slide: String(args.slide)
      })
  });
  restorer?.add(panel, panel.id);
  void restorer?.restore(views, {
    command: RESTORE,
    args: ({ place }) => ({ ...place }),
    name: ({ place }) => viewName(place)
  });
}

/** The panel shows the project of the folder that is browsed, and of the slide that comes to the front. */
async function follow(
  app: JupyterFrontEnd,
  labShell: ILabShell,
  browser: FileBrowser | null,
  model: ProjectModel,
  opening: Opening,
  folder: () => string
): Promise<void> {
  const front = (): void => {
    const { currentWidget } = labShell;
    if (isSlideTab(currentWidget)) {
      void opening.follow(currentWidget);
    } else {
      model.leave();
    }
  };
  const steppable = new WeakSet<SlideDocument>();
  labShell.currentChanged.connect((_, { newValue }) => {
    if (newValue instanceof SlideDocument && !steppable.has(newValue)) {
      steppable.add(newValue);
      newValue.content.stepped.connect((_content, by) => void opening.step(by));
    }
  });
  await app.restored;
  // the file browser may go to the folder of the address while the server answers for the first time
  browser?.model.pathChanged.connect(() => void model.follow(folder()));
  await model.follow(folder());
  front();
  labShell.currentChanged.connect(front);
}

/** Commands about a project and its slides. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard, InputDialog, Notification } from '@jupyterlab/apputils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Widget } from '@lumino/widgets';
import { CommandIDs } from '../commands';
import { nextIcon, previousIcon, slideIcon } from '../icons';
import { Adding } from './adding';
import { askForNewProject, chooseFiles } from './choosing';
import { slidesIcon } from './icons';
import type { ProjectModel } from './model';
import { isSlideTab, type Opening } from './opening';
import type { ProjectPanel } from './panel';
import { PROGRESS, type Progress } from './requests';
import { ROW_CLASS } from './row';

const MAX_FAILURES = 5;

export interface ProjectParts {
  app: JupyterFrontEnd;
  model: ProjectModel;
  panel: ProjectPanel;
  opening: Opening;
  /** The folder that the person looks at. */
  folder: () => string;
}

type Args = ReadonlyPartialJSONObject;

const SLIDE_ARGS = {
  args: {
    type: 'object',
    properties: {
      project: { type: 'string', description: 'Folder of the project; the one in the panel by default' },
      branch: { type: 'string', description: 'Branch of the project' },
      slide: { type: 'string', description: 'Name of the slide' }
    }
  }
};

export function addProjectCommands(parts: ProjectParts): void {
  addSlideCommands(parts);
  addFolderCommands(parts);
}

function addSlideCommands({ app, model, panel, opening }: ProjectParts): void {
  const { commands } = app;
  /** The slide of the row that was clicked with the right button, or that the keyboard is at. */
  const pointedAt = (): string | null =>
    app.contextMenuHitTest(node => node.classList.contains(ROW_CLASS))?.dataset.slide ?? panel.active;
  const open = async (args: Args, beside: boolean): Promise<Widget | null> => {
    const { project, branch, slide, menu } = args as Record<string, string | undefined>;
    if (project !== undefined) {
      await model.show(project, branch);
    }
    const name = slide ?? (menu ? pointedAt() : await askForSlide(model));
    return name === null || name === undefined
      ? null
      : opening.open(name, beside ? { mode: 'split-right' } : {});
  };
  commands.addCommand(CommandIDs.openSlide, {
    label: args => (args.menu ? 'Open' : 'Open slide…'),
    icon: slideIcon,
    describedBy: SLIDE_ARGS,
    isEnabled: args => args.project !== undefined || model.overview !== null,
    execute: args => open(args, false)
  });
  commands.addCommand(CommandIDs.openBeside, {
    label: args => (args.menu ? 'Open beside' : 'Open slide beside…'),
    describedBy: SLIDE_ARGS,
    isEnabled: args => args.project !== undefined || model.overview !== null,
    execute: args => open(args, true)
  });
  commands.addCommand(CommandIDs.mark, {
    label: args => `Mark as ${String(args.progress)}`,
    describedBy: { args: { type: 'object', properties: { progress: { enum: [...PROGRESS] } } } },
    isToggled: args => {
      const name = pointedAt();
      return model.overview?.slides.find(slide => slide.name === name)?.progress === args.progress;
    },
    execute: async args => {
      const name = pointedAt();
      if (name !== null && PROGRESS.includes(args.progress as Progress)) {
        await model.mark(name, args.progress as Progress);
      }
    }
  });
  commands.addCommand(CommandIDs.copyPath, {
    label: 'Copy path',
    describedBy: { args: { type: 'object', properties: {} } },
    execute: () => {
      const name = pointedAt();
      const slide = model.overview?.slides.find(each => each.name === name);
      if (slide) {
        Clipboard.copyToSystem(slide.path ?? slide.file);
      }
    }
  });
  for (const [id, by, label, icon] of [
    [CommandIDs.next, 1, 'Next slide', nextIcon],
    [CommandIDs.previous, -1, 'Previous slide', previousIcon]
  ] as const) {
    commands.addCommand(id, {
      label,
      icon,
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => isSlideTab(app.shell.currentWidget),
      execute: () => opening.step(by)
    });
  }
}

function addFolderCommands({ app, model, panel, folder }: ProjectParts): void {
  const { commands } = app;
  const showPanel = (): void => app.shell.activateById(panel.id);
  const addSlides = async (): Promise<void> => {
    const { overview } = model;
    // one after the other: the panel tells of one
    if (overview && !panel.busy) {
      const files = await chooseFiles(await model.api.files(overview.path, overview.path));
      await runAdding(model, panel, new Adding(model.api, overview.path, files));
    }
  };
  commands.addCommand(CommandIDs.showPanel, {
    label: 'Show slides of the project',
    icon: slidesIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: showPanel
  });
  commands.addCommand(CommandIDs.addSlides, {
    label: 'Add slides to the project…',
    describedBy: { args: { type: 'object', properties: {} } },
    isEnabled: () => model.overview !== null && !panel.busy,
    execute: () => guarded(model, addSlides)
  });
  commands.addCommand(CommandIDs.newProject, {
    label: args => (args.isMenu ? 'Slide project' : 'New slide project'),
    caption: 'Keep versions of the annotations of slides in a folder',
    icon: slidesIcon,
    describedBy: { args: { type: 'object', properties: { cwd: { type: 'string' } } } },
    execute: args =>
      guarded(model, async () => {
        const start = typeof args.cwd === 'string' ? args.cwd : folder();
        const wanted = await askForNewProject(start);
        if (wanted) {
          const made = await model.api.create(wanted.path, wanted.name);
          await model.show(made.path);
          showPanel();
          if (made.slides.length === 0) {
            await addSlides();
          }
        }
      })
  });
}

/** Show what fails in the panel. */
async function guarded(model: ProjectModel, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    Notification.error(message);
    model.fail(error);
  }
}

async function runAdding(model: ProjectModel, panel: ProjectPanel, adding: Adding): Promise<void> {
  if (adding.total === 0 || panel.busy) {
    return;
  }
  panel.track(adding);
  await adding.run();
  panel.untrack();
  await model.refresh();
  const { failures } = adding;
  if (failures.length > 0) {
    const rest = failures.length - MAX_FAILURES;
    const told = [...failures.slice(0, MAX_FAILURES), ...(rest > 0 ? [`and ${rest} more`] : [])];
    Notification.error(`Not added: ${told.join(' · ')}`, { autoClose: false });
  }
}

async function askForSlide(model: ProjectModel): Promise<string | null> {
  const names = model.listed.map(({ name }) => name);
  const { value, button } = await InputDialog.getItem({
    title: `Open a slide of ${model.overview?.name ?? 'the project'}`,
    items: names,
    editable: names.length > 20,
    okLabel: 'Open'
  });
  return button.accept ? value : null;
}

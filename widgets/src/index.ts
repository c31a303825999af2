/** The plugins of the extension: document tab, sidebar, and the widget classes of the notebook cell. */
import { IJupyterWidgetRegistry } from '@jupyter-widgets/base';
import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { WidgetTracker } from '@jupyterlab/apputils';
import type { DocumentWidget } from '@jupyterlab/docregistry';
import { IImageTracker } from '@jupyterlab/imageviewer';
import { useCommands } from './confusion/tabs';
import { SlideDocumentFactory, SlideModelFactory, type SlideDocument } from './faces/document';
import {
  FILM_EXTENSIONS,
  FILM_FILE_TYPE,
  PROJECT_FILE_TYPE,
  SLIDE_EXTENSIONS,
  SLIDE_FILE_TYPE,
  TIFF_FILE_TYPE
} from './faces/filetypes';
import { addViewRenderer } from './faces/output';
import { prepareNearSlides } from './faces/prepare';
import { slideIcon } from './icons';
import { FACTORY } from './project/opening';
import { project } from './project/plugin';
import { MODULE_NAME, MODULE_VERSION } from './version';

const PRELOAD_DELAY_MS = 500;

const documents: JupyterFrontEndPlugin<void> = {
  id: 'wsinb:documents',
  description: 'Opens whole-slide images in a tab.',
  autoStart: true,
  // the image tracker only for the order: the last factory that claims .tif gets the double click
  optional: [ILayoutRestorer, IImageTracker],
  activate: (app: JupyterFrontEnd, restorer: ILayoutRestorer | null) => {
    const { docRegistry } = app;
    docRegistry.addFileType({
      name: SLIDE_FILE_TYPE,
      displayName: 'Whole-slide image',
      extensions: SLIDE_EXTENSIONS,
      mimeTypes: ['application/octet-stream'],
      contentType: 'file',
      fileFormat: 'base64',
      icon: slideIcon
    });
    docRegistry.addFileType({
      name: FILM_FILE_TYPE,
      displayName: 'Film',
      extensions: FILM_EXTENSIONS,
      mimeTypes: ['application/octet-stream'],
      contentType: 'file',
      fileFormat: 'base64',
      icon: slideIcon
    });
    docRegistry.addModelFactory(new SlideModelFactory());
    const factory = new SlideDocumentFactory(
      {
        name: FACTORY,
        label: 'Slide',
        modelName: 'wsinb-slide',
        fileTypes: [SLIDE_FILE_TYPE, FILM_FILE_TYPE, PROJECT_FILE_TYPE, TIFF_FILE_TYPE, 'png', 'jpeg'],
        defaultFor: [SLIDE_FILE_TYPE, FILM_FILE_TYPE, PROJECT_FILE_TYPE, TIFF_FILE_TYPE],
        readOnly: true
      },
      path => app.serviceManager.contents.localPath(path)
    );
    const tracker = new WidgetTracker<SlideDocument>({ namespace: 'wsinb-slide' });
    factory.widgetCreated.connect((_, widget) => {
      widget.title.icon = slideIcon;
      widget.context.pathChanged.connect(() => void tracker.save(widget));
      void tracker.add(widget);
    });
    docRegistry.addWidgetFactory(factory);
    // fetch the viewer's code when the page has nothing else to do, so that the first slide opens at once
    void app.restored.then(() => window.setTimeout(() => void import('./faces/mount'), PRELOAD_DELAY_MS));
    prepareNearSlides(document);
    void restorer?.restore(tracker, {
      command: 'docmanager:open',
      args: widget => ({ path: widget.context.path, factory: FACTORY }),
      name: widget => widget.context.path
    });
  }
};

const widgets: JupyterFrontEndPlugin<void> = {
  id: 'wsinb:widgets',
  description: 'The slide viewer and the confusion matrix in a notebook cell.',
  autoStart: true,
  requires: [IJupyterWidgetRegistry],
  activate: (app: JupyterFrontEnd, registry: IJupyterWidgetRegistry) => {
    useCommands(app.commands);
    registry.registerWidget({
      name: MODULE_NAME,
      version: MODULE_VERSION,
      exports: async () => import('./faces/widget')
    });
  }
};

const outputs: JupyterFrontEndPlugin<void> = {
  id: 'wsinb:outputs',
  description: 'Shows the live viewer, or its picture, below a cell.',
  autoStart: true,
  activate: ({ docRegistry }: JupyterFrontEnd) => {
    docRegistry.addWidgetExtension('Notebook', {
      createNew: panel => addViewRenderer((panel as DocumentWidget).content)
    });
  }
};

export default [documents, project, widgets, outputs];

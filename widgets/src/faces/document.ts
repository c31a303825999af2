/** The document tab: a slide file that was opened by its path. */
import {
  ABCWidgetFactory,
  DocumentModel,
  DocumentWidget,
  type DocumentRegistry
} from '@jupyterlab/docregistry';
import type { Contents } from '@jupyterlab/services';
import type { Message } from '@lumino/messaging';
import { guardClosing } from './closing';
import { SlideWidget } from './slide';

/** A model that never reads or writes the file: with no format the request carries no content. */
export class SlideModelFactory implements DocumentRegistry.IModelFactory<DocumentModel> {
  readonly name = 'wsinb-slide';
  readonly contentType: Contents.ContentType = 'file';
  readonly fileFormat: Contents.FileFormat = null;
  readonly collaborative = false;
  private disposed = false;

  get isDisposed(): boolean {
    return this.disposed;
  }

  dispose(): void {
    this.disposed = true;
  }

  createNew(): DocumentModel {
    // A context saves and checkpoints a document unless its model is shared: it would copy the whole slide.
    // Annotations are saved as versions of a project; the slide file itself is never written.
    const model = new DocumentModel({ collaborationEnabled: true });
    model.readOnly = true;
    return model;
  }

  preferredLanguage(): string {
    return '';
  }
}

export class SlideDocument extends DocumentWidget<SlideWidget, DocumentModel> {
  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    guardClosing(this, this.content);
  }
}

export class SlideDocumentFactory extends ABCWidgetFactory<SlideDocument, DocumentModel> {
  constructor(
    options: DocumentRegistry.IWidgetFactoryOptions<SlideDocument>,
    private readonly localPath: (path: string) => string
  ) {
    super(options);
  }

  protected override createNewWidget(context: DocumentRegistry.IContext<DocumentModel>): SlideDocument {
    const content = new SlideWidget({ path: this.localPath(context.path) });
    const document = new SlideDocument({ content, context });
    // the viewer has its own tools, on the picture
    document.toolbar.hide();
    return document;
  }
}

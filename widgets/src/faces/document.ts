/** The document tab: a slide file on a bare Leaflet map. */
import {
  ABCWidgetFactory,
  DocumentModel,
  DocumentWidget,
  type DocumentRegistry
} from '@jupyterlab/docregistry';
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { Contents } from '@jupyterlab/services';
import { PromiseDelegate } from '@lumino/coreutils';
import { MessageLoop, type IMessageHandler, type Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { Api } from '../api';
import type { Viewer } from '../viewer';

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

export class SlideWidget extends Widget {
  private viewer: Viewer | null = null;
  private invalidate: () => void = () => undefined;
  private readonly opened = new PromiseDelegate<void>();

  constructor(private readonly path: string) {
    super();
    this.addClass('wsinb-document');
  }

  /** Resolves when the slide is shown, or the sentence that says why not. */
  get ready(): Promise<void> {
    return this.opened.promise;
  }

  get dirty(): boolean {
    return this.viewer?.dirty ?? false;
  }

  /** Whether closing would lose something: unsaved shapes that the server has not kept. */
  get atRisk(): boolean {
    return this.viewer?.atRisk ?? false;
  }

  /** Forget what is unsaved. */
  async discard(): Promise<void> {
    await this.viewer?.discard();
  }

  override dispose(): void {
    this.viewer?.dispose();
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (!this.viewer) {
      void this.mount();
    }
  }

  protected override onResize(): void {
    this.invalidate();
  }

  protected override onAfterShow(): void {
    this.invalidate();
  }

  protected override onActivateRequest(): void {
    this.node.querySelector<HTMLElement>('.wsinb-map')?.focus();
  }

  /** Leaflet and the viewer arrive with the first slide, not with JupyterLab. */
  private async mount(): Promise<void> {
    const { mountMap } = await import('./mount');
    if (this.isDisposed) {
      return;
    }
    const mounted = mountMap(this.node, { api: new Api(), source: { path: this.path } });
    this.viewer = mounted.viewer;
    this.invalidate = mounted.invalidate;
    await this.viewer.open();
    this.opened.resolve();
  }
}

const KEEP = 'Keep for later';

export class SlideDocument extends DocumentWidget<SlideWidget, DocumentModel> {
  private asking = false;

  /**
   * Ask before unsaved shapes are lost.
   *
   * The document manager closes tabs by a hook on their messages; a later hook runs before it.
   */
  guardClosing(): void {
    MessageLoop.installMessageHook(this, (_handler: IMessageHandler, message: Message) => {
      if (message.type !== 'close-request' || !this.content.dirty) {
        return true;
      }
      void this.askThenClose();
      return false;
    });
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.guardClosing();
  }

  private async askThenClose(): Promise<void> {
    if (this.asking) {
      return;
    }
    this.asking = true;
    const { button } = await showDialog({
      title: 'Close without saving?',
      body: this.content.atRisk
        ? 'The unsaved shapes on this slide will be lost.'
        : 'The unsaved shapes on this slide can be kept: they are offered when it is opened again.',
      buttons: [
        Dialog.cancelButton(),
        Dialog.warnButton({ label: 'Discard' }),
        ...(this.content.atRisk ? [] : [Dialog.okButton({ label: KEEP })])
      ]
    });
    this.asking = false;
    if (button.accept) {
      if (button.label !== KEEP) {
        await this.content.discard();
      }
      this.dispose();
    }
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
    const content = new SlideWidget(this.localPath(context.path));
    const document = new SlideDocument({ content, context });
    // the viewer has its own tools, on the picture
    document.toolbar.hide();
    return document;
  }
}

/**
 * The output of a cell that shows a viewer.
 *
 * The kernel sends the model's id under a type of our own, with a picture beside it. Here the id goes to the
 * renderer of Jupyter's widgets; the picture stays until the live viewer is there, and for good where there is
 * no kernel behind the output any more.
 */
import { MimeModel, type IRenderMime, type IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { Panel, Widget } from '@lumino/widgets';
import { element } from '../dom';

export const VIEW_MIME = 'application/vnd.wsinb.view+json';
const HTML_MIME = 'text/html';
const WIDGET_MIME = 'application/vnd.jupyter.widget-view+json';
const LIVE_VIEW = '.leaflet-widgets, .wsinb-cm';

/** How often to look whether the notebook's widgets have a manager by now. */
const LOOK_AGAIN_MS = 100;

class ViewOutput extends Panel implements IRenderMime.IRenderer {
  private observer: MutationObserver | null = null;
  private timer = 0;

  constructor(private readonly rendermime: IRenderMimeRegistry) {
    super();
    this.addClass('wsinb-output');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.stopWaiting();
    this.widgets.slice().forEach(widget => widget.dispose());
    const picture = await this.still(model);
    this.addWidget(picture);
    const { model_id: modelId } = model.data[VIEW_MIME] as { model_id?: unknown };
    if (typeof modelId === 'string' && this.rendermime.mimeTypes.includes(WIDGET_MIME)) {
      await this.showLive(modelId, model.trusted, picture);
    }
  }

  override dispose(): void {
    this.stopWaiting();
    super.dispose();
  }

  private stopWaiting(): void {
    this.observer?.disconnect();
    window.clearInterval(this.timer);
  }

  /** What stands in place of the live view: a picture, else a table, else text. */
  private async still(model: IRenderMime.IMimeModel): Promise<Widget> {
    if ('image/png' in model.data || !(HTML_MIME in model.data)) {
      return new Widget({ node: pictureNode(model) });
    }
    const table = this.rendermime.createRenderer(HTML_MIME);
    await table.renderModel(model);
    return table;
  }

  /** Put the live viewer where the picture is, as soon as there is one. */
  private async showLive(modelId: string, trusted: boolean, picture: Widget): Promise<void> {
    const factory = this.rendermime.getFactory(WIDGET_MIME);
    const live = this.rendermime.createRenderer(WIDGET_MIME);
    live.addClass('wsinb-mod-waiting');
    this.addWidget(live);
    this.observer = new MutationObserver(() => {
      if (live.node.querySelector(LIVE_VIEW)) {
        this.stopWaiting();
        picture.dispose();
        live.removeClass('wsinb-mod-waiting');
      }
    });
    this.observer.observe(live.node, { childList: true, subtree: true });
    // a notebook that is opened shows its outputs before its widgets have a manager, which then comes with
    // a renderer of its own and looks after those of its outputs, but not after one inside ours
    this.timer = window.setInterval(() => {
      if (this.rendermime.getFactory(WIDGET_MIME) !== factory) {
        this.stopWaiting();
        live.dispose();
        void this.showLive(modelId, trusted, picture);
      }
    }, LOOK_AGAIN_MS);
    const view = { version_major: 2, version_minor: 0, model_id: modelId };
    await live.renderModel(new MimeModel({ data: { [WIDGET_MIME]: view }, trusted }));
  }
}

function pictureNode(model: IRenderMime.IMimeModel): HTMLElement {
  const png = model.data['image/png'];
  const text = String(model.data['text/plain'] ?? 'A slide viewer');
  if (typeof png !== 'string') {
    return element('pre', 'wsinb-picture', text);
  }
  const image = element('img', 'wsinb-picture');
  image.src = `data:image/png;base64,${png}`;
  image.alt = text;
  return image;
}

/** Let a notebook show viewers; each notebook has its own registry, which knows its kernel's widgets. */
export function addViewRenderer(notebook: Widget): void {
  const { rendermime } = notebook as Widget & { rendermime: IRenderMimeRegistry };
  const createRenderer = (): ViewOutput => new ViewOutput(rendermime);
  rendermime.addFactory({ safe: false, mimeTypes: [VIEW_MIME], createRenderer }, -10);
}

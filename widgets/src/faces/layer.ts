/** What the kernel and the viewer both know: the TypeScript twin of `wsinb.view.SlideLayer`. */
import type { WidgetModel } from '@jupyter-widgets/base';
import { UUID, type JSONValue } from '@lumino/coreutils';
import { LeafletLayerModel, type ILeafletLayerModel } from 'jupyter-leaflet';
import type { Affine } from '../links';
import type { LiveState } from '../live/model';
import type { OverlaySpec } from '../overlays/spec';
import { PROTOCOL, type Feature, type LabelInfo, type LiveDraft, type Source } from '../types';
import { MODULE_NAME } from '../version';
import { isNothing, spliced, spliceOf, type Splice } from './edits';

export interface SlideLayerState extends ILeafletLayerModel {
  source: Source;
  version: string | null;
  /** A version to compare it with. */
  compare: string | null;
  branch: string | null;
  edit_base: string | null;
  drawn: Feature[];
  deleted: string[];
  /** Names this state of `drawn` and `deleted`. */
  edits: string;
  labels: LabelInfo[];
  label: string | null;
  saved: string | null;
  error: string;
  protocol: number;
  fit: boolean;
  /** xmin, ymin, xmax, ymax in level-0 pixels. */
  view: number[];
  look: Record<string, unknown>;
  picture: Record<string, unknown>;
  selection: string[];
  link: Partial<Link>;
  draft: Partial<LiveDraft>;
  overlays: OverlaySpec[];
  /** Set by the kernel alone. */
  live: Partial<LiveState>;
}

export interface Link {
  group: string;
  affine: Affine;
}

/** Travels both ways: edits made in the browser, and the kernel's word of them to other pages. */
interface EditsMessage {
  event: 'edits';
  page: string;
  /** What the splices are of; null: of nothing. */
  from: string | null;
  to: string;
  drawn: Splice<Feature>;
  deleted: Splice<string>;
}

interface Known {
  name: string;
  drawn: readonly Feature[];
  deleted: readonly string[];
}

const PAGE = UUID.uuid4();
const EDITS = ['drawn', 'deleted'] as const;
const NOTHING: Omit<Known, 'name'> = { drawn: [], deleted: [] };

export class SlideLayerModel extends LeafletLayerModel {
  /** The edits as the kernel has them; null where that is not certain. */
  private known: Known | null = null;

  override defaults(): SlideLayerState {
    return {
      ...super.defaults(),
      _model_name: 'SlideLayerModel',
      _view_name: 'SlideLayerView',
      _model_module: MODULE_NAME,
      _view_module: MODULE_NAME,
      source: {},
      version: null,
      compare: null,
      branch: null,
      edit_base: null,
      drawn: [],
      deleted: [],
      edits: '',
      labels: [],
      label: null,
      saved: null,
      error: '',
      protocol: PROTOCOL,
      fit: true,
      view: [],
      look: {},
      picture: {},
      selection: [],
      link: {},
      draft: {},
      overlays: [],
      live: {}
    };
  }

  override initialize(...args: Parameters<LeafletLayerModel['initialize']>): void {
    super.initialize(...args);
    this.learn();
    this.on('msg:custom', (message: { event: string }) => this.hear(message));
  }

  override set_state(state: Record<string, unknown>): void {
    super.set_state(state);
    if ('edits' in state) {
      this.learn();
    } else if (EDITS.some(name => name in state)) {
      this.known = null;
    }
  }

  /**
   * Send every change at once. ipywidgets keeps a change back until the kernel has taken the one
   * before it; a cell that is run meanwhile would overtake what was drawn. Of edits only what is new travels.
   */
  override sync(method: string, model: WidgetModel, options: { attrs?: object } = {}): unknown {
    (this as unknown as { _pending_msgs: number })._pending_msgs = 0;
    if (method !== 'patch' || !options.attrs) {
      return super.sync(method, model, options);
    }
    const { drawn, deleted, edits, ...attrs } = options.attrs as Partial<SlideLayerState>;
    if ((drawn ?? deleted ?? edits) !== undefined) {
      this.sendEdits();
    }
    return super.sync(method, model, { ...options, attrs });
  }

  private get edited(): Omit<Known, 'name'> {
    return { drawn: this.get('drawn') as Feature[], deleted: this.get('deleted') as string[] };
  }

  /** The kernel has said what the edits are. */
  private learn(): void {
    const name = this.get('edits') as string;
    this.known = name ? { name, ...this.edited } : null;
  }

  private sendEdits(): void {
    const { known, edited } = this;
    const before = known ?? NOTHING;
    const drawn = spliceOf(before.drawn, edited.drawn);
    const deleted = spliceOf(before.deleted, edited.deleted);
    if (known && isNothing(drawn) && isNothing(deleted)) {
      return;
    }
    const to = UUID.uuid4();
    const message: EditsMessage = {
      ...{ event: 'edits', page: PAGE, from: known?.name ?? null, to },
      ...{ drawn, deleted }
    };
    this.send(message as unknown as JSONValue, this.callbacks());
    this.known = { name: to, ...edited };
  }

  private hear(message: { event: string }): void {
    if (message.event === 'resend') {
      this.known = null;
      this.sendEdits();
    } else if (message.event === 'edits') {
      this.take(message as EditsMessage);
    }
  }

  /** Another page has the same viewer. */
  private take({ page, from, to, ...splices }: EditsMessage): void {
    const before = from === null ? NOTHING : this.known?.name === from ? this.known : null;
    if (page === PAGE || !before) {
      return;
    }
    const drawn = spliced(before.drawn, splices.drawn);
    const deleted = spliced(before.deleted, splices.deleted);
    this.known = { name: to, drawn, deleted };
    this.set({ drawn, deleted });
  }
}

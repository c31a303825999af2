/** What the kernel and the page both know: the TypeScript twin of `wsinb.view.ConfusionMatrix`. */
import { DOMWidgetModel, unpack_models, type ISerializers } from '@jupyter-widgets/base';
import { PROTOCOL, type LabelInfo } from '../types';
import { MODULE_NAME, MODULE_VERSION } from '../version';
import type { Cell } from './stream';

export interface Edit {
  id: string;
  /** The new label, or null. */
  label: string | null;
  /** Whether the label was confirmed. */
  ok: boolean;
}

export interface ConfusionState {
  protocol: number;
  classes: string[];
  names: string[];
  counts: number[][];
  edits: Edit[];
  can_undo: boolean;
  can_edit: boolean;
  has_patches: boolean;
  note: string;
  labels: LabelInfo[];
  saved: string | null;
  conflict: boolean;
  viewer: DOMWidgetModel | null;
  shown: Partial<Cell>;
  selection: string[];
  error: string;
  percent: boolean;
}

export class ConfusionModel extends DOMWidgetModel {
  static override serializers: ISerializers = {
    ...DOMWidgetModel.serializers,
    viewer: { deserialize: unpack_models }
  };

  override defaults(): ReturnType<DOMWidgetModel['defaults']> {
    const state: ConfusionState = {
      ...{ protocol: PROTOCOL, classes: [], names: [], counts: [], edits: [] },
      ...{ can_undo: false, can_edit: false, has_patches: false, note: '', labels: [] },
      ...{ saved: null, conflict: false, viewer: null, shown: {}, selection: [], error: '', percent: false }
    };
    return {
      ...super.defaults(),
      ...{ _model_name: 'ConfusionModel', _view_name: 'ConfusionView' },
      ...{ _model_module: MODULE_NAME, _view_module: MODULE_NAME },
      ...{ _model_module_version: MODULE_VERSION, _view_module_version: MODULE_VERSION },
      ...state
    };
  }

  /** A part of the state, by name. */
  state<K extends keyof ConfusionState>(name: K): ConfusionState[K] {
    return this.get(name) as ConfusionState[K];
  }
}

/** The map below a viewer in a cell: the TypeScript twin of `wsinb.view.SlideViewer`. */
import { LeafletMapModel } from 'jupyter-leaflet';
import { MODULE_NAME, MODULE_VERSION } from '../version';

/**
 * ipyleaflet's map tells its kernel of every move of the mouse. A kernel that has gone makes that an error, in
 * the middle of Leaflet's own work; one that is there has better things to do.
 */
export class SlideMapModel extends LeafletMapModel {
  override defaults(): ReturnType<LeafletMapModel['defaults']> {
    return {
      ...super.defaults(),
      ...{ _model_name: 'SlideMapModel', _model_module: MODULE_NAME },
      ...{ _model_module_version: MODULE_VERSION }
    };
  }

  override send(...[content, ...rest]: Parameters<LeafletMapModel['send']>): void {
    if (this.comm_live && (content as { type?: string }).type !== 'mousemove') {
      super.send(content, ...rest);
    }
  }
}

/** The viewer alone on the screen. */
import { Dialog } from '@jupyterlab/apputils';
import { iconButton } from '../dom';
import { strokeIcon } from '../icons';
import type { Disposable, Scene } from '../scene';

const fullScreenIcon = strokeIcon(
  'full-screen',
  '<path d="M14 4h6v6M10 20H4v-6M20 4l-6.500 6.500M4 20l6.500-6.500"/>'
);

export function fullScreenPart(scene: Scene): Disposable {
  const { map, toolbar, keys, notice } = scene;
  const container = map.getContainer();
  const isOn = (): boolean => document.fullscreenElement === container;
  const toggle = async (): Promise<void> => {
    if (isOn()) {
      await document.exitFullscreen();
    } else {
      await container.requestFullscreen().catch(() => {
        notice.error('The browser does not let this page fill the screen.');
      });
    }
  };
  const button = iconButton(fullScreenIcon, 'Full screen (Shift+F)', () => void scene.guard(toggle));
  button.dataset.tool = 'fullscreen';
  toolbar.add('panels', button);

  const onChange = (): void => {
    button.setAttribute('aria-pressed', String(isOn()));
    map.invalidateSize({ pan: true, animate: false });
  };
  // JupyterLab's dialogs are beside the container: they would not be seen
  const onDialog = (): void => {
    if (isOn()) {
      void document.exitFullscreen();
    }
  };
  document.addEventListener('fullscreenchange', onChange);
  Dialog.tracker.widgetAdded.connect(onDialog);
  const bindings = keys.add({
    ...{ keys: 'Shift+F', title: 'Full screen', group: 'Looking' },
    act: () => void scene.guard(toggle)
  });
  onChange();
  return {
    dispose: () => {
      bindings.dispose();
      document.removeEventListener('fullscreenchange', onChange);
      Dialog.tracker.widgetAdded.disconnect(onDialog);
      if (isOn()) {
        void document.exitFullscreen();
      }
    }
  };
}

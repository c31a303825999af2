/** Save what is seen as a PNG, or copy it. */
import { element, iconButton, textButton } from '../dom';
import { strokeIcon } from '../icons';
import { ownMagnification, zoomText } from '../magnification';
import type { Disposable, Scene } from '../scene';
import { snapshot } from '../snapshot';
import { SmallForm } from './smallform';

const KEEP_URL_MS = 60_000;

const cameraIcon = strokeIcon(
  'screenshot',
  '<path d="M4 8h3.500L9 5.500h6L16.500 8H20a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1z"/><circle cx="12" cy="13" r="3.500"/>'
);

export function screenshotPart(scene: Scene): Disposable {
  const { toolbar, keys, notice } = scene;
  const caption = element('input', 'wsinb-input');
  caption.placeholder = 'Caption (optional)';
  caption.setAttribute('aria-label', 'Caption of the picture');
  const button = iconButton(cameraIcon, 'Save a picture of what is seen (Shift+X)', () => form.toggle());
  button.dataset.tool = 'screenshot';
  toolbar.add('panels', button);

  const take = (): Promise<Blob> => snapshot(scene, { caption: caption.value.trim() });
  const save = async (): Promise<void> => {
    download(await take(), fileName(scene));
    form.close();
  };
  const copy = async (): Promise<void> => {
    await copyPng(take());
    form.close();
    notice.info('The picture is in the clipboard.');
  };

  const saveButton = textButton('Save PNG', 'Save the picture as a file (Enter)', () => undefined);
  saveButton.type = 'submit';
  saveButton.classList.add('wsinb-mod-accept');
  const copyButton = textButton('Copy', 'Copy the picture to the clipboard', () => void scene.guard(copy));
  if (!canCopy()) {
    copyButton.disabled = true;
    copyButton.title = 'The browser lets only pages with a secure address (https) use the clipboard';
  }
  const row = element('div', 'wsinb-row wsinb-gap');
  row.append(saveButton, copyButton);
  const form = new SmallForm(scene, 'Picture of what is seen', button, caption, row);
  form.node.addEventListener('submit', event => {
    event.preventDefault();
    void scene.guard(save);
  });
  const bindings = keys.add({
    ...{ keys: 'Shift+X', title: 'Save a picture of what is seen', group: 'Looking' },
    act: () => form.toggle()
  });
  return {
    dispose: () => {
      bindings.dispose();
      form.dispose();
    }
  };
}

/** `<slide>_<x>_<y>_<zoom>.png`: the middle of the view in level-0 pixels, and its magnification. */
function fileName({ map, info }: Scene): string {
  const { lat, lng } = map.getCenter();
  const zoom = zoomText(map.getZoom(), ownMagnification(info)).replace('×', 'x').replace(' %', 'pc');
  const name = info.name.replace(/[^\p{L}\p{N}.-]+/gu, '-');
  return `${name}_${Math.round(lng)}_${Math.round(-lat)}_${zoom}.png`;
}

function canCopy(): boolean {
  // not there where the address is neither https nor this machine
  const clipboard = navigator.clipboard as Clipboard | undefined;
  return typeof clipboard?.write === 'function' && typeof ClipboardItem !== 'undefined';
}

async function copyPng(blob: Promise<Blob>): Promise<void> {
  try {
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`The picture could not be copied (${why}): save it as a file instead.`, { cause: error });
  }
}

function download(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEEP_URL_MS);
}

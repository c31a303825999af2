/** Asks before unsaved shapes are lost with their tab. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import { MessageLoop, type IMessageHandler, type Message } from '@lumino/messaging';
import type { Widget } from '@lumino/widgets';
import type { SlideWidget } from './slide';

const KEEP = 'Keep for later';
const asking = new WeakSet<SlideWidget>();

/**
 * Ask when a tab with unsaved shapes is closed.
 *
 * The document manager closes tabs by a hook on their messages; a later hook runs before it.
 */
export function guardClosing(tab: Widget, content: SlideWidget): void {
  MessageLoop.installMessageHook(tab, (_handler: IMessageHandler, message: Message) => {
    if (message.type !== 'close-request' || !content.dirty) {
      return true;
    }
    void mayClose(content).then(may => may && tab.dispose());
    return false;
  });
}

/** Whether the person lets unsaved shapes go, or keeps them for later; true where there are none. */
export async function mayClose(content: SlideWidget): Promise<boolean> {
  if (!content.dirty) {
    return true;
  }
  if (asking.has(content)) {
    return false;
  }
  asking.add(content);
  const { button } = await showDialog({
    title: 'Close without saving?',
    body: content.atRisk
      ? 'The unsaved shapes on this slide will be lost.'
      : 'The unsaved shapes on this slide can be kept: they are offered when it is opened again.',
    buttons: [
      Dialog.cancelButton(),
      Dialog.warnButton({ label: 'Discard' }),
      ...(content.atRisk ? [] : [Dialog.okButton({ label: KEEP })])
    ]
  });
  asking.delete(content);
  if (button.accept && button.label !== KEEP) {
    await content.discard();
  }
  return button.accept;
}

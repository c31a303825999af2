/** What the keyboard does while the viewer has the focus. */
import type { DrawTool } from './edit/draw';

/** Keys of the tools, with Shift: plain letters belong to the labels. */
const TOOL_KEYS: Record<string, DrawTool | null> = {
  S: null,
  D: 'point',
  L: 'line',
  P: 'polygon',
  R: 'rectangle',
  C: 'circle'
};

const STEP_KEYS: Record<string, 1 | -1> = { n: 1, p: -1 };

export interface KeyActions {
  save: () => void;
  undo: () => void;
  redo: () => void;
  removeSelected: () => void;
  cancel: () => void;
  fit: () => void;
  labelImage: () => void;
  history: () => void;
  /** Go to the next change or the one before; returns whether there is anything to step through. */
  step: (by: 1 | -1) => boolean;
  useTool: (tool: DrawTool | null) => void;
  /** Returns whether a label has that key. */
  chooseLabel: (key: string) => boolean;
}

/** Listens to the keys of a viewer's container, and keeps the focus in it. */
export class Keyboard {
  constructor(
    private readonly container: HTMLElement,
    private readonly actions: KeyActions
  ) {
    container.tabIndex = 0;
    // the viewer's own keys would otherwise also be commands of the notebook around it
    container.dataset.lmSuppressShortcuts = 'true';
    container.addEventListener('keydown', this.onKey);
    container.addEventListener('focusout', this.onFocusLost);
  }

  dispose(): void {
    this.container.removeEventListener('keydown', this.onKey);
    this.container.removeEventListener('focusout', this.onFocusLost);
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (handleKey(event, this.actions)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  /** A handle or button that had the focus may vanish: the keys then still belong to the viewer. */
  private readonly onFocusLost = ({ target }: FocusEvent): void => {
    setTimeout(() => {
      const vanished = target instanceof HTMLElement && target.getClientRects().length === 0;
      if (vanished && document.activeElement === document.body && this.container.isConnected) {
        this.container.focus({ preventScroll: true });
      }
    }, 0);
  };
}

/** Act on a key press; returns whether it meant something. */
export function handleKey(event: KeyboardEvent, actions: KeyActions): boolean {
  const command = event.ctrlKey || event.metaKey;
  const typing = isTyping(event.target);
  if (command) {
    return commandKey(event, actions, typing);
  }
  if (typing || event.altKey) {
    return false;
  }
  if (event.shiftKey) {
    return shiftKey(event, actions);
  }
  if (event.key === 'Escape') {
    actions.cancel();
    return true;
  }
  if (event.key === 'Delete' || event.key === 'Backspace') {
    actions.removeSelected();
    return true;
  }
  return event.key.length === 1 && plainKey(event.key, actions);
}

/** A label's own key wins over the history's; while changes are stepped through there is nothing to label. */
function plainKey(key: string, actions: KeyActions): boolean {
  if (key in STEP_KEYS && actions.step(STEP_KEYS[key]!)) {
    return true;
  }
  if (actions.chooseLabel(key)) {
    return true;
  }
  if (key === 'h') {
    actions.history();
    return true;
  }
  return false;
}

function commandKey(event: KeyboardEvent, actions: KeyActions, typing: boolean): boolean {
  const key = event.key.toLowerCase();
  if (key === 's') {
    actions.save();
  } else if (typing) {
    return false;
  } else if (key === 'y' || (key === 'z' && event.shiftKey)) {
    actions.redo();
  } else if (key === 'z') {
    actions.undo();
  } else {
    return false;
  }
  return true;
}

function shiftKey(event: KeyboardEvent, actions: KeyActions): boolean {
  const key = event.key.toUpperCase();
  if (key in TOOL_KEYS) {
    actions.useTool(TOOL_KEYS[key] ?? null);
  } else if (key === 'I') {
    actions.labelImage();
  } else if (key === 'H') {
    actions.history();
  } else if (event.code === 'Digit0') {
    actions.fit();
  } else {
    return false;
  }
  return true;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]');
}

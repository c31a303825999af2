/** What the keyboard does while the viewer has the focus: a list of bindings, which the page of keys shows. */
import type { Disposable } from './scene';

export interface Binding {
  /**
   * As it is read: `Shift+A`, `Ctrl+S` (the command key on a Mac), `[`, `Esc`; `letter` is any plain
   * character, which `act` is given. A character that needs Shift on some keyboards is written alone: `?`.
   */
  keys: string;
  /** What it does, for the page of keys; empty is not listed. */
  title: string;
  group: string;
  /** Returns false where the key means nothing at the moment: the next binding of the key is asked. */
  act: (key: string) => unknown;
  /** Whether it works while a text is typed, too. */
  typing?: boolean;
}

export const ANY_LETTER = 'letter';

export class Keys {
  private readonly bindings: Binding[] = [];

  get all(): readonly Binding[] {
    return this.bindings;
  }

  /** Bindings of one key are asked in the order in which they were added. */
  add(...added: Binding[]): Disposable {
    this.bindings.push(...added);
    return {
      dispose: () => {
        const kept = this.bindings.filter(binding => !added.includes(binding));
        this.bindings.splice(0, this.bindings.length, ...kept);
      }
    };
  }

  /** Act on a key press; returns whether it meant something. */
  handle(event: KeyboardEvent): boolean {
    if (event.altKey) {
      return false;
    }
    const typing = isTyping(event.target);
    const names = namesOf(event);
    return this.bindings.some(
      ({ keys, act, typing: always }) =>
        (always || !typing) && names.includes(keys) && act(event.key) !== false
    );
  }
}

/** All that a key press may be called in a binding. */
function namesOf(event: KeyboardEvent): string[] {
  const key = SHORT_NAMES[event.key] ?? event.key;
  const letter = /^[a-z]$/i.test(key) ? key.toUpperCase() : key;
  if (event.ctrlKey || event.metaKey) {
    return [`Ctrl+${event.shiftKey ? 'Shift+' : ''}${letter}`];
  }
  const digit = /^Digit(\d)$/.exec(event.code)?.[1];
  if (event.shiftKey && (digit || /^[a-z]$/i.test(key))) {
    return [`Shift+${digit ?? letter}`, key];
  }
  const plain = key.length === 1 ? [ANY_LETTER] : [];
  return [...plain.filter(() => !event.shiftKey), key, ...(event.shiftKey ? [`Shift+${key}`] : [])];
}

const SHORT_NAMES: Record<string, string> = { Escape: 'Esc', Delete: 'Del' };

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]');
}

/** Listens to the keys of a viewer's container, and keeps the focus in it. */
export class Keyboard {
  constructor(
    private readonly container: HTMLElement,
    private readonly keys: Keys
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
    if (this.keys.handle(event)) {
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

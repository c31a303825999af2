/**
 * Whose the wheel is: the viewer's or the page's around it.
 *
 * A tab is all viewer. A notebook must stay scrollable: there the wheel zooms once the viewer has been clicked
 * (or has the focus otherwise), with Ctrl or the command key, and on the full screen; a page that is being
 * scrolled goes on when a viewer comes below the pointer.
 */
import { element } from './dom';

export type WheelUse = 'always' | 'asked';

const HINT_MS = 1500;
const SHOWN = 'wsinb-mod-shown';

export class WheelOwner {
  /** Says how to zoom, for a moment. */
  readonly hint = element('div', 'wsinb-wheel-hint');
  /** The page is being scrolled, and the pointer has not moved since. */
  private passing = false;
  private timer = 0;

  constructor(
    private readonly container: HTMLElement,
    private readonly use: WheelUse
  ) {
    const key = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl';
    this.hint.textContent = `Click the slide, or hold ${key}, to zoom with the wheel`;
    if (use === 'asked') {
      window.addEventListener('wheel', this.onAnyWheel, { capture: true, passive: true });
      container.addEventListener('pointermove', this.onPointer);
      container.addEventListener('pointerdown', this.onPointer);
    }
  }

  /** Whether a turn of the wheel over the viewer is for the viewer; if not, the person is told how it can be. */
  isMine(event: WheelEvent): boolean {
    if (this.use === 'always' || event.ctrlKey || event.metaKey || this.fillsScreen) {
      return true;
    }
    const isMine = !this.passing && this.container.contains(document.activeElement);
    if (!isMine) {
      this.tell();
    }
    return isMine;
  }

  dispose(): void {
    window.clearTimeout(this.timer);
    window.removeEventListener('wheel', this.onAnyWheel, { capture: true });
    this.container.removeEventListener('pointermove', this.onPointer);
    this.container.removeEventListener('pointerdown', this.onPointer);
    this.hint.remove();
  }

  private get fillsScreen(): boolean {
    return document.fullscreenElement?.contains(this.container) ?? false;
  }

  private tell(): void {
    this.hint.classList.add(SHOWN);
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.hint.classList.remove(SHOWN), HINT_MS);
  }

  private readonly onAnyWheel = ({ target }: WheelEvent): void => {
    if (target instanceof Node && !this.container.contains(target)) {
      this.passing = true;
    }
  };

  private readonly onPointer = (event: PointerEvent): void => {
    // browsers tell of a move when it is the page that moves
    if (event.type === 'pointerdown' || event.movementX !== 0 || event.movementY !== 0) {
      this.passing = false;
    }
    if (event.type === 'pointerdown') {
      this.hint.classList.remove(SHOWN);
    }
  };
}

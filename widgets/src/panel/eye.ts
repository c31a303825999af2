/** A button that shows and hides something. */
import { iconButton } from '../dom';
import { eyeIcon, eyeOffIcon } from '../icons';

export class EyeButton {
  readonly node: HTMLButtonElement;
  private visible = true;

  constructor(
    private readonly name: string,
    change: (visible: boolean) => void
  ) {
    this.node = iconButton(eyeIcon, '', () => change(!this.visible));
    this.node.classList.add('wsinb-eye');
  }

  set(visible: boolean): void {
    this.visible = visible;
    const title = `${visible ? 'Hide' : 'Show'} ${this.name}`;
    if (this.node.title !== title) {
      this.node.title = title;
      this.node.setAttribute('aria-label', title);
      this.node.setAttribute('aria-pressed', String(!visible));
      this.node.replaceChildren();
      (visible ? eyeIcon : eyeOffIcon).element({ container: this.node });
    }
  }
}

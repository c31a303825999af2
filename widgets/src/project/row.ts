/** One slide in the strip: its picture, what it is, and how far the work on it is. */
import { element } from '../dom';
import { slideIcon } from '../icons';
import { progressIcon } from './icons';
import { PROGRESS, type Progress, type SlideRow } from './requests';
import { countText, capitalized, sizeText, slideTitle } from './words';

export const ROW_CLASS = 'wsinb-strip-item';
let rows = 0;

export class Row {
  readonly node = element('li', ROW_CLASS);
  readonly image = element('img', 'wsinb-strip-picture');
  private readonly name = element('span', 'wsinb-strip-name');
  private readonly size = element('span', 'wsinb-strip-size');
  private readonly count = element('span', 'wsinb-strip-count');
  private readonly mark = element('button', 'wsinb-strip-mark');
  private shown: Progress | null = null;

  constructor(
    private slide: SlideRow,
    onMark: (progress: Progress) => void
  ) {
    this.node.id = `wsinb-slide-${(rows += 1)}`;
    this.node.setAttribute('role', 'option');
    this.node.dataset.slide = slide.name;
    this.image.alt = '';
    this.image.draggable = false;
    const frame = element('span', 'wsinb-strip-frame');
    // shown until the picture is there, and where there is none
    slideIcon.element({ container: frame });
    frame.append(this.image);
    const text = element('span', 'wsinb-strip-text');
    text.append(this.name, this.size, this.count);
    this.mark.type = 'button';
    this.mark.tabIndex = -1;
    this.mark.addEventListener('click', event => {
      event.stopPropagation();
      onMark(this.nextProgress);
    });
    this.mark.addEventListener('dblclick', event => event.stopPropagation());
    this.node.append(frame, text, this.mark);
    this.update(slide);
  }

  /** Returns whether its file is another one now. */
  update(slide: SlideRow): boolean {
    const moved = this.slide.file !== slide.file;
    this.slide = slide;
    this.node.title = slideTitle(slide);
    this.name.textContent = slide.name;
    this.size.textContent = sizeText(slide);
    this.count.textContent = countText(slide.n);
    if (this.shown !== slide.progress) {
      this.shown = slide.progress;
      const next = this.nextProgress;
      this.mark.replaceChildren();
      progressIcon(slide.progress).element({ container: this.mark });
      this.mark.dataset.progress = slide.progress;
      this.mark.title = `${capitalized(slide.progress)}: click to mark as ${next}`;
      this.mark.setAttribute('aria-label', this.mark.title);
    }
    return moved;
  }

  get nextProgress(): Progress {
    return PROGRESS[(PROGRESS.indexOf(this.slide.progress) + 1) % PROGRESS.length]!;
  }
}

/** Looks after the server and the slide's file while a slide is open: whether both are still what they were. */
import { ApiError, type Api } from './api';
import { Notice } from './notice';
import { Poll } from './poll';
import type { Trouble } from './trouble';
import type { SlideInfo, Source } from './types';

const INTERVAL_MS = 2000;
/** A server that is away for a moment is not worth a message. */
const MISSED_BEFORE_SAID = 2;
const TROUBLE = 'server';
/** Answers that do not come from our own part of the server, or not from its work. */
const NOT_OURS = ['NoAnswer', 'NoExtension', 'ServerError', 'RequestRefused', 'Busy'];

export interface WatchParts {
  api: Pick<Api, 'fingerprint'>;
  source: Source;
  /** The slide as it was opened. */
  info: Pick<SlideInfo, 'fingerprint' | 'name'>;
  /** What must be visible for it to be worth looking. */
  node: HTMLElement;
  trouble: Trouble;
  /** The person wants to see the new file. */
  reload: () => void;
  /** The server answers again. */
  back: () => void;
}

export class Watch {
  private readonly poll: Poll;
  private readonly notice = new Notice(() => undefined);
  private missed = 0;
  private told = false;

  constructor(private readonly parts: WatchParts) {
    this.poll = new Poll(parts.node, () => this.look(), INTERVAL_MS);
  }

  /** Where it tells of another file. */
  get node(): HTMLElement {
    return this.notice.node;
  }

  /** Look now. */
  async look(): Promise<void> {
    const { api, source, info } = this.parts;
    try {
      this.tell((await api.fingerprint(source)) !== info.fingerprint);
    } catch (error) {
      if (error instanceof ApiError && NOT_OURS.includes(error.kind)) {
        this.miss(error.message);
        return;
      }
    }
    this.answered();
  }

  dispose(): void {
    this.poll.dispose();
    this.parts.trouble.works(TROUBLE);
    this.node.remove();
  }

  private miss(sentence: string): void {
    this.missed += 1;
    if (this.missed >= MISSED_BEFORE_SAID) {
      this.parts.trouble.failed(TROUBLE, sentence);
    }
  }

  private answered(): void {
    if (this.missed > 0) {
      this.missed = 0;
      this.parts.trouble.works(TROUBLE);
      this.parts.back();
    }
  }

  /** Of another file no part is shown beside what is there: the person says when to change over. */
  private tell(isAnother: boolean): void {
    if (isAnother && !this.told) {
      this.notice.ask(`The file of ${this.parts.info.name} was replaced: the picture here is the old one.`, [
        {
          text: 'Reload',
          title: 'Show the new file; what is unsaved stays',
          act: this.parts.reload,
          accept: true
        }
      ]);
    } else if (!isAnother) {
      this.notice.clear();
    }
    this.told = isAnother;
  }
}

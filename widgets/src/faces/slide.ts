/** A slide as a Lumino widget: a viewer on a bare Leaflet map, for any tab. */
import { PromiseDelegate } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import { Signal, type ISignal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { Api } from '../api';
import { isTyping } from '../keys';
import type { Source } from '../types';
import type { Viewer } from '../viewer';

const STEPS = [
  { keys: '<', title: 'Previous slide of the project', by: -1 },
  { keys: '>', title: 'Next slide of the project', by: 1 }
] as const;

export class SlideWidget extends Widget {
  private viewer: Viewer | null = null;
  private invalidate: () => void = () => undefined;
  private readonly opened = new PromiseDelegate<void>();
  private readonly stepSignal = new Signal<this, -1 | 1>(this);

  constructor(
    readonly source: Source,
    private readonly startBranch: string | null = null
  ) {
    super();
    this.addClass('wsinb-document');
    this.node.addEventListener('keydown', this.onUnusedKey);
  }

  /** Resolves when the slide is shown, or the sentence that says why not. */
  get ready(): Promise<void> {
    return this.opened.promise;
  }

  /** The person wants the slide before (-1) or after (1) this one. */
  get stepped(): ISignal<this, -1 | 1> {
    return this.stepSignal;
  }

  /** The branch that is worked on, once the slide is open. */
  get branch(): string | null {
    return this.viewer?.branch ?? this.startBranch;
  }

  get dirty(): boolean {
    return this.viewer?.dirty ?? false;
  }

  /** Whether closing would lose something: unsaved shapes that the server has not kept. */
  get atRisk(): boolean {
    return this.viewer?.atRisk ?? false;
  }

  /** Forget what is unsaved. */
  async discard(): Promise<void> {
    await this.viewer?.discard();
  }

  /** Do what a key of the viewer does, named as in its page of keys. */
  press(keys: string): void {
    this.viewer?.keys.all.some(binding => binding.keys === keys && binding.act(keys) !== false);
  }

  /** Move with the other slides of a group; laid on another one as both lie now, else on its own pixels. */
  link(group: string, on: SlideWidget | null = null): void {
    if (this.viewer) {
      this.viewer.link(group, on?.viewer ? this.viewer.lyingOn(on.viewer) : undefined);
    }
  }

  /** Bring an annotation into view and mark it; its box is xmin, ymin, xmax, ymax in level-0 pixels. */
  async showAnnotation(id: string, box: readonly [number, number, number, number]): Promise<void> {
    await this.ready;
    this.invalidate();
    this.viewer?.showAnnotation(id, box);
  }

  unlink(): void {
    this.viewer?.unlink();
  }

  get isLinked(): boolean {
    return this.viewer?.isLinked ?? false;
  }

  override dispose(): void {
    this.viewer?.dispose();
    Signal.clearData(this);
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (!this.viewer) {
      void this.mount();
    }
  }

  protected override onResize(): void {
    this.invalidate();
  }

  protected override onAfterShow(): void {
    this.invalidate();
  }

  protected override onActivateRequest(): void {
    this.node.querySelector<HTMLElement>('.wsinb-map')?.focus();
  }

  /** Leaflet and the viewer arrive with the first slide, not with JupyterLab. */
  private async mount(): Promise<void> {
    const { mountMap } = await import('./mount');
    if (this.isDisposed) {
      return;
    }
    const branch = this.startBranch;
    const mounted = mountMap(this.node, { api: new Api(), source: this.source, branch });
    this.viewer = mounted.viewer;
    this.invalidate = mounted.invalidate;
    this.viewer.keys.add(
      ...STEPS.map(({ by, ...key }) => ({ ...key, group: 'Slides', act: () => this.stepSignal.emit(by) }))
    );
    await this.viewer.open();
    this.opened.resolve();
  }

  /**
   * Pass on what the viewer has no use for, such as the shortcut of the command palette.
   *
   * A viewer keeps its keys from JupyterLab, since plain letters are commands of a notebook around it;
   * a tab stands alone.
   */
  private readonly onUnusedKey = (event: KeyboardEvent): void => {
    const isShortcut = event.ctrlKey || event.metaKey || event.altKey;
    if (event.target === this.node || event.defaultPrevented || !isShortcut || isTyping(event.target)) {
      return;
    }
    const again = new KeyboardEvent('keydown', event);
    // Lumino goes by the number, which the constructor may not take over
    Object.defineProperty(again, 'keyCode', { value: event.keyCode });
    if (!this.node.dispatchEvent(again)) {
      event.preventDefault();
    }
  };
}

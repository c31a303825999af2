/** One channel of a slide: eye, colour, name, and the range of values that its colour stands for. */
import { element, iconButton, textButton } from '../dom';
import { eyeIcon, eyeOffIcon } from '../icons';
import type { ChannelLook } from '../picture';
import type { ChannelInfo } from '../types';

export interface ChannelActions {
  set: (parts: Partial<ChannelLook>) => void;
  /** Show it alone, or all again. */
  solo: () => void;
  auto: () => void;
}

type End = 'low' | 'high';

export class ChannelRow {
  readonly node = element('div', 'wsinb-channel');
  private readonly eye: HTMLButtonElement;
  private readonly color = element('input', 'wsinb-color wsinb-channel-color');
  private readonly auto: HTMLButtonElement;
  private readonly ranges: Record<End, HTMLInputElement>;
  private readonly numbers: Record<End, HTMLInputElement>;
  private readonly filled = element('div', 'wsinb-range-filled');
  private look: ChannelLook | null = null;

  constructor(
    private readonly info: ChannelInfo,
    private readonly actions: ChannelActions
  ) {
    this.eye = iconButton(eyeIcon, `Show or hide ${info.name}; Alt + click: only this one`, () => undefined);
    this.eye.classList.add('wsinb-eye');
    this.eye.addEventListener('click', event =>
      event.altKey ? actions.solo() : actions.set({ visible: !this.look?.visible })
    );
    this.color.type = 'color';
    this.color.title = `Colour of ${info.name}`;
    this.color.addEventListener('input', () => actions.set({ color: this.color.value }));
    this.auto = textButton('auto', 'The range that fits the data', () => actions.auto());
    this.auto.classList.add('wsinb-small-button');
    const [low, high] = (['low', 'high'] as const).map(end => this.end(end));
    this.ranges = { low: low!.range, high: high!.range };
    this.numbers = { low: low!.number, high: high!.number };
    const name = element('span', 'wsinb-channel-name', info.name);
    name.title = info.name;
    const head = element('div', 'wsinb-row');
    head.append(this.eye, this.color, name, this.auto);
    const track = element('div', 'wsinb-range-two');
    track.append(this.filled, low!.range, high!.range);
    const body = element('div', 'wsinb-row wsinb-channel-range');
    body.append(low!.number, track, high!.number);
    this.node.append(head, body);
  }

  show(look: ChannelLook): void {
    const changedEye = this.look?.visible !== look.visible;
    this.look = look;
    if (changedEye) {
      this.eye.replaceChildren();
      (look.visible ? eyeIcon : eyeOffIcon).element({ container: this.eye });
      this.eye.setAttribute('aria-pressed', String(!look.visible));
    }
    this.node.classList.toggle('wsinb-mod-off', !look.visible);
    this.color.value = look.color;
    const { auto, limits } = this.info;
    this.auto.disabled = look.low === auto[0] && look.high === auto[1];
    for (const end of ['low', 'high'] as const) {
      this.ranges[end].value = String(look[end]);
      if (this.numbers[end].valueAsNumber !== look[end]) {
        this.numbers[end].value = String(look[end]);
      }
    }
    const along = (value: number): number => (100 * (value - limits[0])) / (limits[1] - limits[0] || 1);
    this.filled.style.left = `${Math.max(0, along(look.low))}%`;
    this.filled.style.right = `${Math.max(0, 100 - along(look.high))}%`;
    this.filled.style.background = look.color;
  }

  private end(end: End): { range: HTMLInputElement; number: HTMLInputElement } {
    const { limits, name } = this.info;
    const step = this.step;
    const words = `${name}: what is ${end === 'low' ? 'black' : 'the full colour'}`;
    const range = element('input', 'wsinb-range');
    range.type = 'range';
    Object.assign(range, { min: limits[0], max: limits[1], step, title: words });
    range.setAttribute('aria-label', words);
    range.addEventListener('input', () => this.move(end, Number(range.value)));
    const number = element('input', 'wsinb-input wsinb-number');
    number.type = 'number';
    Object.assign(number, { step, title: words });
    number.setAttribute('aria-label', `${words}, number`);
    number.addEventListener('change', () => this.move(end, number.valueAsNumber));
    return { range, number };
  }

  /** The ends never pass each other. */
  private move(end: End, value: number): void {
    const look = this.look!;
    if (!Number.isFinite(value)) {
      this.numbers[end].value = String(look[end]);
      return;
    }
    const bounded =
      end === 'low' ? Math.min(value, look.high - this.step) : Math.max(value, look.low + this.step);
    this.actions.set({ [end]: bounded });
    this.show(this.look!);
  }

  /** Whole numbers, unless there are few of them. */
  private get step(): number {
    const [low, high] = this.info.limits;
    return high - low >= 100 ? 1 : (high - low) / 1000 || 0.001;
  }
}

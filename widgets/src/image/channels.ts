/** The channels of a slide: what of each is shown, and in which colour and range. */
import type { ChannelLook, Picture } from '../picture';
import type { ChannelInfo } from '../types';

export class Channels {
  /** What was visible before one channel was shown alone. */
  private before: boolean[] | null = null;

  constructor(
    private readonly picture: Picture,
    readonly infos: readonly ChannelInfo[]
  ) {}

  /** As it was set, else as the file asks. */
  get looks(): ChannelLook[] {
    const { channels } = this.picture.value;
    return this.infos.map((info, number) => ({ ...own(info), ...channels?.[number] }));
  }

  /** The number of the only channel that is shown, if it is one of several. */
  get alone(): number | null {
    const shown = this.looks.flatMap(({ visible }, number) => (visible ? [number] : []));
    return shown.length === 1 && this.infos.length > 1 ? shown[0]! : null;
  }

  set(number: number, parts: Partial<ChannelLook>): void {
    this.show(this.looks.map((look, i) => (i === number ? { ...look, ...parts } : look)));
  }

  /** Show one channel alone; null shows again what was shown before. */
  solo(number: number | null): void {
    const { looks } = this;
    if (number === null) {
      const before = this.before ?? this.infos.map(info => own(info).visible);
      this.before = null;
      this.show(looks.map((look, i) => ({ ...look, visible: before[i]! })));
      return;
    }
    this.before ??= looks.map(look => look.visible);
    this.show(looks.map((look, i) => ({ ...look, visible: i === number })));
  }

  /** The range that fits the data; `reset` takes that of the file. */
  auto(number: number): void {
    const [low, high] = this.infos[number]!.auto;
    this.set(number, { low, high });
  }

  reset(): void {
    this.before = null;
    this.picture.set({ channels: null });
  }

  /** What is as the file asks needs no words. */
  private show(looks: ChannelLook[]): void {
    const plain = JSON.stringify(looks) === JSON.stringify(this.infos.map(own));
    this.picture.set({ channels: plain ? null : looks });
  }
}

function own({ visible, color, range: [low, high] }: ChannelInfo): ChannelLook {
  return { visible, color, low, high };
}

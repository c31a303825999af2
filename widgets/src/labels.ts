/** The labels of a project and the one in hand. */
import { Signal, type ISignal } from '@lumino/signaling';
import type { LabelInfo } from './types';

/** Colour of what has no label. */
export const UNLABELLED_COLOR = '#6b7a90';

const SUGGESTED_COLORS = [
  '#d1495b',
  '#2e86ab',
  '#3a9d5d',
  '#e09f3e',
  '#7b5ea7',
  '#00897b',
  '#c2569b',
  '#8d6e63'
];

export class Labels {
  private list: LabelInfo[] = [];
  private chosen: string | null = null;
  private readonly hiddenNames = new Set<string>();
  private readonly changedSignal = new Signal<this, void>(this);

  get changed(): ISignal<this, void> {
    return this.changedSignal;
  }

  get all(): readonly LabelInfo[] {
    return this.list;
  }

  /** The label that new shapes get, or null. */
  get current(): string | null {
    return this.chosen;
  }

  set current(name: string | null) {
    if (name !== this.chosen) {
      this.chosen = name;
      this.changedSignal.emit();
    }
  }

  set(labels: readonly LabelInfo[]): void {
    if (JSON.stringify(labels) !== JSON.stringify(this.list)) {
      this.list = [...labels];
      if (this.chosen !== null && !labels.some(label => label.name === this.chosen)) {
        this.chosen = null;
      }
      this.changedSignal.emit();
    }
  }

  add(label: LabelInfo): void {
    this.list = [...this.list.filter(known => known.name !== label.name), label];
    this.chosen = label.name;
    this.changedSignal.emit();
  }

  byName(name: string | null): LabelInfo | undefined {
    return this.list.find(label => label.name === name);
  }

  colorOf(name: string | null): string {
    return this.byName(name)?.color ?? UNLABELLED_COLOR;
  }

  byKey(key: string): LabelInfo | undefined {
    return this.list.find(label => label.key !== null && label.key.toLowerCase() === key.toLowerCase());
  }

  isHidden(name: string | null): boolean {
    return name !== null && this.hiddenNames.has(name);
  }

  /** Show a label that was hidden; returns whether it was. */
  show(name: string): boolean {
    const wasHidden = this.hiddenNames.delete(name);
    if (wasHidden) {
      this.changedSignal.emit();
    }
    return wasHidden;
  }

  toggleHidden(name: string): void {
    if (!this.hiddenNames.delete(name)) {
      this.hiddenNames.add(name);
    }
    this.changedSignal.emit();
  }

  /** A colour that no label has yet. */
  suggestColor(): string {
    const used = new Set(this.list.map(label => label.color.toLowerCase()));
    return SUGGESTED_COLORS.find(color => !used.has(color)) ?? SUGGESTED_COLORS[this.list.length % 8]!;
  }

  /** A free key for a name: one of its letters, else a digit; h opens the history. */
  suggestKey(name: string): string | null {
    const candidates = [...name.toLowerCase().replace(/[^a-z0-9]/g, ''), ...'123456789'];
    return candidates.find(key => key !== 'h' && !this.byKey(key)) ?? null;
  }
}

/** [red, green, blue] of a CSS hexadecimal colour; the unlabelled colour for anything else. */
export function rgb(color: string): [number, number, number] {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(color);
  const hex = short
    ? `#${short
        .slice(1)
        .map(digit => digit + digit)
        .join('')}`
    : color;
  const value = /^#[0-9a-f]{6}/i.test(hex)
    ? parseInt(hex.slice(1, 7), 16)
    : parseInt(UNLABELLED_COLOR.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** The version that changes are told against. */
import { element } from '../dom';
import { shortId } from '../history/words';
import type { CommitInfo, Refs } from '../types';
import { versionGroups } from './versionlist';

/** Stands for the version before the shown one. */
const BEFORE = '';

export class SinceField {
  readonly node = element('label', 'wsinb-since');
  private readonly select = element('select', 'wsinb-input wsinb-select');
  private chosen: string | null = null;

  constructor(change: (since: string | null) => void) {
    this.node.append(element('span', 'wsinb-heading', 'Since'), this.select);
    this.select.addEventListener('change', () => change(this.select.value || null));
    this.offer({ branches: [], tags: [] }, []);
  }

  /** Show what there is to choose from; what is chosen stays. */
  offer(refs: Refs, log: readonly CommitInfo[]): void {
    this.select.replaceChildren(new Option('the version before', BEFORE), ...versionGroups(refs, log));
    this.set(this.chosen);
  }

  set(since: string | null): void {
    this.chosen = since;
    this.select.value = since ?? BEFORE;
    if (since !== null && this.select.value !== since) {
      // Python may name any version
      this.select.append(new Option(shortId(since), since));
      this.select.value = since;
    }
  }
}

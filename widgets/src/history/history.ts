/** The versions of the open slide: the panel, what it leads to, and the way back to the newest. */
import type * as L from 'leaflet';
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError, type Api, type Place } from '../api';
import type { EditStore } from '../edit/store';
import type { Notice } from '../notice';
import { Banner } from '../panel/banner';
import { HistoryPanel } from '../panel/history';
import type { Session } from '../session';
import type { Change, CommitInfo, Refs } from '../types';
import { BATCH, Changes } from './changes';
import { Difference } from './difference';
import type { Stage } from './stage';
import { dayText } from './times';
import { plural, shortId } from './words';

const PAGE = 50;
const MAX_LOG = 1000;
const FIRST_CHANGES = 500;

export interface HistoryParts {
  map: L.Map;
  api: Api;
  session: Session;
  store: EditStore;
  stage: Stage;
  notice: Notice;
  /** Runs what may fail and shows the error; returns whether it went well. */
  guard: (action: () => Promise<unknown>) => Promise<boolean>;
  /** Shows a version; null is the pinned or newest one. Resolves with its commit. */
  showVersion: (version: string | null) => Promise<string | null>;
  /** Merges a branch into the present one, asking where it must; resolves with whether it did. */
  merge: (from: string) => Promise<boolean>;
  /** Whether panels cover one another. */
  isNarrow: () => boolean;
}

/** What was asked to be shown: null and null is the newest version, to edit. */
export interface Wanted {
  version: string | null;
  compare: string | null;
}

const NEWEST: Wanted = { version: null, compare: null };

export class History {
  readonly panel: HistoryPanel;
  readonly banner = new Banner(() => this.run(() => this.back()));
  readonly difference: Difference;
  private refs: Refs = { branches: [], tags: [] };
  private log: CommitInfo[] = [];
  private limit = PAGE;
  private head: string | null = null;
  private shown: string | null = null;
  private wanted = NEWEST;
  private readonly wantedSignal = new Signal<this, Wanted>(this);

  constructor(private readonly parts: HistoryParts) {
    const named = (kind: 'branch' | 'tag', name: string, at: string): void =>
      this.run(() => (kind === 'tag' ? this.tag(name, at) : this.branch(name, at)));
    this.panel = new HistoryPanel({
      close: () => this.toggle(),
      open: commit =>
        this.run(() => (commit.id === this.log[0]?.id ? this.back() : this.openVersion(commit.id))),
      changes: commit => this.run(() => this.compare(commit.parents[0]!, commit.id, `“${commit.message}”`)),
      compare: (from, to) => this.run(() => this.compare(from, to)),
      tag: (name, at) => named('tag', name, at),
      branch: (name, at) => named('branch', name, at),
      revert: commit => this.run(() => this.revert(commit)),
      switchTo: branch => this.run(() => this.switchTo(branch)),
      merge: from => this.run(() => this.merge(from)),
      more: () => this.run(() => this.more())
    });
    this.difference = new Difference(parts.map, {
      restore: change => this.run(() => this.restore(change)),
      close: () => this.run(() => this.back())
    });
  }

  /** What is to be shown has changed. */
  get wantedChanged(): ISignal<this, Wanted> {
    return this.wantedSignal;
  }

  toggle(): void {
    const { session, notice } = this.parts;
    if (!session.place) {
      notice.info('This slide has no versions yet: saving an annotation makes the first one.');
      return;
    }
    this.panel.open = !this.panel.open;
    if (this.panel.open) {
      this.run(() => this.refresh());
    }
  }

  /** Show what somebody wants: a version, a difference, a branch, or the newest. */
  async show(wanted: Wanted): Promise<void> {
    const { version, compare } = wanted;
    const place = this.parts.session.place;
    if (!place || (version === null && compare === null)) {
      await this.back();
    } else if (compare !== null) {
      await this.compare(compare, version ?? place.branch);
    } else {
      this.refs = await this.parts.api.refs(place.project);
      if (this.refs.branches.some(({ name }) => name === version)) {
        await this.switchTo(version!);
      } else {
        await this.openVersion(version!);
      }
    }
    // remembered as it was said, so that hearing it again changes nothing
    this.want(wanted);
  }

  /** What is to be shown. */
  get current(): Wanted {
    return this.wanted;
  }

  /** Whether this is what is shown already. */
  isShowing({ version, compare }: Wanted): boolean {
    return version === this.wanted.version && compare === this.wanted.compare;
  }

  /** The newest version, to edit. */
  async back(): Promise<void> {
    const { session, stage } = this.parts;
    this.leave();
    session.pin(null);
    stage.mode = 'edit';
    this.want(NEWEST);
    this.shown = await this.parts.showVersion(null);
    await this.refreshOpen();
  }

  /** The branch has (perhaps) a new head. */
  async headIs(head: string | null): Promise<void> {
    if (head !== this.head) {
      this.head = head;
      await this.refreshOpen();
    }
  }

  /** Another version has come to be shown. */
  showing(version: string | null): void {
    this.shown = version;
    this.render();
  }

  /** The next change, or the one before. */
  step(by: 1 | -1): boolean {
    if (this.difference.active) {
      this.difference.step(by);
    }
    return this.difference.active;
  }

  dispose(): void {
    this.difference.hide();
    Signal.clearData(this);
  }

  private get place(): Place {
    return this.parts.session.place!;
  }

  private run(action: () => Promise<unknown>): void {
    void this.parts.guard(action);
  }

  private async openVersion(version: string): Promise<void> {
    const { session, stage } = this.parts;
    const shown = await this.pinned(version, () => this.parts.showVersion(version));
    this.leave();
    session.pin(version);
    stage.mode = 'version';
    this.banner.show(`${this.versionText(version, shown)}, read-only${this.keptText()}`);
    this.arrived({ version, compare: null }, shown);
  }

  private async compare(from: string, to: string, what?: string): Promise<void> {
    const { api, session, stage } = this.parts;
    const query = { project: this.place.project, slide: this.place.slide, from, to };
    const first = await api.diff(query, 0, FIRST_CHANGES);
    // the pages of a moving branch must belong together
    const fixed = { ...query, from: first.from, to: first.to };
    const changes = new Changes(first, (offset, limit) => api.diff(fixed, offset, limit));
    const shown = await this.pinned(to, () => this.parts.showVersion(first.to));
    this.leave();
    session.pin(first.to);
    stage.mode = 'compare';
    const title = what ?? `${this.nameOf(from)} → ${this.nameOf(to)}`;
    this.banner.show(`Read-only: changes ${what ? 'of ' : ''}${title}${this.keptText()}`);
    this.difference.show(changes, title, session.info?.mpp?.[0] ?? null);
    this.arrived({ version: to, compare: from }, shown);
    await changes.loadUntil(BATCH);
  }

  /** While a version is read, the newest must not come in between. */
  private async pinned<T>(version: string, action: () => Promise<T>): Promise<T> {
    const { session } = this.parts;
    const before = session.pinnedVersion;
    session.pin(version);
    try {
      return await action();
    } catch (error) {
      session.pin(before);
      throw error;
    }
  }

  private arrived(wanted: Wanted, shown: string | null): void {
    this.want(wanted);
    this.showing(shown);
    if (this.parts.isNarrow()) {
      this.panel.open = false;
    }
  }

  private leave(): void {
    this.difference.hide();
    this.banner.hide();
  }

  private want(wanted: Wanted): void {
    if (!this.isShowing(wanted)) {
      this.wanted = wanted;
      this.wantedSignal.emit(wanted);
    }
  }

  private async switchTo(branch: string): Promise<void> {
    const { session, store, notice } = this.parts;
    if (branch === this.place.branch) {
      await this.back();
      return;
    }
    if (store.count > 0) {
      const edits = plural(store.count, 'unsaved edit');
      notice.tell(
        `You have ${edits} on ${this.place.branch}: save or discard them, then switch to ${branch}.`
      );
      return;
    }
    session.switchTo(branch);
    this.limit = PAGE;
    this.log = [];
    await this.back();
  }

  private async tag(name: string, at: string): Promise<void> {
    this.refs = await this.parts.api.addRef('tag', this.place.project, name, at);
    this.render();
  }

  private async branch(name: string, at: string): Promise<void> {
    this.refs = await this.parts.api.addRef('branch', this.place.project, name, at);
    this.render();
    await this.switchTo(name);
  }

  private async revert(commit: CommitInfo): Promise<void> {
    try {
      await this.parts.api.revert(this.place.project, commit.id, this.place.branch);
    } catch (error) {
      if (error instanceof ApiError && error.conflicts.length > 0) {
        const n = new Set(error.conflicts.map(({ id }) => id)).size;
        const which = n === 1 ? 'one annotation was' : `${n} annotations were`;
        throw new ApiError(`This version was not taken back: ${which} changed again later.`, 0, 'Conflict');
      }
      throw error;
    }
    await this.back();
    this.parts.notice.info('Reverted, as a new version.');
  }

  private async merge(from: string): Promise<void> {
    await this.back();
    if (await this.parts.merge(from)) {
      await this.back();
      this.parts.notice.info(`Merged ${from} into ${this.place.branch}, as a new version.`);
    }
  }

  private async restore(change: Change): Promise<void> {
    const changes = this.difference.shown!;
    await this.parts.api.restore(this.place, [change.id], changes.first.from);
    changes.markRestored(change.id);
    await this.refreshOpen();
  }

  private async more(): Promise<void> {
    this.limit = Math.min(this.limit + PAGE, MAX_LOG);
    await this.refresh();
  }

  private async refreshOpen(): Promise<void> {
    if (this.panel.open) {
      await this.refresh();
    }
  }

  private async refresh(): Promise<void> {
    const { api } = this.parts;
    const { project, slide, branch } = this.place;
    const [refs, log] = await Promise.all([api.refs(project), api.log(project, branch, this.limit, slide)]);
    if (branch === this.place.branch) {
      this.refs = refs;
      this.log = log;
      this.render();
    }
  }

  private render(): void {
    const { place } = this.parts.session;
    if (place) {
      const { slide, branch } = place;
      const more = this.log.length >= this.limit && this.limit < MAX_LOG;
      const { refs, log } = this;
      // the branch may have moved on without this slide: its newest version here is still what is shown
      const shown = this.parts.session.follows ? (log[0]?.id ?? null) : this.shown;
      this.panel.set({ slide, branch, refs, log, more, shown });
    }
  }

  /** A branch or tag is called by its name, any other version by its number. */
  private nameOf(version: string): string {
    return shortId(version);
  }

  private versionText(version: string, commit: string | null): string {
    const known = this.log.find(({ id }) => id === (commit ?? version));
    const tag = this.refs.tags.find(({ name }) => name === version)?.name;
    const day = known ? ` of ${dayText(known.time)}` : '';
    const number = shortId(commit ?? version);
    return tag ? `Version ${tag} (${number}${day})` : `Version ${number}${day}`;
  }

  private keptText(): string {
    const { count } = this.parts.store;
    return count === 0 ? '' : `; your ${plural(count, 'unsaved edit')} wait${count === 1 ? 's' : ''}`;
  }
}

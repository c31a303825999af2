/** The confusion matrix of a cell: the matrix, the patches of one of its cells, and what is changed. */
import { DOMWidgetView, type DOMWidgetModel } from '@jupyter-widgets/base';
import { UUID, type JSONObject } from '@lumino/coreutils';
import { MessageLoop, type Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { element, iconButton, textButton } from '../dom';
import { plural } from '../history/words';
import { closeIcon, undoIcon } from '../icons';
import { ANY_LETTER, Keys } from '../keys';
import { PROTOCOL } from '../types';
import { Actions, CONFIRM_KEYS } from './actions';
import { Gallery } from './gallery';
import type { ConfusionModel } from './model';
import { SaveBar } from './savebar';
import { figure, scoresOf } from './scores';
import { Stream, type Cell, type PatchMessage, type Row, type RowsMessage } from './stream';
import { MatrixTable } from './table';
import { hasTabs, showInTab, type AnnotationPlace } from './tabs';

type Heard =
  | RowsMessage
  | PatchMessage
  | { event: 'failed' }
  | { event: 'place'; asked: string; place: AnnotationPlace };

const GONE = 'The kernel was restarted, and what was not saved is gone: run the cell again.';

export class ConfusionView extends DOMWidgetView {
  declare model: ConfusionModel;
  private readonly keys = new Keys();
  private readonly heading = element('div', 'wsinb-cm-heading');
  private readonly units = element('div', 'wsinb-cm-units');
  private readonly note = element('p', 'wsinb-cm-note');
  private readonly trouble = element('div', 'wsinb-cm-trouble');
  private readonly section = element('section', 'wsinb-cm-section');
  private readonly title = element('h4', 'wsinb-cm-title');
  private readonly below = element('div', 'wsinb-cm-below');
  private table!: MatrixTable;
  private stream!: Stream;
  private gallery!: Gallery;
  private actions!: Actions;
  private saveBar!: SaveBar;
  /** Which question about a place was asked last. */
  private asked = '';
  private viewer: Widget | null = null;
  /** Whether the keyboard goes to the first patch when it is there. */
  private goesOn = false;

  override render(): void {
    super.render();
    this.el.classList.add('wsinb-cm');
    // letters are commands of the notebook around it, too
    this.el.dataset.lmSuppressShortcuts = 'true';
    if (this.model.state('protocol') !== PROTOCOL) {
      const told = `The kernel's wsinb speaks protocol ${this.model.state('protocol')}, this page ${PROTOCOL}`;
      this.el.textContent = `${told}: install the same version of wsinb in both, then reload the page.`;
      return;
    }
    this.build();
    this.follow();
    this.addKeys();
  }

  override remove(): void {
    this.gallery?.dispose();
    this.stream?.dispose();
    this.viewer?.dispose();
    super.remove();
  }

  override processLuminoMessage(message: Message): void {
    super.processLuminoMessage(message);
    if (this.viewer && message.type === 'resize') {
      MessageLoop.sendMessage(this.viewer, Widget.ResizeMessage.UnknownSize);
    }
  }

  private build(): void {
    this.table = new MatrixTable((cell, byKey) => {
      this.goesOn = byKey;
      this.openCell(cell);
      this.section.scrollIntoView({ block: 'nearest' });
    });
    this.stream = new Stream(content => this.tell(content));
    this.gallery = new Gallery({ stream: this.stream, look: row => this.look(row) });
    this.actions = new Actions({
      relabel: label => this.act({ event: 'relabel', label }),
      confirm: () => this.act({ event: 'confirm' }),
      all: () => this.gallery.all(),
      none: () => this.gallery.clear()
    });
    this.saveBar = new SaveBar(
      {
        undo: () => this.tell({ event: 'undo' }),
        discard: () => this.tell({ event: 'discard' }),
        save: message => this.tell({ event: 'save', message, resolve: null })
      },
      undoIcon
    );
    this.trouble.setAttribute('role', 'alert');
    const top = element('header', 'wsinb-cm-top');
    top.append(this.heading, this.units);
    const head = element('div', 'wsinb-cm-line');
    const close = iconButton(closeIcon, 'Close the patches (Esc)', () => this.openCell(null));
    head.append(this.title, close);
    this.section.append(head, this.gallery.node, this.actions.node);
    this.el.append(
      top,
      this.note,
      this.table.node,
      this.section,
      this.trouble,
      this.saveBar.node,
      this.below
    );
    this.stream.rowsCame.connect(() => {
      this.showTitle();
      if (this.goesOn) {
        this.goesOn = false;
        this.gallery.focus();
      }
    });
    this.gallery.chosen.connect(() => {
      this.model.set('selection', this.gallery.choosing.ids);
      this.touch();
    });
    this.el.addEventListener('keydown', event => {
      if (this.keys.handle(event)) {
        event.preventDefault();
        event.stopPropagation();
      }
    });
  }

  /** Show what the model says, now and whenever it says something else. */
  private follow(): void {
    const on = (names: string, take: () => void): void => {
      take();
      this.listenTo(this.model, names.replace(/\S+/g, 'change:$&'), take);
    };
    this.listenTo(this.model, 'msg:custom', (content: Heard, buffers: DataView[]) => {
      this.hear(content, buffers);
    });
    on('labels', () => {
      this.actions.setLabels(this.model.state('labels'));
      this.gallery.setLabels(this.model.state('labels'));
    });
    on('counts names classes percent', () => this.showMatrix());
    on('shown', () => this.showCell());
    on('edits can_undo saved', () => this.showEdits());
    on('selection', () => {
      const ids = this.model.state('selection');
      this.gallery.setChosen(ids);
      this.actions.setChosen(ids.length);
    });
    on('error conflict', () => this.showTrouble());
    on('note', () => this.showNote());
    this.listenTo(this.model, 'comm_live_update', () => this.showNote());
    on('can_edit', () => {
      this.el.classList.toggle('wsinb-mod-plain', !this.model.state('can_edit'));
    });
    this.listenTo(this.model, 'change:saved', () => {
      this.saveBar.done(true);
      // what was relabelled is elsewhere now
      this.gallery.open(this.cell);
    });
    on('viewer', () => void this.showViewer(this.model.state('viewer')));
  }

  private addKeys(): void {
    const add = (keys: string, act: (key: string) => unknown, typing = false): void => {
      this.keys.add({ keys, act, typing, title: '', group: '' });
    };
    const inPatches = (): boolean => this.section.contains(document.activeElement);
    add('Ctrl+S', () => this.saveBar.save(), true);
    add('Ctrl+Z', () => this.model.state('can_undo') && this.tell({ event: 'undo' }));
    add('Ctrl+A', () => inPatches() && this.gallery.all());
    add('Esc', () => this.escape());
    add(CONFIRM_KEYS, () => inPatches() && this.act({ event: 'confirm' }));
    add(ANY_LETTER, key => {
      const label = this.model
        .state('labels')
        .find(known => known.active !== false && known.key?.toLowerCase() === key.toLowerCase());
      return label && inPatches() ? this.act({ event: 'relabel', label: label.name }) : false;
    });
    // after the labels' own keys
    add(ANY_LETTER, key =>
      'x '.includes(key.toLowerCase()) && this.gallery.node.contains(document.activeElement)
        ? this.gallery.toggleHere()
        : false
    );
  }

  private get cell(): Cell | null {
    const { label, predicted } = this.model.state('shown');
    return label === undefined || predicted === undefined ? null : { label, predicted };
  }

  private openCell(cell: Cell | null): void {
    this.model.set({ shown: cell ?? {}, selection: [] });
    this.touch();
    if (cell === null) {
      this.table.focus();
    }
  }

  private showMatrix(): void {
    const [names, classes, counts] = [
      this.model.state('names'),
      this.model.state('classes'),
      this.model.state('counts')
    ];
    const asPercent = this.model.state('percent');
    // the rows and their names may come one after the other
    if (counts.length !== names.length) {
      return;
    }
    this.table.show({ names, classes, counts }, asPercent);
    const { n, accuracy, balanced } = scoresOf({ names, classes, counts });
    this.heading.replaceChildren(
      ...[
        ['pictures', n.toLocaleString('en')],
        ['accuracy', figure(accuracy)],
        ['balanced accuracy', figure(balanced)]
      ].map(([name, value]) => {
        const fact = element('span', 'wsinb-cm-fact', `${name} `);
        fact.append(element('b', '', value));
        return fact;
      })
    );
    this.showUnits(asPercent);
  }

  private showUnits(asPercent: boolean): void {
    const choose = (wanted: boolean): void => {
      this.model.set('percent', wanted);
      this.touch();
    };
    const hadFocus = this.units.contains(document.activeElement);
    const buttons = [
      textButton('Counts', 'Show numbers of pictures', () => choose(false)),
      textButton('Row %', 'Show shares of the label', () => choose(true))
    ];
    buttons.forEach((button, i) => button.setAttribute('aria-pressed', String(asPercent === (i === 1))));
    this.units.setAttribute('role', 'group');
    this.units.replaceChildren(...buttons);
    if (hadFocus) {
      buttons[asPercent ? 1 : 0]!.focus();
    }
  }

  private showCell(): void {
    const { cell } = this;
    this.table.mark(cell);
    this.section.hidden = cell === null;
    this.gallery.open(cell);
    this.showTitle();
  }

  private showTitle(): void {
    const { cell } = this;
    if (cell) {
      const { total } = this.stream;
      const order = cell.label === cell.predicted ? 'the least sure first' : 'the most surely wrong first';
      const told = total === null ? '…' : total === 0 ? 'none' : `${plural(total, 'picture')}, ${order}`;
      this.title.replaceChildren(element('b', '', titleOf(cell)), element('span', 'wsinb-cm-order', told));
      if (!this.model.state('has_patches')) {
        this.title.append(element('span', 'wsinb-cm-order', 'There are no pictures: give crops.'));
      }
    }
  }

  private showEdits(): void {
    const edits = this.model.state('edits');
    this.gallery.setEdits(edits);
    this.saveBar.show(edits.length, this.model.state('can_undo'), this.model.state('saved'));
  }

  private showNote(): void {
    const note = this.model.comm_live ? this.model.state('note') : GONE;
    this.note.textContent = note;
    this.note.hidden = note === '';
  }

  private showTrouble(): void {
    const error = this.model.state('error');
    this.trouble.hidden = error === '';
    const buttons = element('div', 'wsinb-cm-line');
    if (this.model.state('conflict')) {
      const resolve = (how: string) => (): void =>
        this.tell({ event: 'save', message: this.saveBar.text, resolve: how });
      buttons.append(
        textButton('Keep mine', 'Save, and where both changed something take what is here', resolve('ours')),
        textButton('Keep theirs', 'Save, and where both changed something take theirs', resolve('theirs'))
      );
    }
    buttons.append(
      textButton('Close', 'Close this message', () => {
        this.model.set('error', '');
        this.touch();
      })
    );
    this.trouble.replaceChildren(element('p', 'wsinb-cm-sentence', error), buttons);
  }

  private hear(content: Heard, buffers: DataView[]): void {
    if (content.event === 'rows' || content.event === 'patch') {
      this.stream.hear(content, buffers);
    } else if (content.event === 'failed') {
      this.saveBar.done(false);
    } else if (content.event === 'place' && content.asked === this.asked) {
      showInTab(content.place).catch((error: unknown) => {
        this.model.set('error', error instanceof Error ? error.message : String(error));
        this.touch();
      });
    }
  }

  private act(content: object): boolean {
    const ids = this.gallery.subjects;
    if (ids.length === 0 || !this.model.state('can_edit')) {
      return false;
    }
    this.tell({ ...content, ids });
    this.gallery.goOn();
    this.gallery.clear();
    return true;
  }

  private escape(): boolean {
    if (this.gallery.choosing.ids.length > 0) {
      this.gallery.clear();
    } else if (this.cell) {
      this.openCell(null);
    } else {
      return false;
    }
    return true;
  }

  /** Show the slide of a patch there. */
  private look({ row, id }: Row): void {
    if (id) {
      this.asked = UUID.uuid4();
      this.tell({ event: 'look', row, tab: hasTabs(), asked: this.asked });
    }
  }

  /** Where there are no tabs, the kernel has made a viewer. */
  private async showViewer(model: DOMWidgetModel | null): Promise<void> {
    this.viewer?.dispose();
    this.viewer = null;
    if (model) {
      const view = await this.create_child_view(model);
      await this.displayed;
      this.viewer = view.luminoWidget;
      Widget.attach(this.viewer, this.below);
      this.below.scrollIntoView({ block: 'nearest' });
    }
  }

  private tell(content: object): void {
    // a kernel that was restarted has forgotten the matrix: the note says so
    if (!this.model.comm_live) {
      return;
    }
    this.model.send(content as JSONObject, this.callbacks());
  }
}

function titleOf({ label, predicted }: Cell): string {
  if (predicted === null) {
    return label === null ? 'All' : `All labelled ${label}`;
  }
  return label === null ? `All predicted as ${predicted}` : `${label} predicted as ${predicted}`;
}

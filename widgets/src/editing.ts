/** All that changes annotations: the tools, the hand, the palette, the row that saves. */
import type * as L from 'leaflet';
import { Drawing } from './edit/draw';
import { loadGeoman } from './edit/geoman';
import { Overlay } from './edit/overlay';
import type { EditStore } from './edit/store';
import { Hand } from './hand';
import type { Versions } from './history/versions';
import type { Binding } from './keys';
import { editBindings } from './bindings';
import type { Labels } from './labels';
import type { Look } from './look';
import type { Notice } from './notice';
import type { Opened } from './opened';
import { Palette } from './panel/palette';
import { SaveRow } from './panel/save';
import { Saving } from './saving';
import type { Selection } from './selection';
import type { Session } from './session';
import type { Showing } from './showing';
import { WholeImage } from './wholeimage';

export interface EditingParts {
  map: L.Map;
  session: Session;
  store: EditStore;
  labels: Labels;
  look: Look;
  selection: Selection;
  notice: Notice;
  /** The file's path, for a slide that is in no project yet. */
  path: string;
  versions: () => Versions;
  showing: () => Showing;
  /** Whether nothing can be edited at the moment. */
  readOnly: () => boolean;
  discard: () => void;
  fit: () => void;
  /** A commit was written. */
  saved: (commit: string) => void;
}

export class Editing {
  readonly overlay: Overlay;
  readonly drawing: Drawing;
  readonly hand: Hand;
  readonly saving: Saving;
  readonly palette: Palette;
  readonly saveRow: SaveRow;
  readonly wholeImage: WholeImage;
  private timer = 0;

  constructor(private readonly parts: EditingParts) {
    const { map, session, store, labels, look, selection, notice, path, versions, showing, saved } = parts;
    this.overlay = new Overlay(map, store, labels);
    this.drawing = new Drawing(map, () => labels.colorOf(labels.current));
    this.saving = new Saving({
      ...{ session, store, labels, notice, path, saved },
      showVersion: version => showing().show(version),
      deselect: () => this.hand.select(null),
      draft: () => versions().draft(),
      resolve: conflicts => versions().resolving.forCommit(conflicts)
    });
    this.hand = new Hand({
      ...{ map, store, labels, look, overlay: this.overlay, drawing: this.drawing, selection },
      readOnly: parts.readOnly,
      guard: action => this.saving.guard(action),
      tell: message => notice.tell(message),
      selectionChanged: selected => this.saveRow.setSelected(selected)
    });
    this.palette = new Palette(
      labels,
      name => this.hand.chooseLabel(name),
      label => void this.saving.guard(() => this.saving.addLabel(label))
    );
    this.saveRow = new SaveRow(store, {
      save: message => this.save(message),
      discard: parts.discard,
      removeSelected: () => this.hand.removeSelected()
    });
    this.wholeImage = new WholeImage(store, labels, message => notice.tell(message));
    labels.changed.connect(this.onLabels, this);
    const zooms = map.doubleClickZoom.enabled();
    this.drawing.toolChanged.connect((_, tool) => {
      window.clearTimeout(this.timer);
      if (tool) {
        map.doubleClickZoom.disable();
      } else if (zooms) {
        // two quick taps are two corners: Leaflet takes them for a double one even where they are far apart,
        // and says so after the tap that has ended the drawing
        this.timer = window.setTimeout(() => map.doubleClickZoom.enable(), 0);
      }
    });
  }

  /** Work on the annotations of a slide that was opened. */
  take({ annotations, readOut }: Opened): void {
    this.overlay.slide = this.parts.session.info;
    this.hand.annotations = this.wholeImage.annotations = annotations;
    this.hand.readOut = readOut;
  }

  /** Have the drawing tools at hand, also when the server goes away. */
  prepare(): void {
    // whoever takes a tool before they are there is told of any trouble
    loadGeoman(this.parts.map).catch(() => undefined);
  }

  /** Put everything away: what is shown is about to be something else. */
  rest(): void {
    void this.drawing.use(null);
    void this.hand.select(null);
  }

  /** The keys of editing, and of the history. */
  bindings(): Binding[] {
    const { store, labels, session, fit, versions, readOnly } = this.parts;
    const edit = (act: () => unknown) => () => (readOnly() ? undefined : act());
    return editBindings({
      save: edit(() => void this.saveRow.save()),
      undo: edit(() => this.hand.undo()),
      redo: edit(() => store.redo()),
      removeSelected: edit(() => this.hand.removeSelected()),
      finish: () => this.drawing.finish(),
      cancel: () => this.hand.cancel(),
      fit,
      labelImage: edit(() => this.wholeImage.add()),
      history: () => versions().history.toggle(),
      step: by => versions().step(by),
      useTool: tool => edit(() => void (session.info && this.drawing.use(tool)))(),
      chooseLabel: key => {
        const label = readOnly() ? undefined : labels.byKey(key);
        if (label) {
          this.hand.chooseLabel(label.name);
        }
        return label !== undefined;
      }
    });
  }

  /** The unsaved edits are others now. */
  refresh(): void {
    this.saveRow.setSelected(this.overlay.selected !== null);
    this.hand.refresh();
  }

  dispose(): void {
    window.clearTimeout(this.timer);
    this.parts.labels.changed.disconnect(this.onLabels, this);
    const { saving, hand, overlay, drawing, palette, saveRow, wholeImage } = this;
    [saving, hand, overlay, drawing, palette, saveRow, wholeImage].forEach(part => part.dispose());
  }

  private async save(message: string): Promise<boolean> {
    const saved = await this.saving.save(message);
    if (saved) {
      this.parts.map.getContainer().focus({ preventScroll: true });
    }
    return saved;
  }

  private onLabels(): void {
    this.overlay.sync();
    this.drawing.recolor();
  }
}

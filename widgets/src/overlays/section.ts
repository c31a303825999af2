/** The overlays of a viewer, as a section of a tab: a row for each, and a way to add one. */
import { element, textButton } from '../dom';
import { QuestionForm } from '../panel/form';
import { ProjectApi } from '../project/requests';
import type { Scene } from '../scene';
import { OverlayRow } from './row';

export class OverlaySection {
  readonly node = element('section', 'wsinb-section wsinb-overlay-section');
  private readonly rows = new Map<string, OverlayRow>();
  private readonly list = element('div', 'wsinb-layers');
  private readonly form = new QuestionForm();

  constructor(private readonly scene: Scene) {
    const { overlays, overlayList } = scene;
    const head = element('div', 'wsinb-overlay-head');
    head.append(
      element('h3', 'wsinb-heading', 'Overlays'),
      textButton('Add overlay…', 'Lay a map of probabilities, or any slide file, over this slide', () => {
        void scene.guard(() => this.ask());
      })
    );
    this.node.append(head, this.form.node, this.list);
    overlayList.changed.connect(this.sync, this);
    overlays.changed.connect(this.sync, this);
    this.sync();
  }

  dispose(): void {
    this.scene.overlayList.changed.disconnect(this.sync, this);
    this.scene.overlays.changed.disconnect(this.sync, this);
  }

  private sync(): void {
    const { overlays, overlayList } = this.scene;
    const { all } = overlayList;
    const keys = all.map(({ name, source }) => JSON.stringify([name, source]));
    [...this.rows.keys()].filter(key => !keys.includes(key)).forEach(key => this.rows.delete(key));
    const nodes = all.map((spec, order) => {
      const { name } = spec;
      const key = keys[order]!;
      const row =
        this.rows.get(key) ??
        new OverlayRow(
          spec,
          parts => overlayList.change(name, parts),
          () => overlayList.remove(name)
        );
      this.rows.set(key, row);
      row.sync(spec, overlays.trouble(name));
      return row.node;
    });
    // the uppermost first, as they lie; what is in its place keeps the focus
    nodes.reverse();
    if (
      nodes.length !== this.list.children.length ||
      nodes.some((node, i) => node !== this.list.children[i])
    ) {
      this.list.replaceChildren(...nodes);
    }
  }

  /** Let a person choose one of the slide files around. */
  private async ask(): Promise<void> {
    const { api, info, source, notice, overlayList } = this.scene;
    const folder = info.project?.path ?? folderOf(source.path ?? '');
    const found = await new ProjectApi(api).files(folder);
    const files = found.files.filter(({ file }) => file !== info.file && !file.endsWith(`/${info.file}`));
    if (files.length === 0) {
      notice.info(
        `There is no other slide file in ${found.folder}: write a map of probabilities there first.`
      );
      return;
    }
    this.form.ask({
      sentence: 'Which file lies over this slide?',
      choices: files.map(({ file }) => file),
      accept: 'Add',
      act: answer => {
        const chosen = files.find(({ file }) => file === answer)!;
        overlayList.add({ path: chosen.path }, nameOf(chosen.file));
      }
    });
  }
}

/** The folder of a path; the server's root where there is none. */
function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/'))) || '.';
}

/** The name of a file without its ending. */
function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.[^.]+$/, '');
}

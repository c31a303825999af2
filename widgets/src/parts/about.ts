/** The page about the slide: what it is, what its file says, and the images that came with it. */
import { element, iconButton, textButton } from '../dom';
import { strokeIcon } from '../icons';
import { ownMagnification } from '../magnification';
import type { Disposable, Scene } from '../scene';
import { countText, tidy } from '../units';

const infoIcon = strokeIcon(
  'about',
  '<circle cx="12" cy="12" r="8.500"/><path d="M12 11v5.500M12 7.500h.01"/>'
);
const copyIcon = strokeIcon(
  'copy',
  '<rect x="9" y="9" width="11" height="11" rx="1.500"/><path d="M5 15H4.500A1.500 1.500 0 0 1 3 13.500v-9A1.500 1.500 0 0 1 4.500 3h9A1.500 1.500 0 0 1 15 4.500V5"/>'
);
/** Before the images that are known to show names. */
const PATIENT = /label|macro|overview/i;

/** Longer values are cut, and whole in the tooltip. */
const LONG = 60;

type Row = [name: string, value: string];

export function aboutPart(scene: Scene): Disposable {
  const { tabs, keys, info } = scene;
  const sections = [
    facts('Slide', slideRows(scene)),
    facts('Metadata', metadataRows(scene)),
    images(scene),
    properties(scene, info.properties)
  ];
  const node = element('div', 'wsinb-about');
  node.append(...sections.filter(section => section !== null));
  tabs.add('about', infoIcon, 'About the slide (Shift+E)', node);
  const bindings = keys.add({
    ...{ keys: 'Shift+E', title: 'About the slide', group: 'Looking' },
    act: () => tabs.open('about')
  });
  return {
    dispose: () => {
      bindings.dispose();
      tabs.remove('about');
    }
  };
}

function slideRows({ info, source, session }: Scene): Row[] {
  const { mpp, planes, levels } = info;
  const mm = mpp && [info.width * mpp[0], info.height * mpp[1]].map(um => tidy(um / 1000, 4)).join(' × ');
  const own = ownMagnification(info);
  const rows: [string, string | null | undefined][] = [
    ['Name', info.name],
    ['File', source.path ?? info.file],
    ['Size', `${countText(info.width)} × ${countText(info.height)} px`],
    ['', mm && `${mm} mm`],
    ['µm per px', mpp ? [...new Set(mpp.map(value => tidy(value, 5)))].join(' × ') : 'not known'],
    ['Magnification', own === null ? 'not known' : `${tidy(info.magnification ?? own, 3)}×`],
    ['Levels', levelsText(levels)],
    ['Focal planes', planes.z > 1 ? String(planes.z) : null],
    ['Time points', planes.t > 1 ? String(planes.t) : null],
    ['Channels', planes.c > 1 ? String(planes.c) : null],
    ['Project', info.project?.name],
    ['Branch', session.place?.branch],
    ['Checksum', info.project?.checksum]
  ];
  return rows.filter((row): row is Row => Boolean(row[1]));
}

function levelsText(levels: [number, number][]): string {
  const [width, height] = levels[levels.length - 1] ?? [0, 0];
  return levels.length < 2 ? '1' : `${levels.length}, down to ${countText(width)} × ${countText(height)} px`;
}

function metadataRows({ info }: Scene): Row[] {
  return Object.entries(info.project?.metadata ?? {}).map(([name, value]): Row => [name, textOf(value)]);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function facts(title: string, rows: Row[]): HTMLElement | null {
  if (rows.length === 0) {
    return null;
  }
  const section = element('section', 'wsinb-section wsinb-facts');
  const list = element('dl', 'wsinb-fact-list');
  for (const [name, value] of rows) {
    const shown = element('dd', value.length > LONG ? 'wsinb-ellipsis' : '', value);
    shown.title = value.length > LONG ? value : '';
    list.append(element('dt', '', name), shown);
  }
  section.append(element('h3', 'wsinb-heading', title), list);
  return section;
}

/** Label and macro images can show a patient's name: they are not even asked for before somebody wants them. */
function images(scene: Scene): HTMLElement | null {
  const names = scene.info.associated;
  if (names.length === 0) {
    return null;
  }
  const section = element('section', 'wsinb-section wsinb-images');
  section.append(
    element('h3', 'wsinb-heading', 'Associated images'),
    ...names.map(name => image(scene, name))
  );
  return section;
}

function image({ api, source, info }: Scene, name: string): HTMLElement {
  const node = element('div', 'wsinb-associated');
  const warning = PATIENT.test(name) ? ": it can show a patient's name" : '';
  const show = textButton(`Show ${name} image${warning}`, `Show the ${name} image of the file`, () => {
    const picture = element('img', 'wsinb-associated-image');
    picture.alt = `The ${name} image of the slide`;
    const failed = `The ${name} image could not be read.`;
    picture.addEventListener('error', () => picture.replaceWith(element('p', 'wsinb-hint', failed)));
    picture.src = api.url(`associated/${encodeURIComponent(name)}`, { ...source, v: info.fingerprint });
    const hide = textButton(`Hide ${name} image`, `Hide the ${name} image again`, () => {
      node.replaceChildren(show);
      show.focus();
    });
    node.replaceChildren(hide, picture);
    hide.focus();
  });
  show.classList.add('wsinb-mod-wrapping');
  node.append(show);
  return node;
}

function properties(scene: Scene, all: Record<string, string>): HTMLElement | null {
  const entries = Object.entries(all).sort(([a], [b]) => a.localeCompare(b));
  if (entries.length === 0) {
    return null;
  }
  const section = element('section', 'wsinb-section wsinb-properties');
  const filter = element('input', 'wsinb-input');
  filter.type = 'search';
  filter.placeholder = 'Filter';
  filter.setAttribute('aria-label', 'Filter the properties');
  const count = element('span', 'wsinb-count');
  const head = element('div', 'wsinb-section-head');
  head.append(element('h3', 'wsinb-heading', 'Properties'), count);
  const rows = entries.map(([name, value]) => property(scene, name, value));
  const table = element('div', 'wsinb-property-list');
  table.append(...rows);
  const show = (): void => {
    const wanted = filter.value.trim().toLowerCase();
    let shown = 0;
    entries.forEach(([name, value], i) => {
      const fits = `${name}\n${value}`.toLowerCase().includes(wanted);
      rows[i]!.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    count.textContent = shown < rows.length ? `${shown} of ${rows.length}` : String(rows.length);
  };
  filter.addEventListener('input', show);
  show();
  section.append(head, filter, table);
  return section;
}

function property({ guard, notice }: Scene, name: string, value: string): HTMLElement {
  const row = element('div', 'wsinb-property');
  const copy = iconButton(copyIcon, `Copy the value of ${name}`, () => {
    void guard(async () => {
      await copyText(value);
      notice.info(`Copied: ${name}`);
    });
  });
  row.append(
    element('span', 'wsinb-property-name', name),
    copy,
    element('span', 'wsinb-property-value', value)
  );
  return row;
}

async function copyText(text: string): Promise<void> {
  // not there where the address is neither https nor this machine
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (!clipboard) {
    throw new Error('The browser lets only pages with a secure address (https) use the clipboard.');
  }
  await clipboard.writeText(text);
}

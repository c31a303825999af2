import { describe, expect, it, vi } from 'vitest';
import { Adding } from '../src/project/adding';
import { ProjectModel } from '../src/project/model';
import type { Progress, ProjectApi, SlideFile } from '../src/project/requests';
import { bytesText, countText, doneText, sizeText, slideTitle } from '../src/project/words';
import { serverWithTwo } from './projectserver';
import { slide } from './slides';

function progressOf(model: ProjectModel, name: string): Progress | undefined {
  return model.overview?.slides.find(each => each.name === name)?.progress;
}

describe('which project is shown', () => {
  it('is the one of the folder; the one that is shown stays while the folder has it', async () => {
    const model = new ProjectModel(serverWithTwo().api);
    await model.follow('two');
    expect(model.overview?.path).toBe('/two');
    await model.follow('');
    expect(model.overview?.path).toBe('/two');
    expect(model.projects.map(({ name }) => name)).toEqual(['One', 'Two']);
    await model.follow('elsewhere');
    expect(model.overview).toBeNull();
    expect(model.error).toBeNull();
  });

  it('is that of the slide in front, which is then the current one', async () => {
    const model = new ProjectModel(serverWithTwo().api);
    await model.follow('one');
    await model.showFile('/two/c.tif');
    expect([model.overview?.path, model.current]).toEqual(['/two', 'c']);
    await model.showSlide({ project: '/one', branch: 'side', slide: 'b' });
    expect([model.overview?.path, model.overview?.branch, model.current]).toEqual(['/one', 'side', 'b']);
    await model.show('/one');
    expect(model.current).toBeNull();
    model.leave();
    expect([model.overview?.path, model.current]).toEqual(['/one', null]);
  });

  it('stays where the file in front is in no project', async () => {
    const model = new ProjectModel(serverWithTwo().api);
    await model.follow('one');
    await model.showFile('/two/not-added.tif');
    expect([model.overview?.path, model.current]).toEqual(['/one', null]);
  });

  it('is what was asked for last, whatever the order of the answers', async () => {
    const server = serverWithTwo();
    let open: () => void = () => undefined;
    server.gates['/one'] = new Promise(resolve => (open = resolve));
    const model = new ProjectModel(server.api);
    const slow = model.show('/one');
    await model.show('/two');
    open();
    await slow;
    expect(model.overview?.path).toBe('/two');
  });
});

describe('polling', () => {
  it('reads the project again when somebody has committed', async () => {
    const server = serverWithTwo();
    const model = new ProjectModel(server.api);
    await model.follow('one');
    const overview = vi.spyOn(server.api, 'overview');
    await model.poll();
    expect(overview).not.toHaveBeenCalled();
    server.overviews['/one']!.head = 'b';
    server.overviews['/one']!.slides.push(slide('new'));
    await model.poll();
    expect(model.listed.map(({ name }) => name)).toEqual(['a', 'b', 'new']);
  });

  it('finds a project that was made meanwhile, and a server that is back', async () => {
    const server = serverWithTwo();
    const model = new ProjectModel(server.api);
    await model.follow('three');
    server.add('/three', ['x']);
    server.projectsOf.three = [{ path: '/three', name: 'Three' }];
    await model.poll();
    expect(model.overview?.path).toBe('/three');
    server.fails = 'The server is away.';
    await model.refresh();
    expect(model.error).toBe('The server is away.');
    expect(model.overview?.path).toBe('/three');
    server.fails = null;
    await model.poll();
    expect(model.error).toBeNull();
  });
});

describe('polling while a person chooses', () => {
  it('leaves what was asked for alone', async () => {
    const server = serverWithTwo();
    const model = new ProjectModel(server.api);
    await model.follow('one');
    let open: () => void = () => undefined;
    server.gates['/two'] = new Promise(resolve => (open = resolve));
    const shown = model.show('/two');
    server.overviews['/one']!.head = 'b';
    await model.poll();
    open();
    await shown;
    expect(model.overview?.path).toBe('/two');
  });
});

describe('marking', () => {
  it('does not touch a slide of the same name in another project', async () => {
    const server = serverWithTwo();
    server.overviews['/two']!.slides.push(slide('a', { progress: 'in work' }));
    const model = new ProjectModel(server.api);
    await model.follow('one');
    let open: () => void = () => undefined;
    server.gates.mark = new Promise(resolve => (open = resolve));
    const marking = model.mark('a', 'done');
    await model.show('/two');
    server.fails = 'The disk is full.';
    open();
    await marking;
    expect(progressOf(model, 'a')).toBe('in work');
  });

  it('is shown at once and kept', async () => {
    const server = serverWithTwo();
    let open: () => void = () => undefined;
    server.gates.mark = new Promise(resolve => (open = resolve));
    const model = new ProjectModel(server.api);
    await model.follow('one');
    const marking = model.mark('a', 'done');
    expect(progressOf(model, 'a')).toBe('done');
    open();
    await marking;
    expect([progressOf(model, 'a'), model.overview?.head]).toEqual(['done', 'a+']);
  });

  it('is sent one after the other, and the last one holds', async () => {
    const server = serverWithTwo();
    let open: () => void = () => undefined;
    server.gates.mark = new Promise(resolve => (open = resolve));
    const model = new ProjectModel(server.api);
    await model.follow('one');
    const seen = new Set<Progress | undefined>();
    const marking = [model.mark('a', 'in work'), model.mark('a', 'done'), model.mark('b', 'in work')];
    model.changed.connect(() => seen.add(progressOf(model, 'a')));
    // an answer from before the marks does not take them back
    await model.refresh();
    open();
    await Promise.all(marking);
    expect([...seen]).toEqual(['done']);
    expect(server.overviews['/one']!.slides.map(({ progress }) => progress)).toEqual(['done', 'in work']);
  });

  it('leaves its sentence until something else is done', async () => {
    const server = serverWithTwo();
    const model = new ProjectModel(server.api);
    await model.follow('one');
    vi.spyOn(server.api, 'mark').mockRejectedValueOnce(new Error('The disk is full.'));
    await model.mark('a', 'done');
    server.overviews['/one']!.head = 'b';
    await model.poll();
    expect([progressOf(model, 'a'), model.error]).toEqual(['to do', 'The disk is full.']);
    await model.mark('a', 'done');
    expect([progressOf(model, 'a'), model.error]).toEqual(['done', null]);
  });

  it('is taken back with a sentence where it fails', async () => {
    const server = serverWithTwo();
    const model = new ProjectModel(server.api);
    await model.follow('one');
    server.fails = 'The disk is full.';
    await model.mark('a', 'done');
    expect([progressOf(model, 'a'), model.error]).toEqual(['to do', 'The disk is full.']);
  });
});

describe('adding slides', () => {
  const files = ['x', 'y', 'z'].map(
    name => ({ path: `/f/${name}.svs`, file: `${name}.svs`, name, bytes: 1 }) as SlideFile
  );

  it('goes on after a file that cannot be added, and tells of it', async () => {
    const added: string[] = [];
    const api = {
      addSlide: async (_folder: string, _path: string, name: string) => {
        if (name === 'y') {
          throw new Error('It is no slide.');
        }
        added.push(name);
      }
    } as unknown as ProjectApi;
    const adding = new Adding(api, '/p', files);
    await adding.run();
    expect([added, adding.done, adding.failures]).toEqual([['x', 'z'], 3, ['y.svs: It is no slide.']]);
  });

  it('stops between two files', async () => {
    const addSlide = vi.fn(async () => undefined);
    const adding = new Adding({ addSlide } as unknown as ProjectApi, '/p', files);
    adding.changed.connect(() => adding.stop());
    await adding.run();
    expect([addSlide.mock.calls.length, adding.done, adding.total]).toEqual([1, 1, 3]);
  });
});

describe('words', () => {
  it('tell sizes and numbers', () => {
    const large = slide('x', { width: 101_234, height: 98_765, mpp: [0.2501, 0.2501] });
    expect(sizeText(large)).toBe('101234 × 98765 · 0.25 µm');
    expect(sizeText(slide('x'))).toBe('100 × 50 px');
    expect([0, 1, 12345].map(countText)).toEqual(['no annotations', '1 annotation', '12,345 annotations']);
    expect([0, 999, 1000, 123_456, 2_400_000_000].map(bytesText)).toEqual([
      ...['0 B', '999 B', '1.0 kB', '123 kB', '2.4 GB']
    ]);
    const slides = [slide('a', { progress: 'done' }), slide('b', { progress: 'in work' }), slide('c')];
    expect([doneText(slides), doneText([slide('a')])]).toEqual(['1 of 3 done, 1 in work', '0 of 1 done']);
  });

  it('tell the metadata without the progress, and not all of much', () => {
    const metadata = { progress: 'done', patient: 'p1', sites: [1, 2], ...Object.fromEntries(many()) };
    const lines = slideTitle(slide('x', { metadata })).split('\n');
    expect(lines.slice(0, 6)).toEqual([
      ...['x', 'x.tif', '100 × 50 px, scale unknown', 'no annotations', 'patient: p1', 'sites: [1,2]']
    ]);
    expect(lines.at(-1)).toBe('...');
    expect(lines.length).toBe(4 + 12 + 1);
  });
});

function many(): [string, number][] {
  return Array.from({ length: 30 }, (_, i) => [`m${i}`, i]);
}

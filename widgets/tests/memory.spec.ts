/** What the panel keeps over a reload of the page. */
import { describe, expect, it, vi } from 'vitest';
import { StateDB } from '@jupyterlab/statedb';
import { Memory } from '../src/project/memory';
import { ProjectModel } from '../src/project/model';
import { serverWithTwo, type Server } from './projectserver';

const KEY = 'wsinb-project:panel';

/** A page that is loaded, with what an earlier one kept. */
function loaded(server: Server, state: StateDB): { model: ProjectModel; memory: Memory } {
  const model = new ProjectModel(server.api);
  const memory = new Memory(model, state);
  memory.recall();
  return { model, memory };
}

async function keeping(kept: Parameters<StateDB['save']>[1]): Promise<StateDB> {
  const state = new StateDB();
  await state.save(KEY, kept);
  return state;
}

const shown = ({ overview, sort }: ProjectModel): unknown[] => [overview?.path, overview?.branch, sort];

describe('after a reload', () => {
  it('shows what was shown before', async () => {
    const state = new StateDB();
    const server = serverWithTwo();
    const before = loaded(server, state);
    await before.model.follow('');
    before.memory.start();
    await before.model.show('/two');
    await before.model.show('/one', 'side');
    before.model.sort = 'progress';
    const after = loaded(server, state);
    await after.model.follow('');
    expect(shown(after.model)).toEqual(['/one', 'side', 'progress']);
    expect(after.model.projects.map(({ path }) => path)).toEqual(['/one', '/two']);
    // the file browser is back in its folder
    await after.model.follow('one');
    expect(shown(after.model)).toEqual(['/one', 'side', 'progress']);
  });

  it('shows the project of another folder, and of a slide that is in front', async () => {
    const state = await keeping({ sort: 'name', project: '/two', branch: 'main' });
    const elsewhere = loaded(serverWithTwo(), state).model;
    await elsewhere.follow('one');
    expect(elsewhere.overview?.path).toBe('/one');
    const front = loaded(serverWithTwo(), state).model;
    await front.showFile('/one/a.tif');
    expect([front.overview?.path, front.current]).toEqual(['/one', 'a']);
  });

  it('keeps the branch where the file in front is on it as well, whatever is answered first', async () => {
    const state = await keeping({ sort: 'name', project: '/one', branch: 'side' });
    const server = serverWithTwo();
    let open: () => void = () => undefined;
    server.gates['/one'] = new Promise(resolve => (open = resolve));
    const { model } = loaded(server, state);
    const asked = [model.follow(''), model.showFile('/one/b.tif'), model.follow('one')];
    open();
    await Promise.all(asked);
    expect([...shown(model), model.current]).toEqual(['/one', 'side', 'name', 'b']);
  });

  it.each([
    ['a project that is gone', { sort: 'annotations', project: '/gone', branch: 'main' }, 'annotations'],
    ['nothing', { sort: 'progress', project: null, branch: null }, 'progress'],
    ['what another version kept', { sort: 'size', project: 7, branch: [] }, 'name'],
    ['no object at all', 'x', 'name']
  ])('shows the project of the folder after %s', async (_, kept, sort) => {
    const server = serverWithTwo();
    server.refuses.add('/gone');
    const { model } = loaded(server, await keeping(kept));
    await model.follow('');
    expect(shown(model)).toEqual(['/one', 'main', sort]);
    expect(model.error).toBeNull();
  });
});

describe('what is kept', () => {
  it('stays while the server is away, and is written only when it changes', async () => {
    const state = await keeping({ sort: 'name', project: '/two', branch: 'main' });
    const server = serverWithTwo();
    server.fails = 'The server is away.';
    const { model, memory } = loaded(server, state);
    const save = vi.spyOn(state, 'save');
    await model.follow('');
    memory.start();
    model.query = 'x';
    expect(model.error).toBe('The server is away.');
    expect(save).not.toHaveBeenCalled();
    server.fails = null;
    await model.follow('');
    model.query = 'y';
    expect(save).toHaveBeenCalledTimes(1);
    expect(await state.fetch(KEY)).toEqual({ sort: 'name', project: '/one', branch: 'main' });
  });

  it('is no project in a folder without one', async () => {
    const state = await keeping({ sort: 'name', project: '/two', branch: 'main' });
    const { model, memory } = loaded(serverWithTwo(), state);
    await model.follow('');
    memory.start();
    await model.follow('elsewhere');
    expect(await state.fetch(KEY)).toEqual({ sort: 'name', project: null, branch: null });
  });
});

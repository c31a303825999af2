/** Projects that a model can ask for, for specs. */
import type { Progress, ProjectApi, ProjectName, ProjectOverview } from '../src/project/requests';
import { slide } from './slides';

/** A server with projects in memory; it answers in its own time where told so. */
export class Server {
  projectsOf: Record<string, ProjectName[]> = {};
  overviews: Record<string, ProjectOverview> = {};
  fails: string | null = null;
  refuses = new Set<string>();
  gates: Record<string, Promise<void>> = {};

  add(path: string, names: string[], branches = ['main']): void {
    this.overviews[path] = {
      ...{ path, name: path, branch: 'main', head: 'a', labels: [], branches },
      slides: names.map(name => slide(name, { path: `${path}/${name}.tif` }))
    };
  }

  private async answer<T>(value: T, gate = ''): Promise<T> {
    await this.gates[gate];
    if (this.fails !== null || this.refuses.has(gate)) {
      throw new Error(this.fails ?? `There is no project in ${gate}.`);
    }
    return structuredClone(value);
  }

  readonly api = {
    overview: (path: string, branch: string) => this.answer({ ...this.overviews[path]!, branch }, path),
    projects: (folder: string) => this.answer(this.projectsOf[folder] ?? [], folder),
    head: (path: string) => this.answer(this.overviews[path]!.head),
    mark: async (path: string, _branch: string, name: string, progress: Progress) => {
      await this.answer(null, 'mark');
      const overview = this.overviews[path]!;
      overview.slides.find(each => each.name === name)!.progress = progress;
      overview.head = `${overview.head}+`;
      return overview.head;
    }
  } as unknown as ProjectApi;
}

export function serverWithTwo(): Server {
  const server = new Server();
  server.add('/one', ['a', 'b'], ['main', 'side']);
  server.add('/two', ['c']);
  server.projectsOf = {
    one: [{ path: '/one', name: 'One' }],
    '': [
      { path: '/one', name: 'One' },
      { path: '/two', name: 'Two' }
    ],
    '/two': [{ path: '/two', name: 'Two' }],
    two: [{ path: '/two', name: 'Two' }]
  };
  return server;
}

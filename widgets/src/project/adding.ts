/** Adds slide files to a project, one commit each; it can be stopped in between. */
import { Signal, type ISignal } from '@lumino/signaling';
import type { ProjectApi, SlideFile } from './requests';

export class Adding {
  private doneNow = 0;
  private stopped = false;
  private readonly failuresNow: string[] = [];
  private readonly changedSignal = new Signal<this, void>(this);

  constructor(
    private readonly api: ProjectApi,
    readonly project: string,
    private readonly files: readonly SlideFile[]
  ) {}

  /** One more file is done. */
  get changed(): ISignal<this, void> {
    return this.changedSignal;
  }

  get done(): number {
    return this.doneNow;
  }

  get total(): number {
    return this.files.length;
  }

  /** The file that is read now; the checksum of a large one takes a while. */
  get file(): string {
    return this.files[this.doneNow]?.file ?? '';
  }

  /** Why files could not be added, one sentence each. */
  get failures(): readonly string[] {
    return this.failuresNow;
  }

  /** What was added stays; the file that is read now is still added. */
  stop(): void {
    this.stopped = true;
  }

  async run(): Promise<void> {
    for (const { path, file, name } of this.files) {
      if (this.stopped) {
        return;
      }
      try {
        await this.api.addSlide(this.project, path, name);
      } catch (error) {
        this.failuresNow.push(`${file}: ${error instanceof Error ? error.message : String(error)}`);
      }
      this.doneNow += 1;
      this.changedSignal.emit();
    }
  }
}

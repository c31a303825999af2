/** What a viewer is told when it is made. */
import type { Api } from './api';
import type { Source } from './types';
import type { WheelUse } from './wheel';

export interface ViewerOptions {
  api: Api;
  source: Source;
  /** A version to show; null follows the newest. */
  version?: string | null;
  /** A version to compare it with; null shows no difference. */
  compare?: string | null;
  /** The branch to work on; null is the project's own. */
  branch?: string | null;
  /** Whether to start with the whole slide in view. */
  fit?: boolean;
  /** Whether the wheel zooms always, or when the person asks for it: around a viewer in a cell there is a page. */
  wheel?: WheelUse;
}

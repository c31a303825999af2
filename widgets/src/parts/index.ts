/** The parts of the viewer, in the order in which they are made. */
import type { Part } from '../scene';

export const PARTS: readonly Part[] = [];

import type { Reason } from '../../../src/reasons/index.js';
import { lineOf, type PathLine, type Scene } from './scene.js';

/** One wrong path, its one defect for a name, and the right one that it is one step away from. */
export interface Misfit {
  readonly name: string;
  /** Number in standards: stir section 9; null: beyond that list. */
  readonly item: number | null;
  readonly reason: Reason;
  make(): PathLine;
  twin(): PathLine;
}

type Change = (scene: Scene) => Scene;

/**
 * A misfit is a fitting scene and a change to it; the twin is the scene, or the scene with the change that just fits.
 */
export const misfit = (item: number | null, name: string, reason: Reason, fitting: () => Scene, change: Change, twin?: Change): Misfit => ({
  name,
  item,
  reason,
  make: () => lineOf(name, change(fitting())),
  twin: () => lineOf(name, (twin ?? ((scene) => scene))(fitting())),
});

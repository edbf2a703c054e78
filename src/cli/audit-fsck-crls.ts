import { join, relative } from 'node:path';
import { FileCrlArchive, LAYOUT } from '../adapters/files/index.js';
import type { FsckProblem } from '../log/index.js';

/** The last good CRLs: each what its digest says. */
export const fsckCrls = async (place: string): Promise<FsckProblem | null> => {
  const [damaged] = (await new FileCrlArchive(join(place, LAYOUT.crls)).load()).damaged;
  if (damaged === undefined) return null;
  const [file = '', ...what] = relative(place, damaged).split(': ');
  return { path: file, what: what.join(': ') };
};

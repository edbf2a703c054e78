import { mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** In memory: a sync is for power that fails, which no test can cut; what a kill leaves behind is the same there as on a disk. */
const MEMORY = '/dev/shm';
/** Octets; more than all suites hold at one time. */
const ROOM = 2 ** 31;

const hasRoom = (): boolean => {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= ROOM;
  } catch {
    return false;
  }
};

/** Where the tests' folders go: where TMPDIR says, or else in memory if there is room. */
const place = (): string => (process.env['TMPDIR'] === undefined && hasRoom() ? MEMORY : tmpdir());

/** Before all tests: one folder for whatever they and the processes that they start make, also those that are killed. */
const makeFolder = (): void => {
  process.env['TMPDIR'] = mkdtempSync(join(place(), 'signpost-tests-'));
};
export default makeFolder;

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Before all tests: one folder for whatever they and the processes that they start make, also those that are killed. */
const makeFolder = (): void => {
  process.env['TMPDIR'] = mkdtempSync(join(tmpdir(), 'signpost-tests-'));
};
export default makeFolder;

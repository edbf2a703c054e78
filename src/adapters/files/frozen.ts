import { join } from 'node:path';
import type { FileSystem } from './file-system.js';
import { StorageFault } from './storage-fault.js';

/** While a data directory has this file, no gateway starts on it: its log may be behind what was published, and would be continued another way. */
export const FROZEN = 'frozen';

/** What the file says. `restoring`: a restore did not end; `behind`: it was restored for reading alone. */
export const FREEZE = { restoring: 'restoring\n', behind: 'behind\n' } as const;

/** @throws StorageFault saying what to do */
export const refuseFrozen = async (fs: FileSystem, directory: string): Promise<void> => {
  const path = join(directory, FROZEN);
  const octets = await fs.readWhole(path);
  if (octets === null) return;
  const fault = new StorageFault('open', path, { code: 'EROFS' });
  fault.message =
    octets.toString('latin1') === FREEZE.behind
      ? `${directory} was restored for reading alone (${FROZEN}): nothing may continue its log; begin a new one in another folder, under another origin`
      : `a restore into ${directory} did not end (${FROZEN}): empty the folder and restore again`;
  throw fault;
};

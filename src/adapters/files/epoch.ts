import { join } from 'node:path';
import { FileRegister } from './register.js';

export const epochFile = (dataDir: string): string => join(dataDir, 'epoch');

/**
 * Counts the starts on a data directory, durably before anything is written under the new number. The directory's lock is held.
 * Null: the file holds no number, and guessing one could let a process that should be dead write on.
 */
export const nextEpoch = async (dataDir: string): Promise<number | null> => {
  const register = new FileRegister(epochFile(dataDir));
  const text = Buffer.from((await register.read()) ?? '0')
    .toString('latin1')
    .trim();
  if (!/^[0-9]{1,15}$/.test(text)) return null;
  const epoch = Number(text) + 1;
  await register.write(Buffer.from(`${epoch}\n`));
  return epoch;
};

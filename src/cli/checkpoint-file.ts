import { readFile, rename, writeFile } from 'node:fs/promises';
import { openCheckpoint, type Checkpoint } from '../log/index.js';

/** The checkpoint that an earlier run ended with; undefined: there was none. @throws Refusal when it is not this log's */
export const readCheckpoint = async (path: string, logVkey: string): Promise<Checkpoint | undefined> => {
  let octets: Buffer;
  try {
    octets = await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return openCheckpoint(octets, logVkey);
};

/** Replaces it: a run that dies before has the old one, and does its work again. */
export const writeCheckpoint = async (path: string, note: string): Promise<void> => {
  await writeFile(`${path}.tmp`, note, { mode: 0o600 });
  await rename(`${path}.tmp`, path);
};

import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';

const codeOf = (error: unknown): unknown => (typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined);

const take = (path: string): boolean => {
  try {
    const file = openSync(path, 'wx', 0o600);
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and is another user's.
    return codeOf(error) === 'EPERM';
  }
};

const holder = (path: string): number => {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return 0;
  }
};

/**
 * One process at a desk at a time: two would give one CRL number twice. A lock whose process is gone is taken over.
 * @throws Error when another process holds it
 * @returns gives the lock back
 */
export const lockDesk = (path: string): (() => void) => {
  if (!take(path)) {
    const pid = holder(path);
    if (pid > 0 && isAlive(pid)) throw new Error('another process is at this desk');
    rmSync(path, { force: true });
    if (!take(path)) throw new Error('another process is at this desk');
  }
  return () => rmSync(path, { force: true });
};

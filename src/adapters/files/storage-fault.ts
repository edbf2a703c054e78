import { Unavailable } from '../../reasons/index.js';

/** What an operator can do about it, by the system's error code. */
const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free space, then restart',
  EDQUOT: 'the quota of this user is used up: raise it, then restart',
  EACCES: 'the process may not use this file: give the folder to the user that runs it',
  EPERM: 'the process may not use this file: give the folder to the user that runs it',
  EROFS: 'the disk is mounted read-only: look for disk errors in the system log, remount, then restart',
  EIO: 'the disk reports an error: what was written is in doubt; check the disk, run audit fsck, then restart',
  EMFILE: 'too many open files: raise the limit (ulimit -n), then restart',
  ENFILE: 'too many open files in the system: raise the limit, then restart',
};

/** A file that could not be read or written. `message` names it and says what to do, for the operator; `detail`, which clients see, does not. */
export class StorageFault extends Unavailable {
  readonly path: string;
  /** The system's error code, such as ENOSPC. */
  readonly code: string;

  constructor(operation: string, path: string, cause: unknown) {
    super('log-unavailable', 'storage fault', null, 30);
    const code = codeOf(cause);
    this.path = path;
    this.code = code;
    this.message = `cannot ${operation} ${path} (${code}): ${ADVICE[code] ?? 'see the error code'}`;
    this.cause = cause;
  }
}

export const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';

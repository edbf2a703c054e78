import { fail } from '../proof/fault.js';
import type { Octets } from '../proof/octets.js';
import type { ReadFile } from '../proof/prover.js';

/** Reads the files of a log below a URL that ends in "/". What is not there is null; what could not be asked is a Fault `unreachable`. */
export const readFrom =
  (base: string): ReadFile =>
  async (path): Promise<Octets | null> => {
    // A checkpoint is only worth something when it is the newest; tiles never change.
    const cache = path === 'checkpoint' ? 'no-store' : 'default';
    const response = await fetch(new URL(path, base), { cache, redirect: 'error' }).catch(() => null);
    if (response === null) return fail('unreachable', `${path}: no answer`);
    if (response.status === 404 || response.status === 410) return null;
    if (!response.ok) return fail('unreachable', `${path}: the server answers ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  };

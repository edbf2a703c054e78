import { spawn } from 'node:child_process';
import { createHash, createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Signer } from '../../src/ports/index.js';

/** A key that this process never sees: openssl makes it and signs with it, a process for each signature. */
export const opensslSigner = (folder: string): Signer => {
  const key = join(folder, 'foreign.key');
  execFileSync('openssl', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', key]);
  const spki = createPublicKey(readFileSync(key)).export({ type: 'spki', format: 'der' });
  return {
    spki,
    algorithm: 'ecdsa-with-SHA256',
    sign: async (message) => {
      const child = spawn('openssl', ['pkeyutl', '-sign', '-inkey', key], { stdio: ['pipe', 'pipe', 'ignore'] });
      const parts: Buffer[] = [];
      child.stdout.on('data', (part: Buffer) => parts.push(part));
      child.stdin.end(createHash('sha256').update(message).digest());
      await once(child, 'close');
      return Buffer.concat(parts);
    },
  };
};

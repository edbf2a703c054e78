import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const HAS_OPENSSL = spawnSync('openssl', ['version']).status === 0;

const pem = (der: Uint8Array): string => `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`;

/** What `openssl verify` says of a path: `accepted`, or its number for what is wrong. `at` in ms. */
export const opensslVerdict = (path: readonly Uint8Array[], anchor: Uint8Array, at: number): string => {
  const folder = mkdtempSync(join(tmpdir(), 'signpost-judge-'));
  try {
    const file = (name: string, ders: readonly Uint8Array[]): string => {
      const full = join(folder, name);
      writeFileSync(full, ders.map(pem).join('\n'));
      return full;
    };
    const [leaf = new Uint8Array(), ...above] = path;
    const args = ['verify', '-attime', String(Math.floor(at / 1000)), '-CAfile', file('root', [anchor]), '-untrusted', file('ca', above)];
    const { status, stderr } = spawnSync('openssl', [...args, file('leaf', [leaf])], { encoding: 'utf8' });
    return status === 0 ? 'accepted' : (/error (\d+) at/.exec(stderr)?.[1] ?? stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

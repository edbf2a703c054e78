import { spawnSync } from 'node:child_process';

/** What one core verifies of P-256 by `openssl speed`, per second of CPU; null where there is no openssl. */
export const opensslVerifies = (seconds: number): number | null => {
  const run = spawnSync('openssl', ['speed', '-seconds', String(seconds), '-mr', 'ecdsap256'], { encoding: 'utf8' });
  // Machine-readable: +F<n>:<curve>:<bits>:<seconds per sign>:<seconds per verify>, in places signs/s and verifies/s by version.
  const row = /^\+F\d+:\d+:256:([\d.e-]+):([\d.e-]+)$/m.exec(run.stdout ?? '');
  const figure = Number(row?.[2] ?? Number.NaN);
  if (!(figure > 0)) return null;
  return figure < 1 ? 1 / figure : figure;
};

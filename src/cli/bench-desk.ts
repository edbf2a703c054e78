import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Desk, DeskFiles, openWithRoot } from '../adapters/desk/index.js';
import type { IssuingSources } from '../issuance/index.js';
import type { BenchOptions, BenchResult } from './bench-figure.js';
import { delegateBulk } from './np-bulk.js';

const sources: IssuingSources = { now: () => Date.now(), random: (octets) => randomBytes(octets) };

/** Pairs of making a key and signing with another, per second, one after the other: what a credential costs in cryptography at least. */
const bareRate = (count: number): number => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const message = randomBytes(600);
  const from = performance.now();
  for (let i = 0; i < count; i += 1) {
    generateKeyPairSync('ec', { namedCurve: 'P-256' });
    sign('sha256', message, privateKey);
  }
  return (count * 1000) / (performance.now() - from);
};

/** Bulk delegation as `np delegate --from` does it: keys made, credentials signed and verified, ledger and output synced part by part. */
export const measure = async ({ quick, tell }: BenchOptions): Promise<BenchResult> => {
  const count = quick ? 1_000 : 100_000;
  const folder = mkdtempSync(join(tmpdir(), 'signpost-desk-'));
  try {
    const identity = { kind: 'np', spc: '709J', name: 'Northern' } as const;
    const files = new DeskFiles(join(folder, 'np'));
    await openWithRoot(files, { identity, numbers: [{ start: '12020000000', count: 1_000_000 }] }, sources);
    writeFileSync(
      join(folder, 'orders.csv'),
      ['number', ...Array.from({ length: count }, (_, i) => String(12_020_000_000 + i))].join('\n'),
    );
    tell(`  delegating ${count} numbers`);
    const orders = { from: join(folder, 'orders.csv'), to: 'a.example', out: join(folder, 'out.jsonl'), lifetime: 86_400 };
    const before = bareRate(quick ? 200 : 5_000);
    const from = performance.now();
    await delegateBulk(new Desk(files, sources), orders, sources);
    const rate = (count * 1000) / (performance.now() - from);
    const bare = Math.max(before, bareRate(quick ? 200 : 5_000));
    const opened = performance.now();
    await new Desk(files, sources).list({ serial: '00' });
    const opening = performance.now() - opened;
    return {
      figures: [
        {
          bench: 'desk',
          what: 'delegate credentials in bulk, keys included',
          value: rate,
          unit: '/s',
          limit: { what: 'make a key, sign once, on one core', value: bare },
          bar: { of: 'value', sense: 'at least', bound: 1_000 },
        },
        { bench: 'desk', what: `a ledger of ${count} credentials, read anew`, value: opening, unit: 'ms', limit: null, bar: null },
      ],
      leftOut: [],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { TileBuilder, encodeLeaf, formatCheckpoint, formatVkey, signNote, type LeafFields, type TileFile } from '../log/index.js';
import type { BenchOptions, BenchResult } from './bench-figure.js';
import { MAIN } from './demo-gateway.js';

const ORIGIN = 'bench.example/log';
/** ms between two looks at the memory of the process that is measured. */
const LOOK_MS = 50;

/** `audit fsck` of a published log of 10^6 leaves in a folder, as a process of its own: seconds, and the most memory it had. */
export const measure = async ({ quick, tell }: BenchOptions): Promise<BenchResult> => {
  const folder = await mkdtemp(join(tmpdir(), 'signpost-bench-fsck-'));
  try {
    const leaves = quick ? 2_000 : 1_000_000;
    tell(`  making a log of ${leaves} leaves`);
    const vkey = makeLog(folder, leaves);
    const { seconds, mebibytes } = await fsck(folder, vkey);
    const what = `audit fsck of ${leaves.toLocaleString('en-US')} leaves in a folder`;
    const bar = (bound: number) => ({ of: 'value' as const, sense: 'at most' as const, bound });
    return {
      figures: [
        { bench: 'fsck', what, value: seconds, unit: 's', limit: null, bar: bar(60) },
        { bench: 'fsck', what: `${what}, memory`, value: mebibytes, unit: 'MiB', limit: null, bar: bar(512) },
      ],
      leftOut: [],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Every member differs from leaf to leaf, as in a log that is used. */
const leafOf = (n: number): LeafFields => {
  const digest = (what: number): string => Buffer.from(`${what}-${n}`.padEnd(32, 'x')).toString('base64url');
  return {
    v: 1,
    k: 'accept',
    t: 1_795_500_000_000 + n,
    act: 'register',
    ap: 'a.example',
    np: { spc: '709J', dom: null, iss: [digest(1), digest(2)], ee: `*${digest(3)}` },
    tok: digest(4),
    sii: digest(5),
    map: digest(6),
    why: 'OK',
    pol: digest(7),
    tl: digest(7),
    num: digest(7),
    rev: digest(7),
    gw: 'signpost@bench',
  };
};

const makeLog = (folder: string, leaves: number): string => {
  const builder = new TileBuilder();
  const known = new Set<string>();
  const write = ({ path, octets }: TileFile): void => {
    const file = join(folder, path);
    if (!known.has(dirname(file))) mkdirSync(dirname(file), { recursive: true });
    known.add(dirname(file));
    writeFileSync(file, octets);
  };
  for (let n = 0; n < leaves; n += 1) for (const file of builder.append(encodeLeaf(leafOf(n)))) write(file);
  for (const file of builder.partials()) write(file);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const octets = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const signer = { name: ORIGIN, publicKey: octets, sign: (message: Uint8Array) => sign(null, message, privateKey) };
  const checkpoint = signNote(formatCheckpoint({ origin: ORIGIN, size: leaves, root: builder.root() }), [signer]);
  write({ path: 'checkpoint', octets: Buffer.from(checkpoint) });
  return formatVkey(ORIGIN, octets);
};

const fsck = async (folder: string, vkey: string): Promise<{ seconds: number; mebibytes: number }> => {
  const since = performance.now();
  const child = spawn(process.execPath, [MAIN, 'audit', 'fsck', folder, '--log-vkey', vkey, '--json'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let mebibytes = 0;
  const timer = setInterval(() => (mebibytes = Math.max(mebibytes, peakOf(child.pid ?? 0))), LOOK_MS);
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`audit fsck ended with ${code}`);
  return { seconds: (performance.now() - since) / 1000, mebibytes };
};

/** proc(5): the most that the process has had resident; 0 where /proc does not exist, or the process has just ended. */
const peakOf = (pid: number): number => {
  try {
    const [, kibibytes = '0'] = /VmHWM:\s+([0-9]+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kibibytes) / 1024;
  } catch {
    return 0;
  }
};

import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TileBuilder, encodeLeaf, formatCheckpoint, leafHash, signNote, type LeafFields } from '../../src/log/index.js';
import { testLeaf, testSigner, vkeyOf } from '../support/log-fixtures.js';
import { Verb } from '../support/verb.js';

const SIZE = 600;
const signer = testSigner('dp.example/log');
const vkey = vkeyOf(signer);
const directory = mkdtempSync(join(tmpdir(), 'signpost-search-'));
const tiles = join(directory, 'tiles');

const leafOf = (n: number): LeafFields =>
  n % 100 === 7
    ? testLeaf(n, { k: 'reject', why: 'tn-out-of-scope', ap: 'b.example' })
    : testLeaf(n, n % 2 === 0 ? {} : { np: { spc: '505X', dom: null, iss: [], ee: testLeaf(0).pol } });

const put = (path: string, octets: Uint8Array | string): void => {
  mkdirSync(dirname(join(tiles, path)), { recursive: true });
  writeFileSync(join(tiles, path), octets);
};

beforeAll(() => {
  const builder = new TileBuilder();
  for (let n = 0; n < SIZE; n += 1) for (const { path, octets } of builder.append(encodeLeaf(leafOf(n)))) put(path, octets);
  for (const { path, octets } of builder.partials()) put(path, octets);
  put('checkpoint', signNote(formatCheckpoint({ origin: signer.name, size: SIZE, root: builder.root() }), [signer]));
  for (const [name, type] of [['ed', 'ed25519'] as const, ['ec', 'ec'] as const]) {
    const { publicKey, privateKey } = type === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
    writeFileSync(join(directory, `${name}.pem`), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(join(directory, `${name}.pub`), publicKey.export({ type: 'spki', format: 'pem' }));
  }
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const run = async (...args: string[]) => {
  const verb = new Verb('audit', ...args);
  const code = await verb.exit;
  return { code, out: verb.out, err: verb.err.join('\n') };
};
const key = ['--log-vkey', vkey];

describe('audit grep', () => {
  test('prints the entries that fit every filter, as they stand in the log', async () => {
    const { code, out } = await run('grep', tiles, ...key, '--verdict', 'refused', '--provider', 'b.example', '--json');
    expect(code).toBe(0);
    const lines = out.map((line) => JSON.parse(line) as { index: number; leaf: LeafFields; leafHash: string });
    expect(lines.map(({ index }) => index)).toEqual([7, 107, 207, 307, 407, 507]);
    expect(lines[0]?.leafHash).toBe(leafHash(encodeLeaf(leafOf(7))).toString('base64'));
    expect(lines[0]?.leaf).toEqual(leafOf(7));
  });

  test('says it in a table too', async () => {
    const { code, out, err } = await run('grep', tiles, ...key, '--spc', '505X', '--since', new Date(leafOf(597).t).toISOString());
    expect([code, out.length, err]).toEqual([0, 2, '2 of 600 entries']);
    expect(out[0]).toContain('505X');
  });

  test.each([
    ['nothing fits', ['--reason', 'cert-revoked'], 1],
    ['the filter is none', ['--reason', 'no-such-code'], 2],
    ['the time is none', ['--since', '2026-02-30'], 2],
  ])('exits by what it found where %s', async (_what, filter, expected) => {
    expect((await run('grep', tiles, ...key, ...filter)).code).toBe(expected);
  });

  test.each([
    ['--verdict', 'maybe'],
    ['--kind', 'maybe'],
    ['--reason', 'no-such-code'],
    ['--since', 'yesterday'],
  ])('says what %s must be', async (option, value) => {
    const { err } = await run('grep', tiles, ...key, option, value);
    expect(err).toContain(`${option} must be `);
    expect(err).not.toContain('undefined');
  });

  test('could not run under a key that is none', async () => {
    for (const verb of ['grep', 'fsck', 'follow']) expect((await run(verb, tiles, '--log-vkey', 'none')).code).toBe(2);
    expect((await run('follow', tiles, ...key, '--witness', 'https://localhost:1', '--once')).code).toBe(2);
  });

  test('could not run without key, place or https', async () => {
    for (const args of [[tiles], [join(directory, 'nowhere'), ...key], ['http://localhost:1', ...key]])
      expect((await run('grep', ...args)).code).toBe(2);
  });

  test('hands out nothing that is not under the checkpoint', async () => {
    const path = join(tiles, 'tile/entries/000');
    const good = readFileSync(path);
    writeFileSync(
      path,
      good.map((octet, at) => (at === 300 ? octet ^ 1 : octet)),
    );
    try {
      const { code, out } = await run('grep', tiles, ...key, '--json');
      expect([code, out.filter((line) => line.includes('"leaf"'))]).toEqual([2, []]);
      expect(out.join('')).toContain('log-corrupt');
    } finally {
      writeFileSync(path, good);
    }
    expect((await run('grep', tiles, '--log-vkey', vkeyOf(testSigner('dp.example/log', 'other')))).code).toBe(2);
  });
});

describe('audit export', () => {
  test.each(['ed', 'ec'])('signs for what it wrote with %s, and for nothing else', async (name) => {
    const manifest = join(directory, `${name}.json`);
    const { code, out } = await run(
      'export',
      tiles,
      ...key,
      '--format',
      'csv',
      '--verdict',
      'refused',
      '--manifest',
      manifest,
      '--key',
      join(directory, `${name}.pem`),
    );
    expect([code, out.length]).toEqual([0, 7]);
    expect(out[0]).toMatch(/^"index","leafHash","time"/);
    expect(out[1]).toContain(`"7","${leafHash(encodeLeaf(leafOf(7))).toString('base64')}"`);
    const exported = join(directory, 'export.csv');
    writeFileSync(exported, out.map((line) => `${line}\r\n`).join(''));
    const facts = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, unknown>;
    expect(facts).toMatchObject({
      rows: 6,
      size: SIZE,
      filters: { verdict: 'refused' },
      sha256: createHash('sha256').update(readFileSync(exported)).digest('base64'),
    });
    const verify = (file: string, by = name, at = manifest) =>
      run('verify', file, '--manifest', at, '--signer', join(directory, `${by}.pub`), ...key, '--json');
    expect((await verify(exported)).code).toBe(0);
    expect((await verify(exported, name === 'ed' ? 'ec' : 'ed')).code).toBe(1);
    writeFileSync(`${exported}.2`, `${readFileSync(exported, 'utf8')} `);
    const other = await verify(`${exported}.2`);
    expect([other.code, other.out.join('')]).toEqual([1, expect.stringContaining('inclusion-failed')]);
    writeFileSync(`${manifest}.2`, JSON.stringify({ ...facts, rows: 5 }));
    const changed = await verify(exported, name, `${manifest}.2`);
    expect([changed.code, changed.out.join('')]).toEqual([1, expect.stringContaining('untrusted-note')]);
  });

  test('writes JSON lines that grep would print', async () => {
    const [exported, printed] = await Promise.all([
      run('export', tiles, ...key, '--format', 'jsonl'),
      run('grep', tiles, ...key, '--json'),
    ]);
    expect(exported.out).toEqual(printed.out);
    expect(exported.out).toHaveLength(SIZE);
  });

  test.each([[['--format', 'xml']], [['--format', 'toString']], [['--format', 'csv', '--manifest', 'm.json']], [[]]])(
    'could not run with %j',
    async (args) => {
      expect((await run('export', tiles, ...key, ...args)).code).toBe(2);
    },
  );
});

import { cp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FileVault, openKeys } from '../../src/adapters/files/index.js';
import { fsckDirectory } from '../../src/cli/audit-fsck-directory.js';
import { auditReplay } from '../../src/cli/audit-replay.js';
import { openReplaySource } from '../../src/cli/audit-replay-source.js';
import { parseLeaf, type LeafFields } from '../../src/log/index.js';
import { Refusal } from '../../src/reasons/index.js';
import { NoAnswer } from '../../src/client/index.js';
import { forged, openedEntry, type Forgery } from '../support/forged-log.js';
import { START } from '../support/open-gateway.js';
import { recordLog, type RecordedLog } from '../support/recorded-log.js';

const DAY = 86_400_000;

let log: RecordedLog;
let leaves: readonly LeafFields[];

beforeAll(async () => {
  log = await recordLog();
  const source = await openReplaySource(log.place.dataDir, START);
  const read: LeafFields[] = [];
  for await (const { record } of source.wal.read(0)) read.push(parseLeaf(record.leaf));
  await source.close();
  leaves = read;
}, 120_000);
afterAll(() => rm(dirname(log.place.dataDir), { recursive: true, force: true }));

const replay = (place: string, now = START) => auditReplay(place, {}, now);
const indexOf = (why: string, nth = 0): number =>
  leaves.map((leaf, index) => ({ leaf, index })).filter(({ leaf }) => leaf.k === 'reject' && leaf.why === why)[nth]?.index ?? -1;
/** Of the copy in which one entry is another: what is said of it. */
const forgedWords = async (at: number, forgery: Forgery): Promise<string> => {
  const { code, words } = await replay(await forged(log.place.dataDir, at, forgery));
  expect(code).toBe(1);
  return words;
};
const copyOf = async (name: string): Promise<string> => {
  const copy = join(dirname(log.place.dataDir), name);
  await cp(log.place.dataDir, copy, { recursive: true });
  return copy;
};

describe('a log with every kind of verdict', () => {
  test('was recorded', () => {
    expect(log.outcomes).toEqual([
      'accepted',
      'malformed-token',
      'bad-signature',
      'ap-mismatch',
      'tn-out-of-scope',
      'accepted',
      'superseded',
      'accepted',
      'preference-without-mapping',
      'accepted',
      'jti-replay',
      'accepted',
      'jti-replay',
      'expired-token',
      'accepted',
      'accepted',
      'accepted',
      'accepted',
      'tn-out-of-scope',
      'accepted',
      'accepted',
      'accepted',
      'accepted',
      'x5u-not-allowed',
      'cert-revoked',
      'accepted',
      'consent-too-weak',
      'untrusted-chain',
      'accepted',
    ]);
    const accepted = new Set(leaves.filter(({ k }) => k === 'accept').map(({ act }) => act));
    expect(accepted).toEqual(new Set(['register', 'withdraw', 'withdraw-by-connection', 'prefer', 'release', 'port']));
    expect(new Set(leaves.map(({ rev }) => rev)).size).toBeGreaterThan(1);
    expect(new Set(leaves.map(({ pol }) => pol)).size).toBe(2);
    expect(new Set(leaves.map(({ tl }) => tl)).size).toBe(2);
  });

  test('is judged again the same', async () => {
    const { code, json } = await replay(log.place.dataDir);
    const decisions = log.outcomes.length;
    expect({ code, json }).toMatchObject({
      code: 0,
      json: { holds: true, decisions, equal: decisions, differing: 0, unsettled: 0, unkept: 0 },
    });
  });

  test('is judged again in part', async () => {
    const { json } = await auditReplay(log.place.dataDir, { from: '5', to: '9' }, START);
    expect(json).toMatchObject({ holds: true, from: 5, to: 9, decisions: 4, equal: 4 });
  });

  test('passes fsck', async () => {
    expect((await fsckDirectory(log.place.dataDir, {})).problem).toBeNull();
  });
});

describe('what an operator with every key writes in place of it', () => {
  const passport = (change: (input: { at: number }) => object): Forgery => ({
    evidence: (evidence) =>
      evidence.kind === 'passport' ? { ...evidence, input: { ...evidence.input, ...change(evidence.input) } } : evidence,
  });

  test.each<readonly [string, () => number, Forgery, string]>([
    ['another time', () => 0, passport(({ at }) => ({ at: at + DAY })), 'check-freshness: the log says OK, judged again expired-token'],
    ['another PASSporT', () => 0, passport(() => ({ passport: 'a.b.c' })), 'parse-passport: the log says OK'],
    [
      'a path',
      () => indexOf('x5u-not-allowed'),
      passport(() => ({ unacquired: undefined })),
      'acquire-credential: the log says x5u-not-allowed',
    ],
    [
      'another client',
      () => 0,
      { evidence: (evidence) => ({ ...evidence, client: { ...evidence.client, domain: 'b.example' } }) },
      'check-presenter: the log says OK, judged again ap-mismatch',
    ],
    [
      'a port that the log did not know',
      () => indexOf('tn-out-of-scope', 1),
      passport(() => ({ ported: null })),
      'the log says tn-out-of-scope, judged again OK',
    ],
    [
      'another reason',
      () => indexOf('bad-signature'),
      { leaf: (leaf) => ({ ...leaf, why: 'expired-token' }) },
      'verify-signature: the log says expired-token, judged again bad-signature',
    ],
    [
      'another reason of the sequencer',
      () => indexOf('superseded'),
      { leaf: (leaf) => ({ ...leaf, why: 'jti-replay' }) },
      'check-order: the log says jti-replay, judged again superseded',
    ],
    [
      'a refusal of what was accepted',
      () => indexOf('superseded'),
      { leaf: (leaf) => ({ ...leaf, why: 'bad-signature' }) },
      'verify-signature: the log says bad-signature, judged again OK',
    ],
    ['another digest', () => 0, { leaf: (leaf) => ({ ...leaf, tok: leaf.sii }) }, 'leaf tok'],
    ['another commitment', () => 0, { leaf: (leaf) => ({ ...leaf, map: leaf.sii }) }, 'leaf map'],
    ['another client in the leaf', () => 0, { leaf: (leaf) => ({ ...leaf, ap: 'b.example' }) }, 'leaf ap'],
    ['no signer', () => 0, { leaf: (leaf) => ({ ...leaf, np: null }) }, 'leaf np'],
  ])('is named: %s', async (_, at, forgery, words) => {
    expect(await forgedWords(at(), forgery)).toContain(words);
  });

  test('is named: the policy of another day', async () => {
    const at = indexOf('consent-too-weak');
    const { pol } = leaves[0] as LeafFields;
    expect(leaves[at]?.pol).not.toBe(pol);
    expect(await forgedWords(at, { leaf: (leaf) => ({ ...leaf, pol }) })).toContain(
      `entry ${at} differs at authorize: the log says consent-too-weak, judged again OK`,
    );
    expect(await forgedWords(0, { leaf: (leaf) => ({ ...leaf, pol: leaves[at]?.pol ?? '' }) })).toContain(
      'the log says OK, judged again consent-too-weak',
    );
  });
});

describe('what is damaged', () => {
  test('a bit of the evidence is named, by fsck too', async () => {
    const copy = await copyOf('flipped');
    const file = join(copy, 'evidence', '0000000000000000.wal');
    const octets = await readFile(file);
    octets[200] = (octets[200] as number) ^ 1;
    await writeFile(file, octets);
    const failure = await replay(copy).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Refusal);
    expect(failure).toMatchObject({
      reason: 'log-corrupt',
      detail: expect.stringContaining('evidence/0000000000000000.wal is broken at offset 20'),
    });
    expect((await fsckDirectory(copy, {})).problem).toMatchObject({ path: 'evidence/0000000000000000.wal' });
  });

  test('a document is named, by fsck too', async () => {
    const copy = await copyOf('document');
    const pol = Buffer.from(leaves[0]?.pol ?? '', 'base64url').toString('hex');
    const file = join(copy, 'evidence', 'documents', pol);
    const octets = await readFile(file);
    octets[5] = (octets[5] as number) ^ 1;
    await writeFile(file, octets);
    expect((await replay(copy)).words).toContain(`evidence/documents/${pol} is not what was kept`);
    expect((await fsckDirectory(copy, {})).problem?.path).toBe(`evidence/documents/${pol}`);
    await rm(file);
    expect((await replay(copy)).words).toContain(`document ${pol} is missing`);
    expect((await fsckDirectory(copy, {})).problem).toEqual({ path: `evidence/documents/${pol}`, what: 'is missing' });
  });

  test('evidence that is not there, where it was kept, is named', async () => {
    const copy = await copyOf('lost');
    await rm(join(copy, 'evidence', '0000000000000000.wal'));
    expect((await fsckDirectory(copy, {})).problem?.path).toBe('evidence/*.wal');
    await expect(replay(copy)).rejects.toMatchObject({ reason: 'log-corrupt' });
  });

  test('evidence of another entry does not open', async () => {
    const at = indexOf('malformed-token');
    const other = indexOf('bad-signature');
    const source = await openReplaySource(log.place.dataDir, START);
    const [one, two] = [await source.evidence.get(at), await source.evidence.get(other)];
    await source.close();
    expect(one?.keySlot).toBe(two?.keySlot);
    const { evidenceContext } = await import('../../src/gateway/evidence.js');
    const again = await openReplaySource(log.place.dataDir, START);
    expect(() => again.vault.open(one?.keySlot ?? 0, evidenceContext(other), one?.sealed ?? new Uint8Array())).toThrow(Refusal);
    await again.close();
  });
});

describe('what is gone', () => {
  test('evidence of refusals is counted as expired once its time has passed', async () => {
    const refused = leaves.filter(({ k }) => k === 'reject').length;
    const { code, json } = await replay(log.place.dataDir, START + 120 * DAY);
    expect({ code, json }).toMatchObject({ code: 0, json: { expired: refused, equal: log.outcomes.length - refused } });
  });

  test('evidence of a subject that was erased is counted as such, and what depended on it as unsettled', async () => {
    const copy = await copyOf('erased');
    const { vaultKey } = await openKeys(join(copy, 'keys'), { origin: 'dp.example/log', mayCreate: false });
    const vault = await FileVault.open(join(copy, 'vault'), { vaultKey, clock: { now: () => START } });
    const source = await openReplaySource(copy, START);
    const { keySlot } = await source.wal.get(0);
    await source.close();
    await vault.erase(keySlot);
    await vault.close();
    const { code, json } = await replay(copy);
    expect({ code, json }).toMatchObject({ code: 0, json: { differing: 0 } });
    expect(json['erased']).toBeGreaterThan(1);
    expect(json['unsettled']).toBeGreaterThan(0);
  });
});

describe('what nothing destroys', () => {
  test('differs where its key is gone: a sweep', async () => {
    const at = leaves.findIndex(({ k }) => k === 'revoke');
    const copy = await copyOf('gone');
    const { vaultKey } = await openKeys(join(copy, 'keys'), { origin: 'dp.example/log', mayCreate: false });
    const vault = await FileVault.open(join(copy, 'vault'), { vaultKey, clock: { now: () => START } });
    const source = await openReplaySource(copy, START);
    const { keySlot } = await source.wal.get(at);
    await source.close();
    await vault.erase(keySlot);
    await vault.close();
    const { code, words } = await replay(copy);
    expect(code).toBe(1);
    expect(words).toContain(`entry ${at} differs at sealed event`);
  });
});

describe('one opened entry', () => {
  const file = (): string => join(dirname(log.place.dataDir), 'opened.json');
  const documents = (): string => join(log.place.dataDir, 'evidence', 'documents');
  const replayOpened = async (entry: object, from = documents()) => {
    await writeFile(file(), JSON.stringify(entry));
    return await auditReplay(file(), { documents: from }, START);
  };

  test('is judged again from documents alone, whatever it is', async () => {
    for (const [index, { k }] of leaves.entries()) {
      if (k !== 'accept' && k !== 'reject') continue;
      const { code, json } = await replayOpened(await openedEntry(log.place.dataDir, index));
      expect({ index, code, json }).toMatchObject({ index, code: 0, json: { holds: true, index, differences: [] } });
    }
  });

  test('under another opening says that its commitments do not hold', async () => {
    const entry = await openedEntry(log.place.dataDir, 0);
    const { code, words } = await replayOpened({ ...entry, opening: Buffer.alloc(32).toString('base64url') });
    expect(code).toBe(1);
    expect(words).toContain('leaf sii');
  });

  test('without its documents cannot be judged', async () => {
    const entry = await openedEntry(log.place.dataDir, 0);
    await expect(replayOpened(entry, log.place.dataDir)).rejects.toMatchObject({ reason: 'log-corrupt' });
    expect((await readdir(documents())).length).toBeGreaterThan(10);
  });

  test('is not said to be wrong where nobody gives its documents', async () => {
    const entry = await openedEntry(log.place.dataDir, 0);
    await expect(replayOpened(entry, 'https://127.0.0.1:1')).rejects.toThrow(NoAnswer);
  });
});

import { describe, expect, test } from '@jest/globals';
import * as log from '../../src/log/index.js';
import { openCheckpoint } from '../../src/audit-ui/proof/checkpoint.js';
import { parseVkey } from '../../src/audit-ui/proof/note.js';
import type { Octets } from '../../src/audit-ui/proof/octets.js';
import { compare } from '../../src/audit-ui/reading/continuity.js';
import { EMPTY_FILTER, filterOf, isEmpty, matcherOf, paramsOf, type Filter } from '../../src/audit-ui/reading/filter.js';
import { readLeaf, type Leaf } from '../../src/audit-ui/reading/leaf.js';
import { VerifiedLog } from '../../src/audit-ui/reading/log.js';
import { NO_MEMORY, formatMemory, parseMemory } from '../../src/audit-ui/reading/memory.js';
import { checkOpening } from '../../src/audit-ui/reading/opening.js';
import { readReceipt } from '../../src/audit-ui/reading/receipt.js';
import { Rows } from '../../src/audit-ui/reading/rows.js';
import { statesOf } from '../../src/audit-ui/view/step-list.js';
import { visible } from '../../src/audit-ui/view/words.js';
import { RECEIPT_SIGNER, REASONS_DOCUMENT } from '../support/audit-site.js';
import { auditEntries, auditEntry } from '../support/audit-entries.js';
import { testLeaf, testSigner, vkeyOf } from '../support/log-fixtures.js';
import { LOG_SIGNER, ORIGIN, publish, type LogFiles } from '../support/published-log.js';

const octets = (buffer: Uint8Array): Octets => Uint8Array.from(buffer);

const opened = async (files: LogFiles): Promise<VerifiedLog> => {
  const checkpoint = await openCheckpoint(octets(files.get('checkpoint') as Buffer), await parseVkey(vkeyOf(LOG_SIGNER)));
  return new VerifiedLog(checkpoint, async (path) => {
    const file = files.get(path);
    return file === undefined ? null : octets(file);
  });
};

const flip = (files: LogFiles, path: string, at: number): LogFiles => {
  const file = Buffer.from(files.get(path) as Buffer);
  file[at] = (file[at] as number) ^ 1;
  return new Map(files).set(path, file);
};

describe('a log as a checkpoint shows it', () => {
  const files = publish(auditEntries(700));

  test('gives the entries of each bundle, proven', async () => {
    const all = await opened(files);
    for (const bundle of [0, 1, 2]) {
      const entries = await all.entries(bundle);
      expect(entries).toHaveLength(bundle < 2 ? 256 : 188);
      expect(Buffer.from(entries[5] as Octets)).toEqual(auditEntry(bundle * 256 + 5));
    }
  });

  test('gives no bundle of which one bit was changed, nor one under other hashes', async () => {
    const changed = await opened(flip(files, 'tile/entries/001', 90_000));
    await expect(changed.entries(1)).rejects.toMatchObject({
      code: 'inclusion-failed',
      message: expect.stringContaining('tile/entries/001'),
    });
    await expect(changed.entries(0)).resolves.toHaveLength(256);
    const above = await opened(flip(files, 'tile/1/000.p/2', 40));
    await expect(above.entries(0)).rejects.toMatchObject({ code: 'inclusion-failed' });
    const gone = new Map(files);
    gone.delete('tile/entries/000');
    await expect((await opened(gone)).entries(0)).rejects.toMatchObject({ code: 'not-found' });
  });

  test('says of one entry whether it is proven, and which file is suspect', async () => {
    await expect((await opened(files)).proof(300)).resolves.toMatchObject({ holds: true, suspect: null, index: 300 });
    const at = (files.get('tile/entries/001') as Buffer).indexOf(auditEntry(300)) + 50;
    await expect((await opened(flip(files, 'tile/entries/001', at))).proof(300)).resolves.toMatchObject({
      holds: false,
      suspect: expect.stringContaining('tile/0/001'),
    });
    await expect((await opened(flip(files, 'tile/0/001', 45 * 32))).proof(300)).resolves.toMatchObject({
      holds: false,
      suspect: expect.stringContaining('beside it'),
    });
    await expect((await opened(files)).proof(700)).rejects.toMatchObject({ code: 'not-found' });
  });

  test('is read from full tiles where the partial ones are gone', async () => {
    const older = new Map([...publish(auditEntries(768)), ...files]);
    for (const path of ['tile/entries/002.p/188', 'tile/0/002.p/188']) expect(older.delete(path)).toBe(true);
    await expect((await opened(older)).entries(2)).resolves.toHaveLength(188);
  });
});

describe('beside the checkpoint that was seen before', () => {
  const seenOf = (files: LogFiles, size: number) => ({ octets: octets(files.get('checkpoint') as Buffer), size, at: 1 });
  const stateOf = async (now: LogFiles, before: LogFiles | null) =>
    compare(await opened(now), before === null ? null : seenOf(before, 0), await parseVkey(vkeyOf(LOG_SIGNER)));
  const grown = publish(auditEntries(700));
  const forked = publish([...auditEntries(500), auditEntry(9999), ...auditEntries(199)]);

  test('a log that grew has grown, from any size', async () => {
    for (const size of [1, 255, 256, 512, 600]) expect((await stateOf(grown, publish(auditEntries(size)))).state).toBe('grown');
    expect((await stateOf(grown, grown)).state).toBe('same');
    expect((await stateOf(grown, null)).state).toBe('first');
    expect((await stateOf(grown, publish([]))).state).toBe('first');
  });

  test('two histories are a fork, of one size or of two, at a power of two as elsewhere', async () => {
    expect((await stateOf(forked, grown)).state).toBe('fork');
    for (const size of [501, 512, 600]) expect((await stateOf(forked, publish(auditEntries(size)))).state).toBe('fork');
    expect((await stateOf(forked, publish(auditEntries(500)))).state).toBe('grown');
  });

  test('a smaller log is a rollback', async () => {
    expect((await stateOf(publish(auditEntries(600)), grown)).state).toBe('rollback');
  });

  test('tiles that are not the log’s prove nothing, for it or against it', async () => {
    const before = publish(auditEntries(300));
    expect((await stateOf(flip(grown, 'tile/0/001', 0), before)).state).toBe('unproven');
    const gone = new Map(grown);
    gone.delete('tile/0/001');
    expect((await stateOf(gone, before)).state).toBe('unproven');
  });

  test('what another key signed was another log', async () => {
    const other = publish(auditEntries(600), [testSigner(ORIGIN, 'other')]);
    expect((await stateOf(grown, other)).state).toBe('first');
  });
});

describe('what a leaf says', () => {
  test('is read member by member', () => {
    expect(readLeaf(auditEntry(3))).toMatchObject({ kind: 'reject', ap: expect.any(String), signer: { spc: '709J' }, rest: [] });
  });

  test('is shown whatever it is', () => {
    const strange = readLeaf(
      Buffer.from('{"k":7,"t":"x","ap":["<b>"],"np":{"iss":[1,"a"],"ee":null},"why":{},"fell":{"n":3},"__proto__":1}'),
    );
    expect(strange).toMatchObject({ kind: 'unreadable', time: null, ap: null, why: '', signer: { spc: null, iss: ['a'], ee: null } });
    expect(strange.rest).toContainEqual(['fell', '{"n":3}']);
    for (const junk of ['', 'null', '[]', '{', '\u0000'.repeat(10)]) expect(readLeaf(Buffer.from(junk)).kind).toBe('unreadable');
    expect(readLeaf(Buffer.from([0xff])).kind).toBe('unreadable');
    expect(readLeaf(Buffer.from('{"k":"open","opened":{"ref":"12"}}'))).toMatchObject({ kind: 'open', rest: [['opened', '{"ref":"12"}']] });
  });

  test('stands as text that cannot pass for other text', () => {
    expect(visible('a\u202Eb\u0000\u200B\u{1F600}')).toBe('a\\u{202e}b\\u{0}\\u{200b}\\u{1f600}');
    expect(visible('x'.repeat(500))).toBe(`${'x'.repeat(300)}… (500 characters)`);
  });
});

describe('the steps of a decision', () => {
  const { steps } = REASONS_DOCUMENT;
  const statesFor = (changes: Partial<Leaf>): Record<string, string> => {
    const states = statesOf(steps, { ...readLeaf(auditEntry(0)), ...changes });
    return Object.fromEntries(steps.map(({ step }, i) => [step, states?.[i] ?? 'none']));
  };

  test('all passed when it was accepted', () => {
    expect(new Set(Object.values(statesFor({})))).toEqual(new Set(['passed']));
    expect(new Set(Object.values(statesFor({ passport: null, signer: null })))).toEqual(new Set(['not-run']));
  });

  test('end where it was refused', () => {
    const states = statesFor({ kind: 'reject', why: 'tn-out-of-scope' });
    expect(states).toMatchObject({
      'verify-signature': 'passed',
      'check-authority': 'refused',
      'check-presenter': 'not-reached',
      'check-order': 'not-reached',
    });
  });

  test('are told apart by whether the leaf names a signer, where several may refuse for the reason', () => {
    const owners = steps.filter(({ reasons }) => reasons.includes('claim-value')).map(({ step }) => step);
    expect(owners.length).toBeGreaterThan(1);
    expect(statesFor({ kind: 'reject', why: 'claim-value', signer: null })['check-claims']).toBe('refused');
    expect(statesFor({ kind: 'reject', why: 'claim-value' })['check-claims']).toBe('passed');
  });

  test('are none for entries that are not about a PASSporT', () => {
    expect(statesOf(steps, { ...readLeaf(auditEntry(0)), kind: 'revoke' })).toBeNull();
    expect(statesOf(steps, { ...readLeaf(auditEntry(0)), kind: 'reject', why: 'unheard-of' })).toBeNull();
  });
});

describe('a search', () => {
  const rows = new Rows();
  [...auditEntries(100)].forEach((entry, n) => rows.add(n, readLeaf(entry)));
  const found = (changes: Partial<Filter>): number[] =>
    [...rows.all()].filter(matcherOf({ ...EMPTY_FILTER, ...changes })).map(({ index }) => index);

  test('lives in the address', () => {
    const filter: Filter = { ...EMPTY_FILTER, kind: 'reject', ap: 'a.example & b', since: '2026-11-24T14:00' };
    expect(filterOf(paramsOf(filter))).toEqual(filter);
    expect(isEmpty(filterOf(new URLSearchParams('x=1')))).toBe(true);
  });

  test('wants every field', () => {
    const refused = found({ kind: 'reject' });
    expect(refused).toHaveLength(14);
    const both = found({ kind: 'reject', ap: 'B.EXAMPLE' });
    expect(both.length).toBeGreaterThan(0);
    expect(both).toEqual(refused.filter((n) => rows.at(n)?.ap === 'b.example'));
    const digest = rows.at(42)?.passport ?? '';
    expect(found({ passport: digest.slice(0, 20) })).toEqual([42]);
    expect(found({ provider: '709' })).toHaveLength(34);
    expect(found({ action: 'prefer' })).toHaveLength(20);
    expect(found({ why: 'tn-out-of-scope' }).every((n) => rows.at(n)?.why === 'tn-out-of-scope')).toBe(true);
  });

  test('takes the first moment and not the last, in UTC; a time that is none lets nothing through', () => {
    const at = (n: number): string => new Date(1_795_500_000_000 + n * 12_000).toISOString();
    expect(found({ since: at(10), until: at(13) })).toEqual([12, 11, 10]);
    expect(found({ since: at(10).slice(0, -1), until: at(13) })).toEqual([12, 11, 10]);
    expect(found({ since: 'yesterday' })).toEqual([]);
  });

  test('is counted, by kind, reason, provider and time', () => {
    const { kinds, reasons, aps, providers, timeline } = rows.tally.counts();
    expect(kinds).toEqual([
      ['accept', 86],
      ['reject', 14],
    ]);
    expect(reasons.reduce((total, [, count]) => total + count, 0)).toBe(14);
    for (const ranking of [aps, providers]) expect(ranking.reduce((total, [, count]) => total + count, 0)).toBe(100);
    expect(timeline.span).toBe(60_000);
    expect(timeline.accepted.reduce((a, b) => a + b, 0)).toBe(86);
    expect(timeline.times.every((time) => time % 60_000 === 0)).toBe(true);
    expect(new Rows().tally.counts().timeline.times).toEqual([]);
  });
});

describe('what a browser remembers', () => {
  test('comes back, and nothing that it did not write', () => {
    const memory = {
      ...NO_MEMORY,
      vkey: 'k',
      from: 'discovery' as const,
      seen: { octets: Uint8Array.of(1, 2), size: 3, at: 4 },
      history: [
        { at: 4, size: 3, cosigned: null },
        { at: 5, size: 3, cosigned: 4 },
      ],
    };
    expect(parseMemory(formatMemory(memory))).toEqual(memory);
    for (const junk of [null, '', '[]', '{"seen":{"octets":"?","size":1,"at":1}}', '{"history":[{"at":"x"}],"vkey":7}'])
      expect(parseMemory(junk)).toEqual(NO_MEMORY);
  });
});

describe('openings and receipts', () => {
  const secret = Buffer.alloc(32, 7);
  const opening = secret.toString('base64url');
  const sii = 'tel:+12025550100';
  const ssi = 'mimi://a.example/u/alice';
  const print = Buffer.alloc(32, 5);
  const shown = Buffer.alloc(32, 6).toString('base64url');
  const verdicts = async (answer: Record<string, unknown>, leaf: Leaf): Promise<Record<string, boolean | null>> =>
    Object.fromEntries((await checkOpening({ index: 1, opening, ...answer }, 1, leaf)).map(({ name, holds }) => [name, holds]));

  test('an opening of a decision is held against every commitment of the leaf', async () => {
    const np = { spc: '709J', dom: null, iss: [shown], ee: `*${log.commitFingerprint(secret, print)}` };
    const leaf = readLeaf(
      log.encodeLeaf(testLeaf(1, { np, sii: log.commitSii(secret, sii), map: log.commitMapping(secret, ssi, 'a.example') })),
    );
    const told = { kind: 'accept', sii, ssi, provider: 'a.example', fingerprints: [print.toString('base64url'), shown], logIndex: 9 };
    const all = { 'Number or address': true, 'Mapped to': true, 'End-entity certificate': true, 'Issuer 1': true, logIndex: null };
    await expect(verdicts(told, leaf)).resolves.toEqual(all);
    await expect(verdicts({ ...told, sii: `${sii}1` }, leaf)).resolves.toEqual({ ...all, 'Number or address': false });
    await expect(verdicts({ ...told, provider: null }, leaf)).resolves.toEqual({ ...all, 'Mapped to': false });
    await expect(verdicts({ ...told, fingerprints: [shown, shown] }, leaf)).resolves.toEqual({ ...all, 'End-entity certificate': false });
    await expect(verdicts({ ...told, opening: 'AAAA' }, leaf)).resolves.toMatchObject({ 'Number or address': false, 'Issuer 1': true });
    await expect(verdicts({ ...told, opening: 7, sii: {} }, leaf)).resolves.toMatchObject({
      'Mapped to': false,
      'Number or address': false,
    });
    // Nothing told, a commitment told as what is committed to, and the entry of another index or kind: none of it holds.
    const untold = await verdicts({ kind: 'accept' }, leaf);
    expect(untold).toEqual({ 'Number or address': false, 'Mapped to': false, 'End-entity certificate': false, 'Issuer 1': false });
    await expect(verdicts({ ...told, sii: leaf.sii }, leaf)).resolves.toMatchObject({ 'Number or address': false });
    const hidden = log.commitFingerprint(secret, print);
    await expect(verdicts({ ...told, fingerprints: [hidden, shown] }, leaf)).resolves.toMatchObject({ 'End-entity certificate': false });
    await expect(verdicts({ ...told, index: 2 }, leaf)).resolves.toEqual({ ...all, Entry: false });
    await expect(verdicts({ ...told, kind: 'reject' }, leaf)).resolves.toEqual({ ...all, Kind: false });
  });

  test('so is one of what fell, and one of a case', async () => {
    const list = [
      { logIndex: 12, subject: Buffer.alloc(16, 9).toString('base64url') },
      { logIndex: 2 ** 33 + 5, subject: Buffer.alloc(16, 200).toString('base64url') },
    ];
    const places = list.map(({ logIndex: index, subject }) => ({ index, id: Buffer.from(subject, 'base64url').toString('latin1') }));
    const fell = { eff: 'removed', n: 2, list: log.commitList(secret, log.digestOfPlaces(log.packPlaces(places))), crl: null, rsn: null };
    const fallen = readLeaf(Buffer.from(JSON.stringify({ k: 'revoke', fell })));
    await expect(verdicts({ kind: 'revoke', list }, fallen)).resolves.toEqual({ 'What fell': true });
    await expect(verdicts({ kind: 'revoke', list: list.toReversed() }, fallen)).resolves.toEqual({ 'What fell': false });
    const longer = list.map((place, i) => (i === 0 ? { ...place, subject: Buffer.alloc(17, 9).toString('base64url') } : place));
    for (const told of [longer, [...list, 7], 'all', undefined])
      await expect(verdicts({ kind: 'revoke', list: told }, fallen)).resolves.toEqual({ 'What fell': false });
    const open = readLeaf(Buffer.from(JSON.stringify({ k: 'open', opened: { ref: '12', case: log.commitCase(secret, 'POL-17') } })));
    await expect(verdicts({ kind: 'open', case: 'POL-17' }, open)).resolves.toEqual({ Case: true });
    await expect(verdicts({ kind: 'open', case: 'POL-18' }, open)).resolves.toEqual({ Case: false });
  });

  test('a receipt is read as an AP keeps it, out of JSON too', async () => {
    const receipt = { origin: ORIGIN, index: 12, leafHash: Buffer.alloc(32, 3), time: 1_795_500_000_000 };
    const text = log.signReceipt(receipt, RECEIPT_SIGNER);
    const vkey = vkeyOf(RECEIPT_SIGNER);
    for (const pasted of [text, `  ${text}  `, JSON.stringify(text).slice(1, -1)])
      await expect(readReceipt(pasted, vkey)).resolves.toMatchObject({ index: 12, signature: 'holds', time: receipt.time });
    await expect(readReceipt(text, null)).resolves.toMatchObject({ signature: 'no-key' });
    await expect(readReceipt(text, vkeyOf(LOG_SIGNER))).resolves.toMatchObject({ signature: 'broken' });
    await expect(readReceipt(text.replace('\n12\n', '\n13\n'), vkey)).resolves.toMatchObject({ index: 13, signature: 'broken' });
    await expect(readReceipt('12', vkey)).rejects.toMatchObject({ code: 'malformed-note' });
  });
});

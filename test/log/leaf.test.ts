import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  MAX_LEAF_OCTETS,
  TileBuilder,
  commitFingerprint,
  commitMapping,
  commitSii,
  encodeBundle,
  encodeLeaf,
  formatCheckpoint,
  fsckLog,
  nameInLeaf,
  parseBundle,
  parseLeaf,
  parseTilePath,
  signNote,
  signerInLeaf,
  tilePath,
  versionsInLeaf,
  type LeafFields,
} from '../../src/log/index.js';
import type { Signer as VerdictSigner } from '../../src/verification/verdict.js';
import { testEntry, testLeaf, testSigner, vkeyOf } from '../support/log-fixtures.js';
import { reasonOf } from '../support/reasons.js';

const opening = Buffer.alloc(32, 7);

const signer = (changes: Partial<VerdictSigner> = {}): VerdictSigner => ({
  kind: 'delegate',
  profile: 'delegate',
  spc: '709J',
  domain: null,
  spkiDigest: Buffer.alloc(32, 1),
  assignedAfter: 0,
  fingerprints: [1, 2, 3].map((n) => Buffer.alloc(32, n)),
  personal: [true, true, false],
  ...changes,
});

describe('commitments', () => {
  test('are HMAC-SHA-256 under the opening, each with its own label', () => {
    const hmac = (message: string | Buffer): string => createHmac('sha256', opening).update(message).digest('base64url');
    expect(commitSii(opening, 'tel:+12025550100')).toBe(hmac('sii/1\ntel:+12025550100'));
    expect(commitMapping(opening, 'mimi://a.example/u/alice', 'a.example')).toBe(hmac('map/1\nmimi://a.example/u/alice\na.example'));
    const print = randomBytes(32);
    expect(commitFingerprint(opening, print)).toBe(hmac(Buffer.concat([Buffer.from('cert/1\n'), print])));
  });

  test('differ under every opening, and are refused under one that is too short', () => {
    expect(commitSii(opening, 'tel:+12025550100')).not.toBe(commitSii(Buffer.alloc(32, 8), 'tel:+12025550100'));
    expect(reasonOf(() => commitSii(Buffer.alloc(31), 'tel:+12025550100'))).toBe('log-corrupt');
  });
});

describe('who signed, in a leaf', () => {
  test('is shown by fingerprint, but for certificates that name a number or mailbox', () => {
    const { ee, iss, spc } = signerInLeaf(signer(), opening);
    expect(spc).toBe('709J');
    expect(ee).toBe(`*${commitFingerprint(opening, Buffer.alloc(32, 1))}`);
    expect(iss).toEqual([`*${commitFingerprint(opening, Buffer.alloc(32, 2))}`, Buffer.alloc(32, 3).toString('base64url')]);
  });

  test('is committed to where nobody said whether it is personal', () => {
    expect(signerInLeaf(signer({ personal: [] }), opening).iss.every((print) => print.startsWith('*'))).toBe(true);
  });

  test('a long domain stands as its digest', () => {
    const long = `${'a'.repeat(60)}.example`;
    expect(nameInLeaf('a.example')).toBe('a.example');
    expect(nameInLeaf(long)).toMatch(/^#[A-Za-z0-9_-]{43}$/);
    expect(encodeLeaf(testLeaf(0, { ap: nameInLeaf(long) })).length).toBeLessThan(MAX_LEAF_OCTETS);
  });

  test('versions are digests, and change with what they are of', () => {
    const hex = (n: number): string => Buffer.alloc(32, n).toString('hex');
    const one = versionsInLeaf({ trust: hex(1), revocation: hex(2), numbering: hex(3), policy: hex(4) });
    expect(one).toEqual({ tl: b64(1), rev: b64(2), num: b64(3), pol: b64(4) });
    expect(versionsInLeaf({ trust: hex(1), revocation: hex(9), numbering: hex(3), policy: hex(4) }).rev).toBe(b64(9));
  });
});

const b64 = (n: number): string => Buffer.alloc(32, n).toString('base64url');

describe('leaves', () => {
  test('are read back as they were written', () => {
    fc.assert(
      fc.property(
        fc.record({
          k: fc.constantFrom('accept' as const, 'reject' as const),
          t: fc.integer({ min: 1_000_000_000_000, max: 9_999_999_999_999 }),
          act: fc.constantFrom('register', 'withdraw-by-connection', null),
          ap: fc.constantFrom('a.example', 'xn--bcher-kva.example', null),
          np: fc.constantFrom(null, signerInLeaf(signer(), opening), signerInLeaf(signer({ spc: null, domain: 'mail.example' }), opening)),
          tok: fc.constantFrom(b64(1), null),
          sii: fc.constantFrom(b64(2), null),
          map: fc.constantFrom(b64(3), null),
          why: fc.constantFrom('OK', 'tn-out-of-scope', 'jti-replay'),
        }),
        (fields) => {
          const leaf = testLeaf(0, fields);
          expect(parseLeaf(encodeLeaf(leaf))).toEqual(leaf);
        },
      ),
    );
  });

  test('keep within 1,024 octets with six certificates, a personal path and the longest names', () => {
    const name = 'n'.repeat(64);
    const np = signerInLeaf(
      signer({
        spc: 'S'.repeat(20),
        domain: name,
        fingerprints: [1, 2, 3, 4, 5, 6].map((n) => Buffer.alloc(32, n)),
        personal: Array(6).fill(true) as boolean[],
      }),
      opening,
    );
    const leaf = testLeaf(0, {
      k: 'accept',
      np,
      ap: name,
      act: 'withdraw-by-connection',
      why: 'credential-predates-assignment',
      gw: 'signpost@0.1.0',
    });
    const octets = encodeLeaf(leaf);
    expect(octets.length).toBeLessThanOrEqual(MAX_LEAF_OCTETS);
    expect(parseLeaf(octets)).toEqual(leaf);
  });

  test.each([
    ['an unknown kind', { k: 'other' }],
    ['a time before 2001', { t: 999_999 }],
    ['a fraction of a time', { t: 1_795_500_000_000.5 }],
    ['a quote in a name', { ap: 'a"b' }],
    ['a telephone number as a name', { ap: '+12025550100' }],
    ['upper case in a name', { ap: 'A.example' }],
    ['a digest that is too short', { tok: 'abc' }],
    ['a digest with unused bits set', { tok: `${b64(0).slice(0, 42)}B` }],
    ['a reason with a space', { why: 'not ok' }],
    ['seven certificates', { np: { spc: null, dom: null, iss: Array(6).fill(b64(1)) as string[], ee: b64(1) } }],
    ['no version', { pol: '' }],
  ])('with %s are not written', (_, changes) => {
    expect(reasonOf(() => encodeLeaf({ ...testLeaf(0), ...changes } as LeafFields))).toBe('log-corrupt');
    expect(parseLeaf(encodeLeaf(testLeaf(0)))).toEqual(testLeaf(0));
  });

  const text = testEntry(0).toString();
  test.each([
    ['a space', text.replace(',"k"', ', "k"')],
    ['another order', text.replace('"v":1,"k":"accept"', '"k":"accept","v":1')],
    ['an escape', text.replace('a.example', '\\u0061.example')],
    ['a member more', text.replace('{"v":1', '{"v":1,"x":1')],
    ['a member less', text.replace('"why":"OK",', '')],
    ['a member twice', text.replace('"why":"OK"', '"why":"OK","why":"OK"')],
    ['another version', text.replace('"v":1', '"v":2')],
    ['a time as an exponent', text.replace('1795500000000', '17955e8')],
    ['a line feed behind it', `${text}\n`],
    ['a byte order mark', `\ufeff${text}`],
    ['a kind that every object has', text.replace('"accept"', '"constructor"')],
    ['a kind that is an object', text.replace('"accept"', '{}')],
  ])('with %s are not read', (_, bad) => {
    expect(reasonOf(() => parseLeaf(Buffer.from(bad)))).toBe('log-corrupt');
  });

  test('with the highest bit in any octet are not read', () => {
    for (let i = 0; i < text.length; i += 1) {
      const changed = Buffer.from(text);
      changed[i] = (changed[i] as number) | 0x80;
      expect(reasonOf(() => parseLeaf(changed))).toBe('log-corrupt');
    }
  });

  test('one changed octet anywhere gives a refusal, or other fields', () => {
    for (let i = 0; i < text.length; i += 1) {
      const changed = Buffer.from(text);
      changed[i] = (changed[i] as number) ^ 0x01;
      let parsed: LeafFields | null = null;
      const reason = reasonOf(() => (parsed = parseLeaf(changed)));
      if (parsed === null) expect(reason).toBe('log-corrupt');
      else expect(encodeLeaf(parsed).equals(changed)).toBe(true);
    }
  });

  test('nothing that is not one gets anything but a refusal', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.anything(),
          fc.uint8Array({ maxLength: 1200 }),
          fc.json().map((json) => Buffer.from(json)),
        ),
        (value) => {
          expect(reasonOf(() => Reflect.apply(parseLeaf, null, [value]))).toBe('log-corrupt');
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('tile paths', () => {
  test.each([
    [{ level: 0, index: 1_234_067 }, 'tile/0/x001/x234/067'],
    [{ level: 0, index: 0 }, 'tile/0/000'],
    [{ level: 1, index: 1000n, width: 256 }, 'tile/1/x001/000'],
    [{ level: 0, index: 1234, width: 7 }, 'tile/0/x001/234.p/7'],
    [{ level: 'entries' as const, index: 999, width: 255 }, 'tile/entries/999.p/255'],
    [{ level: 63, index: (1n << 64n) - 1n }, 'tile/63/x018/x446/x744/x073/x709/x551/615'],
  ])('%j is %s, and back', (tile, path) => {
    expect(tilePath(tile)).toBe(path);
    const parsed = parseTilePath(path);
    expect(parsed).toEqual({ level: tile.level, index: BigInt(tile.index), width: 'width' in tile ? tile.width : 256 });
  });

  test('of no tile are refused', () => {
    for (const tile of [
      { level: 64, index: 0 },
      { level: -1, index: 0 },
      { level: 0, index: -1 },
      { level: 0, index: 0, width: 0 },
      { level: 0, index: 0, width: 257 },
      null,
      7,
    ]) {
      expect(reasonOf(() => Reflect.apply(tilePath, null, [tile]))).toBe('malformed-request');
    }
  });

  test('that only look like one are not read', () => {
    for (const path of [
      'tile/0/x000/001',
      'tile/0/1',
      'tile/00/000',
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/0/000.p/01',
      'tile/64/000',
      'tile/data/000',
      '../tile/0/000',
      'tile/0/../000',
      'tile/0/000/',
      '/tile/0/000',
      'tile/0/x1/000',
      'tile/63/x018/x446/x744/x073/x709/x551/616',
    ]) {
      expect([path, parseTilePath(path)]).toEqual([path, null]);
    }
    fc.assert(fc.property(fc.anything(), (value) => expect(Reflect.apply(parseTilePath, null, [value])).toBeNull()));
  });

  test('every path that is read is written the same', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.integer({ min: 1, max: 256 }), (index, width) => {
        expect(parseTilePath(tilePath({ level: 0, index, width }))).toEqual({ level: 0, index, width });
      }),
    );
  });
});

test('bundles are read back as they were written, and not when they are cut off or of another width', () => {
  const entries = [Buffer.from('one'), Buffer.alloc(0), Buffer.alloc(300, 1)];
  const bundle = encodeBundle(entries);
  expect(parseBundle(bundle, 3).map((entry) => Buffer.from(entry))).toEqual(entries);
  for (let cut = 0; cut < bundle.length; cut += 1) expect(reasonOf(() => parseBundle(bundle.subarray(0, cut), 3))).toBe('log-corrupt');
  expect(reasonOf(() => parseBundle(bundle, 2))).toBe('log-corrupt');
});

describe('fsck of a published log', () => {
  const log = testSigner('log.example/log');

  const publish = (size: number, entry: (n: number) => Buffer = testEntry): Map<string, Buffer> => {
    const builder = new TileBuilder();
    const files = new Map<string, Buffer>();
    for (let n = 0; n < size; n += 1) for (const { path, octets } of builder.append(entry(n))) files.set(path, Buffer.from(octets));
    for (const { path, octets } of builder.partials()) files.set(path, Buffer.from(octets));
    files.set('checkpoint', Buffer.from(signNote(formatCheckpoint({ origin: log.name, size, root: builder.root() }), [log])));
    return files;
  };

  const fsck = (files: Map<string, Buffer>, size?: number) =>
    fsckLog(
      {
        read: (path) => Promise.resolve(files.get(path) ?? null),
        list: async function* () {
          yield* files.keys();
        },
        ...(size === undefined ? {} : { leaves: () => leavesTo(size) }),
      },
      vkeyOf(log),
    );

  async function* leavesTo(size: number): AsyncGenerator<Uint8Array> {
    for (let n = 0; n < size; n += 1) yield testEntry(n);
  }

  test('finds nothing in logs of every shape', async () => {
    for (const size of [0, 1, 2, 255, 256, 257, 600]) {
      const { problem, size: found } = await fsck(publish(size), size + 2);
      expect([size, problem, found]).toEqual([size, null, size]);
    }
  });

  test('names the file in which one bit is flipped, whichever it is', async () => {
    const sound = publish(600);
    expect([...sound.keys()]).toHaveLength(8);
    for (const [path, octets] of sound) {
      for (const at of [0, 2, 40, Math.floor(octets.length / 2), octets.length - 2]) {
        const files = new Map(sound);
        const flipped = Buffer.from(octets);
        flipped[at] = (flipped[at] as number) ^ 0x10;
        files.set(path, flipped);
        const { problem } = await fsck(files);
        expect([path, at, problem?.path]).toEqual([path, at, path]);
      }
    }
  });

  test('names the file that is missing', async () => {
    const sound = publish(600);
    for (const path of sound.keys()) {
      const files = new Map(sound);
      files.delete(path);
      expect((await fsck(files)).problem?.path).toBe(path);
    }
  });

  test('accepts partial tiles of older checkpoints, and names one that is not part of what replaced it', async () => {
    const files = new Map([...publish(100), ...publish(300)]);
    expect((await fsck(files)).problem).toBeNull();
    const stale = Buffer.from(files.get('tile/0/000.p/100') as Buffer);
    stale[5] = (stale[5] as number) ^ 1;
    files.set('tile/0/000.p/100', stale);
    expect((await fsck(files)).problem?.path).toBe('tile/0/000.p/100');
  });

  test('ignores tiles that were written for the next checkpoint', async () => {
    expect((await fsck(new Map([...publish(300), ...publish(280)]))).size).toBe(280);
    expect((await fsck(new Map([...publish(300), ...publish(280)]))).problem).toBeNull();
  });

  test('names a file that does not belong to a log', async () => {
    expect((await fsck(publish(3).set('tile/0/notes.txt', Buffer.from('x')))).problem?.path).toBe('tile/0/notes.txt');
  });

  test('finds an entry that is earlier than the one before, or no leaf', async () => {
    const back = (n: number): Buffer => encodeLeaf(testLeaf(n === 4 ? 1 : n));
    expect((await fsck(publish(6, back))).problem).toEqual({
      path: 'tile/entries/000.p/6',
      what: 'entry 4 is earlier than the one before it',
    });
    const foreign = (n: number): Buffer => (n === 2 ? Buffer.from('{"phone":"+12025550100"}') : testEntry(n));
    expect((await fsck(publish(6, foreign))).problem?.path).toBe('tile/entries/000.p/6');
  });

  test('finds a published entry that the write-ahead log does not hold', async () => {
    expect((await fsck(publish(6), 5)).problem?.path).toBe('wal');
    const other = (n: number): Buffer => encodeLeaf(testLeaf(n, n === 3 ? { why: 'jti-replay', k: 'reject' } : {}));
    expect((await fsck(publish(6, other), 6)).problem?.what).toContain('entry 3');
  });

  test('does not accept a checkpoint of another key, or none', async () => {
    const files = publish(3);
    files.set('checkpoint', Buffer.from(signNote('log.example/log\n3\nAAAA\n', [testSigner('log.example/log', 'other')])));
    expect((await fsck(files)).problem?.path).toBe('checkpoint');
  });
});

import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  MOST_BATCHED,
  Tree,
  checkRecord,
  encodeBundle,
  encodeLeaf,
  encodeRecordProof,
  encodeTlogProof,
  formatCheckpoint,
  leafHash,
  pathOfRecord,
  recordsOfBatch,
  rootOfRecords,
  signNote,
  verifyInclusion,
  verifyRecordProof,
  type LeafFields,
} from '../../src/log/index.js';
import { testLeaf, testSigner, vkeyOf } from '../support/log-fixtures.js';
import { reasonOf } from '../support/reasons.js';

const ORIGIN = 'dp.example/log';
const signer = testSigner(ORIGIN);
const log = vkeyOf(signer);
const refusal = (n: number): Buffer => encodeLeaf(testLeaf(n, { k: 'reject', why: 'jti-replay', sii: null, map: null }));

const batchOf = (records: readonly Uint8Array[], changes: Partial<LeafFields> = {}): Buffer => {
  const root = Buffer.from(rootOfRecords(records)).toString('base64url');
  const batch = { n: records.length, root, why: { 'jti-replay': records.length } };
  const nobody = { act: null, np: null, tok: null, sii: null, map: null };
  return encodeLeaf(testLeaf(1000, { ...nobody, k: 'batch', why: 'jti-replay', batch, ...changes }));
};

/** A log of two entries, of which the second is `leaf`. */
const proofOf = (leaf: Uint8Array): string => {
  const other = leafHash(encodeLeaf(testLeaf(1)));
  const tree = new Tree();
  tree.append(other);
  tree.append(leafHash(leaf));
  const checkpoint = signNote(formatCheckpoint({ origin: ORIGIN, size: 2, root: tree.root() }), [signer]);
  return encodeTlogProof({ index: 1, proof: [other], checkpoint });
};

const records = Array.from({ length: 5 }, (_, i) => refusal(i));
const leaf = batchOf(records);
const proofAt = async (record: number): Promise<string> =>
  encodeRecordProof({ record, leaf, path: await pathOfRecord(records, record), tlogProof: proofOf(leaf) });
const hashAt = (record: number): Uint8Array => leafHash(records[record] as Uint8Array);

describe('the proof of a record', () => {
  test('holds for every record of a batch, and names the leaf that it is under', async () => {
    for (const record of records.keys()) {
      const proven = verifyRecordProof({ proof: await proofAt(record), recordHash: hashAt(record), log });
      expect(proven).toMatchObject({ origin: ORIGIN, index: 1, size: 2, record, leaf: { k: 'batch', batch: { n: 5 } } });
      expect(checkRecord(records[record] as Uint8Array, proven.leaf)).toMatchObject({ k: 'reject', why: 'jti-replay' });
    }
  });

  test('has the paths of RFC 9162 in batches of every size', async () => {
    const hashes = Array.from({ length: MOST_BATCHED }, (_, i) => refusal(i));
    const sizes = fc.asyncProperty(fc.integer({ min: 1, max: MOST_BATCHED }), fc.nat(), async (size, at) => {
      const some = hashes.slice(0, size);
      const index = at % size;
      const proof = await pathOfRecord(some, index);
      expect(proof.length).toBeLessThanOrEqual(8);
      expect(verifyInclusion({ index, size, leafHash: leafHash(hashes[index] as Buffer), root: rootOfRecords(some), proof })).toBe(true);
    });
    await fc.assert(sizes, { numRuns: 60 });
  });

  test('is refused with its reason where anything of it was changed', async () => {
    const proof = await proofAt(2);
    const recordHash = hashAt(2);
    const reason = (changed: string, hash = recordHash): string | null =>
      reasonOf(() => verifyRecordProof({ proof: changed, recordHash: hash, log }));
    expect(reason(proof)).toBeNull();
    const [magic = '', record = '', leafLine = '', first = '', ...rest] = proof.split('\n');
    const spell = (...lines: string[]): string => [...lines, ...rest].join('\n');
    const otherBatch = batchOf(records.slice(1)).toString();
    const accepted = encodeLeaf(testLeaf(1)).toString();
    expect({
      'another record': reason(proof, hashAt(3)),
      'another position': reason(spell(magic, 'record 3', leafLine, first)),
      'a position beyond the batch': reason(spell(magic, 'record 5', leafLine, first)),
      'a hash less': reason(spell(magic, record, leafLine)),
      'another hash': reason(spell(magic, record, leafLine, Buffer.alloc(32, 1).toString('base64'))),
      'no hash': reason(spell(magic, record, leafLine, 'abc')),
      'another first line': reason(spell('signpost/record-proof@v2', record, leafLine, first)),
      'no position': reason(spell(magic, 'record', leafLine, first)),
      'too many hashes': reason(spell(magic, record, leafLine, ...Array.from({ length: 9 }, () => first))),
      'another batch': reason(spell(magic, record, `leaf ${otherBatch}`, first)),
      'a leaf that is no batch': reason(spell(magic, record, `leaf ${accepted}`, first)),
      'a leaf that is none': reason(spell(magic, record, 'leaf {}', first)),
      'a batch that is not in the log': reason(spell(magic, record, leafLine.replace(/"t":\d+/, '"t":1795500009999'), first)),
      'another log': reasonOf(() => verifyRecordProof({ proof, recordHash, log: vkeyOf(testSigner('other.example/log')) })),
      'no second proof': reason(proof.slice(0, proof.indexOf('\n\n'))),
    }).toEqual({
      'another record': 'inclusion-failed',
      'another position': 'inclusion-failed',
      'a position beyond the batch': 'inclusion-failed',
      'a hash less': 'inclusion-failed',
      'another hash': 'inclusion-failed',
      'no hash': 'malformed-proof',
      'another first line': 'malformed-proof',
      'no position': 'malformed-proof',
      'too many hashes': 'malformed-proof',
      'another batch': 'inclusion-failed',
      'a leaf that is no batch': 'malformed-proof',
      'a leaf that is none': 'log-corrupt',
      'a batch that is not in the log': 'inclusion-failed',
      'another log': 'untrusted-note',
      'no second proof': 'malformed-proof',
    });
  });

  test.each<readonly [string, Buffer, string | null]>([
    ['a refusal of the client', refusal(1), null],
    ['a refusal of another', encodeLeaf(testLeaf(1, { k: 'reject', why: 'jti-replay', ap: 'b.example' })), 'log-corrupt'],
    ['an acceptance', encodeLeaf(testLeaf(1)), 'log-corrupt'],
    ['a refusal that is later than its batch', refusal(2000), 'log-corrupt'],
    ['no leaf', Buffer.from('{}'), 'log-corrupt'],
  ])('is about a refusal of the client whose batch it is: %s', (_, octets, expected) => {
    expect(reasonOf(() => checkRecord(octets, testLeaf(1000)))).toBe(expected);
  });

  test('is made of nothing but the records that the leaf says', () => {
    const batch = { n: 5, root: Buffer.from(rootOfRecords(records)).toString('base64url'), why: { 'jti-replay': 5 } };
    const kept = encodeBundle(records);
    expect(recordsOfBatch(kept, batch).map((octets) => Buffer.from(octets))).toEqual(records);
    const flipped = Buffer.from(kept);
    flipped[20] = (flipped[20] as number) ^ 1;
    for (const bad of [flipped, kept.subarray(0, -1), encodeBundle(records.slice(1)), encodeBundle(records.toReversed()), Buffer.alloc(0)])
      expect(reasonOf(() => recordsOfBatch(bad, batch))).toBe('log-corrupt');
  });
});

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { encodeAddCheckpoint, openNote, parseAddCheckpoint, parseCheckpoint, unverifiedText, verifyNote } from '../../src/log/index.js';
import { asCosigner, toVerificationKey } from '../../src/log/vkey.js';
import { reasonOf } from '../support/reasons.js';

const EXAMPLES = join(process.env['SIGNPOST_VECTORS'] ?? join(process.cwd(), '../shared/vectors'), 'tlog/c2sp-examples');
const example = (name: string): string => readFileSync(join(EXAMPLES, name), 'utf8');

const octets = (text: string): Buffer => Buffer.from(text);
const HASH = `${'A'.repeat(43)}=`;

describe('a request to a witness', () => {
  test('is read back as it was written', () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, (1n << 64n) - 1n),
        fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 63 }),
        (oldSize, proof) => {
          const {
            oldSize: size,
            proof: hashes,
            checkpoint,
          } = parseAddCheckpoint(octets(encodeAddCheckpoint({ oldSize, proof, checkpoint: 'x\n' })));
          expect(BigInt(size)).toBe(oldSize);
          expect(hashes.map((hash) => [...hash])).toEqual(proof.map((hash) => [...hash]));
          expect(checkpoint).toBe('x\n');
        },
      ),
      { numRuns: 100 },
    );
  });

  test('takes 63 lines of proof and no more', () => {
    const lines = (count: number): Buffer => octets(`old 1\n${`${HASH}\n`.repeat(count)}\nx\n`);
    expect(parseAddCheckpoint(lines(63)).proof).toHaveLength(63);
    expect(reasonOf(() => parseAddCheckpoint(lines(64)))).toBe('malformed-request');
  });

  test.each([
    ['nothing', ''],
    ['no separator', 'old 1\nx\n'],
    ['no old size', `${HASH}\n\nx\n`],
    ['a leading zero', 'old 01\n\nx\n'],
    ['a sign', 'old -1\n\nx\n'],
    ['a size of 2^64', 'old 18446744073709551616\n\nx\n'],
    ['a space at the end', 'old 1 \n\nx\n'],
    ['a carriage return', 'old 1\r\n\nx\n'],
    ['a short hash', `old 1\n${HASH.slice(4)}\n\nx\n`],
    ['a hash without padding', `old 1\n${HASH.slice(0, -1)}\n\nx\n`],
  ])('is refused with %s', (_name, text) => {
    expect(reasonOf(() => parseAddCheckpoint(octets(text)))).toBe('malformed-request');
    expect(parseAddCheckpoint(octets(`old 1\n${HASH}\n\nx\n`)).oldSize).toBe(1);
  });

  test('is refused when it is not UTF-8', () => {
    expect(reasonOf(() => parseAddCheckpoint(Buffer.from([...octets('old 1\n\nx'), 0xff])))).toBe('malformed-request');
  });
});

(existsSync(EXAMPLES) ? describe : describe.skip)('the published examples', () => {
  test('of tlog-witness parse: request, answer', () => {
    const { oldSize, proof, checkpoint } = parseAddCheckpoint(octets(example('tlog-witness.02.indented.txt')));
    expect([oldSize, proof.length]).toEqual([20852014, 4]);
    expect(parseCheckpoint(unverifiedText(checkpoint))).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20852163 });
    // Signature lines of an answer are well-formed beside any text.
    expect(unverifiedText(`x\n\n${example('tlog-witness.03.indented.txt')}`)).toBe('x\n');
  });

  test('of tlog-checkpoint and tlog-cosignature parse; a signature by nobody known is not taken', () => {
    for (const name of ['tlog-checkpoint.00.fenced.txt', 'tlog-cosignature.00.fenced.txt']) {
      const note = example(name);
      expect(parseCheckpoint(unverifiedText(note)).size).toBe(20852163);
      expect(reasonOf(() => openNote(note, []))).toBe('untrusted-note');
    }
  });

  test('of tlog-cosignature: the time in the line is the time in the message', () => {
    const [, line = ''] = /w1 (\S+)/.exec(example('tlog-cosignature.00.fenced.txt')) ?? [];
    const time = Buffer.from(line, 'base64').readBigUInt64BE(4);
    expect(example('tlog-cosignature.05.indented.txt').split('\n')[1]).toBe(`time ${time}`);
  });

  test('of signed-note: the key and the note that fit each other verify', () => {
    const key = example('signed-note.08.indented.txt').trim();
    expect(verifyNote(example('signed-note.01.fenced.txt'), [key]).lines).toHaveLength(1);
    expect(reasonOf(() => openNote(example('signed-note.00.fenced.txt'), [key]))).toBe('untrusted-note');
    expect(asCosigner(toVerificationKey('a', Buffer.alloc(32, 9))).id).not.toBe(toVerificationKey('a', Buffer.alloc(32, 9)).id);
  });
});

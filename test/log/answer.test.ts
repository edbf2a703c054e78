import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  receiptKeyName,
  signAnswer,
  verifyAnswer,
  verifyReceipt,
  signReceipt,
  openNote,
  type AnswerStatement,
} from '../../src/log/index.js';
import { testSigner, vkeyOf } from '../support/log-fixtures.js';
import { reasonOf } from '../support/reasons.js';

const ORIGIN = 'dp.example/log';
const signer = testSigner(receiptKeyName(ORIGIN));
const vkey = vkeyOf(signer);
const nonce = Buffer.alloc(32, 5);
const mapping = { ssi: 'mimi://a.example/u/alice', provider: 'a.example', purpose: 'consumer', kind: 'user', default: true, logIndex: 7 };
const question = { asker: 'b.example', sii: 'tel:+12025550100', view: 'consumer', circle: null };
const statement: AnswerStatement = {
  origin: ORIGIN,
  size: 12,
  root: Buffer.alloc(32, 3),
  time: 1_795_500_000_000,
  question,
  found: [mapping],
};
const note = signAnswer(statement, nonce, signer);

describe('a signed answer', () => {
  test('is verified under the receipt key, and gives what was stated', () => {
    expect(verifyAnswer(note, nonce, { question, found: [mapping] }, vkey)).toEqual(statement);
  });

  test('says in its own words what an independent HMAC says, and names neither SII nor SSI', () => {
    const [magic, origin, size, root, time, asked, found] = note.split('\n');
    const hmac = (text: Buffer | string): string => createHmac('sha256', nonce).update(text).digest('base64url');
    const digest = createHash('sha256')
      .update('[{"default":true,"kind":"user","logIndex":7,"provider":"a.example","purpose":"consumer","ssi":"mimi://a.example/u/alice"}]')
      .digest();
    expect([magic, origin, size, root, time]).toEqual([
      'signpost/answer@v1',
      ORIGIN,
      '12',
      Buffer.alloc(32, 3).toString('base64'),
      '1795500000000',
    ]);
    expect(asked).toBe(hmac('ask/1\n{"asker":"b.example","circle":null,"sii":"tel:+12025550100","view":"consumer"}'));
    expect(found).toBe(hmac(Buffer.concat([Buffer.from('found/1\n'), digest])));
    expect(note).not.toMatch(/2025550100|alice/);
  });

  test('says none where nothing was found', () => {
    const none = signAnswer({ ...statement, found: [] }, nonce, signer);
    expect(none.split('\n')[6]).toBe('none');
    expect(verifyAnswer(none, nonce, { question, found: [] }, vkey).found).toEqual([]);
    expect(reasonOf(() => verifyAnswer(none, nonce, { question, found: [mapping] }, vkey))).toBe('commitment-failed');
  });

  test.each([
    ['another SII', { question: { ...question, sii: 'tel:+12025550101' }, found: [mapping] }],
    ['another asker', { question: { ...question, asker: 'c.example' }, found: [mapping] }],
    ['another view', { question: { ...question, view: 'all' }, found: [mapping] }],
    ['another circle', { question: { ...question, circle: 'A'.repeat(43) }, found: [mapping] }],
    ['another mapping', { question, found: [{ ...mapping, ssi: 'mimi://a.example/u/bob' }] }],
    ['one mapping less', { question, found: [] }],
    ['another entry', { question, found: [{ ...mapping, logIndex: 8 }] }],
  ])('does not hold for %s', (_, said) => {
    expect(reasonOf(() => verifyAnswer(note, nonce, said, vkey))).toBe('commitment-failed');
  });

  test('does not hold under another nonce, key, or with a bit flipped', () => {
    const said = { question, found: [mapping] };
    expect(reasonOf(() => verifyAnswer(note, Buffer.alloc(32, 6), said, vkey))).toBe('commitment-failed');
    expect(reasonOf(() => verifyAnswer(note, nonce, said, vkeyOf(testSigner(receiptKeyName(ORIGIN), 'other'))))).toBe('untrusted-note');
    expect(reasonOf(() => verifyAnswer(note, nonce, said, vkeyOf(testSigner(ORIGIN))))).toBe('untrusted-note');
    expect(reasonOf(() => verifyAnswer(note.replace('\n12\n', '\n13\n'), nonce, said, vkey))).toBe('untrusted-note');
  });

  test('is no receipt, and a receipt is no answer', () => {
    const receipt = signReceipt({ origin: ORIGIN, index: 7, leafHash: Buffer.alloc(32, 1), time: 1_795_500_000_000 }, signer);
    expect(reasonOf(() => verifyAnswer(receipt, nonce, { question, found: [] }, vkey))).toBe('untrusted-note');
    expect(reasonOf(() => verifyReceipt(note, vkey))).toBe('untrusted-note');
    expect(openNote(receipt, [vkey]).signatures).toEqual([{ name: receiptKeyName(ORIGIN) }]);
  });

  test('of one origin says nothing for another under the same key', () => {
    const other = testSigner(receiptKeyName('other.example/log'), receiptKeyName(ORIGIN));
    expect(reasonOf(() => verifyAnswer(note, nonce, { question, found: [mapping] }, vkeyOf(other)))).toBe('untrusted-note');
  });
});

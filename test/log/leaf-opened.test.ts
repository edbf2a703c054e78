import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { commitCase, encodeLeaf, parseLeaf, peekLeaf, type LeafFields } from '../../src/log/index.js';
import { testLeaf } from '../support/log-fixtures.js';
import { reasonOf } from '../support/reasons.js';

const b64 = (n: number): string => Buffer.alloc(32, n).toString('base64url');
const nobody = { act: null, np: null, tok: null, sii: null, map: null } as const;
const opened = { ref: '12', case: b64(5) } as const;
const erased = { case: b64(5) } as const;
const opening: LeafFields = testLeaf(0, { ...nobody, k: 'open', ap: 'auditor.example', opened });
const erasure: LeafFields = testLeaf(0, { ...nobody, k: 'erase', ap: 'operator.example', erased });

describe.each<readonly [string, LeafFields, readonly (readonly [string, Partial<LeafFields>])[], readonly (readonly [string, string])[]]>([
  [
    'an open leaf',
    opening,
    [
      ['an index with a leading zero', { opened: { ...opened, ref: '012' } }],
      ['an index that is none', { opened: { ...opened, ref: '-1' } }],
      ['a case that is no digest', { opened: { ...opened, case: 'case 7' } }],
      ['what an erasure says', { erased }],
      ['the kind of an erasure', { k: 'erase' }],
    ],
    [
      ['"ref":"12"', '"ref":12'],
      ['"ref":"12",', ''],
      ['{"ref"', '{"by":"x","ref"'],
      ['"k":"open"', '"k":"accept"'],
    ],
  ],
  [
    'an erase leaf',
    erasure,
    [
      ['a case that is no digest', { erased: { case: 'case 7' } }],
      ['what an opening says', { opened }],
      ['the kind of an opening', { k: 'open' }],
    ],
    [
      ['{"case"', '{"n":1,"case"'],
      [`"case":"${b64(5)}"`, ''],
      ['"k":"erase"', '"k":"open"'],
    ],
  ],
])('%s', (_, leaf, unfit, misspelt) => {
  test('is read back as it was written, and its kind and time by a look at its head', () => {
    const octets = encodeLeaf(leaf);
    expect(parseLeaf(octets)).toEqual(leaf);
    expect(peekLeaf(octets)).toEqual({ k: leaf.k, t: leaf.t });
  });

  test.each<readonly [string, Partial<LeafFields>]>([
    ['nobody who did it', { ap: null }],
    ['a signer', { np: testLeaf(0).np }],
    ['an action', { act: 'register' }],
    ['a commitment to one SII', { sii: b64(1) }],
    ['a commitment to a mapping', { map: b64(1) }],
    ['a PASSporT', { tok: b64(1) }],
    ['a reason', { why: 'cert-revoked' }],
    ['the kind of a decision', { k: 'accept' }],
    ...unfit,
  ])('with %s is not written', (_name, changes) => {
    expect(reasonOf(() => encodeLeaf({ ...leaf, ...changes }))).toBe('log-corrupt');
  });

  test.each(misspelt)('with %s become %s is not read', (from, to) => {
    const text = encodeLeaf(leaf).toString();
    const bad = text.replace(from, to);
    expect(bad).not.toBe(text);
    expect(reasonOf(() => parseLeaf(Buffer.from(bad)))).toBe('log-corrupt');
  });
});

test('a case is committed to under the opening', () => {
  const secret = Buffer.alloc(32, 7);
  const expected = createHmac('sha256', secret).update('case/1\nPOL-2026/17').digest('base64url');
  expect(commitCase(secret, 'POL-2026/17')).toBe(expected);
  expect(commitCase(Buffer.alloc(32, 8), 'POL-2026/17')).not.toBe(expected);
});

import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  MAX_LEAF_OCTETS,
  MOST_BATCHED,
  MOST_CODES,
  REST,
  countsOf,
  encodeLeaf,
  parseLeaf,
  peekLeaf,
  type LeafFields,
} from '../../src/log/index.js';
import { isReason } from '../../src/reasons/index.js';
import { testLeaf } from '../support/log-fixtures.js';
import { reasonOf } from '../support/reasons.js';

const root = Buffer.alloc(32, 5).toString('base64url');
const nobody = { act: null, np: null, tok: null, sii: null, map: null } as const;
const batch = { n: 3, root, why: { 'jti-replay': 2, 'tn-out-of-scope': 1 } };
const gathered: LeafFields = testLeaf(0, { ...nobody, k: 'batch', why: 'jti-replay', batch });
const codes = Array.from({ length: 20 }, (_, i) => `${'r'.repeat(45)}-${String.fromCodePoint(97 + i)}`);

describe('a batch leaf', () => {
  test('of any reasons is read back as it was written, within the bound', () => {
    const reasons = fc.array(fc.constantFrom(...codes), { minLength: 1, maxLength: MOST_BATCHED });
    const property = fc.property(reasons, (drawn) => {
      const why = countsOf(drawn);
      const leaf: LeafFields = {
        ...gathered,
        ap: `#${root}`,
        gw: 'g'.repeat(48),
        why: Object.keys(why)[0] ?? '',
        batch: { n: drawn.length, root, why },
      };
      const octets = encodeLeaf(leaf);
      expect(parseLeaf(octets)).toEqual(leaf);
      expect(peekLeaf(octets)).toEqual({ k: 'batch', t: leaf.t });
      expect(octets.length).toBeLessThanOrEqual(MAX_LEAF_OCTETS);
      expect(Object.values(why).reduce((sum, count) => sum + count, 0)).toBe(drawn.length);
    });
    fc.assert(property);
  });

  test('names the most frequent reasons, and counts the others under what no reason can be', () => {
    const why = countsOf(codes.flatMap((code, i) => Array.from({ length: i + 1 }, () => code)));
    expect(Object.keys(why)).toEqual([...codes.slice(-MOST_CODES).toReversed(), REST]);
    expect(why[REST]).toBe(91);
    expect(isReason(REST)).toBe(false);
    expect(countsOf(['b', 'a', 'b', 'c'])).toEqual({ b: 2, a: 1, c: 1 });
    expect(Object.keys(countsOf(['b', 'a']))).toEqual(['a', 'b']);
  });

  test.each<readonly [string, Partial<LeafFields>]>([
    ['nobody whose they were', { ap: null }],
    ['a signer', { np: testLeaf(0).np }],
    ['a PASSporT', { tok: root }],
    ['an action', { act: 'register' }],
    ['another reason than the most frequent', { why: 'tn-out-of-scope' }],
    ['none at all', { batch: { ...batch, n: 0, why: {} } }],
    ['another sum', { batch: { ...batch, n: 4 } }],
    ['too many', { batch: { n: MOST_BATCHED + 1, root, why: { 'jti-replay': MOST_BATCHED + 1 } } }],
    ['a root that is no digest', { batch: { ...batch, root: 'abc' } }],
    ['the rare before the frequent', { why: 'tn-out-of-scope', batch: { ...batch, why: { 'tn-out-of-scope': 1, 'jti-replay': 2 } } }],
    ['others, though there was room', { batch: { ...batch, why: { 'jti-replay': 2, [REST]: 1 } } }],
    ['a code that is none', { batch: { ...batch, why: { 'jti-replay': 2, OK: 1 } } }],
    ['a count of nothing', { batch: { ...batch, n: 2, why: { 'jti-replay': 2, 'tn-out-of-scope': 0 } } }],
    ['the kind of one refusal', { k: 'reject' }],
  ])('with %s is not written', (_, changes) => {
    expect(reasonOf(() => encodeLeaf({ ...gathered, ...changes }))).toBe('log-corrupt');
    expect(parseLeaf(encodeLeaf(gathered))).toEqual(gathered);
  });

  test('of another shape is not read', () => {
    const text = encodeLeaf(gathered).toString();
    for (const bad of [
      text.replace(/,"batch":\{.*\}\}\}$/, '}'),
      text.replace('"n":3', '"n":"3"'),
      text.replace('"n":3,', ''),
      text.replace(/"why":\{[^}]*\}/, '"why":[2,1]'),
      text.replace('"jti-replay":2', '"jti-replay":"2"'),
      text.replace('"jti-replay":2', '"jti-replay":2,"jti-replay":2'),
    ]) {
      expect(bad).not.toBe(text);
      expect(reasonOf(() => parseLeaf(Buffer.from(bad)))).toBe('log-corrupt');
    }
  });
});

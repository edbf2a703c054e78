import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { MAX_LEAF_OCTETS, MOST_FELL, commitList, encodeLeaf, parseLeaf, peekLeaf, type LeafFields } from '../../src/log/index.js';
import { testLeaf } from '../support/log-fixtures.js';
import { reasonOf } from '../support/reasons.js';

const b64 = (n: number): string => Buffer.alloc(32, n).toString('base64url');
const nobody = { act: null, ap: null, np: null, tok: null, sii: null, map: null } as const;
const fell = { eff: 'removed', n: 3, list: b64(5), crl: b64(6), rsn: 'keyCompromise' } as const;
const revocation: LeafFields = testLeaf(0, { ...nobody, k: 'revoke', why: 'cert-revoked', fell });

describe('a revoke leaf', () => {
  test('is read back as it was written, within the bound, and its kind and time by a look at its head', () => {
    const effects = fc.record({
      eff: fc.constantFrom('removed' as const, 'marked' as const),
      n: fc.integer({ min: 1, max: MOST_FELL }),
      list: fc.constantFrom(b64(1), b64(2)),
      crl: fc.constant(b64(3)),
      rsn: fc.constantFrom('none', 'cessationOfOperation', 'aACompromise'),
    });
    const property = fc.property(effects, fc.boolean(), (drawn, isListed) => {
      const leaf = { ...revocation, fell: isListed ? drawn : { ...drawn, crl: null, rsn: null } };
      const octets = encodeLeaf(leaf);
      expect(parseLeaf(octets)).toEqual(leaf);
      expect(peekLeaf(octets)).toEqual({ k: 'revoke', t: leaf.t });
      expect(octets.length).toBeLessThan(MAX_LEAF_OCTETS);
    });
    fc.assert(property);
  });

  test.each<readonly [string, Partial<LeafFields>]>([
    ['an AP', { ap: 'a.example' }],
    ['a signer', { np: testLeaf(0).np }],
    ['a commitment to one SII', { sii: b64(1) }],
    ['a PASSporT', { tok: b64(1) }],
    ['no cause', { why: 'OK' }],
    ['nothing fallen', { fell: { ...fell, n: 0 } }],
    ['too many fallen', { fell: { ...fell, n: MOST_FELL + 1 } }],
    ['a fraction fallen', { fell: { ...fell, n: 1.5 } }],
    ['a reason without a CRL', { fell: { ...fell, crl: null } }],
    ['a CRL without a reason', { fell: { ...fell, rsn: null } }],
    ['a reason that does not revoke', { fell: { ...fell, rsn: 'removeFromCRL' } }],
    ['a list that is no digest', { fell: { ...fell, list: 'abc' } }],
    ['the kind of a decision', { k: 'accept' }],
  ])('with %s is not written', (_, changes) => {
    expect(reasonOf(() => encodeLeaf({ ...revocation, ...changes }))).toBe('log-corrupt');
    expect(parseLeaf(encodeLeaf(revocation))).toEqual(revocation);
  });

  test('without what fell is not written, nor read', () => {
    const { fell: _, ...without } = revocation;
    expect(reasonOf(() => encodeLeaf(without))).toBe('log-corrupt');
    const text = encodeLeaf(revocation).toString();
    for (const bad of [
      text.replace(/,"fell":\{.*\}\}$/, '}'),
      text.replace('"eff":"removed","n":3', '"n":3,"eff":"removed"'),
      text.replace('"n":3', '"n":"3"'),
      text.replace('"n":3', '"n":3,"n":3'),
      text.replace('"n":3', '"m":3'),
      text.replace('"k":"revoke"', '"k":"reject"'),
    ]) {
      expect(bad).not.toBe(text);
      expect(reasonOf(() => parseLeaf(Buffer.from(bad)))).toBe('log-corrupt');
    }
  });

  test('commits to its list by digest, under the opening', () => {
    const opening = Buffer.alloc(32, 7);
    const digest = createHash('sha256').update('the list').digest();
    const expected = createHmac('sha256', opening).update('list/1\n').update(digest).digest('base64url');
    expect(commitList(opening, digest)).toBe(expected);
    expect(commitList(Buffer.alloc(32, 8), digest)).not.toBe(expected);
  });
});

describe('an expire leaf', () => {
  const expired = { eff: 'expired', n: 3, list: b64(5), crl: null, rsn: null } as const;
  const expiry: LeafFields = testLeaf(0, { ...nobody, k: 'expire', why: 'OK', fell: expired });

  test('is read back as it was written, and refuses nobody', () => {
    const octets = encodeLeaf(expiry);
    expect(parseLeaf(octets)).toEqual(expiry);
    expect(peekLeaf(octets)).toEqual({ k: 'expire', t: expiry.t });
  });

  test.each<readonly [string, Partial<LeafFields>]>([
    ['an AP', { ap: 'a.example' }],
    ['a commitment to one SII', { sii: b64(1) }],
    ['a reason', { why: 'cert-revoked' }],
    ['a CRL', { fell: { ...expired, crl: b64(1), rsn: 'none' } }],
    ['the effect of a revocation', { fell: { ...expired, eff: 'removed' } }],
    ['the kind of a revocation', { k: 'revoke' }],
    ['the kind of a revocation, and a reason', { k: 'revoke', why: 'cert-revoked' }],
    ['the kind of a decision', { k: 'accept' }],
  ])('with %s is not written', (_, changes) => {
    expect(reasonOf(() => encodeLeaf({ ...expiry, ...changes }))).toBe('log-corrupt');
  });

  test('without what ran out is not written, nor read', () => {
    const { fell: _, ...without } = expiry;
    expect(reasonOf(() => encodeLeaf(without))).toBe('log-corrupt');
    const text = encodeLeaf(expiry).toString();
    expect(reasonOf(() => parseLeaf(Buffer.from(text.replace(/,"fell":\{.*\}\}$/, '}'))))).toBe('log-corrupt');
  });
});

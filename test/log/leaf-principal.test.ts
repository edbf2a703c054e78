import { describe, expect, test } from '@jest/globals';
import { MAX_LEAF_OCTETS, encodeLeaf, parseLeaf, peekLeaf, type LeafFields, type LeafPrincipal } from '../../src/log/index.js';
import { testLeaf } from '../support/log-fixtures.js';
import { reasonOf } from '../support/reasons.js';

const key = Buffer.alloc(32, 5).toString('base64url');
const who: LeafPrincipal = { dom: 'new.example', kind: 'ap', cls: 'consumer', spc: '709J', susp: false, key };
const nothing = { kind: null, cls: null, spc: null, susp: false, key: null } as const;
const said: LeafFields = testLeaf(0, {
  k: 'principal',
  act: null,
  ap: 'operator.example',
  np: null,
  tok: null,
  sii: null,
  map: null,
  who,
});

describe('a principal leaf', () => {
  test.each<readonly [string, LeafPrincipal]>([
    ['an AP under a key', who],
    ['an AP of its own', { ...who, spc: null, key: null, cls: 'business' }],
    ['an NP that is suspended', { ...who, kind: 'np', cls: null, susp: true }],
    ['an operator', { ...nothing, dom: 'o.example', kind: 'operator' }],
    ['nobody any more', { ...nothing, dom: 'old.example' }],
    ['the longest domain', { ...who, dom: `${'a'.repeat(61)}.`.repeat(4).slice(0, 248) + '.test', spc: 'A'.repeat(20), susp: true }],
  ])('about %s is read back as it was written, within the bound', (_, about) => {
    const leaf = { ...said, ap: `#${key}`, gw: `g${'w'.repeat(47)}`, who: about };
    const octets = encodeLeaf(leaf);
    expect(parseLeaf(octets)).toEqual(leaf);
    expect(peekLeaf(octets)).toEqual({ k: 'principal', t: leaf.t });
    expect(octets.length).toBeLessThan(MAX_LEAF_OCTETS);
  });

  test.each<readonly [string, Partial<LeafFields>]>([
    ['nobody who said so', { ap: null }],
    ['a reason', { why: 'cert-revoked' }],
    ['an action', { act: 'register' }],
    ['a signer', { np: testLeaf(0).np }],
    ['a commitment', { sii: key }],
    ['a domain in capitals', { who: { ...who, dom: 'NEW.example' } }],
    ['a domain that is too long', { who: { ...who, dom: 'a'.repeat(254) } }],
    ['an AP of no class', { who: { ...who, cls: null } }],
    ['an NP of a class', { who: { ...who, kind: 'np' } }],
    ['an NP without an SPC', { who: { ...who, kind: 'np', cls: null, spc: null } }],
    ['an EP with an SPC', { who: { ...who, kind: 'ep', cls: null } }],
    ['a removed one that is suspended', { who: { ...nothing, dom: 'old.example', susp: true } }],
    ['a removed one with a key', { who: { ...nothing, dom: 'old.example', key } }],
    ['a key that is no digest', { who: { ...who, key: 'abc' } }],
    ['a kind that nobody is', { who: { ...who, kind: 'root' as 'ap' } }],
    ['the kind of a decision', { k: 'accept' }],
  ])('with %s is not written', (_, changes) => {
    expect(reasonOf(() => encodeLeaf({ ...said, ...changes }))).toBe('log-corrupt');
    expect(parseLeaf(encodeLeaf(said))).toEqual(said);
  });

  test('of another shape is not read', () => {
    const text = encodeLeaf(said).toString();
    for (const bad of [
      text.replace(/,"who":\{.*\}\}$/, '}'),
      text.replace('"susp":false', '"susp":"false"'),
      text.replace('"susp":false', '"susp":null'),
      text.replace('"dom":"new.example","kind":"ap"', '"kind":"ap","dom":"new.example"'),
      text.replace('"cls":"consumer"', '"class":"consumer"'),
      text.replace('"susp":false', '"susp":false,"susp":false'),
    ]) {
      expect(bad).not.toBe(text);
      expect(reasonOf(() => parseLeaf(Buffer.from(bad)))).toBe('log-corrupt');
    }
  });
});

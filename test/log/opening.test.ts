import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  commitCase,
  commitFingerprint,
  commitList,
  commitMapping,
  commitSii,
  digestOfPlaces,
  packPlaces,
  verifyOpening,
  type LeafFields,
  type Opening,
} from '../../src/log/index.js';
import { testLeaf } from '../support/log-fixtures.js';
import { reasonOf } from '../support/reasons.js';

const secret = Buffer.alloc(32, 7);
const opening = secret.toString('base64url');
const print = (n: number): Buffer => Buffer.alloc(32, n);
const b64 = (n: number): string => print(n).toString('base64url');

const sii = 'tel:+12025550100';
const ssi = 'mimi://a.example/u/alice';
const np = { spc: '709J', dom: null, iss: [b64(2)], ee: `*${commitFingerprint(secret, print(1))}` };
const accepted = testLeaf(0, { sii: commitSii(secret, sii), map: commitMapping(secret, ssi, 'a.example'), np });
const decision: Opening = { kind: 'accept', opening, sii, ssi, provider: 'a.example', fingerprints: [b64(1), b64(2)] };

const passport = 'e30.e30.c2ln';
const evidence = { v: 1, passport };
const tok = createHash('sha256').update(passport).digest('base64url');

const refused = testLeaf(0, { k: 'reject', why: 'tn-out-of-scope', sii: commitSii(secret, sii), map: commitMapping(secret, ssi, ''), np });
const refusal: Opening = { ...decision, kind: 'reject', provider: null, fingerprints: [] };

const nobody = { act: null, np: null, tok: null, sii: null, map: null } as const;
const list = [{ logIndex: 12, subject: Buffer.alloc(16, 9).toString('base64url') }];
const places = packPlaces([{ index: 12, id: Buffer.alloc(16, 9).toString('latin1') }]);
const expired = testLeaf(0, {
  ...nobody,
  k: 'expire',
  ap: null,
  fell: { eff: 'expired', n: 1, list: commitList(secret, digestOfPlaces(places)), crl: null, rsn: null },
});
const opened = testLeaf(0, { ...nobody, k: 'open', opened: { ref: '12', case: commitCase(secret, 'POL 17') } });
const erased = testLeaf(0, { ...nobody, k: 'erase', erased: { case: commitCase(secret, 'POL 17') } });

describe('what was opened', () => {
  test.each<readonly [string, LeafFields, Opening]>([
    ['of an acceptance', accepted, decision],
    ['of an acceptance with its PASSporT', { ...accepted, tok }, { ...decision, evidence }],
    ['of a withdrawal by connection', { ...accepted, np: null, tok: null }, { ...decision, fingerprints: [], evidence: { v: 1 } }],
    ['of a refusal, whose certificates are not sealed', refused, refusal],
    ['of a refusal of which nothing could be read', { ...refused, np: null, sii: null, map: null }, { ...refusal, sii: null, ssi: null }],
    ['of what ran out', expired, { kind: 'expire', opening, list }],
    ['of an opening', opened, { kind: 'open', opening, case: 'POL 17' }],
    ['of an erasure', erased, { kind: 'erase', opening, case: 'POL 17' }],
  ])('%s is what the leaf commits to', (_, leaf, said) => {
    expect(verifyOpening(leaf, said)).toBe(true);
  });

  test.each<readonly [string, LeafFields, Opening]>([
    ['of another kind', accepted, { ...decision, kind: 'reject' }],
    ['under another secret', accepted, { ...decision, opening: b64(8) }],
    ['under no secret', accepted, { ...decision, opening: '' }],
    ['of another SII', accepted, { ...decision, sii: 'tel:+12025550101' }],
    ['of no SII', accepted, { ...decision, sii: null }],
    ['of another user', accepted, { ...decision, ssi: 'mimi://a.example/u/bob' }],
    ['of another provider', accepted, { ...decision, provider: 'b.example' }],
    ['of another certificate that the leaf commits to', accepted, { ...decision, fingerprints: [b64(3), b64(2)] }],
    ['of another certificate that the leaf shows', accepted, { ...decision, fingerprints: [b64(1), b64(3)] }],
    ['of fewer certificates', accepted, { ...decision, fingerprints: [b64(1)] }],
    ['of another PASSporT', { ...accepted, tok }, { ...decision, evidence: { v: 1, passport: `${passport}x` } }],
    ['of no certificates', accepted, { ...decision, fingerprints: [] }],
    ['of certificates that the leaf has not', { ...accepted, np: null }, decision],
    ['of a refusal of another SII', refused, { ...refusal, sii: 'tel:+12025550101' }],
    ['of another list', expired, { kind: 'expire', opening, list: [{ ...list[0], logIndex: 13 }] as typeof list }],
    [
      'of a list whose store key is cut',
      expired,
      { kind: 'expire', opening, list: list.map((one) => ({ ...one, subject: `${one.subject}AAAA` })) },
    ],
    ['of a list whose index is none', expired, { kind: 'expire', opening, list: list.map((one) => ({ ...one, logIndex: 2 ** 48 })) }],
    ['of a longer list', expired, { kind: 'expire', opening, list: [...list, ...list] }],
    ['of another case', opened, { kind: 'open', opening, case: 'POL 18' }],
    ['of an erasure under another case', erased, { kind: 'erase', opening, case: 'POL 18' }],
  ])('%s is not', (_, leaf, said) => {
    expect(reasonOf(() => verifyOpening(leaf, said))).toBe('opening-mismatch');
  });
});

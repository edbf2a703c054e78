import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import forge from 'node-forge';
import { encodeIa5, encodeSequence, encodeTlv, encodeUtf8, type JsonObject } from '../../src/encoding/index.js';
import { Refusal } from '../../src/reasons/index.js';
import {
  checkClaimConstraints,
  claimConstraintsOf,
  encodeClaimConstraints,
  isBound,
  parseCertificate,
  parseClaimConstraints,
  permittedValuesOf,
  type ClaimConstraints,
} from '../../src/x509/index.js';
import { outcomeOf } from '../support/judged.js';
import { extension, issueCa, issueEndEntity } from '../support/raw-certificate.js';

const JWT = '1.3.6.1.5.5.7.1.27';
const ENHANCED = '1.3.6.1.5.5.7.1.33';

/** RFC 9118 figure 1. */
const RFC_9118 = Buffer.from(
  '3040a00e300c160a636f6e666964656e6365a120301e301c160a636f6e666964656e6365300e0c04686967680c066d656469756da20c300a16087072696f72697479',
  'hex',
);

const reasonOf = (run: () => unknown): string => outcomeOf(run).split('@')[0] ?? '';
const names = (tag: number, ...claims: string[]): Buffer => encodeTlv(tag, encodeSequence(...claims.map(encodeIa5)));
const include = (...claims: string[]): Buffer => names(0xa0, ...claims);
const exclude = (...claims: string[]): Buffer => names(0xa2, ...claims);
const values = (claim: string, ...permitted: string[]): Buffer =>
  encodeSequence(encodeIa5(claim), encodeSequence(...permitted.map(encodeUtf8)));
const permit = (...entries: Buffer[]): Buffer => encodeTlv(0xa1, encodeSequence(...entries));

const constraints = (
  part: Partial<Omit<ClaimConstraints, 'permittedValues'>> & { permitted?: Record<string, string[]> },
): ClaimConstraints => ({
  form: part.form ?? 'enhanced',
  mustInclude: part.mustInclude ?? [],
  permittedValues: new Map(Object.entries(part.permitted ?? {})),
  mustExclude: part.mustExclude ?? [],
});

describe('parseClaimConstraints', () => {
  test('reads the example of RFC 9118, and writes it back octet for octet', () => {
    const read = parseClaimConstraints(RFC_9118, 'enhanced');
    expect(read.mustInclude).toEqual(['confidence']);
    expect([...read.permittedValues]).toEqual([['confidence', ['high', 'medium']]]);
    expect(read.mustExclude).toEqual(['priority']);
    expect(encodeClaimConstraints(read).equals(RFC_9118)).toBe(true);
  });

  test.each<[string, Buffer, Buffer]>([
    ['no component', encodeSequence(), encodeSequence(include('a'))],
    ['an empty mustInclude', encodeSequence(include()), encodeSequence(include('a'))],
    ['an empty permittedValues', encodeSequence(permit()), encodeSequence(permit(values('a', 'b')))],
    ['a claim without a permitted value', encodeSequence(permit(values('a'))), encodeSequence(permit(values('a', '')))],
    ['an empty mustExclude', encodeSequence(exclude()), encodeSequence(exclude('a'))],
    ['a claim permitted twice', encodeSequence(permit(values('a', 'b'), values('a', 'c'))), encodeSequence(permit(values('a', 'b', 'c')))],
    ['a claim included twice', encodeSequence(include('a', 'a')), encodeSequence(include('a', 'A'))],
    ['a claim excluded twice', encodeSequence(exclude('a', 'a')), encodeSequence(exclude('a', 'b'))],
    ['iat in mustExclude', encodeSequence(exclude('iat')), encodeSequence(include('iat'))],
    ['orig in mustExclude', encodeSequence(exclude('a', 'orig')), encodeSequence(exclude('a', 'origid'))],
    ['dest in mustExclude', encodeSequence(exclude('dest')), encodeSequence(exclude('DEST'))],
    ['a claim name that is an UTF8String', encodeSequence(encodeTlv(0xa0, encodeSequence(encodeUtf8('a')))), encodeSequence(include('a'))],
    ['a claim name with the eighth bit', encodeSequence(include('\u00e9')), encodeSequence(include('e'))],
    [
      'a value that is an IA5String',
      encodeSequence(permit(encodeSequence(encodeIa5('a'), encodeSequence(encodeIa5('b'))))),
      encodeSequence(permit(values('a', 'b'))),
    ],
    [
      'a value that is no UTF-8',
      encodeSequence(permit(encodeSequence(encodeIa5('a'), encodeSequence(encodeTlv(0x0c, Buffer.from([0xff])))))),
      encodeSequence(permit(values('a', '\u00ff'))),
    ],
    ['components out of order', encodeSequence(exclude('a'), include('b')), encodeSequence(include('b'), exclude('a'))],
    ['a component twice', encodeSequence(include('a'), include('b')), encodeSequence(include('a', 'b'))],
    ['an unknown component', encodeSequence(include('a'), names(0xa3, 'b')), encodeSequence(include('a'), exclude('b'))],
    ['implicit tags', encodeSequence(encodeTlv(0xa0, encodeIa5('a'))), encodeSequence(include('a'))],
    ['octets behind', Buffer.concat([RFC_9118, Buffer.from([0])]), RFC_9118],
  ])('refuses %s, and accepts its twin', (_, bad, good) => {
    expect(reasonOf(() => parseClaimConstraints(bad, 'enhanced'))).toBe('malformed-claim-constraints');
    expect(reasonOf(() => parseClaimConstraints(good, 'enhanced'))).toBe('accepted');
  });

  test('refuses mustExclude in the form of RFC 8226, which has none', () => {
    const der = encodeSequence(include('a'), exclude('b'));
    expect(reasonOf(() => parseClaimConstraints(der, 'jwt'))).toBe('malformed-claim-constraints');
    expect(reasonOf(() => parseClaimConstraints(encodeSequence(include('a')), 'jwt'))).toBe('accepted');
  });

  test('refuses what is no octets', () => {
    for (const value of [null, undefined, '', 5, {}, []]) {
      expect(reasonOf(() => parseClaimConstraints(value, 'enhanced'))).toBe('malformed-claim-constraints');
    }
  });

  test('agrees with node-forge on what constraints encode to, and reads back what it wrote', () => {
    const { asn1 } = forge;
    const { UNIVERSAL, CONTEXT_SPECIFIC } = asn1.Class;
    // Forge's enum names context-specific tags by the universal types of the same numbers.
    const [TAG_0, TAG_1, TAG_2] = [asn1.Type.NONE, asn1.Type.BOOLEAN, asn1.Type.INTEGER];
    const sequence = (items: forge.asn1.Asn1[]): forge.asn1.Asn1 => asn1.create(UNIVERSAL, asn1.Type.SEQUENCE, true, items);
    const ia5 = (text: string): forge.asn1.Asn1 => asn1.create(UNIVERSAL, asn1.Type.IA5STRING, false, text);
    const utf8 = (text: string): forge.asn1.Asn1 =>
      asn1.create(UNIVERSAL, asn1.Type.UTF8, false, Buffer.from(text, 'utf8').toString('latin1'));
    const component = (number: forge.asn1.Type, items: forge.asn1.Asn1[]): forge.asn1.Asn1[] =>
      items.length === 0 ? [] : [asn1.create(CONTEXT_SPECIFIC, number, true, [sequence(items)])];
    const claim = fc.stringMatching(/^[a-z]{1,6}x$/);
    const claims = fc.uniqueArray(claim, { maxLength: 4 });
    const text = fc.string({ unit: 'grapheme', maxLength: 6 });
    const permitted = fc.uniqueArray(fc.tuple(claim, fc.array(text, { minLength: 1, maxLength: 3 })), {
      maxLength: 3,
      selector: ([name]) => name,
    });
    fc.assert(
      fc.property(claims, permitted, claims, (mustInclude, pairs, mustExclude) => {
        fc.pre(mustInclude.length + pairs.length + mustExclude.length > 0);
        const given: ClaimConstraints = { form: 'enhanced', mustInclude, permittedValues: new Map(pairs), mustExclude };
        const der = encodeClaimConstraints(given);
        const theirs = asn1.toDer(
          sequence([
            ...component(TAG_0, mustInclude.map(ia5)),
            ...component(
              TAG_1,
              pairs.map(([name, list]) => sequence([ia5(name), sequence(list.map(utf8))])),
            ),
            ...component(TAG_2, mustExclude.map(ia5)),
          ]),
        );
        expect(der.equals(Buffer.from(theirs.getBytes(), 'latin1'))).toBe(true);
        expect(parseClaimConstraints(der, 'enhanced')).toEqual(given);
      }),
      { numRuns: 300 },
    );
  });

  test('throws nothing but refusals, however the example is mutated', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(RFC_9118.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 3 }),
        (changes) => {
          const der = Buffer.from(RFC_9118);
          for (const [at, octet] of changes) der[at] = octet;
          try {
            expect(encodeClaimConstraints(parseClaimConstraints(der, 'enhanced')).equals(der)).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(Refusal);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('a certificate', () => {
  const root = issueCa({ issuer: null, subject: 'root' });
  const withExtensions = (extensions: Record<string, Buffer>): string =>
    outcomeOf(() => claimConstraintsOf(parseCertificate(issueEndEntity({ issuer: root, subject: 'leaf', extensions }).der), 0));

  test('with both forms is refused, and with either one is not', () => {
    const jwt = extension(JWT, encodeSequence(include('a')));
    const enhanced = extension(ENHANCED, RFC_9118);
    expect(withExtensions({ jwt, enhanced })).toBe('malformed-claim-constraints@0');
    expect(withExtensions({ jwt })).toBe('accepted');
    expect(withExtensions({ enhanced })).toBe('accepted');
  });

  test('without either has none', () => {
    expect(claimConstraintsOf(parseCertificate(root.der))).toBeNull();
  });
});

describe('encodeClaimConstraints', () => {
  test.each<[string, ClaimConstraints]>([
    ['nothing', constraints({})],
    ['a name that is not ASCII', constraints({ mustInclude: ['\u00e9'] })],
    ['a base claim excluded', constraints({ mustExclude: ['iat'] })],
    ['a claim without values', constraints({ permitted: { a: [] } })],
    ['half a surrogate pair', constraints({ permitted: { a: ['\ud800'] } })],
    ['an exclusion in the old form', constraints({ form: 'jwt', mustExclude: ['a'] })],
  ])('refuses %s', (_, given) => expect(reasonOf(() => encodeClaimConstraints(given))).toBe('malformed-claim-constraints'));
});

describe('checkClaimConstraints', () => {
  const given = constraints({
    mustInclude: ['action', 'provider'],
    permitted: { provider: ['a.example'], consent: ['sim', 'otp'] },
    mustExclude: ['attest', 'rcd'],
  });
  const good: JsonObject = { action: 'register', provider: 'a.example', consent: 'sim' };
  const check = (claims: JsonObject): string => reasonOf(() => checkClaimConstraints(given, claims));

  test('accepts claims that satisfy them, and says what they constrain', () => {
    expect(check(good)).toBe('accepted');
    expect(checkClaimConstraints(given, good)).toEqual({
      form: 'enhanced',
      mustInclude: ['action', 'provider'],
      permittedValues: ['provider', 'consent'],
      mustExclude: ['attest', 'rcd'],
    });
  });

  test('lets a constrained claim be absent unless it must be included', () => {
    expect(check({ action: 'register', provider: 'a.example' })).toBe('accepted');
    expect(check({ action: 'register', consent: 'sim' })).toBe('claim-constraint');
  });

  test.each<[string, JsonObject]>([
    ['another value', { ...good, provider: 'b.example' }],
    ['another case', { ...good, provider: 'A.example' }],
    ['a trailing dot', { ...good, provider: 'a.example.' }],
    ['a prefix', { ...good, provider: 'a.exampl' }],
    ['another normal form', { ...good, consent: 's\u0131m' }],
    ['a number', { ...good, provider: 5 }],
    ['null', { ...good, provider: null }],
    ['an array of the value', { ...good, provider: ['a.example'] }],
    ['an object', { ...good, provider: { 'a.example': true } }],
    ['an excluded claim', { ...good, attest: 'A' }],
    ['an excluded claim that is null', { ...good, attest: null }],
    ['an excluded claim that is false', { ...good, rcd: false }],
  ])('refuses %s', (_, claims) => expect(check(claims)).toBe('claim-constraint'));

  test('does not take what every object inherits for a claim', () => {
    const odd = constraints({ mustInclude: ['toString'] });
    expect(reasonOf(() => checkClaimConstraints(odd, {}))).toBe('claim-constraint');
    expect(reasonOf(() => checkClaimConstraints(constraints({ mustExclude: ['constructor'] }), {}))).toBe('accepted');
  });

  test('satisfies nobody when a claim is both included and excluded', () => {
    const both = constraints({ mustInclude: ['a'], mustExclude: ['a'] });
    for (const claims of [{}, { a: 'x' }]) expect(reasonOf(() => checkClaimConstraints(both, claims))).toBe('claim-constraint');
  });
});

describe('isBound', () => {
  const included = ['action', 'aud', 'provider'];
  const excluded = ['attest', 'origid', 'rcd', 'div', 'opt'];
  const permitted = { provider: ['a.example'] };

  test('names the provider that constraints bind to', () => {
    expect(isBound(constraints({ mustInclude: included, permitted, mustExclude: excluded }))).toEqual({ provider: 'a.example' });
    expect(
      isBound(
        constraints({
          mustInclude: [...included, 'jti'],
          permitted: { ...permitted, action: ['prefer'] },
          mustExclude: [...excluded, 'x'],
        }),
      ),
    ).toEqual({
      provider: 'a.example',
    });
    expect(isBound(constraints({ form: 'jwt', mustInclude: included, permitted }))).toEqual({ provider: 'a.example' });
  });

  test('is null wherever one part is missing', () => {
    expect(isBound(null)).toBeNull();
    for (const claim of included)
      expect(isBound(constraints({ mustInclude: included.filter((name) => name !== claim), permitted, mustExclude: excluded }))).toBeNull();
    for (const claim of excluded)
      expect(isBound(constraints({ mustInclude: included, permitted, mustExclude: excluded.filter((name) => name !== claim) }))).toBeNull();
    expect(isBound(constraints({ mustInclude: included, mustExclude: excluded }))).toBeNull();
    expect(
      isBound(constraints({ mustInclude: included, permitted: { provider: ['a.example', 'b.example'] }, mustExclude: excluded })),
    ).toBeNull();
    expect(isBound(constraints({ form: 'jwt', mustInclude: ['action', 'aud'], permitted }))).toBeNull();
  });

  test('leaves a claim free that no permitted values name', () => {
    expect(permittedValuesOf(null, 'action')).toBeNull();
    expect(permittedValuesOf(constraints({ permitted }), 'action')).toBeNull();
    expect(permittedValuesOf(constraints({ permitted: { action: ['prefer'] } }), 'action')).toEqual(['prefer']);
  });
});

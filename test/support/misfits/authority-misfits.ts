import { contextConstructed, encodeIa5, encodeInteger, encodeSequence, encodeTlv, encodeUtf8 } from '../../../src/encoding/index.js';
import { OID, enhancedClaimConstraints, subjectAltName, tnAuthList, type Extension } from '../../../src/issuance/index.js';
import type { TnEntry } from '../../../src/x509/index.js';
import { NUMBERS, PROVIDER, delegate, department, enterprise, mailProvider, mailbox, provider, shaken } from './fitting.js';
import { added, replaced, without, type Link } from './link.js';
import { misfit, type Misfit } from './misfit.js';
import { changed, type Scene } from './scene.js';

const link =
  (place: number, change: (link: Link) => Link) =>
  (scene: Scene): Scene =>
    changed(scene, place, change);
const list = (value: Buffer, place = -1) => link(place, (one) => replaced(one, { oid: OID.tnAuthList, critical: false, value }));
const entries = (numbers: readonly TnEntry[], place = -1) => link(place, (one) => replaced(one, tnAuthList(numbers)));

const tagged = (tag: number, ...inner: Buffer[]): Buffer => encodeTlv(contextConstructed(tag), ...inner);
const one = (text: string): Buffer => encodeSequence(tagged(2, encodeIa5(text)));
const range = (...members: Buffer[]): Buffer => encodeSequence(tagged(1, encodeSequence(...members)));
const count = (number: bigint): Buffer => range(encodeIa5('12025550100'), encodeInteger(number));

/** TNAuthLists that are not DER of RFC 8226's module, or break its rules. */
export const LIST_MISFITS: readonly Misfit[] = [
  misfit(
    112,
    'no TNAuthList in a SHAKEN end-entity',
    'tnauthlist-missing',
    shaken,
    link(-1, (it) => without(it, OID.tnAuthList)),
  ),
  misfit(
    112,
    'no TNAuthList in a delegate',
    'tnauthlist-missing',
    delegate,
    link(-1, (it) => without(it, OID.tnAuthList)),
  ),
  misfit(113, 'an empty list', 'malformed-tnauthlist', delegate, list(encodeSequence())),
  misfit(114, 'octets after the list', 'malformed-tnauthlist', delegate, list(Buffer.concat([one('12025550100'), Buffer.from([5, 0])]))),
  misfit(
    115,
    'an implicit tag on a number',
    'malformed-tnauthlist',
    delegate,
    list(encodeSequence(encodeTlv(0x82, Buffer.from('12025550100')))),
  ),
  misfit(115, 'an implicit tag on an SPC', 'malformed-tnauthlist', provider, list(encodeSequence(encodeTlv(0x80, Buffer.from('709J'))))),
  misfit(115, 'an entry of unknown kind', 'malformed-tnauthlist', delegate, list(encodeSequence(tagged(3, encodeIa5('12025550100'))))),
  misfit(115, 'no tag', 'malformed-tnauthlist', provider, list(encodeSequence(encodeIa5('709J')))),
  misfit(116, 'a UTF8String', 'malformed-tnauthlist', provider, list(encodeSequence(tagged(0, encodeUtf8('709J'))))),
  misfit(116, 'a PrintableString', 'malformed-tnauthlist', provider, list(encodeSequence(tagged(0, encodeTlv(0x13, Buffer.from('709J')))))),
  misfit(117, 'an empty number', 'malformed-tnauthlist', delegate, list(one(''))),
  misfit(117, 'a number of 16 digits', 'malformed-tnauthlist', delegate, list(one('1202555010012345'))),
  misfit(117, 'letters in a number', 'malformed-tnauthlist', delegate, list(one('1202555010A'))),
  misfit(117, 'a plus sign', 'malformed-tnauthlist', delegate, list(one('+12025550100'))),
  misfit(118, 'a count of 0', 'malformed-tnauthlist', delegate, list(count(0n))),
  misfit(118, 'a count of 1', 'malformed-tnauthlist', delegate, list(count(1n)), list(count(2n))),
  misfit(118, 'a negative count', 'malformed-tnauthlist', delegate, list(count(-2n))),
  misfit(
    118,
    'a count that is not minimal',
    'malformed-tnauthlist',
    delegate,
    list(range(encodeIa5('12025550100'), Buffer.from([0x02, 0x02, 0x00, 0x02]))),
  ),
  misfit(118, 'a count of more than 10^15', 'malformed-tnauthlist', delegate, list(count(10n ** 15n + 1n))),
  misfit(
    null,
    'an element after count',
    'malformed-tnauthlist',
    delegate,
    list(range(encodeIa5('12025550100'), encodeInteger(2n), encodeInteger(1n))),
  ),
  misfit(119, 'a star in the start of a range', 'malformed-tnauthlist', delegate, list(range(encodeIa5('1202555010*'), encodeInteger(2n)))),
  misfit(120, 'a range past the last number', 'range-overflow', delegate, list(range(encodeIa5('10'), encodeInteger(91n)))),
  misfit(
    120,
    'a range up to the last number, against the formal rule',
    'range-overflow',
    delegate,
    list(range(encodeIa5('10'), encodeInteger(90n))),
  ),
  misfit(122, 'an SPC in lower case', 'malformed-tnauthlist', shaken, list(encodeSequence(tagged(0, encodeIa5('709j'))))),
  misfit(122, 'an empty SPC', 'malformed-tnauthlist', shaken, list(encodeSequence(tagged(0, encodeIa5(''))))),
];

/** Who may hold what: encompassing, and the shapes of the trust profiles. */
export const SCOPE_MISFITS: readonly Misfit[] = [
  misfit(
    125,
    'a number beside the SPC in a SHAKEN end-entity',
    'profile-violation',
    shaken,
    entries([{ spc: '709J' }, { tn: '12025550100' }]),
  ),
  misfit(125, 'two SPCs in a SHAKEN end-entity', 'profile-violation', shaken, entries([{ spc: '709J' }, { spc: '505X' }])),
  misfit(
    null,
    'a TNAuthList in a SHAKEN CA',
    'profile-violation',
    shaken,
    link(1, (it) => added(it, tnAuthList([{ spc: '709J' }]))),
  ),
  misfit(
    126,
    'a number just below the range above',
    'not-encompassed',
    enterprise,
    entries([{ tn: '12025550099' }]),
    entries([{ tn: '12025550100' }]),
  ),
  misfit(
    126,
    'a number just after the range above',
    'not-encompassed',
    enterprise,
    entries([{ tn: '12025550200' }]),
    entries([{ tn: '12025550199' }]),
  ),
  misfit(
    126,
    'a range that begins inside and ends outside',
    'not-encompassed',
    enterprise,
    entries([{ start: '12025550150', count: 51 }]),
    entries([{ start: '12025550150', count: 50 }]),
  ),
  misfit(
    126,
    'a range over a gap between two above',
    'not-encompassed',
    (): Scene =>
      entries(
        [
          { start: '12025550100', count: 20 },
          { start: '12025550121', count: 20 },
        ],
        2,
      )(enterprise()),
    entries([{ start: '12025550110', count: 20 }]),
    entries([
      { start: '12025550100', count: 20 },
      { start: '12025550121', count: 5 },
    ]),
  ),
  misfit(126, 'a number with a digit more', 'not-encompassed', enterprise, entries([{ tn: '120255501500' }])),
  misfit(127, 'an SPC that is not the parent’s', 'not-encompassed', provider, entries([{ spc: '505X' }])),
  misfit(127, 'an SPC under a parent that has numbers alone', 'not-encompassed', enterprise, entries([{ spc: '709J' }])),
  misfit(128, 'a number that the parent took beyond the grandparent', 'not-encompassed', department, (scene) =>
    entries([{ tn: '12025550300' }])(entries([{ start: '12025550100', count: 300 }], 3)(scene)),
  ),
  misfit(
    129,
    'no TNAuthList above a delegate',
    'profile-violation',
    delegate,
    link(1, (it) => without(it, OID.tnAuthList)),
  ),
  misfit(
    129,
    'no TNAuthList in a CA between',
    'profile-violation',
    enterprise,
    link(2, (it) => without(it, OID.tnAuthList)),
  ),
  misfit(null, 'two SPCs in the topmost list', 'profile-violation', delegate, entries([{ spc: '709J' }, { spc: '505X' }], 1)),
  misfit(null, 'no SPC in the topmost list', 'profile-violation', delegate, entries(NUMBERS, 1)),
  misfit(
    null,
    'a TNAuthList on a mail credential',
    'profile-violation',
    mailProvider,
    link(-1, (it) => added(it, tnAuthList([{ spc: '709J' }]))),
  ),
  misfit(
    132,
    'a mailbox of a CA without name constraints',
    'email-out-of-scope',
    mailbox,
    link(1, (it) => without(it, OID.nameConstraints)),
  ),
  misfit(
    null,
    'a mailbox beside a domain',
    'profile-violation',
    mailbox,
    link(-1, (it) => replaced(it, subjectAltName([{ mailbox: 'alice@mail.example' }, { dns: 'mail.example' }]))),
  ),
  misfit(
    null,
    'two mailboxes',
    'profile-violation',
    mailbox,
    link(-1, (it) => replaced(it, subjectAltName([{ mailbox: 'alice@mail.example' }, { mailbox: 'bob@mail.example' }]))),
  ),
  misfit(
    null,
    'no name on a mail credential',
    'profile-violation',
    mailProvider,
    link(-1, (it) => without(it, OID.subjectAltName)),
  ),
];

const enhanced = (value: Buffer): Extension => ({ oid: OID.enhancedClaimConstraints, critical: false, value });
const constrained = (value: Buffer) => link(-1, (it) => replaced(it, enhanced(value)));
const claims = (...claimNames: string[]): Buffer => encodeSequence(...claimNames.map((name) => encodeIa5(name)));
const pinned = (claim: string, ...values: string[]): Buffer => encodeSequence(encodeIa5(claim), encodeSequence(...values.map(encodeUtf8)));
const included = tagged(0, claims('action', 'aud', 'provider'));
const permitted = tagged(1, encodeSequence(pinned('provider', PROVIDER)));
const excluded = tagged(2, claims('attest', 'origid', 'rcd', 'div', 'opt'));
const simple: Extension = { oid: OID.claimConstraints, critical: false, value: encodeSequence(included, permitted) };

/** Claim constraints: what is not DER of RFC 9118's module, and what does not bind. */
export const CONSTRAINT_MISFITS: readonly Misfit[] = [
  misfit(
    139,
    'iat excluded',
    'malformed-claim-constraints',
    delegate,
    constrained(encodeSequence(included, permitted, tagged(2, claims('attest', 'origid', 'rcd', 'div', 'opt', 'iat')))),
  ),
  misfit(140, 'constraints with nothing in them', 'malformed-claim-constraints', delegate, constrained(encodeSequence())),
  misfit(
    140,
    'an empty list of claims',
    'malformed-claim-constraints',
    delegate,
    constrained(encodeSequence(tagged(0, encodeSequence()), permitted, excluded)),
  ),
  misfit(
    140,
    'a claim pinned twice',
    'malformed-claim-constraints',
    delegate,
    constrained(
      encodeSequence(included, tagged(1, encodeSequence(pinned('provider', PROVIDER), pinned('provider', 'b.example'))), excluded),
    ),
  ),
  misfit(
    140,
    'a claim name that is no IA5String',
    'malformed-claim-constraints',
    delegate,
    constrained(encodeSequence(tagged(0, encodeSequence(encodeUtf8('action'))), permitted, excluded)),
  ),
  misfit(
    142,
    'both forms in one certificate',
    'malformed-claim-constraints',
    delegate,
    link(-1, (it) => added(it, simple)),
  ),
  misfit(
    141,
    'constraints on a CA',
    'profile-violation',
    enterprise,
    link(2, (it) => added(it, enhancedClaimConstraints({ provider: PROVIDER }))),
  ),
  misfit(
    141,
    'numbers without constraints',
    'profile-violation',
    delegate,
    link(-1, (it) => without(it, OID.enhancedClaimConstraints)),
    link(-1, (it) => added(without(it, OID.enhancedClaimConstraints), simple)),
  ),
  misfit(
    null,
    'a mailbox without constraints',
    'profile-violation',
    mailbox,
    link(-1, (it) => without(it, OID.enhancedClaimConstraints)),
  ),
  misfit(
    null,
    'two providers permitted',
    'profile-violation',
    delegate,
    constrained(encodeSequence(included, tagged(1, encodeSequence(pinned('provider', PROVIDER, 'b.example'))), excluded)),
    constrained(encodeSequence(included, permitted, excluded)),
  ),
  misfit(null, 'no provider pinned', 'profile-violation', delegate, constrained(encodeSequence(included, excluded))),
  misfit(
    null,
    'provider that need not be there',
    'profile-violation',
    delegate,
    constrained(encodeSequence(tagged(0, claims('action', 'aud')), permitted, excluded)),
  ),
  misfit(
    null,
    'attest not excluded',
    'profile-violation',
    delegate,
    constrained(encodeSequence(included, permitted, tagged(2, claims('origid', 'rcd', 'div', 'opt')))),
  ),
];

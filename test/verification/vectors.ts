import { fitting, NOW, lineOf } from '../support/misfits/index.js';
import {
  caseOf,
  MAILBOX,
  withHeader,
  withMembers,
  withPayload,
  withSignature,
  type Case,
  type CaseOptions,
} from '../support/passport-bench.js';
import { certificatePolicies, enhancedClaimConstraints, extendedKeyUsage, keyUsage, OID, tnAuthList } from '../../src/issuance/index.js';
import { added, replaced, without } from '../support/misfits/link.js';
import { changed, type Scene } from '../support/misfits/scene.js';
import { tnListReference } from '../support/misfits/tn-list-reference.js';
import { Refusal, Unavailable } from '../../src/reasons/index.js';
import { encodeTnAuthList, type TnEntry } from '../../src/x509/index.js';
import { MAIL_VECTORS } from './mail-vectors.js';

/** One defect, the step and reason that it must be refused with, and its accepted twin. */
export interface Vector {
  readonly expect: string;
  readonly name: string;
  readonly make: () => Case;
  readonly twin: () => Case;
}

const vector = (expect: string, name: string, defect: CaseOptions, twin: CaseOptions = {}): Vector => ({
  expect,
  name,
  make: () => caseOf({ ...twin, ...defect }),
  twin: () => caseOf(twin),
});

/** A defect that is no change of its twin. */
const apart = (expect: string, name: string, defect: CaseOptions, twin: CaseOptions): Vector => ({
  expect,
  name,
  make: () => caseOf(defect),
  twin: () => caseOf(twin),
});

const parse = (reason: string, name: string, passport: CaseOptions['passport'] & object): Vector =>
  vector(`parse-passport ${reason}`, name, { passport });

const header = (reason: string, name: string, change: Record<string, unknown>): Vector =>
  vector(`check-header ${reason}`, name, { passport: withMembers(change) });

const claims = (reason: string, name: string, change: Record<string, unknown>, twin: CaseOptions = {}): Vector =>
  vector(`check-claims ${reason}`, name, { claims: { ...twin.claims, ...change } }, twin);

const missing = (reason: string, name: string): Vector => vector(`check-claims ${reason}`, `no ${name}`, { without: [name] });

const np: CaseOptions = { scene: fitting.provider() };
const ep: CaseOptions = { scene: fitting.mailProvider(), claims: MAILBOX };
const mailbox: CaseOptions = { scene: fitting.mailbox(), claims: MAILBOX };
const authority: CaseOptions = { scene: fitting.numberingAuthority(), action: 'port' };
/** A register of another NP's number, by the NP that it is about to be ported to. */
const aheadOf = ({ sii = 'tel:+13035550001', to = fitting.SPC }): CaseOptions => ({
  ...np,
  claims: { orig: { tn: '13035550001' } },
  input: { ported: { sii, record: null, pending: { to, effective: NOW + 1 } } },
});
/** A register by the NP that numbering data name, of a number that is ported from it. */
const cameAt = (effective: number): CaseOptions => ({
  ...np,
  input: { ported: { sii: 'tel:+12025550150', record: null, pending: { to: '505X', effective } } },
});
const portsBy = (one: 'pair' | 'authority', two = one): CaseOptions => ({
  policy: { ports: { pairHours: 72, graceDays: 14, by: { default: 'either', codes: { 1: one, 1202: two } } } },
});
const dest = (ssi: unknown) => ({ dest: { uri: [ssi] } });
const tn = (number: unknown) => ({ orig: { tn: number } });
const mail = (uri: unknown) => ({ orig: { uri } });

/** A delegate whose permittedValues pin more than the provider. */
const pinned = (permitted: Record<string, readonly string[]>): CaseOptions => ({
  scene: changed(fitting.delegate(), -1, (link) => replaced(link, enhancedClaimConstraints({ provider: fitting.PROVIDER, permitted }))),
});

const PARSE: readonly Vector[] = [
  parse('token-required', 'an empty text', () => ''),
  parse('token-too-large', 'more than 16 KiB', (it) => it + 'A'.repeat(16 * 1024)),
  parse('malformed-token', 'two parts', (it) => it.slice(0, it.lastIndexOf('.'))),
  parse('malformed-token', 'five parts', (it) => `${it}.AA.AA`),
  parse('malformed-token', 'JSON serialization', () => '{"payload":"","signatures":[]}'),
  parse('malformed-token', 'padding', (it) => `${it}==`),
  parse('malformed-token', 'white space', (it) => `${it}\n`),
  parse('malformed-token', 'the alphabet of standard base64', (it) => it.replace(/\.[^.]*$/, `.${'+'.repeat(86)}`)),
  parse('malformed-token', 'trailing bits', (it) => it.replace(/\.[^.]*$/, `.${'A'.repeat(85)}B`)),
  parse(
    'malformed-token',
    'a header with a BOM',
    withHeader((it) => `\ufeff${it}`),
  ),
  parse(
    'malformed-token',
    'a header that is an array',
    withHeader((it) => `[${it}]`),
  ),
  parse('compact-form-not-allowed', 'the compact form', (it) => `..${it.slice(it.lastIndexOf('.') + 1)}`),
  parse(
    'duplicate-member',
    'a header member twice',
    withHeader((it) => it.replace('{', '{"alg":"ES256",')),
  ),
  parse(
    'duplicate-member',
    'a claim twice',
    withPayload((it) => it.replace('{', '{"action":"register",')),
  ),
  parse(
    'duplicate-member',
    'a nested member twice',
    withPayload((it) => it.replace('"tn":', '"tn":"1","tn":')),
  ),
  parse(
    'non-canonical',
    'white space in the header',
    withHeader((it) => it.replace(':', ': ')),
  ),
  parse(
    'non-canonical',
    'claims out of order',
    withPayload((it) => it.replace(/^\{("action":"register"),(.*)\}$/, '{$2,$1}')),
  ),
  parse(
    'non-canonical',
    'a long escape',
    withPayload((it) => it.replace('alice', '\\u0061lice')),
  ),
  parse(
    'non-canonical',
    'an escaped solidus',
    withPayload((it) => it.replace('mimi:/', 'mimi:\\/')),
  ),
  parse(
    'non-canonical',
    'a fraction',
    withPayload((it) => it.replace(String(NOW), `${NOW}.0`)),
  ),
  parse(
    'non-canonical',
    'an exponent',
    withPayload((it) => it.replace(`"iat":${NOW}`, '"iat":1e9')),
  ),
  parse(
    'non-canonical',
    'minus zero',
    withPayload((it) => it.replace(`"iat":${NOW}`, '"iat":-0')),
  ),
  parse(
    'non-canonical',
    'an integer beyond 2^53',
    withPayload((it) => it.replace(`"iat":${NOW}`, '"iat":9007199254740993')),
  ),
  parse(
    'malformed-claims',
    'a payload that is an array',
    withPayload(() => '[]'),
  ),
  parse(
    'malformed-claims',
    'a payload that is a text',
    withPayload(() => '"a"'),
  ),
  parse(
    'malformed-claims',
    'a payload that is too deep',
    withPayload((it) => it.replace('{', `{"a":${'['.repeat(9)}${']'.repeat(9)},`)),
  ),
];

const HEADER: readonly Vector[] = [
  header('alg-not-allowed', 'alg none', { alg: 'none' }),
  header('alg-not-allowed', 'alg HS256', { alg: 'HS256' }),
  header('alg-not-allowed', 'alg ES384', { alg: 'ES384' }),
  header('alg-not-allowed', 'no alg', { alg: undefined }),
  header('alg-not-allowed', 'alg an array', { alg: ['ES256'] }),
  header('wrong-typ', 'typ JWT', { typ: 'JWT' }),
  header('wrong-typ', 'another case', { typ: 'Passport' }),
  header('unsupported-ppt', 'no ppt', { ppt: undefined }),
  header('unsupported-ppt', 'ppt shaken', { ppt: 'shaken' }),
  header('unsupported-ppt', 'ppt an array', { ppt: ['mimi'] }),
  header('crit-unsupported', 'crit', { crit: ['exp'] }),
  header('crit-unsupported', 'b64', { b64: false }),
  header('header-not-allowed', 'jwk', { jwk: {} }),
  header('header-not-allowed', 'kid', { kid: '1' }),
  header('header-not-allowed', 'zip', { zip: 'DEF' }),
  header('header-not-allowed', 'x5u beside x5c', { x5u: 'https://sti.example/a.pem' }),
  header('credential-missing', 'neither x5c nor x5u', { x5c: undefined }),
  header('malformed-chain', 'x5c a text', { x5c: 'AAAA' }),
  header('malformed-chain', 'an empty x5c', { x5c: [] }),
  header('malformed-chain', 'seven certificates', { x5c: ['AA==', 'AQ==', 'Ag==', 'Aw==', 'BA==', 'BQ==', 'Bg=='] }),
  header('malformed-chain', 'base64url in x5c', { x5c: ['_-8='] }),
  ...[
    'http://sti.example/a.pem',
    'HTTPS://sti.example/a.pem',
    'data:text/plain,a',
    'https://user@sti.example/a.pem',
    'https://sti.example/a.pem?b',
    'https://sti.example/a.pem#b',
    'https://sti.example:8080/a.pem',
    'https://127.0.0.1/a.pem',
    'https://[::1]/a.pem',
    'https://2130706433/a.pem',
    'https://0x7f.1/a.pem',
    'https://localhost/a.pem',
    'https://metadata.internal/a.pem',
  ].map((x5u) => header('x5u-not-allowed', x5u, { x5c: undefined, x5u })),
];

const CLAIMS: readonly Vector[] = [
  ...['attest', 'origid', 'rcd', 'div', 'opt', 'mky', 'msgi', 'iss', 'sub', 'nbf', '__proto__', 'constructor', 'anything'].map((name) =>
    claims('claim-not-allowed', name, Object.fromEntries([[name, 'A']])),
  ),
  claims('claim-not-allowed', 'from in a register', { from: '709J' }),
  claims('claim-not-allowed', 'circle in a withdraw', { circle: 'A'.repeat(43) }, { action: 'withdraw' }),
  ...['action', 'iat', 'provider', 'consent', 'purpose'].map((name) => missing('claim-missing', name)),
  claims('claim-type', 'iat a text', { iat: String(NOW) }),
  claims('claim-type', 'iat zero', { iat: 0 }),
  claims('claim-type', 'iat negative', { iat: -1 }),
  claims('claim-type', 'provider a number', { provider: 1 }),
  claims('claim-type', 'preference a text', { preference: 'a.example' }, { ...np, action: 'prefer' }),
  claims('claim-value', 'another consent', { consent: 'yes' }),
  claims('claim-value', 'another purpose', { purpose: 'any' }),
  claims('claim-value', 'another kind', { kind: 'robot' }, { claims: { kind: 'service' } }),
  claims('claim-value', 'a circle of 31 octets', { circle: 'A'.repeat(42) }, { claims: { circle: 'A'.repeat(43) } }),
  claims('claim-value', 'an empty preference', { preference: {} }, { ...np, action: 'prefer' }),
  claims('claim-value', 'an unknown preference', { preference: { other: 'a.example' } }, { ...np, action: 'prefer' }),
  claims('claim-value', 'a preference in capitals', { preference: { default: 'A.example' } }, { ...np, action: 'prefer' }),
  claims('claim-value', 'from equal to to', { to: fitting.SPC }, { ...np, action: 'port' }),
  claims('claim-value', 'a negative effective', { effective: -1 }, { ...np, action: 'port', claims: { effective: 0 } }),
  claims('bad-action', 'an unknown action', { action: 'steal' }),
  claims('bad-action', 'another case', { action: 'Register' }),
  missing('bad-orig', 'orig'),
  claims('bad-orig', 'tn and uri', { orig: { tn: '12025550150', uri: 'mailto:a@mail.example' } }),
  claims('bad-orig', 'tn an array', tn(['12025550150'])),
  claims('bad-orig', 'tn a number', tn(12025550150)),
  claims('bad-orig', 'another identity', { orig: { mailto: 'a@mail.example' } }),
  missing('bad-dest', 'dest'),
  claims('bad-dest', 'an empty dest', { dest: {} }),
  claims('bad-dest', 'an empty array', { dest: { uri: [] } }),
  claims('bad-dest', 'tn a text', { dest: { tn: '12025550150' } }),
  claims('bad-dest', 'two SSIs', { dest: { uri: ['mimi://a.example/u/a', 'mimi://a.example/u/b'] } }),
  claims('bad-dest', 'an SSI in a release', dest('mimi://a.example/u/a'), { ...np, action: 'release' }),
  ...[
    '+12025550150',
    '1-202-555-0150',
    '1202555015a',
    '',
    '012025550150',
    '1202555015012345',
    '1202555*150',
    '１２０２５５５０１５０',
    '120255',
  ].map((number) => claims('non-canonical-tn', `tn ${JSON.stringify(number)}`, tn(number))),
  ...[
    'tel:+12025550150',
    'sip:alice@mail.example',
    'mailto:Alice@mail.example',
    'mailto:alice@Mail.example',
    'mailto:alice@münchen.example',
    'mailto:alice@mail.example?subject=a',
    'mailto:a%6cice@mail.example',
    'mailto:"alice"@mail.example',
    'mailto:alice@mail.example.',
    'mailto:al..ice@mail.example',
    'mailto:alice@mail',
  ].map((uri) => claims('non-canonical-uri', uri, mail(uri), ep)),
  ...[
    'mimi://A.example/u/alice',
    'mimi://xn--/u/alice',
    'mimi://a.example/u/',
    'mimi://a.example/u/..',
    'mimi://a.example/u/a/b',
    'mimi://a.example:443/u/alice',
    'mimi://a.example/u/alice?b',
    'urn:signpost:none',
    `mimi://a.example/u/${'a'.repeat(78)}`,
  ].map((ssi) => claims('non-canonical-uri', ssi, dest(ssi))),
  claims('non-canonical-uri', 'a provider in capitals', { provider: 'A.example' }),
  missing('aud-mismatch', 'aud'),
  claims('aud-mismatch', 'another audience', { aud: 'dp2.example' }),
  claims('aud-mismatch', 'an array', { aud: ['dp.example'] }),
  claims('aud-mismatch', 'a trailing slash', { aud: 'dp.example/' }),
  missing('bad-jti', 'jti'),
  claims('bad-jti', 'a short jti', { jti: 'a'.repeat(21) }, { claims: { jti: 'a'.repeat(22) } }),
  claims('bad-jti', 'a long jti', { jti: 'a'.repeat(129) }, { claims: { jti: 'a'.repeat(128) } }),
  missing('bad-exp', 'exp'),
  claims('bad-exp', 'exp a text', { exp: String(NOW + 600) }),
];

const fresh = (reason: string, name: string, change: Record<string, unknown>, twin: Record<string, unknown>): Vector =>
  vector(`check-freshness ${reason}`, name, { claims: change }, { claims: twin });

const FRESHNESS: readonly Vector[] = [
  fresh('future-iat', '31 s ahead', { iat: NOW + 31, exp: NOW + 600 }, { iat: NOW + 30, exp: NOW + 600 }),
  fresh('bad-exp', 'exp at iat', { exp: NOW }, { exp: NOW + 1 }),
  fresh('bad-exp', '601 s after iat', { exp: NOW + 601 }, { exp: NOW + 600 }),
  fresh('expired-token', 'exp now', { iat: NOW - 60, exp: NOW }, { iat: NOW - 60, exp: NOW + 1 }),
];

const x5u = 'https://sti.example:8443/a.pem';

const ACQUIRE: readonly Vector[] = [
  apart(
    'acquire-credential credential-unavailable',
    'x5u that nobody fetched',
    { x5u },
    { x5u, input: { chain: lineOf('x5u', fitting.delegate()).path } },
  ),
  vector('acquire-credential credential-mismatch', 'a chain of another end-entity', {
    input: { chain: lineOf('other', fitting.provider()).path },
  }),
  vector('acquire-credential malformed-chain', 'an empty chain', { input: { chain: [] } }),
  // stir 69-73, 77: what fetching found out.
  ...(['x5u-not-allowed', 'x5u-redirect', 'malformed-chain', 'credential-unavailable'] as const).map((reason) =>
    apart(
      `acquire-credential ${reason}`,
      `x5u that could not be had: ${reason}`,
      { x5u, input: { unacquired: reason === 'credential-unavailable' ? new Unavailable(reason) : new Refusal(reason) } },
      { x5u, input: { chain: lineOf('x5u', fitting.delegate()).path } },
    ),
  ),
];

const young = { scene: changed(fitting.delegate(), -1, (link) => ({ ...link, notBefore: NOW - 10 })) };

const PATH: readonly Vector[] = [
  vector(
    'verify-path cert-validity-iat',
    'iat before the end-entity',
    { claims: { iat: NOW - 11, exp: NOW + 60 } },
    {
      ...young,
      claims: { iat: NOW - 10, exp: NOW + 60 },
    },
  ),
  vector('verify-path untrusted-chain', 'no anchors', { material: { anchors: [] } }),
  vector('verify-path anchor-out-of-scope', 'another calling code', { speaksFor: ['49'] }, { speaksFor: ['49', '1'] }),
  vector('verify-path anchor-out-of-scope', 'an empty list', { speaksFor: [] }),
  vector('verify-path anchor-out-of-scope', 'another domain', { speaksFor: ['example.com'] }, { ...ep, speaksFor: [fitting.MAIL_DOMAIN] }),
];

/** RFC 5280 section 4.2.1.11: requireExplicitPolicy 0. */
const EXPLICIT_POLICY = { oid: '2.5.29.36', critical: true, value: Buffer.from('3003800100', 'hex') };

const LINKS: readonly Vector[] = [
  vector('verify-path bad-policy', 'a CA that demands a policy above certificates without one', {
    scene: changed(fitting.delegate(), 1, (link) => added(link, EXPLICIT_POLICY)),
  }),
  vector('verify-path bad-key-usage', 'keyCertSign without cA', {
    scene: changed(fitting.delegate(), -1, (link) => replaced(link, keyUsage('digitalSignature', 'keyCertSign'))),
  }),
];

const PROFILE: readonly Vector[] = [
  vector(
    'check-profile bad-policy',
    'several policies in a SHAKEN end-entity',
    { scene: changed(fitting.shaken(), -1, (link) => replaced(link, certificatePolicies(OID.shakenPolicy, '1.2.3'))) },
    { scene: fitting.shaken() },
  ),
  vector('check-profile bad-eku', 'clientAuth', {
    scene: changed(fitting.delegate(), -1, (link) => added(link, extendedKeyUsage(OID.clientAuth))),
  }),
  vector(
    'check-profile profile-violation',
    'numbers without constraints beside the SPC',
    {
      scene: changed(fitting.provider(), -1, (link) => replaced(link, tnAuthList([{ spc: fitting.SPC }, { tn: '12025550150' }]))),
    },
    np,
  ),
  vector(
    'check-profile profile-violation',
    'an unbound mailbox',
    { scene: changed(fitting.mailbox(), -1, (link) => without(link, OID.enhancedClaimConstraints)) },
    mailbox,
  ),
];

const LIST_URL = 'https://lists.sti.example/709J';
const CA_LIST_URL = 'https://lists.sti.example/np';
const LIST: readonly TnEntry[] = [{ start: '12025550100', count: 100 }];
const CA_LIST: readonly TnEntry[] = [{ spc: fitting.SPC }, { start: '12025550000', count: 1000 }];
const derOf = (entries: readonly TnEntry[]): Buffer => encodeTnAuthList(entries, 1001);
const lists = (...listed: (readonly [string, Uint8Array])[]): Partial<CaseOptions> => ({ input: { tnLists: new Map(listed) } });
const singles = (count: number): TnEntry[] => Array.from({ length: count }, (_, i) => ({ tn: `120255${String(50000 + i)}` }));

/** The end-entity's list behind references in place of in the certificate. */
const referring = (scene: Scene, place: number, ...urls: string[]): Scene =>
  changed(scene, place, (link) => added(without(link, OID.tnAuthList), tnListReference(...urls)));
const byReference: CaseOptions = { scene: referring(fitting.delegate(), -1, LIST_URL), ...lists([LIST_URL, derOf(LIST)]) };
const caByReference: CaseOptions = { scene: referring(fitting.delegate(), 1, CA_LIST_URL), ...lists([CA_LIST_URL, derOf(CA_LIST)]) };

/** stir 130, and RFC 9060 section 4.1: a list by reference counts as one by value. */
const REFERENCES: readonly Vector[] = [
  vector('check-profile tnlist-unavailable', 'a list that nobody fetched', { input: {} }, byReference),
  vector('check-profile tnlist-unavailable', "a CA's list that nobody fetched", { input: {} }, caByReference),
  vector('check-profile tnlist-unavailable', 'the list of another URL', lists([CA_LIST_URL, derOf(LIST)]), byReference),
  vector(
    'check-profile tnlist-unavailable',
    'a list that is not DER',
    lists([LIST_URL, Buffer.from('3080a006160437303 94a0000', 'hex')]),
    byReference,
  ),
  vector('check-profile tnlist-unavailable', 'an empty list', lists([LIST_URL, Buffer.from('3000', 'hex')]), byReference),
  vector(
    'check-profile tnlist-unavailable',
    'a list with an octet after it',
    lists([LIST_URL, Buffer.concat([derOf(LIST), Buffer.alloc(1)])]),
    byReference,
  ),
  vector('check-profile tnlist-unavailable', 'a list of 1,001 entries', lists([LIST_URL, derOf(singles(1001))]), {
    ...byReference,
    ...lists([LIST_URL, derOf(singles(1000))]),
  }),
  ...['http://lists.sti.example/709J', 'ldap://lists.sti.example/709J', `https://lists.sti.example/${'a'.repeat(1000)}`].map((url) =>
    vector(
      'check-profile tnlist-unavailable',
      `a reference ${url.slice(0, 40)}`,
      { scene: referring(fitting.delegate(), -1, url), ...lists([url, derOf(LIST)]) },
      byReference,
    ),
  ),
  vector(
    'check-profile not-encompassed',
    "a list by reference beyond the CA's by value",
    lists([LIST_URL, derOf([{ spc: '505X' }])]),
    byReference,
  ),
  vector(
    'check-profile not-encompassed',
    "a list by value beyond a CA's by reference",
    lists([CA_LIST_URL, derOf([{ start: '12025550100', count: 50 }])]),
    { scene: referring(fitting.enterprise(), 2, CA_LIST_URL), ...lists([CA_LIST_URL, derOf(LIST)]) },
  ),
  vector(
    'check-profile profile-violation',
    'a list by value and one by reference',
    { scene: changed(fitting.delegate(), -1, (link) => added(link, tnListReference(LIST_URL))) },
    byReference,
  ),
  vector(
    'check-profile profile-violation',
    'two references',
    { scene: referring(fitting.delegate(), -1, LIST_URL, CA_LIST_URL) },
    byReference,
  ),
  vector(
    'check-profile profile-violation',
    'numbers by reference without constraints',
    { scene: changed(referring(fitting.delegate(), -1, LIST_URL), -1, (link) => without(link, OID.enhancedClaimConstraints)) },
    byReference,
  ),
  vector(
    'check-profile profile-violation',
    'a reference in a SHAKEN CA',
    { scene: changed(fitting.shaken(), 1, (link) => added(link, tnListReference(CA_LIST_URL))) },
    { scene: fitting.shaken() },
  ),
  vector(
    'check-profile profile-violation',
    'a reference in an EP',
    { scene: changed(fitting.mailProvider(), -1, (link) => added(link, tnListReference(LIST_URL))) },
    ep,
  ),
  vector(
    'check-authority tn-out-of-scope',
    'a number beyond the list by reference',
    lists([LIST_URL, derOf([{ tn: '12025550151' }])]),
    byReference,
  ),
];

const SIGNATURE: readonly Vector[] = [
  ...[63, 65, 0, 71].map((length) =>
    vector('verify-signature bad-signature', `${length} octets`, {
      passport: withSignature((it) => Buffer.concat([it, it]).subarray(0, length)),
    }),
  ),
  vector('verify-signature bad-signature', 'r zero', {
    passport: withSignature((it) => Buffer.concat([Buffer.alloc(32), it.subarray(32)])),
  }),
  vector('verify-signature bad-signature', 's not below n', {
    passport: withSignature((it) => Buffer.concat([it.subarray(0, 32), Buffer.alloc(32, 0xff)])),
  }),
  vector('verify-signature bad-signature', 'another payload', { passport: withPayload((it) => it.replace('alice', 'mallo')) }),
];

const CONSTRAINTS: readonly Vector[] = [
  vector('check-claim-constraints claim-constraint', 'another AP', {
    claims: { ...dest('mimi://b.example/u/alice'), provider: 'b.example' },
  }),
  vector(
    'check-claim-constraints claim-constraint',
    'a value that is not pinned',
    { claims: { consent: 'otp' } },
    pinned({ consent: ['app'] }),
  ),
  vector('check-claim-constraints claim-constraint', 'a claim that must be there', { action: 'release' }),
];

const row = (spc: string, start: string, count: number) => ({ spc, start, count, validFrom: null });

const AUTHORITY: readonly Vector[] = [
  vector('check-authority authority-type-mismatch', 'a number by an EP', { claims: tn('12025550150') }, ep),
  vector('check-authority authority-type-mismatch', 'mail by an NP', { claims: MAILBOX }, np),
  vector('check-authority tn-out-of-scope', 'below the range', { claims: tn('12025550099') }, { claims: tn('12025550100') }),
  vector('check-authority tn-out-of-scope', 'above the range', { claims: tn('12025550200') }, { claims: tn('12025550199') }),
  vector('check-authority tn-out-of-scope', 'one digit more', { claims: tn('120255501500') }),
  vector('check-authority tn-out-of-scope', 'a number of another NP', { claims: tn('13035550001') }, np),
  vector('check-authority tn-out-of-scope', 'a number of nobody', { claims: tn('12025551000') }, { ...np, claims: tn('12025550999') }),
  vector(
    'check-authority tn-out-of-scope',
    'a number ported away',
    { input: { ported: { sii: 'tel:+12025550150', record: { spc: '505X', since: NOW }, pending: null } } },
    {
      ...np,
      input: { ported: { sii: 'tel:+12025550150', record: { spc: '505X', since: NOW + 1 }, pending: null } },
    },
  ),
  vector('check-authority tn-out-of-scope', 'a port from another', { claims: { from: '505X', to: '606Y' } }, { ...np, action: 'port' }),
  vector('check-authority tn-out-of-scope', "a register ahead of a port to another's", aheadOf({ to: '606Y' }), aheadOf({})),
  vector('check-authority tn-out-of-scope', "a register ahead of another number's port", aheadOf({ sii: 'tel:+13035550002' }), aheadOf({})),
  vector('check-authority tn-out-of-scope', 'a withdraw ahead of a port', { action: 'withdraw' }, aheadOf({})),
  vector('check-authority tn-out-of-scope', 'a register by the old provider when the port has come', cameAt(NOW), cameAt(NOW + 1)),
  vector(
    'check-authority tn-out-of-scope',
    'a port by a third',
    { claims: { from: '505X', to: '606Y', orig: { tn: '13035550001' } } },
    { ...np, action: 'port' },
  ),
  vector('check-authority spc-unknown', 'an SPC without rows', { rows: [row('505X', '12025550000', 1000)] }, np),
  vector(
    'check-authority status-unavailable',
    'two SPCs over one number',
    {
      rows: [row(fitting.SPC, '12025550000', 1000), row('505X', '12025550150', 1)],
    },
    { rows: [row(fitting.SPC, '12025550000', 1000), row('505X', '12025550151', 1)] },
  ),
  vector(
    'check-authority status-unavailable',
    'a row that overflows',
    { rows: [row(fitting.SPC, '12025550000', 1e11)] },
    {
      rows: [row(fitting.SPC, '12025550000', 1e11 - 12025550000)],
    },
  ),
  vector('check-authority email-out-of-scope', 'another domain', { claims: mail('mailto:alice@mail2.example') }, ep),
  vector('check-authority email-out-of-scope', 'a subdomain', { claims: mail(`mailto:alice@sub.${fitting.MAIL_DOMAIN}`) }, ep),
  vector('check-authority email-out-of-scope', 'another mailbox', { claims: mail(`mailto:bob@${fitting.MAIL_DOMAIN}`) }, mailbox),
];

const PRESENTER: readonly Vector[] = [
  vector('check-presenter ap-mismatch', 'another client', { input: { client: { domain: 'b.example' } } }),
  vector('check-presenter ap-mismatch', 'no client', { input: { client: null } }),
  vector('check-presenter ap-mismatch', 'another host in the SSI', { claims: dest('mimi://b.example/u/alice') }, np),
  vector(
    'check-presenter ap-mismatch',
    "a delegate's withdraw by another client",
    { input: { client: { domain: 'b.example' } } },
    { action: 'withdraw' },
  ),
];

const stated: CaseOptions = { claims: { consent: 'operator' }, policy: { consent: { minimum: 'sim' } } };

const AUTHORIZE: readonly Vector[] = [
  apart(
    'authorize action-not-authorised',
    'a preference by a delegate',
    { action: 'prefer' },
    { ...pinned({ action: ['register', 'prefer'] }), action: 'prefer' },
  ),
  vector(
    'authorize action-not-authorised',
    'a port by an EP',
    { scene: fitting.mailProvider(), claims: MAILBOX },
    { ...np, action: 'port' },
  ),
  vector('authorize action-not-authorised', 'a register by the numbering authority', { action: 'register' }, authority),
  vector('authorize action-not-authorised', "a port by an NP where it is the authority's to say", portsBy('authority'), {
    ...np,
    action: 'port',
  }),
  vector('authorize action-not-authorised', "a port by the authority where it is both NPs' to say", portsBy('pair'), authority),
  vector('authorize action-not-authorised', 'a port by an NP of a longer calling code', portsBy('pair', 'authority'), {
    ...np,
    action: 'port',
    ...portsBy('authority', 'pair'),
  }),
  apart('authorize consent-too-weak', 'the word of an AP', stated, { ...pinned({ consent: ['operator'] }), ...stated }),
  apart(
    'authorize consent-too-weak',
    'a consent that may be any of two',
    { ...pinned({ consent: ['operator', 'otp'] }), ...stated },
    { ...np, ...stated },
  ),
];

export const VECTORS: readonly Vector[] = [
  ...PARSE,
  ...HEADER,
  ...CLAIMS,
  ...FRESHNESS,
  ...ACQUIRE,
  ...PATH,
  ...LINKS,
  ...PROFILE,
  ...REFERENCES,
  ...SIGNATURE,
  ...CONSTRAINTS,
  ...AUTHORITY,
  ...PRESENTER,
  ...AUTHORIZE,
  ...MAIL_VECTORS,
];

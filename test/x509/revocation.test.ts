import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Integer } from 'asn1js';
import * as fc from 'fast-check';
import * as pkijs from 'pkijs';
import { encodeInteger, encodeOid, encodeSequence, encodeTlv, encodeUtf8 } from '../../src/encoding/index.js';
import { Refusal } from '../../src/reasons/index.js';
import {
  CrlSet,
  Listings,
  RFC5280_RULES,
  STIR_RULES,
  judgeRevocation,
  parseCertificate,
  parseCrl,
  readRevocation,
  type RevocationInput,
} from '../../src/x509/index.js';
import { outcomeOf } from '../support/judged.js';
import * as raw from '../support/raw-certificate.js';
import { AT, commonName, issueCa, issueEndEntity, keyUsage, type Issued } from '../support/raw-certificate.js';
import {
  certificateIssuer,
  crlNumber,
  distributionPoints,
  entry,
  fullName,
  invalidityDate,
  issueCrl,
  reasonCode,
  relativeName,
  scope,
  url,
  utcTime,
  type CrlParts,
} from '../support/raw-crl.js';

const DAY = 86_400_000;
const PLACE = 'http://crl.example/a.crl';

const root = issueCa({ issuer: null, subject: 'root' });
const ca = issueCa({ issuer: root, subject: 'ca' });
const leaf = issueEndEntity({ issuer: ca, subject: 'leaf' });
const serialOf = ({ der }: Issued): Uint8Array => parseCertificate(der).serial;
const revoked = (certificate: Issued, ...extensions: Buffer[]): Buffer => entry(serialOf(certificate), ...extensions);
/** The good CRL of the root, so that only the CA's is in question. */
const rootCrl = issueCrl(root);

interface Options extends Partial<Omit<RevocationInput, 'path' | 'crls'>> {
  readonly signers?: readonly Issued[];
  readonly offered?: readonly Issued[];
  readonly anchors?: readonly Issued[];
}

const inputOf = (
  path: readonly Issued[],
  crls: readonly Buffer[],
  { signers = [], offered = [], anchors = [], ...rest }: Options = {},
): RevocationInput => ({
  path: path.map(({ der }) => parseCertificate(der)),
  crls: new CrlSet({
    crls,
    signers: signers.map(({ der }) => parseCertificate(der)),
    offered: offered.map(({ der }) => parseCertificate(der)),
    anchors: anchors.map(({ der }) => parseCertificate(der)),
  }),
  rules: STIR_RULES,
  at: AT,
  mode: 'required',
  ...rest,
});

const judge = (path: readonly Issued[], crls: readonly Buffer[], options: Options = {}): string => {
  const input = inputOf(path, crls, options);
  const outcome = outcomeOf(() => judgeRevocation(input));
  if (input.mode !== 'off') expectSameListings(input, outcome);
  return outcome;
};
/** Asked for certificates that are no longer at hand, the same CRLs must list the same. */
const expectSameListings = ({ path, at, ...input }: RevocationInput, outcome: string): void => {
  const [endEntity, ...authorities] = path;
  const listings = new Listings({ ...input, authorities, points: endEntity?.crlDistributionPoints ?? null, at });
  const isListed = listings.find(endEntity?.serial ?? new Uint8Array()).length > 0;
  const listed = { endEntity: isListed, authorities: listings.ofAuthorities.length > 0 };
  if (outcome === 'accepted') expect(listed).toEqual({ endEntity: false, authorities: false });
  if (outcome === 'cert-revoked@0') expect(listed.endEntity).toBe(true);
  if (/^cert-revoked@[1-9]/.test(outcome)) expect(listed.authorities).toBe(true);
};
/** leaf under ca under root, with the root's CRL and these. */
const judgeLeaf = (crls: readonly Buffer[], options: Options = {}): string => judge([leaf, ca, root], [rootCrl, ...crls], options);
const withPoint = (...points: Parameters<typeof distributionPoints>): Issued =>
  issueEndEntity({ issuer: ca, subject: 'leaf', extensions: { points: distributionPoints(...points) } });
const judgeNamed = (certificate: Issued, crls: readonly Buffer[], options: Options = {}): string =>
  judge([certificate, ca, root], [rootCrl, ...crls], options);

describe('a direct CRL', () => {
  test('that does not list the certificate makes it good, and says which CRL did', () => {
    const crl = issueCrl(ca, [], { number: 7n });
    const evidence = judgeRevocation(inputOf([leaf, ca, root], [rootCrl, crl]));
    expect(evidence.certificates.map(({ position, status }) => [position, status])).toEqual([
      [0, 'good'],
      [1, 'good'],
    ]);
    expect(evidence.certificates[0]?.crls).toEqual([
      { digest: parseCrl(crl).digest, number: '7', thisUpdate: (AT - DAY) / 1000, nextUpdate: (AT + DAY) / 1000 },
    ]);
    expect(evidence.until).toBe((AT + DAY) / 1000);
  });

  test('that lists the end-entity, or a CA, refuses at that position', () => {
    expect(judgeLeaf([issueCrl(ca, [revoked(leaf)])])).toBe('cert-revoked@0');
    expect(judge([leaf, ca, root], [issueCrl(root, [revoked(ca)]), issueCrl(ca)])).toBe('cert-revoked@1');
  });

  test('that lists another serial number, or the same of another issuer, refuses nothing', () => {
    expect(judgeLeaf([issueCrl(ca, [entry(Buffer.from('0101', 'hex'))])])).toBe('accepted');
    expect(judge([leaf, ca, root], [issueCrl(root, [revoked(leaf)]), issueCrl(ca)])).toBe('accepted');
  });

  test('tells reason and invalidity date', () => {
    const crl = issueCrl(ca, [revoked(leaf, reasonCode(1), invalidityDate(AT - 3 * DAY))]);
    expect(readRevocation(inputOf([leaf, ca, root], [rootCrl, crl]))).toEqual({
      reason: 'cert-revoked',
      position: 0,
      revocation: { revokedAt: (AT - DAY) / 1000, reason: 'keyCompromise', invalidityDate: (AT - 3 * DAY) / 1000 },
    });
  });

  test('that holds a certificate refuses it, and one that takes it off again does not', () => {
    expect(judgeLeaf([issueCrl(ca, [revoked(leaf, reasonCode(6))])])).toBe('cert-revoked@0');
    expect(judgeLeaf([issueCrl(ca, [revoked(leaf, reasonCode(8))])])).toBe('accepted');
  });

  test.each<[string, Partial<CrlParts>]>([
    ['run out', { thisUpdate: AT - 2 * DAY, nextUpdate: AT }],
    ['not yet in force', { thisUpdate: AT + 1000 }],
    ['without nextUpdate', { nextUpdate: null }],
    ['without cRLNumber', { number: null }],
    ['with a critical cRLNumber', { number: null, extensions: [crlNumber(1n, true)] }],
    ['with a critical extension that nobody knows', { extensions: [raw.extension('1.2.3.4', Buffer.of(5, 0), true)] }],
    [
      'with another signature',
      { signature: (signature) => Buffer.concat([signature.subarray(0, -1), Buffer.of((signature.at(-1) ?? 0) ^ 1)]) },
    ],
    ['of another name', { issuer: commonName('other') }],
    ['that names another authority key', { authority: raw.authorityKeyId(Buffer.alloc(20)) }],
    ['for attribute certificates', { extensions: [scope({ only: 'attribute' })] }],
    ['for CA certificates', { extensions: [scope({ only: 'ca' })] }],
    ['of a distribution point', { extensions: [scope({ name: url(PLACE) })] }],
  ])('%s decides nothing', (_, parts) => {
    expect(judgeLeaf([issueCrl(ca, [], parts)])).toMatch(/^(status-unavailable|no-status-source)@0$/);
    expect(judgeLeaf([issueCrl(ca)])).toBe('accepted');
  });

  test('counts from thisUpdate on, and no longer at nextUpdate', () => {
    const crl = issueCrl(ca);
    const wide = issueCrl(root, [], { thisUpdate: AT - 3 * DAY, nextUpdate: AT + 3 * DAY });
    const at = (ms: number): string => judge([leaf, ca, root], [wide, crl], { at: ms });
    expect(at(AT - DAY)).toBe('accepted');
    expect(at(AT - DAY - 1)).toBe('status-unavailable@0');
    expect(at(AT + DAY - 1)).toBe('accepted');
    expect(at(AT + DAY)).toBe('status-unavailable@0');
  });

  test('with a critical entry extension that nobody knows decides nothing, and with a non-critical one it does', () => {
    const odd = (critical: boolean): Buffer => entry(Buffer.of(1), raw.extension('1.2.3.4', Buffer.of(5, 0), critical));
    expect(judgeLeaf([issueCrl(ca, [odd(true)])])).toBe('status-unavailable@0');
    expect(judgeLeaf([issueCrl(ca, [odd(false)])])).toBe('accepted');
  });

  test('for user certificates serves an end-entity, and for CA certificates a CA', () => {
    expect(judgeLeaf([issueCrl(ca, [], { extensions: [scope({ only: 'user' })] })])).toBe('accepted');
    expect(judge([leaf, ca, root], [issueCrl(root, [], { extensions: [scope({ only: 'ca' })] }), issueCrl(ca)])).toBe('accepted');
    expect(judge([leaf, ca, root], [issueCrl(root, [], { extensions: [scope({ only: 'user' })] }), issueCrl(ca)])).toBe(
      'status-unavailable@1',
    );
  });

  test('of an issuer without cRLSign decides nothing', () => {
    const mute = issueCa({ issuer: root, subject: 'mute', extensions: { keyUsage: keyUsage([5]) } });
    const below = issueEndEntity({ issuer: mute, subject: 'leaf' });
    expect(judge([below, mute, root], [rootCrl, issueCrl(mute)])).toBe('status-unavailable@0');
  });

  test('that is malformed is told as such where nothing else decides, and ignored beside a good one', () => {
    expect(judgeLeaf([Buffer.from('3000', 'hex')])).toBe('malformed-crl@0');
    expect(judgeLeaf([Buffer.from('3000', 'hex'), issueCrl(ca)])).toBe('accepted');
  });
});

describe('several CRLs of one scope', () => {
  const crl = (number: bigint, thisUpdate: number, entries: readonly Buffer[] = [], nextUpdate = AT + DAY): Buffer =>
    issueCrl(ca, entries, { number, thisUpdate, nextUpdate });

  test('are decided by the highest number', () => {
    expect(judgeLeaf([crl(1n, AT - 2 * DAY, [revoked(leaf)]), crl(2n, AT - DAY)])).toBe('accepted');
    expect(judgeLeaf([crl(2n, AT - DAY, [revoked(leaf)]), crl(1n, AT - 2 * DAY)])).toBe('cert-revoked@0');
  });

  test('compare numbers as numbers of any length', () => {
    expect(judgeLeaf([crl(256n, AT - DAY, [revoked(leaf)]), crl(255n, AT - 2 * DAY)])).toBe('cert-revoked@0');
    expect(judgeLeaf([crl(2n ** 100n, AT - DAY, [revoked(leaf)]), crl(2n ** 99n, AT - 2 * DAY)])).toBe('cert-revoked@0');
  });

  test('decide nothing when a lower number was issued later', () => {
    expect(judgeLeaf([crl(2n, AT - 2 * DAY), crl(1n, AT - DAY)])).toBe('status-unavailable@0');
    expect(judgeLeaf([crl(2n, AT - DAY), crl(1n, AT - DAY)])).toBe('accepted');
  });

  test('of one number refuse what either lists', () => {
    expect(judgeLeaf([crl(1n, AT - DAY), crl(1n, AT - DAY, [revoked(leaf)])])).toBe('cert-revoked@0');
  });

  test('ignore those that have run out beside a good one', () => {
    expect(judgeLeaf([crl(1n, AT - 3 * DAY, [revoked(leaf)], AT - 2 * DAY), crl(2n, AT - DAY)])).toBe('accepted');
  });

  test('are not decided by one that somebody else signed', () => {
    const stranger = issueCa({ issuer: null, subject: 'ca' });
    expect(judgeLeaf([crl(1n, AT - DAY, [revoked(leaf)]), issueCrl(stranger, [], { number: 9n })])).toBe('cert-revoked@0');
  });

  test('hold until the next one begins to count', () => {
    const later = issueCrl(ca, [], { number: 2n, thisUpdate: AT + 1000 });
    expect(judgeRevocation(inputOf([leaf, ca, root], [rootCrl, issueCrl(ca), later])).until).toBe(AT / 1000 + 1);
  });
});

describe('a delta CRL', () => {
  const delta = (entries: readonly Buffer[], number = 2n, base = 1n, parts: Partial<CrlParts> = {}): Buffer =>
    issueCrl(ca, entries, { number, extensions: [raw.extension('2.5.29.27', encodeInteger(base), true)], ...parts });
  const held = revoked(leaf, reasonCode(6));
  const lifted = revoked(leaf, reasonCode(8));

  test('alone makes nobody good', () => expect(judgeLeaf([delta([])])).toBe('status-unavailable@0'));
  test('beside its base refuses what it lists, until a complete CRL is as new', () => {
    expect(judgeLeaf([issueCrl(ca), delta([])])).toBe('accepted');
    expect(judgeLeaf([issueCrl(ca), delta([revoked(leaf)])])).toBe('cert-revoked@0');
    expect(judgeLeaf([issueCrl(ca, [], { number: 2n }), delta([revoked(leaf)])])).toBe('accepted');
  });
  test('lifts a hold that its base has, and nothing else', () => {
    expect(judgeLeaf([issueCrl(ca, [held]), delta([])])).toBe('cert-revoked@0');
    expect(judgeLeaf([issueCrl(ca, [held]), delta([lifted])])).toBe('accepted');
    expect(judgeLeaf([issueCrl(ca, [revoked(leaf, reasonCode(1))]), delta([lifted])])).toBe('cert-revoked@0');
    expect(judgeLeaf([issueCrl(ca, [revoked(leaf)]), delta([lifted])])).toBe('cert-revoked@0');
  });
  test("lifts nothing when it is older than the complete CRL, began after it, is another signer's, or has run out", () => {
    expect(judgeLeaf([issueCrl(ca, [held], { number: 2n }), delta([lifted])])).toBe('cert-revoked@0');
    expect(judgeLeaf([issueCrl(ca, [held], { number: 2n }), delta([lifted], 3n, 3n)])).toBe('cert-revoked@0');
    expect(judgeLeaf([issueCrl(ca, [held], { number: 2n }), delta([lifted], 3n, 2n)])).toBe('accepted');
    expect(judgeLeaf([issueCrl(ca, [held]), delta([lifted], 2n, 1n, { authority: null })])).toBe('cert-revoked@0');
    expect(judgeLeaf([issueCrl(ca, [held]), delta([lifted], 2n, 1n, { nextUpdate: AT })])).toBe('cert-revoked@0');
  });
  test('that is not the newest lifts nothing that the newest holds again', () => {
    expect(judgeLeaf([issueCrl(ca, [held]), delta([lifted]), delta([held], 3n)])).toBe('cert-revoked@0');
    expect(judgeLeaf([issueCrl(ca, [held]), delta([held]), delta([lifted], 3n)])).toBe('accepted');
  });
  test('bounds what rests on it', () => {
    const soon = delta([lifted], 2n, 1n, { nextUpdate: AT + 1000 });
    expect(judgeRevocation(inputOf([leaf, ca, root], [rootCrl, issueCrl(ca, [held]), soon])).until).toBe(AT / 1000 + 1);
  });
});

describe('a CRL that lists a certificate twice', () => {
  const twice = issueCrl(ca, [entry(Buffer.from([0x51])), entry(Buffer.from([0x51]), reasonCode(8))]);
  const once = issueCrl(ca, [entry(Buffer.from([0x51])), entry(Buffer.from([0x52]), reasonCode(8))]);

  test('decides nothing by rfc5280, and all the same under the trust profiles', () => {
    expect(judgeLeaf([twice], { rules: RFC5280_RULES })).toBe('status-unavailable@0');
    expect(judgeLeaf([once], { rules: RFC5280_RULES })).toBe('accepted');
    expect(judgeLeaf([twice])).toBe('accepted');
  });
});

describe('the mode', () => {
  const short = issueEndEntity({
    issuer: ca,
    subject: 'leaf',
    shape: { notBefore: new Date(AT - DAY / 2), notAfter: new Date(AT + DAY / 2) },
  });
  const named = withPoint({ name: url(PLACE) });
  const spared = { shortLivedSeconds: 86_400 };

  test('off reads nothing', () => {
    expect(judgeLeaf([issueCrl(ca, [revoked(leaf)])], { mode: 'off' })).toBe('accepted');
  });

  test('when-named asks for those that name a point, and still refuses what a CRL at hand lists', () => {
    expect(judge([leaf, ca, root], [], { mode: 'when-named' })).toBe('accepted');
    expect(judge([named, ca, root], [], { mode: 'when-named' })).toBe('status-unavailable@0');
    expect(judge([named, ca, root], [issueCrl(ca)], { mode: 'when-named' })).toBe('accepted');
    expect(judgeLeaf([issueCrl(ca, [revoked(leaf)])], { mode: 'when-named' })).toBe('cert-revoked@0');
  });

  test('required tells no source from no status', () => {
    expect(judgeLeaf([])).toBe('no-status-source@0');
    expect(judge([named, ca, root], [rootCrl])).toBe('status-unavailable@0');
    expect(judge([leaf, ca, root], [issueCrl(ca)])).toBe('no-status-source@1');
    expect(judgeLeaf([issueCrl(ca, [], { nextUpdate: AT - 1000 })])).toBe('status-unavailable@0');
  });

  test('required spares a short-lived end-entity without a point, but not what a complete CRL lists', () => {
    expect(judge([short, ca, root], [rootCrl], spared)).toBe('accepted');
    expect(judge([short, ca, root], [rootCrl])).toBe('no-status-source@0');
    expect(judge([short, ca, root], [rootCrl, issueCrl(ca, [revoked(short)])], spared)).toBe('cert-revoked@0');
    expect(judge([leaf, ca, root], [rootCrl], spared)).toBe('no-status-source@0');
    expect(judge([short, ca, root], [], spared)).toBe('no-status-source@1');
  });

  test('leaves the anchor alone', () => {
    expect(judge([root], [])).toBe('accepted');
    expect(judge([ca, root], [issueCrl(root, [revoked(root)])])).toBe('accepted');
  });
});

describe('a distribution point', () => {
  const named = withPoint({ name: url(PLACE) });

  test('is served by a CRL of its name, or of no name', () => {
    expect(judgeNamed(named, [issueCrl(ca, [], { extensions: [scope({ name: url(PLACE) })] })])).toBe('accepted');
    expect(judgeNamed(named, [issueCrl(ca)])).toBe('accepted');
    expect(judgeNamed(named, [issueCrl(ca, [revoked(named)], { extensions: [scope({ name: url(PLACE) })] })])).toBe('cert-revoked@0');
  });

  test('is not served by a CRL of another name, but for the case of scheme and host', () => {
    const at = (place: string): string => judgeNamed(named, [issueCrl(ca, [], { extensions: [scope({ name: url(place) })] })]);
    expect(at('http://crl.example/b.crl')).toBe('status-unavailable@0');
    expect(at('http://crl.example/A.crl')).toBe('status-unavailable@0');
    expect(at('HTTP://CRL.example/a.crl')).toBe('accepted');
  });

  test('matches when one of several names does', () => {
    const several = fullName(raw.uri('http://x.example/'), raw.uri(PLACE));
    expect(judgeNamed(named, [issueCrl(ca, [], { extensions: [scope({ name: several })] })])).toBe('accepted');
  });

  test('may be named relative to the CRL issuer, on either side', () => {
    const attribute = encodeSequence(encodeOid('2.5.4.3'), encodeUtf8('crl1'));
    const whole = raw.nameOf(raw.rdn('2.5.4.3', encodeUtf8('ca')), raw.rdn('2.5.4.3', encodeUtf8('crl1')));
    const relative = relativeName(attribute);
    const absolute = fullName(raw.directory(whole));
    for (const [point, crl] of [
      [relative, relative],
      [relative, absolute],
      [absolute, relative],
    ] as const) {
      expect(judgeNamed(withPoint({ name: point }), [issueCrl(ca, [], { extensions: [scope({ name: crl })] })])).toBe('accepted');
    }
    const other = relativeName(encodeSequence(encodeOid('2.5.4.3'), encodeUtf8('crl2')));
    expect(judgeNamed(withPoint({ name: relative }), [issueCrl(ca, [], { extensions: [scope({ name: other })] })])).toBe(
      'status-unavailable@0',
    );
  });

  test('is good only once CRLs for all reasons were read', () => {
    const some = [1, 2, 3];
    const rest = [4, 5, 6, 7, 8];
    const part = (reasons: readonly number[], entries: readonly Buffer[] = []): Buffer =>
      issueCrl(ca, entries, { extensions: [scope({ reasons })] });
    expect(judgeNamed(named, [part(some)])).toBe('status-unavailable@0');
    expect(judgeNamed(named, [part(some), part(rest)])).toBe('accepted');
    expect(judgeNamed(named, [part(some), part(rest, [revoked(named)])])).toBe('cert-revoked@0');
    const halves = withPoint({ name: url(PLACE), reasons: some }, { name: url(`${PLACE}2`), reasons: rest });
    expect(judgeNamed(halves, [issueCrl(ca)])).toBe('accepted');
    expect(judgeNamed(withPoint({ name: url(PLACE), reasons: some }), [issueCrl(ca)])).toBe('status-unavailable@0');
  });
});

describe('an indirect CRL', () => {
  const pa = issueCa({ issuer: null, subject: 'PA root' });
  const signer = issueEndEntity({ issuer: pa, subject: 'PA CRL', extensions: { keyUsage: keyUsage([6]) } });
  const named = withPoint({ name: url(PLACE), crlIssuer: signer.name });
  const silent = withPoint({ name: url(PLACE) });
  const indirect = (entries: readonly Buffer[] = [], parts: Partial<CrlParts> = {}): Buffer =>
    issueCrl(signer, entries, { extensions: [scope({ name: url(PLACE), indirect: true })], ...parts });
  const of = (issuer: Issued): Buffer => certificateIssuer(issuer.name);
  const under = { signers: [signer], anchors: [pa] };

  test('of the issuer that the point names, signed under an anchor for CRLs, decides', () => {
    expect(judgeNamed(named, [indirect()], under)).toBe('accepted');
    expect(judgeNamed(named, [indirect([revoked(named, of(ca))])], under)).toBe('cert-revoked@0');
  });

  test('lists under its own name until it names an issuer, and then under that one', () => {
    expect(judgeNamed(named, [indirect([revoked(named)])], under)).toBe('accepted');
    expect(judgeNamed(named, [indirect([revoked(named, of(root))])], under)).toBe('accepted');
    // RFC 5280 section 5.3.3: the second entry has no extension and belongs to the issuer of the first.
    expect(judgeNamed(named, [indirect([entry(Buffer.of(1), of(ca)), revoked(named)])], under)).toBe('cert-revoked@0');
    expect(judgeNamed(named, [indirect([entry(Buffer.of(1), of(ca)), entry(Buffer.of(2), of(root)), revoked(named)])], under)).toBe(
      'accepted',
    );
  });

  test('needs the indirect flag, the name of the point and the name of its issuer', () => {
    expect(judgeNamed(named, [indirect([], { extensions: [scope({ name: url(PLACE) })] })], under)).toBe('status-unavailable@0');
    expect(judgeNamed(named, [indirect([], { extensions: [scope({ name: url('http://crl.example/b'), indirect: true })] })], under)).toBe(
      'status-unavailable@0',
    );
    expect(judgeNamed(withPoint({ name: url(PLACE), crlIssuer: commonName('other') }), [indirect()], under)).toBe('status-unavailable@0');
    // OpenSSL lets the certificate's issuer serve here; RFC 5280 section 6.3.3 (b) (1) does not.
    expect(judgeNamed(named, [issueCrl(ca)], under)).toBe('status-unavailable@0');
  });

  test('of an entry that names an issuer though the CRL is not indirect decides nothing', () => {
    expect(judgeLeaf([issueCrl(ca, [entry(Buffer.of(1), of(root))])])).toBe('status-unavailable@0');
  });

  test('needs a signer with cRLSign that is valid and stands under the path or an anchor for CRLs', () => {
    const elsewhere = issueCa({ issuer: null, subject: 'PA root' });
    expect(judgeNamed(named, [indirect()], { signers: [signer] })).toBe('status-unavailable@0');
    expect(judgeNamed(named, [indirect()], { anchors: [pa] })).toBe('status-unavailable@0');
    expect(judgeNamed(named, [indirect()], { signers: [signer], anchors: [elsewhere] })).toBe('status-unavailable@0');
    const mute = issueEndEntity({ issuer: pa, subject: 'PA CRL', key: signer.key });
    expect(judgeNamed(named, [indirect()], { signers: [mute], anchors: [pa] })).toBe('status-unavailable@0');
    const old = issueEndEntity({
      issuer: pa,
      subject: 'PA CRL',
      key: signer.key,
      extensions: { keyUsage: keyUsage([6]) },
      shape: { notAfter: new Date(AT - DAY) },
    });
    expect(judgeNamed(named, [indirect()], { signers: [old], anchors: [pa] })).toBe('status-unavailable@0');
    const ours = issueEndEntity({ issuer: root, subject: 'PA CRL', key: signer.key, extensions: { keyUsage: keyUsage([6]) } });
    expect(judgeNamed(named, [indirect()], { signers: [ours] })).toBe('accepted');
  });

  test('may be signed by the anchor for CRLs itself, or by the anchor of the path', () => {
    const byRoot = withPoint({ name: url(PLACE), crlIssuer: root.name });
    const crl = (by: Issued): Buffer => issueCrl(by, [], { extensions: [scope({ name: url(PLACE), indirect: true })] });
    expect(judge([byRoot, ca, root], [rootCrl, crl(root)])).toBe('accepted');
    expect(judgeNamed(withPoint({ name: url(PLACE), crlIssuer: pa.name }), [crl(pa)], { anchors: [pa] })).toBe('accepted');
  });

  test('of a signer that a CRL at hand revokes decides nothing, and without a CRL about the signer it does', () => {
    expect(judgeNamed(named, [indirect(), issueCrl(pa)], under)).toBe('accepted');
    expect(judgeNamed(named, [indirect(), issueCrl(pa, [revoked(signer)])], under)).toBe('status-unavailable@0');
    expect(judgeNamed(named, [indirect([entry(serialOf(signer), of(pa))])], under)).toBe('status-unavailable@0');
  });

  test('serves a point that names no issuer only by option, and only under an anchor for CRLs', () => {
    expect(judgeNamed(silent, [indirect()], under)).toBe('status-unavailable@0');
    const field = { ...under, crlAnchorsServePoints: true };
    expect(judgeNamed(silent, [indirect()], field)).toBe('accepted');
    expect(judgeNamed(silent, [indirect([revoked(silent, of(ca))])], field)).toBe('cert-revoked@0');
    const ours = issueEndEntity({ issuer: root, subject: 'PA CRL', key: signer.key, extensions: { keyUsage: keyUsage([6]) } });
    expect(judgeNamed(silent, [indirect()], { signers: [ours], crlAnchorsServePoints: true })).toBe('status-unavailable@0');
  });

  test('of a signer on a longer way up is judged through the CAs between', () => {
    const middle = issueCa({ issuer: pa, subject: 'PA CA' });
    const deep = issueEndEntity({ issuer: middle, subject: 'PA CRL', key: signer.key, extensions: { keyUsage: keyUsage([6]) } });
    expect(judgeNamed(named, [indirect()], { signers: [deep, middle], anchors: [pa] })).toBe('accepted');
    expect(judgeNamed(named, [indirect()], { signers: [deep], anchors: [pa] })).toBe('status-unavailable@0');
  });
});

describe('a separate key for CRLs', () => {
  test('is found by name and key identifier among the signers handed in', () => {
    const key = issueEndEntity({ issuer: root, subject: 'ca', extensions: { keyUsage: keyUsage([6]) } });
    expect(judgeLeaf([issueCrl(key)], { signers: [key] })).toBe('accepted');
    expect(judgeLeaf([issueCrl(key)])).toBe('status-unavailable@0');
    expect(judge([leaf, ca, root], [issueCrl(root, [revoked(key)]), issueCrl(key)], { signers: [key] })).toBe('status-unavailable@0');
  });
});

describe('a CA that makes itself a signer of another CA’s name', () => {
  const lists = issueCrl(ca, [revoked(leaf)], { number: 5n });

  test('does not outdo the CRL of that CA, though its own CRL was fetched', () => {
    const other = issueCa({ issuer: root, subject: 'other' });
    const namesake = issueCa({ issuer: other, subject: 'ca' });
    const offered = [namesake, other];
    const crl = issueCrl(namesake, [], { number: 999n });
    expect(judgeLeaf([lists, crl], { offered })).toBe('cert-revoked@0');
    expect(judgeLeaf([issueCrl(ca), issueCrl(namesake, [revoked(leaf)], { number: 999n })], { offered })).toBe('accepted');
    expect(judgeLeaf([crl], { offered })).toBe('status-unavailable@0');
    // Whoever is above the CA may give it another key, itself too; and the operator may name anybody.
    const [second, renewed] = [issueCa({ issuer: root, subject: 'ca' }), issueCa({ issuer: ca, subject: 'ca' })];
    expect(judgeLeaf([issueCrl(second)], { offered: [second] })).toBe('accepted');
    expect(judgeLeaf([issueCrl(renewed)], { offered: [renewed] })).toBe('accepted');
    expect(judgeLeaf([crl], { signers: [other], offered })).toBe('accepted');
  });

  test('does not take back its own revocation', () => {
    const below = issueCa({ issuer: ca, subject: 'below' });
    const path = [issueEndEntity({ issuer: below, subject: 'under' }), below, ca, root];
    const namesake = issueCa({ issuer: below, subject: 'ca' });
    const crls = [rootCrl, issueCrl(below), issueCrl(namesake, [], { number: 999n })];
    for (const handed of [{ signers: [namesake] }, { offered: [namesake] }, { offered: [namesake, below] }]) {
      expect(judge(path, [...crls, issueCrl(ca, [revoked(below)], { number: 5n })], handed)).toBe('cert-revoked@1');
      expect(judge(path, [...crls, issueCrl(ca, [], { number: 5n })], handed)).toBe('accepted');
    }
  });
});

describe('parseCrl', () => {
  const good = issueCrl(ca, [revoked(leaf, reasonCode(1))]);
  const parse = (der: unknown): string => outcomeOf(() => parseCrl(der)).split('@')[0] ?? '';

  test.each<[string, Buffer]>([
    ['no CRL', Buffer.from('3000', 'hex')],
    ['octets behind', Buffer.concat([good, Buffer.of(0)])],
    ['a version that is not 2', issueCrl(ca, [], { version: encodeInteger(0n) })],
    ['no version', issueCrl(ca, [], { version: Buffer.alloc(0) })],
    ['an extension twice', issueCrl(ca, [], { extensions: [crlNumber(2n)] })],
    ['an empty issuingDistributionPoint', issueCrl(ca, [], { extensions: [raw.extension('2.5.29.28', encodeSequence(), true)] })],
    ['a negative cRLNumber', issueCrl(ca, [], { number: -1n })],
    ['an entry without date', issueCrl(ca, [encodeSequence(encodeInteger(5n))])],
    ['an entry with a date that is text', issueCrl(ca, [encodeSequence(encodeInteger(5n), encodeTlv(0x17, Buffer.from('26010100000xZ')))])],
    ['an entry with a serial number that is not minimal', issueCrl(ca, [encodeSequence(Buffer.from('02020001', 'hex'), utcTime(AT))])],
    ['an entry with an unknown reason', issueCrl(ca, [entry(Buffer.of(1), reasonCode(7))])],
    ['an entry with a reason twice', issueCrl(ca, [entry(Buffer.of(1), reasonCode(1), reasonCode(1))])],
    [
      'an issuer that is no directory name',
      issueCrl(ca, [entry(Buffer.of(1), raw.extension('2.5.29.29', encodeSequence(raw.dns('x')), true))]),
    ],
  ])('refuses %s', (_, der) => {
    expect(parse(der)).toBe('malformed-crl');
    expect(parse(good)).toBe('accepted');
  });

  test('refuses what is no octets', () => {
    for (const value of [null, undefined, '', 5, {}, []]) expect(parse(value)).toBe('malformed-crl');
  });

  test('refuses to tell of an entry whose date is not in the calendar', () => {
    const odd = encodeSequence(encodeTlv(2, serialOf(leaf)), encodeTlv(0x17, Buffer.from('269901000000Z')));
    expect(judgeLeaf([issueCrl(ca, [odd])])).toBe('malformed-crl@0');
  });

  test('reads what pkijs writes', () => {
    const issuer = pkijs.RelativeDistinguishedNames.fromBER(Uint8Array.from(ca.name).buffer);
    const list = new pkijs.CertificateRevocationList({
      version: 1,
      signature: new pkijs.AlgorithmIdentifier({ algorithmId: '1.2.840.10045.4.3.2' }),
      issuer,
      thisUpdate: new pkijs.Time({ type: pkijs.TimeType.UTCTime, value: new Date(AT - DAY) }),
      nextUpdate: new pkijs.Time({ type: pkijs.TimeType.UTCTime, value: new Date(AT + DAY) }),
      revokedCertificates: [
        new pkijs.RevokedCertificate({
          userCertificate: new Integer({ valueHex: Uint8Array.from(serialOf(leaf)).buffer }),
          revocationDate: new pkijs.Time({ type: pkijs.TimeType.UTCTime, value: new Date(AT - DAY) }),
        }),
      ],
    });
    list.signatureAlgorithm = list.signature;
    list.signatureValue.valueBlock.valueHexView = Uint8Array.of(1);
    const crl = parseCrl(new Uint8Array(list.toSchema(true).toBER(false)));
    expect(crl.issuer.equals(parseCertificate(ca.der).subject)).toBe(true);
    expect([crl.thisUpdate, crl.nextUpdate, crl.entryCount]).toEqual([(AT - DAY) / 1000, (AT + DAY) / 1000, 1]);
    expect(crl.find(crl.issuer, serialOf(leaf))).toEqual({ revokedAt: (AT - DAY) / 1000, reason: null, invalidityDate: null });
  });

  test('reads a CRL of 100,000 entries, in time that grows with its size alone', () => {
    const many = (count: number): Buffer => {
      const one = entry(Buffer.alloc(8, 0x11), reasonCode(4));
      const entries = Buffer.concat(Array.from({ length: count }, () => one));
      // The serial number's content stands behind two headers.
      for (let i = 0; i < count; i += 1) entries.writeUInt32BE(i, i * one.length + 8);
      return issueCrl(ca, [entries]);
    };
    const spent = (der: Buffer): number => {
      const before = process.cpuUsage();
      expect(parseCrl(der).entryCount).toBeGreaterThan(0);
      return process.cpuUsage(before).user;
    };
    const [small, large] = [many(12_500), many(100_000)];
    spent(small);
    // Eight times the entries; sixty-four times the work would be quadratic.
    expect(spent(large)).toBeLessThan(30 * Math.max(spent(small), 10_000));
    const serial = Buffer.alloc(8, 0x11);
    serial.writeUInt32BE(99_999, 4);
    expect(parseCrl(large).find(parseCertificate(ca.der).subject, serial)?.reason).toBe('superseded');
  });

  test('throws nothing but refusals, however a CRL is mutated', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
        (changes) => {
          const der = Buffer.from(good);
          for (const [at, octet] of changes) der[at] = octet;
          try {
            const crl = parseCrl(der);
            crl.find(crl.issuer, serialOf(leaf));
          } catch (error) {
            expect(error).toBeInstanceOf(Refusal);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('never takes a mutated CRL for one that its issuer signed', () => {
    const subject = inputOf([leaf, ca, root], [rootCrl, issueCrl(ca)]);
    expect(outcomeOf(() => judgeRevocation(subject))).toBe('accepted');
    const whole = issueCrl(ca);
    for (let at = 0; at < whole.length; at += 3) {
      const der = Buffer.from(whole);
      der[at] = (der[at] as number) ^ 0x01;
      expect(judgeLeaf([der])).not.toBe('accepted');
    }
  });
});

describe('hostile heaps of CRLs and signers', () => {
  test('are given up on within the budget, as unavailable', () => {
    const strangers = Array.from({ length: 40 }, () =>
      issueEndEntity({ issuer: root, subject: 'ca', extensions: { keyUsage: keyUsage([6]) } }),
    );
    const crls = Array.from({ length: 40 }, (_, i) =>
      issueCrl(ca, [], { number: BigInt(i), authority: null, signature: () => Buffer.from('3006020101020101', 'hex') }),
    );
    const before = process.cpuUsage();
    expect(judgeLeaf(crls, { signers: strangers, rules: RFC5280_RULES })).toBe('status-unavailable@0');
    expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
  });
});

describe('OpenSSL', () => {
  const works = (): boolean => {
    try {
      execFileSync('openssl', ['version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  if (!works()) {
    // oxlint-disable-next-line no-console
    console.warn('left out: no openssl to compare with');
    test('is not at hand, and says so', () => expect(works()).toBe(false));
    return;
  }

  test.each([
    ['good', issueCrl(ca), 'accepted'],
    ['revoked', issueCrl(ca, [revoked(leaf)]), 'cert-revoked@0'],
    ['of another CA', issueCrl(issueCa({ issuer: root, subject: 'ca' })), 'status-unavailable@0'],
    ['run out', issueCrl(ca, [], { thisUpdate: AT - 3 * DAY, nextUpdate: AT - DAY }), 'status-unavailable@0'],
  ])('agrees on a CRL that is %s', (_, crl, expected) => {
    const folder = mkdtempSync(join(tmpdir(), 'signpost-crl-'));
    try {
      const pem = (label: string, der: Buffer): string =>
        `-----BEGIN ${label}-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`;
      writeFileSync(join(folder, 'all.pem'), [pem('CERTIFICATE', root.der), pem('X509 CRL', rootCrl), pem('X509 CRL', crl)].join(''));
      writeFileSync(join(folder, 'ca.pem'), pem('CERTIFICATE', ca.der));
      writeFileSync(join(folder, 'leaf.pem'), pem('CERTIFICATE', leaf.der));
      const args = ['verify', '-crl_check_all', '-attime', String(AT / 1000), '-CAfile', 'all.pem', '-untrusted', 'ca.pem', 'leaf.pem'];
      let accepted = true;
      try {
        execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
      } catch {
        accepted = false;
      }
      expect(judgeLeaf([crl])).toBe(expected);
      expect(accepted).toBe(expected === 'accepted');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

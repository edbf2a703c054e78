import {
  contextConstructed,
  contextPrimitive,
  encodeInteger,
  encodeOid,
  encodeSequence,
  encodeTlv,
  encodeUtf8,
} from '../../../src/encoding/index.js';
import {
  OID,
  authorityKeyIdentifier,
  basicConstraints,
  certificatePolicies,
  crlDistributionPoint,
  extendedKeyUsage,
  keyUsage,
  newKeyPair,
  permittedMailboxes,
  subjectAltName,
  subjectName,
  tnAuthList,
  type Extension,
} from '../../../src/issuance/index.js';
import type { OffProfile } from '../../../src/reasons/index.js';
import { MAIL_DOMAIN, PROVIDER, SPC, delegate, mailProvider, mailbox, numberingAuthority } from './fitting.js';
import { added, authority, endEntity, keyFor, replaced, without, type Link } from './link.js';
import { changed, once, sceneOf, type Scene } from './scene.js';
import { NULL, PLACE, algorithm, signAs, withMember } from './surgery.js';

/** One row of the table of findings: a path that shows it and is accepted, and its twin, which does not show it. */
export interface OffProfileCase {
  readonly code: OffProfile;
  readonly name: string;
  readonly show: () => Scene;
  readonly twin: () => Scene;
  /** What a PASSporT comes to that is right in all else. */
  readonly outcome: string;
  /** The SPC of the path. */
  readonly spc: string;
}

const URL_OF_STI_PA = 'https://sti-pa.example/crl';
const STI_PA = subjectName({ country: 'US', organization: 'STI-PA', commonName: 'STI-PA CRL' });
const point = crlDistributionPoint({ url: URL_OF_STI_PA, crlIssuer: STI_PA });
const certSign = keyUsage('keyCertSign');

/** To the letter of ATIS-1000080 v005: nothing is off about it. */
export const strict = once(() =>
  sceneOf(
    'shaken',
    replaced(authority('SHAKEN ROOT'), certSign),
    replaced(authority('SHAKEN CA 1', certificatePolicies(OID.shakenPolicy), point), certSign),
    endEntity(`SHAKEN ${SPC}`, tnAuthList([{ spc: SPC }]), certificatePolicies(OID.shakenPolicy), point),
  ),
);

type Change = (link: Link) => Link;
const ROOT = 0;
const CA = 1;
const OWN = -1;

const caseOf = (
  code: OffProfile,
  name: string,
  base: () => Scene,
  place: number,
  change: Change,
  twin: Change = (link) => link,
): OffProfileCase => ({
  code,
  name,
  show: () => changed(base(), place, change),
  twin: () => changed(base(), place, twin),
  outcome: 'accepted',
  spc: SPC,
});
const off = (code: OffProfile, name: string, place: number, change: Change, twin?: Change): OffProfileCase =>
  caseOf(code, name, strict, place, change, twin);

const put =
  (extension: Extension): Change =>
  (link) =>
    replaced(link, extension);
const add =
  (extension: Extension): Change =>
  (link) =>
    added(link, extension);
const drop =
  (oid: string): Change =>
  (link) =>
    without(link, oid);

const attribute = (oid: string, value: Buffer): Buffer => encodeTlv(0x31, encodeSequence(encodeOid(oid), value));
const country = (text: string): Buffer => attribute('2.5.4.6', encodeTlv(0x13, Buffer.from(text)));
const organization = attribute('2.5.4.10', encodeUtf8('Misfits'));
const commonName = (text: string): Buffer => attribute('2.5.4.3', encodeUtf8(text));
const named =
  (...attributes: Buffer[]): Change =>
  (link) => ({ ...link, subject: encodeSequence(...attributes) });
const own = commonName(`SHAKEN ${SPC}`);

const serial =
  (octets: Buffer): Change =>
  (link) => ({ ...link, tbs: (tbs) => withMember(tbs, PLACE.serial, encodeTlv(0x02, octets)) });
const bits = (octets: Buffer, unused: number, critical = true): Extension => ({
  oid: OID.keyUsage,
  critical,
  value: encodeTlv(0x03, Buffer.from([unused]), octets),
});
const uncritical = (extension: Extension): Extension => ({ ...extension, critical: false });
const critical = (extension: Extension): Extension => ({ ...extension, critical: true });

/** CRLDistributionPoints of points that hold these members. */
const points = (...members: Buffer[][]): Extension => ({
  oid: OID.crlDistributionPoints,
  critical: false,
  value: encodeSequence(...members.map((parts) => encodeSequence(...parts))),
});
const urlOf = (url: string): Buffer => encodeTlv(0xa0, encodeTlv(0xa0, encodeTlv(contextPrimitive(6), Buffer.from(url))));
const issuer = encodeTlv(contextConstructed(2), encodeTlv(0xa4, STI_PA));
const someReasons = encodeTlv(contextPrimitive(1), Buffer.from([0x06, 0x40]));

const aboveOwn = authorityKeyIdentifier(keyFor('SHAKEN CA 1').spki);
const longIdentifier: Extension = { oid: OID.subjectKeyIdentifier, critical: false, value: encodeTlv(0x04, Buffer.alloc(32, 7)) };

const p384 = newKeyPair('P-384');
const withP384: Change = (link) => ({ ...link, key: p384 });

const claims = (tag: number, ...claimNames: string[]): Buffer =>
  encodeTlv(contextConstructed(tag), encodeSequence(...claimNames.map((claim) => encodeTlv(0x16, Buffer.from(claim)))));
const permitted = encodeTlv(
  contextConstructed(1),
  encodeSequence(encodeSequence(encodeTlv(0x16, Buffer.from('provider')), encodeSequence(encodeUtf8(PROVIDER)))),
);
const simple: Extension = {
  oid: OID.claimConstraints,
  critical: false,
  value: encodeSequence(claims(0, 'action', 'aud', 'provider'), permitted),
};
const contradicting = (...excluded: string[]): Extension => ({
  oid: OID.enhancedClaimConstraints,
  critical: false,
  value: encodeSequence(claims(0, 'action', 'aud', 'provider'), permitted, claims(2, 'attest', 'origid', 'rcd', 'div', 'opt', ...excluded)),
});
const inFormOf8226: Change = (link) => added(without(link, OID.enhancedClaimConstraints), simple);

const SHAKEN: readonly OffProfileCase[] = [
  off('signature-sha384', 'an end-entity under a P-384 authority', CA, withP384),
  off('p384-authority', 'an authority', CA, withP384),
  off('null-signature-parameters', 'an end-entity', OWN, (link) => ({
    ...link,
    sign: signAs(algorithm(OID.ecdsaWithSha256, NULL), 'sha256'),
  })),
  off('null-signature-parameters', 'an authority', CA, (link) => ({
    ...link,
    sign: signAs(algorithm(OID.ecdsaWithSha256, NULL), 'sha256'),
  })),
  off('subject-country', 'none', OWN, named(organization, own)),
  off('subject-country', 'two', OWN, named(country('US'), country('CA'), organization, own)),
  off('subject-country', 'in lower case', OWN, named(country('us'), organization, own), named(country('CA'), organization, own)),
  off('subject-organization', 'none', OWN, named(country('US'), own)),
  off('subject-organization', 'two in an authority', CA, named(country('US'), organization, organization, commonName('SHAKEN CA 1'))),
  off('subject-common-name', 'of a company alone', OWN, (link) => ({ ...link, commonName: 'Example Telecom' })),
  off('subject-common-name', 'twice', OWN, named(country('US'), organization, own, own)),
  off('subject-common-name', 'of a root that is not called one', ROOT, (link) => ({ ...link, commonName: 'SHAKEN 1' })),
  off(
    'subject-attribute',
    'an e-mail address',
    OWN,
    named(country('US'), organization, own, attribute('1.2.840.113549.1.9.1', encodeTlv(0x16, Buffer.from('a@b.example')))),
  ),
  off(
    'subject-attribute',
    'serialNumber twice',
    OWN,
    named(country('US'), organization, own, attribute('2.5.4.5', encodeUtf8('1')), attribute('2.5.4.5', encodeUtf8('2'))),
    named(country('US'), organization, own, attribute('2.5.4.5', encodeUtf8('1'))),
  ),
  {
    code: 'subject-serial-number',
    name: 'none under policy 1.3',
    show: () =>
      changed(
        changed(strict(), CA, put(certificatePolicies('2.16.840.1.114569.1.1.3'))),
        OWN,
        put(certificatePolicies('2.16.840.1.114569.1.1.3')),
      ),
    twin: strict,
    outcome: 'accepted',
    spc: SPC,
  },
  off('common-name-form', 'more than the SPC', OWN, (link) => ({ ...link, commonName: `Some SHAKEN ${SPC}` })),
  off('common-name-form', 'two spaces', OWN, (link) => ({ ...link, commonName: `SHAKEN  ${SPC}` })),
  off('issuer-country', 'none', CA, named(organization, commonName('SHAKEN CA 1'))),
  off('issuer-organization', 'none', CA, named(country('US'), commonName('SHAKEN CA 1'))),
  off('issuer-common-name', 'without SHAKEN', CA, named(country('US'), organization, commonName('Example CA'))),
  off('issuer-common-name', 'none', CA, named(country('US'), organization)),
  {
    ...off('spc-length', 'five characters', OWN, (link) =>
      replaced({ ...link, commonName: 'SHAKEN 12345' }, tnAuthList([{ spc: '12345' }])),
    ),
    spc: '12345',
  },
  off('no-basic-constraints', 'an end-entity', OWN, drop(OID.basicConstraints)),
  off('basic-constraints-not-critical', 'an end-entity', OWN, put(uncritical(basicConstraints(false)))),
  off('ca-key-usage-v005', 'cRLSign', CA, put(keyUsage('keyCertSign', 'cRLSign'))),
  off('ca-key-usage-v005', 'digitalSignature in a root', ROOT, put(keyUsage('keyCertSign', 'digitalSignature'))),
  off('no-subject-key-identifier', 'an end-entity', OWN, (link) => ({ ...link, identifiers: [aboveOwn] })),
  off('key-identifier-length', '32 octets', OWN, (link) => ({ ...link, identifiers: [longIdentifier, aboveOwn] })),
  off('no-distribution-point', 'an end-entity', OWN, drop(OID.crlDistributionPoints)),
  off('no-distribution-point', 'an authority', CA, drop(OID.crlDistributionPoints)),
  off(
    'several-distribution-points',
    'two',
    OWN,
    put(points([urlOf(URL_OF_STI_PA), issuer], [urlOf('http://b.example/crl'), issuer])),
    put(points([urlOf(URL_OF_STI_PA), issuer])),
  ),
  off('distribution-point-form', 'ldap', OWN, put(points([urlOf('ldap://a.example/x'), issuer]))),
  off('distribution-point-form', 'no name', OWN, put(points([issuer]))),
  off('distribution-point-form', 'some reasons', OWN, put(points([urlOf(URL_OF_STI_PA), someReasons, issuer]))),
  off('no-crl-issuer', 'an end-entity', OWN, put(crlDistributionPoint({ url: URL_OF_STI_PA }))),
  off('root-distribution-point', 'a root', ROOT, add(point)),
  off('root-policies', 'a root', ROOT, add(certificatePolicies(OID.shakenPolicy))),
  off('ca-several-policies', 'an authority', CA, put(certificatePolicies(OID.shakenPolicy, '2.16.840.1.114569.1.1.3'))),
  off('policies-critical', 'an end-entity', OWN, put(critical(certificatePolicies(OID.shakenPolicy)))),
  off('unexpected-extension', 'a name', OWN, add(subjectAltName([{ dns: 'np.example' }]))),
  off(
    'unexpected-extension',
    'authority information',
    OWN,
    add({
      oid: '1.3.6.1.5.5.7.1.1',
      critical: false,
      value: encodeSequence(
        encodeSequence(encodeOid('1.3.6.1.5.5.7.48.2'), encodeTlv(contextPrimitive(6), Buffer.from('http://ca.example/ca.der'))),
      ),
    }),
  ),
  off('unexpected-extension', 'a private one', OWN, add({ oid: '1.3.6.1.4.1.55555.1', critical: false, value: NULL })),
  off('unexpected-extension', 'an extended key usage in an authority', CA, add(extendedKeyUsage(OID.serverAuth))),
];

const twoOctets = Buffer.from([0x80]);
const TRUST: readonly OffProfileCase[] = [
  off('short-serial', 'seven octets', OWN, serial(Buffer.from([1, 2, 3, 4, 5, 6, 7])), serial(Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]))),
  off('short-serial', 'seven octets and a zero', OWN, serial(Buffer.from([0, 0x80, 0, 0, 0, 0, 0, 1]))),
  caseOf('short-serial', 'of a delegate', delegate, OWN, serial(Buffer.from([5]))),
  caseOf('short-serial', 'of the numbering authority', numberingAuthority, OWN, serial(Buffer.from([5]))),
  off('non-minimal-key-usage', 'no unused bits', OWN, put(bits(twoOctets, 0)), put(bits(twoOctets, 7))),
  caseOf('non-minimal-key-usage', 'an octet of zeros in a delegate', delegate, OWN, put(bits(Buffer.from([0x80, 0]), 0))),
  off('ca-key-usage-not-critical', 'an authority', CA, put(uncritical(certSign))),
  caseOf('ca-key-usage-not-critical', 'the NP', delegate, CA, put(uncritical(keyUsage('keyCertSign', 'cRLSign')))),
  off('ca-key-usage-besides', 'dataEncipherment', CA, put(bits(Buffer.from([0x14]), 2))),
  caseOf('no-crl-sign', 'the NP', delegate, CA, put(certSign)),
  caseOf('name-constraints-not-critical', 'a mailbox authority', mailbox, CA, put(uncritical(permittedMailboxes([MAIL_DOMAIN])))),
  caseOf(
    'path-length-without-ca',
    'a delegate',
    delegate,
    OWN,
    put({ oid: OID.basicConstraints, critical: true, value: encodeSequence(encodeInteger(0n)) }),
  ),
  caseOf('constraints-cannot-exclude', 'a delegate', delegate, OWN, inFormOf8226),
  caseOf('constraints-cannot-exclude', 'a mailbox', mailbox, OWN, inFormOf8226),
  {
    ...caseOf('constraints-contradict', 'a delegate', delegate, OWN, put(contradicting('provider')), put(contradicting())),
    outcome: 'check-claim-constraints claim-constraint',
  },
  caseOf(
    'unusable-domain',
    'capitals',
    mailProvider,
    OWN,
    put(subjectAltName([{ dns: MAIL_DOMAIN }, { dns: 'Example.com' }])),
    put(subjectAltName([{ dns: MAIL_DOMAIN }, { dns: 'example.com' }])),
  ),
  caseOf('mailbox-case', 'a mailbox', mailbox, OWN, put(subjectAltName([{ mailbox: `Alice@${MAIL_DOMAIN}` }]))),
];

export const OFF_PROFILE_CASES: readonly OffProfileCase[] = [...SHAKEN, ...TRUST];

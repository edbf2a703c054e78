import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import {
  contextConstructed,
  contextPrimitive,
  encodeIa5,
  encodeOid,
  encodeSequence,
  encodeTlv,
  encodeUtf8,
} from '../../../src/encoding/index.js';
import {
  OID,
  certificatePolicies,
  crlDistributionPoint,
  extendedKeyUsage,
  issueRevocationList,
  newKeyPair,
  signedPart,
  tnAuthList,
  type Extension,
  type KeyPair,
} from '../../../src/issuance/index.js';
import { SPC, delegate, mailProvider, numberingAuthority, shaken } from './fitting.js';
import { DAY, NOW, added, authority, certify, replaced, without, type Link } from './link.js';
import { misfit, type Misfit } from './misfit.js';
import { changed, issuerOf, listOf, withLine, withLists, type Scene } from './scene.js';
import { NULL, PLACE, algorithm, signAs, withMember } from './surgery.js';

/** What the field does that the standards do not foresee: each refused for what is one step too far, with the twin that is accepted. */

const own =
  (change: (link: Link) => Link) =>
  (scene: Scene): Scene =>
    changed(scene, -1, change);
const ca =
  (change: (link: Link) => Link) =>
  (scene: Scene): Scene =>
    changed(scene, 1, change);
const signed = (parameters: Buffer) => own((link) => ({ ...link, sign: signAs(algorithm(OID.ecdsaWithSha256, parameters), 'sha256') }));

/** Changes the algorithm outside the signed part alone, which nobody's signature forbids. */
const outside = (certificate: Buffer): Buffer => withMember(certificate, 1, algorithm(OID.ecdsaWithSha256, NULL));

/** The CRL of a link with NULL parameters, signed as such. */
const listWithNull = (link: Link): Buffer => {
  const identifier = algorithm(OID.ecdsaWithSha256, NULL);
  const tbs = withMember(signedPart(listOf(link)), 1, identifier);
  return encodeSequence(tbs, identifier, encodeTlv(0x03, Buffer.of(0), sign('sha256', tbs, link.key.privateKey)));
};
const caList =
  (list: (link: Link) => Buffer | null) =>
  (scene: Scene): Scene =>
    withLine(scene, (line) => {
      const [root, authorityOf] = scene.links;
      if (root === undefined || authorityOf === undefined) throw new Error('no authority');
      const made = list(authorityOf);
      return { ...line, crls: [listOf(root), ...(made === null ? [] : [made])] };
    });

const keyUsageOf = (...content: number[]): Extension => ({
  oid: OID.keyUsage,
  critical: true,
  value: encodeTlv(0x03, Buffer.from(content)),
});

const rsaKey = (): KeyPair => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { spki: publicKey, privateKey: createPrivateKey(privateKey) };
};
const RSA_SHA256 = algorithm('1.2.840.113549.1.1.11', NULL);
const underRsa = (scene: Scene): Scene => {
  const key = rsaKey();
  return own((link) => ({ ...link, sign: (tbs) => signAs(RSA_SHA256, 'sha256')(tbs, key) }))(ca((link) => ({ ...link, key }))(scene));
};
const underP384 = ca((link) => ({ ...link, key: newKeyPair('P-384') }));

const spc = (tag: number, text: string): Extension => ({
  oid: OID.tnAuthList,
  critical: false,
  value: encodeSequence(encodeTlv(contextConstructed(0), tag === 0x16 ? encodeIa5(text) : encodeTlv(tag, Buffer.from(text)))),
});
const called = (code: string, list: Extension) => own((link) => replaced({ ...link, commonName: `SHAKEN ${code}` }, list));

const information: Extension = {
  oid: '1.3.6.1.5.5.7.1.1',
  critical: false,
  value: encodeSequence(
    encodeSequence(encodeOid('1.3.6.1.5.5.7.48.2'), encodeTlv(contextPrimitive(6), Buffer.from('http://ca.example/ca.der'))),
  ),
};
const privately = (critical: boolean): Extension => ({ oid: '1.3.6.1.4.1.55555.9', critical, value: NULL });

const attribute = (oid: string, value: Buffer): Buffer => encodeTlv(0x31, encodeSequence(encodeOid(oid), value));
const printable = (text: string): Buffer => encodeTlv(0x13, Buffer.from(text));
/** In the order of the STI-PA's own CRL. */
const PA_PARTS: ReadonlyArray<readonly [string, string]> = [
  ['2.5.4.7', 'Bridgewater'],
  ['2.5.4.8', 'NJ'],
  ['2.5.4.3', 'STI-PA CRL'],
  ['2.5.4.6', 'US'],
  ['2.5.4.10', 'STI-PA'],
];
const PA_NAME = encodeSequence(...PA_PARTS.map(([oid, text]) => attribute(oid, printable(text))));
const PA_REORDERED = encodeSequence(...PA_PARTS.toReversed().map(([oid, text]) => attribute(oid, printable(text))));
const PA_REENCODED = encodeSequence(...PA_PARTS.map(([oid, text]) => attribute(oid, encodeUtf8(text.toUpperCase()))));
const PA: Link = { ...authority('STI-PA'), key: newKeyPair(), subject: PA_NAME };
const URL_OF_PA = 'https://sti-pa.example/crl';

/** Both certificates name the STI-PA's CRL, by this name of its issuer. */
const servedByPa =
  (crlIssuer: Buffer) =>
  (scene: Scene): Scene => {
    const point = crlDistributionPoint({ url: URL_OF_PA, crlIssuer });
    const named = own((link) => replaced(link, point))(ca((link) => replaced(link, point))(scene));
    const list = issueRevocationList(issuerOf(PA), {
      number: 1,
      thisUpdate: NOW - DAY,
      nextUpdate: NOW + DAY,
      indirect: true,
      url: URL_OF_PA,
      entries: [],
    });
    return withLine(named, (line) => ({ ...line, crls: [list], crlAnchors: [certify(PA, PA)], crlSigners: [] }));
  };

const nullIn = (name: string, base: () => Scene): Misfit =>
  misfit(86, `NULL parameters of ECDSA in ${name}`, 'unsupported-cert-alg', base, signed(NULL));

export const FIELD_MISFITS: readonly Misfit[] = [
  nullIn('a delegate', delegate),
  nullIn('a mail credential', mailProvider),
  nullIn('a numbering authority', numberingAuthority),
  misfit(86, 'other parameters of ECDSA than NULL', 'unsupported-cert-alg', shaken, signed(encodeOid('1.2.840.10045.3.1.7')), signed(NULL)),
  misfit(
    83,
    'NULL parameters in the unsigned copy alone',
    'malformed-cert',
    shaken,
    own((link) => ({ ...link, der: outside })),
    signed(NULL),
  ),
  misfit(
    148,
    'NULL parameters of ECDSA in a CRL',
    'status-unavailable',
    shaken,
    caList(listWithNull),
    caList((link) => listOf(link)),
  ),
  misfit(
    82,
    'keyUsage with a bit among the unused ones',
    'malformed-cert',
    shaken,
    own((link) => replaced(link, keyUsageOf(7, 0x81))),
    own((link) => replaced(link, keyUsageOf(0, 0x80))),
  ),
  misfit(
    122,
    'an SPC in lower case by all its names',
    'malformed-tnauthlist',
    shaken,
    called('709j', spc(0x16, '709j')),
    called('12345', spc(0x16, '12345')),
  ),
  misfit(116, 'an SPC that is a PrintableString', 'malformed-tnauthlist', shaken, called(SPC, spc(0x13, SPC)), called(SPC, spc(0x16, SPC))),
  misfit(86, 'an RSA authority', 'unsupported-cert-alg', shaken, underRsa, underP384),
  misfit(
    106,
    'a critical policy that is none of SHAKEN',
    'bad-policy',
    shaken,
    own((link) => replaced(link, { ...certificatePolicies('1.3.6.1.4.1.55555.2'), critical: true })),
    own((link) => replaced(link, { ...certificatePolicies(OID.shakenPolicy), critical: true })),
  ),
  misfit(
    82,
    'a serial number of zero under SHAKEN',
    'malformed-cert',
    shaken,
    own((link) => ({ ...link, tbs: (tbs) => withMember(tbs, PLACE.serial, Buffer.from([2, 1, 0])) })),
    own((link) => ({ ...link, tbs: (tbs) => withMember(tbs, PLACE.serial, Buffer.from([2, 1, 1])) })),
  ),
  misfit(
    107,
    'the word SHAKEN and another code',
    'subject-spc-mismatch',
    shaken,
    own((link) => ({ ...link, commonName: 'Shaken 505X' })),
    own((link) => ({ ...link, commonName: 'Example Telecom 505X' })),
  ),
  misfit(
    102,
    'an extended key usage under SHAKEN',
    'bad-eku',
    shaken,
    own((link) => added(link, extendedKeyUsage(OID.clientAuth))),
    own((link) => added(link, information)),
  ),
  misfit(
    103,
    'a critical private extension under SHAKEN',
    'unknown-critical-ext',
    shaken,
    own((link) => added(link, privately(true))),
    own((link) => added(link, privately(false))),
  ),
  misfit(
    152,
    'no distribution point and no CRL of its issuer',
    'no-status-source',
    shaken,
    (scene) => withLists(own((link) => without(link, OID.crlDistributionPoints))(scene), {}, null),
    own((link) => without(link, OID.crlDistributionPoints)),
  ),
  misfit(
    147,
    'a distribution point for LDAP and no CRL',
    'status-unavailable',
    shaken,
    (scene) => withLists(own((link) => replaced(link, crlDistributionPoint({ url: 'ldap://crl.example/cn=ca' })))(scene), {}, null),
    own((link) => replaced(link, crlDistributionPoint({ url: 'ldap://crl.example/cn=ca' }))),
  ),
  misfit(
    149,
    'a cRLIssuer whose parts are in another order',
    'status-unavailable',
    shaken,
    servedByPa(PA_REORDERED),
    servedByPa(PA_REENCODED),
  ),
  misfit(
    125,
    'a second SPC under SHAKEN',
    'profile-violation',
    shaken,
    own((link) => replaced(link, tnAuthList([{ spc: SPC }, { spc: '505X' }]))),
  ),
];

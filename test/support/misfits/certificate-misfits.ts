import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { contextConstructed, encodeInteger, encodeOid, encodeSequence, encodeTlv } from '../../../src/encoding/index.js';
import {
  OID,
  basicConstraints,
  certificatePolicies,
  extendedKeyUsage,
  keyUsage,
  newKeyPair,
  tnAuthList,
} from '../../../src/issuance/index.js';
import { delegate, shaken } from './fitting.js';
import { added, replaced, without, type Link } from './link.js';
import { misfit, type Misfit } from './misfit.js';
import { changed, type Scene } from './scene.js';
import { NULL, PLACE, algorithm, signAs, spoilt, withKey, withMember } from './surgery.js';

const own =
  (change: (link: Link) => Link) =>
  (scene: Scene): Scene =>
    changed(scene, -1, change);
const tbs = (change: (octets: Buffer) => Buffer) => own((link) => ({ ...link, tbs: change }));
const der = (change: (octets: Buffer) => Buffer) => own((link) => ({ ...link, der: change }));
const key = (spki: () => Buffer) => own((link) => ({ ...link, tbs: withKey(spki()) }));
const plus = (...extensions: Parameters<typeof added>[1][]) => own((link) => added(link, ...extensions));

/** Indefinite length: BER that a lenient reader takes for the same certificate. */
const indefinite = (octets: Buffer): Buffer => {
  const header = octets[1] === 0x82 ? 4 : 3;
  return Buffer.concat([Buffer.from([0x30, 0x80]), octets.subarray(header), Buffer.from([0, 0])]);
};

const longLength = (octets: Buffer): Buffer => Buffer.concat([Buffer.from([0x30, 0x83, 0]), octets.subarray(2)]);

const version = (number: bigint | null) => (octets: Buffer) =>
  withMember(octets, PLACE.version, number === null ? Buffer.alloc(0) : encodeTlv(contextConstructed(0), encodeInteger(number)));

const serialOf = (value: Buffer) => (octets: Buffer) => withMember(octets, PLACE.serial, value);

const ecSpki = (parameters: Buffer, point: Buffer): Buffer =>
  encodeSequence(encodeSequence(encodeOid('1.2.840.10045.2.1'), parameters), encodeTlv(0x03, Buffer.from([0]), point));
const P256 = encodeOid('1.2.840.10045.3.1.7');

const pointOf = (spki: Buffer): Buffer => spki.subarray(-65);
const compressed = (): Buffer => {
  const point = pointOf(newKeyPair().spki);
  return ecSpki(P256, Buffer.concat([Buffer.from([0x02 | ((point[64] ?? 0) & 1)]), point.subarray(1, 33)]));
};
const offCurve = (): Buffer => {
  const spki = Buffer.from(newKeyPair().spki);
  spki[spki.length - 1] = (spki[spki.length - 1] ?? 0) ^ 1;
  return spki;
};

const otherKey = (namedCurve: string): Buffer =>
  generateKeyPairSync('ec', {
    namedCurve,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  }).publicKey;
const rsa = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
const ed25519 = (): Buffer =>
  generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  }).publicKey;

/** The curve spelled out (RFC 5480 forbids it): only the first octets of the parameters need be there to tell. */
const explicitCurve = (): Buffer => ecSpki(encodeSequence(encodeInteger(1n)), pointOf(newKeyPair().spki));

const rsaSigned = (octets: Buffer): Buffer =>
  signAs(algorithm('1.2.840.113549.1.1.11', NULL), 'sha256', createPrivateKey(rsa().privateKey))(octets, newKeyPair());

const listed = encodeSequence(encodeTlv(contextConstructed(0), encodeTlv(0x16, Buffer.from('709J'))));
const poison = { oid: '1.3.6.1.4.1.11129.2.4.3', critical: true, value: NULL };
const padding = { oid: '1.3.6.1.4.1.55555.1', critical: false, value: encodeTlv(0x04, Buffer.alloc(8500)) };
const strange = { oid: '1.3.6.1.4.1.55555.1', critical: true, value: NULL };

/** What is wrong with one certificate by itself, wherever it stands. */
export const CERTIFICATE_MISFITS: readonly Misfit[] = [
  misfit(
    81,
    'octets after the certificate',
    'malformed-cert',
    delegate,
    der((octets) => Buffer.concat([octets, Buffer.from([0])])),
  ),
  misfit(82, 'an indefinite length', 'malformed-cert', delegate, der(indefinite)),
  misfit(82, 'a length that is not minimal', 'malformed-cert', delegate, der(longLength)),
  misfit(82, 'a negative serial number', 'malformed-cert', delegate, tbs(serialOf(encodeInteger(-5n)))),
  misfit(82, 'a serial number of zero', 'malformed-cert', delegate, tbs(serialOf(encodeInteger(0n)))),
  misfit(
    82,
    'a serial number of 21 octets',
    'malformed-cert',
    delegate,
    tbs(serialOf(encodeTlv(0x02, Buffer.alloc(21, 0x11)))),
    tbs(serialOf(encodeTlv(0x02, Buffer.alloc(20, 0x11)))),
  ),
  misfit(82, 'version 1', 'malformed-cert', delegate, tbs(version(null))),
  misfit(82, 'version 2', 'malformed-cert', delegate, tbs(version(1n))),
  misfit(
    83,
    'another algorithm outside than inside',
    'malformed-cert',
    delegate,
    tbs((octets) => withMember(octets, PLACE.algorithm, algorithm(OID.ecdsaWithSha384))),
  ),
  misfit(
    84,
    'a P-384 key in the end-entity',
    'unsupported-key',
    delegate,
    key(() => newKeyPair('P-384').spki),
  ),
  misfit(
    84,
    'a secp256k1 key in the end-entity',
    'unsupported-key',
    delegate,
    key(() => otherKey('secp256k1')),
  ),
  misfit(
    84,
    'an RSA key in the end-entity',
    'unsupported-key',
    delegate,
    key(() => rsa().publicKey),
  ),
  misfit(84, 'an Ed25519 key in the end-entity', 'unsupported-key', delegate, key(ed25519)),
  misfit(85, 'a curve spelled out', 'unsupported-key', delegate, key(explicitCurve)),
  misfit(85, 'a compressed point', 'unsupported-key', delegate, key(compressed)),
  misfit(
    85,
    'a point that is not on the curve',
    'unsupported-key',
    delegate,
    key(offCurve),
    key(() => newKeyPair().spki),
  ),
  misfit(
    86,
    'a signature with SHA-1',
    'unsupported-cert-alg',
    delegate,
    own((link) => ({ ...link, sign: signAs(algorithm('1.2.840.10045.4.1'), 'sha1') })),
  ),
  misfit(
    86,
    'a signature with SHA-384 by a P-256 key',
    'unsupported-cert-alg',
    delegate,
    own((link) => ({ ...link, sign: signAs(algorithm(OID.ecdsaWithSha384), 'sha384') })),
  ),
  misfit(
    86,
    'a signature with RSA',
    'unsupported-cert-alg',
    delegate,
    own((link) => ({ ...link, sign: rsaSigned })),
  ),
  misfit(null, 'a signature with one bit turned', 'bad-cert-signature', delegate, der(spoilt)),
  misfit(
    null,
    'a signature by another key',
    'bad-cert-signature',
    delegate,
    own((link) => ({ ...link, signer: newKeyPair() })),
  ),
  misfit(null, 'more than 8 KiB', 'cert-too-large', delegate, plus(padding)),
  misfit(
    101,
    'no keyUsage',
    'bad-key-usage',
    delegate,
    own((link) => without(link, OID.keyUsage)),
  ),
  misfit(
    101,
    'a keyUsage that is not critical',
    'bad-key-usage',
    delegate,
    own((link) => replaced(link, { ...keyUsage('digitalSignature'), critical: false })),
  ),
  misfit(
    101,
    'a keyUsage with cRLSign besides',
    'bad-key-usage',
    delegate,
    own((link) => replaced(link, keyUsage('digitalSignature', 'cRLSign'))),
  ),
  misfit(
    101,
    'a keyUsage without digitalSignature',
    'bad-key-usage',
    delegate,
    own((link) => replaced(link, keyUsage('cRLSign'))),
  ),
  misfit(102, 'an extended key usage for TLS servers', 'bad-eku', delegate, plus(extendedKeyUsage(OID.serverAuth))),
  misfit(102, 'any extended key usage', 'bad-eku', delegate, plus(extendedKeyUsage('2.5.29.37.0'))),
  misfit(103, 'an unknown critical extension', 'unknown-critical-ext', delegate, plus(strange), plus({ ...strange, critical: false })),
  misfit(104, 'two TNAuthLists', 'duplicate-extension', delegate, plus(tnAuthList([{ tn: '12025550100' }]))),
  misfit(
    105,
    'a critical TNAuthList',
    'tnauthlist-critical',
    shaken,
    own((link) => replaced(link, { oid: OID.tnAuthList, critical: true, value: listed })),
  ),
  misfit(
    106,
    'no policy',
    'bad-policy',
    shaken,
    own((link) => without(link, OID.certificatePolicies)),
  ),
  misfit(
    106,
    'a policy that is none of SHAKEN',
    'bad-policy',
    shaken,
    own((link) => replaced(link, certificatePolicies('1.3.6.1.4.1.55555.2'))),
  ),
  misfit(
    106,
    'two policies in the end-entity',
    'bad-policy',
    shaken,
    own((link) => replaced(link, certificatePolicies(OID.shakenPolicy, '2.16.840.1.114569.1.1.3'))),
  ),
  misfit(
    107,
    'another SPC in the common name than in the list',
    'subject-spc-mismatch',
    shaken,
    own((link) => ({ ...link, commonName: 'SHAKEN 505X' })),
    own((link) => ({ ...link, commonName: 'Example Telecom' })),
  ),
  misfit(109, 'the poison of a precertificate', 'precertificate', delegate, plus(poison)),
  misfit(
    100,
    'an end-entity that is a CA',
    'leaf-is-ca',
    delegate,
    own((link) => replaced(replaced(link, basicConstraints(true)), keyUsage('digitalSignature', 'keyCertSign'))),
  ),
];

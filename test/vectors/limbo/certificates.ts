import { encodeInteger, encodeOid, encodeSequence, encodeTlv } from '../../../src/encoding/index.js';
import * as raw from '../../support/raw-certificate.js';
import {
  CLIENT_AUTH,
  altNames,
  bounded,
  ca,
  fails,
  leaf,
  rootCa,
  succeeds,
  under,
  type Graph,
  type LimboCase,
  type Options,
} from './graph.js';

/** What RFC 5280 section 4 demands of each certificate. */

const UNKNOWN = raw.extension('1.3.6.1.4.1.55738.666.1', Buffer.alloc(0), true);
const NO_USE = raw.keyUsage([], false);
const AIA = encodeSequence(encodeSequence(encodeOid('1.3.6.1.5.5.7.48.2'), raw.dns('example.com')));
const aia = (critical: boolean): Options => ({ extensions: { aia: raw.extension('1.3.6.1.5.5.7.1.1', AIA, critical) } });

const through = (middle: Options, length?: number): Graph => {
  const root = rootCa();
  const between = length === undefined ? ca(root, middle) : bounded(root, length, middle);
  return { trusted: [root], bag: [between], peer: leaf(between) };
};

const withRoot = (options: Options): Graph => under(rootCa(options));
const withLeaf = (options: Options): Graph => under(rootCa(), options);

const untrusted = (): Graph => {
  const root = rootCa();
  const middle = bounded(root, 0);
  return { trusted: [rootCa()], bag: [root, middle], peer: leaf(middle) };
};

const crossSigned = (): Graph => {
  const root = bounded(rootCa(), 0, { extensions: { authorityKeyId: null } });
  return { trusted: [root], peer: leaf(root) };
};

const swapped = (): Graph => {
  const root = rootCa();
  const middle = ca(root);
  return { trusted: [middle], bag: [root], peer: leaf(middle) };
};

const caAsLeaf = (expected: string): Graph => {
  const root = rootCa();
  return {
    trusted: [root],
    peer: ca(root, { extensions: { ...altNames(raw.dns('ca.example.com')), eku: null } }),
    names: [expected],
  };
};

const unrelated = (where: 'trusted' | 'bag'): Graph => {
  const root = rootCa();
  const middle = ca(root);
  const other = where === 'trusted' ? rootCa({ extensions: { unknown: UNKNOWN } }) : ca(root, { extensions: { unknown: UNKNOWN } });
  return {
    trusted: where === 'trusted' ? [root, other] : [root],
    bag: where === 'trusted' ? [middle] : [middle, other],
    peer: leaf(middle),
  };
};

const criticalIdentifier = (make: (id: Buffer, critical: boolean) => Buffer, name: string): Graph => {
  const key = raw.newEcKey();
  return withRoot({ key, extensions: { [name]: make(raw.keyIdOf(key), true) } });
};

const negativeSerial = (): Graph => {
  const root = rootCa({ shape: { serial: encodeInteger(-1n) } });
  return { trusted: [root], peer: root };
};

/** A CA whose RSA key is an empty BIT STRING. */
const emptyKey = (): Graph => {
  const spki = encodeSequence(encodeSequence(encodeOid('1.2.840.113549.1.1.1'), raw.NULL), raw.bitString(Buffer.alloc(0)));
  const middle = ca(rootCa(), { shape: { spki } });
  return { trusted: [rootCa()], bag: [middle], peer: leaf(middle) };
};

export const CERTIFICATE_CASES: readonly LimboCase[] = [
  fails('rfc5280::ee-empty-issuer', () => withLeaf({ shape: { issuer: raw.nameOf() } })),
  fails('rfc5280::ca-empty-subject', () => withRoot({ shape: { subject: raw.nameOf() } })),
  fails('rfc5280::unknown-critical-extension-ee', () => withLeaf({ extensions: { unknown: UNKNOWN } })),
  fails('rfc5280::unknown-critical-extension-root', () => withRoot({ extensions: { unknown: UNKNOWN } })),
  fails('rfc5280::unknown-critical-extension-intermediate', () => through({ extensions: { unknown: UNKNOWN } }, 0)),
  succeeds('rfc5280::unknown-critical-extension-unrelated-root', () => unrelated('trusted')),
  succeeds('rfc5280::unknown-critical-extension-unrelated-intermediate', () => unrelated('bag')),
  fails('rfc5280::chain-untrusted-root', untrusted),
  fails('rfc5280::intermediate-ca-without-ca-bit', () => through({ extensions: { basicConstraints: raw.basicConstraints(false) } })),
  fails('rfc5280::intermediate-ca-missing-basic-constraints', () => through({ extensions: { basicConstraints: null } })),
  fails('rfc5280::root-missing-basic-constraints', () => withRoot({ extensions: { basicConstraints: null } })),
  fails('rfc5280::root-non-critical-basic-constraints', () =>
    withRoot({ extensions: { basicConstraints: raw.basicConstraints(true, null, false) } }),
  ),
  fails('rfc5280::root-inconsistent-ca-extensions', () => withRoot({ extensions: { keyUsage: NO_USE } })),
  fails('rfc5280::ica-ku-keycertsign', () => through({ extensions: { keyUsage: NO_USE } }, 0)),
  fails('rfc5280::leaf-ku-keycertsign', () =>
    withLeaf({ extensions: { basicConstraints: raw.basicConstraints(false), keyUsage: raw.keyUsage([0, 5], false) } }),
  ),
  succeeds('rfc5280::ee-aia', () => withLeaf(aia(false))),
  fails('rfc5280::ee-critical-aia-invalid', () => withLeaf(aia(true))),
  fails('rfc5280::duplicate-extensions', () => withLeaf({ extensions: { again: raw.subjectAltName([raw.dns('example.com')]) } })),
  succeeds('rfc5280::no-keyusage', () => withLeaf({ extensions: { keyUsage: null } })),
  succeeds('rfc5280::no-basicconstraints', () => withLeaf({})),
  fails('rfc5280::mismatching-signature-algorithm', () => withRoot({ shape: { outerAlgorithm: raw.ECDSA_SHA384 } })),
  succeeds('rfc5280::ca-as-leaf', () => caAsLeaf('ca.example.com')),
  fails('rfc5280::ca-as-leaf-wrong-san', () => caAsLeaf('some-other-ca.example.com')),
  succeeds('rfc5280::root-and-intermediate-swapped', swapped),
  fails('rfc5280::aki::critical-aki', () => criticalIdentifier(raw.authorityKeyId, 'authorityKeyId')),
  fails('rfc5280::aki::leaf-missing-aki', () => withLeaf({ extensions: { authorityKeyId: null } })),
  fails('rfc5280::aki::intermediate-missing-aki', () => through({ extensions: { authorityKeyId: null } }, 0)),
  succeeds('rfc5280::aki::self-signed-root-missing-aki', () => withLeaf({})),
  fails('rfc5280::aki::cross-signed-root-missing-aki', crossSigned),
  fails('rfc5280::pc::ica-noncritical-pc', () => through({ extensions: { pc: raw.requireExplicitPolicy(3, false) } })),
  fails('rfc5280::san::malformed', () => withLeaf({ extensions: { san: raw.extension('2.5.29.17', Buffer.from('example.com')) } })),
  fails('rfc5280::san::noncritical-with-empty-subject', () => withLeaf({ shape: { subject: raw.nameOf() } })),
  fails('rfc5280::san::underscore-dns', () => ({
    ...withLeaf({ extensions: altNames(raw.dns('foo_bar.example.com')) }),
    names: ['foo_bar.example.com'],
  })),
  fails('rfc5280::eku::ee-wrong-eku', () => withLeaf({ extensions: { eku: raw.extKeyUsage(CLIENT_AUTH) } })),
  succeeds('rfc5280::eku::ee-without-eku', () => withLeaf({ extensions: { eku: null } })),
  fails('rfc5280::eku::ee-eku-empty', () => withLeaf({ extensions: { eku: raw.extKeyUsage() } })),
  fails('rfc5280::serial::too-long', () => withLeaf({ shape: { serial: encodeTlv(0x02, Buffer.alloc(22, 0x55)) } })),
  fails('rfc5280::serial::zero', () => withLeaf({ shape: { serial: encodeInteger(0n) } })),
  fails('rfc5280::serial::negative', negativeSerial),
  fails('rfc5280::ski::critical-ski', () => criticalIdentifier(raw.subjectKeyId, 'subjectKeyId')),
  fails('rfc5280::ski::root-missing-ski', () => withRoot({ extensions: { subjectKeyId: null } })),
  fails('rfc5280::ski::intermediate-missing-ski', () => through({ extensions: { subjectKeyId: null } })),
  fails('invalid::invalid-issuer-key', emptyKey),
];

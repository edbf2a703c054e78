import type { KeyObject } from 'node:crypto';
import type { KeyPair } from '../../../src/issuance/index.js';
import { encodeClaimConstraints, encodeTnAuthList, parseCertificate } from '../../../src/x509/index.js';
import { forgeEncode } from '../../support/forge-tn-auth-list.js';
import { fitting, lineOf, type PathLine, type Scene } from '../../support/misfits/index.js';
import type { Link } from '../../support/misfits/link.js';
import { tlvOf } from '../../support/mutation/der-tree.js';
import { namedKey } from '../../support/mutation/keys.js';
import { signRepeatably } from '../../support/mutation/repeatable-signature.js';
import { signedAnew } from '../../support/mutation/signed.js';
import * as raw from '../../support/raw-certificate.js';
import * as list from '../../support/raw-crl.js';

/**
 * Inputs of the shapes that deployments have. Keys are made of names and signatures of keys and octets: a saved input meets the same trust when it is run
 * again, and a seed gives the same mutants in every process.
 */

export interface Signed {
  readonly der: Buffer;
  /** Signs it anew. */
  readonly key: KeyObject;
}

const pairOf = (name: string): KeyPair => {
  const { privateKey, publicKey } = namedKey(name);
  return { privateKey, spki: publicKey.export({ type: 'spki', format: 'der' }) };
};

/** A fitting scene, its line of `verify path`, and who signs what in it. */
export interface Play {
  readonly line: PathLine;
  /** By the place in the path, end-entity first. */
  readonly pathKeys: readonly KeyObject[];
  /** By the place in the list of CRLs. */
  readonly crlKeys: readonly KeyObject[];
  readonly endEntityKey: KeyObject;
}

const signLink: Link['sign'] = (tbs, { privateKey }) =>
  tlvOf(Buffer.of(0x30), tbs, raw.ECDSA_SHA256, raw.bitString(signRepeatably(tbs, privateKey)));

const playOf = (id: string, scene: Scene): Play => {
  const links = scene.links.map((link) => ({ ...link, key: pairOf(`${id} ${link.commonName}`), sign: signLink }));
  const keys = links.map(({ key }) => key.privateKey);
  const line = lineOf(id, { ...scene, links });
  return {
    line: { ...line, crls: line.crls.map((crl, i) => signedAnew(Buffer.from(crl), keys[i] as KeyObject)) },
    pathKeys: keys.slice(0, -1).toReversed(),
    crlKeys: keys.slice(0, -1),
    endEntityKey: keys.at(-1) as KeyObject,
  };
};

export const PLAYS: ReadonlyMap<string, Play> = new Map(
  Object.entries({
    delegate: fitting.delegate(),
    enterprise: fitting.enterprise(),
    shaken: fitting.shaken(),
    provider: fitting.provider(),
    mailbox: fitting.mailbox(),
    'mail provider': fitting.mailProvider(),
    'numbering authority': fitting.numberingAuthority(),
  }).map(([id, scene]) => [id, playOf(id, scene)]),
);

const key = (name: string): raw.KeyPair => namedKey(`raw ${name}`);
const repeatably = (issued: raw.Issued, issuer: raw.Issued): raw.Issued => ({
  ...issued,
  der: signedAnew(issued.der, issuer.key.privateKey),
});
const rawSerial = (n: number): Partial<raw.Shape> => ({ serial: Buffer.of(2, 1, n) });

/** A path of RFC 5280 with name constraints, policies and mappings. */
const root = raw.issueCa({ issuer: null, subject: 'root', key: key('root'), shape: rawSerial(1) });
export const ROOT_CA = repeatably(root, root);
const ca = raw.issueCa({
  issuer: ROOT_CA,
  subject: 'ca',
  key: key('ca'),
  shape: rawSerial(2),
  extensions: {
    constraints: raw.nameConstraints(
      [raw.dns('a.example'), raw.mail('a.example'), raw.uri('.a.example'), raw.ip(10, 0, 0, 0, 255, 0, 0, 0)],
      [raw.dns('x.a.example'), raw.directory(raw.commonName('nobody'))],
    ),
    policies: raw.policies('1.2.3', '1.2.4'),
    mappings: raw.mappings(['1.2.3', '1.2.5'], ['1.2.4', '1.2.6']),
    explicit: raw.requireExplicitPolicy(0),
    points: list.distributionPoints({ name: list.url('http://crl.example/root.crl') }),
  },
});
export const CA = repeatably(ca, ROOT_CA);
const leaf = raw.issueEndEntity({
  issuer: CA,
  subject: 'leaf',
  key: key('leaf'),
  shape: rawSerial(3),
  extensions: {
    names: raw.subjectAltName([
      raw.dns('w.a.example'),
      raw.mail('alice@a.example'),
      raw.uri('https://h.a.example/'),
      raw.ip(10, 0, 0, 1),
      raw.otherName(),
    ]),
    policies: raw.policies('1.2.5'),
    usage: raw.extKeyUsage('1.3.6.1.5.5.7.3.1'),
    points: list.distributionPoints(
      { name: list.url('http://crl.example/ca.crl'), reasons: [1, 2] },
      { name: list.url('http://crl.example/i.crl'), crlIssuer: ROOT_CA.name },
    ),
    tnList: raw.extension(
      '1.3.6.1.5.5.7.1.26',
      encodeTnAuthList([{ spc: '709J' }, { tn: '12025550100' }, { start: '12025550000', count: 100 }]),
    ),
  },
});

export const LEAF = repeatably(leaf, CA);

const entries: readonly Buffer[] = [
  list.entry(Buffer.of(0x11), list.reasonCode(1)),
  list.entry(Buffer.of(0x12), list.reasonCode(6), list.invalidityDate(raw.AT - 1000)),
  list.entry(Buffer.of(0x13)),
];
const crl = (...parts: Parameters<typeof list.issueCrl>): Signed => {
  const { privateKey } = parts[0].key;
  return { der: signedAnew(list.issueCrl(...parts), privateKey), key: privateKey };
};

export const ROOT_CRL = crl(ROOT_CA, []);
export const LEAF_CRLS: readonly Signed[] = [
  crl(CA, entries),
  crl(CA, entries, { extensions: [list.scope({ name: list.url('http://crl.example/ca.crl'), only: 'user', reasons: [1, 2] })] }),
  crl(CA, entries.slice(0, 1), { number: 2n, extensions: [raw.extension('2.5.29.27', Buffer.of(2, 1, 1), true)] }),
  crl(
    ROOT_CA,
    [
      list.entry(Buffer.of(0x11), list.certificateIssuer(CA.name)),
      list.entry(Buffer.of(0x14)),
      list.entry(Buffer.of(3), list.certificateIssuer(ROOT_CA.name)),
    ],
    {
      extensions: [list.scope({ name: list.url('http://crl.example/i.crl'), indirect: true })],
    },
  ),
];

const plays = [...PLAYS.values()];
const decoded = (ders: readonly Uint8Array[]): Buffer[] => ders.map((der) => Buffer.from(der));
const signedBy = (ders: readonly Uint8Array[], keys: readonly KeyObject[]): Signed[] =>
  decoded(ders).flatMap((der, i) => {
    const signer = keys[i];
    return signer === undefined ? [] : [{ der, key: signer }];
  });

export const CERTIFICATES: readonly Signed[] = [
  { der: LEAF.der, key: CA.key.privateKey },
  { der: CA.der, key: ROOT_CA.key.privateKey },
  ...plays.flatMap(({ line, pathKeys }) => signedBy(line.path, pathKeys)),
];
export const CRLS: readonly Signed[] = [...LEAF_CRLS, ROOT_CRL, ...plays.flatMap(({ line, crlKeys }) => signedBy(line.crls, crlKeys))];

export const TN_LISTS: readonly Buffer[] = [
  [{ spc: '709J' }],
  [{ tn: '12025550150' }],
  [{ start: '12025550000', count: 1000 }],
  [{ spc: '709J' }, { tn: '12025550150' }, { start: '12025550100', count: 100 }, { start: '00000000000000', count: 2 }, { tn: '*67#' }],
].map((list) => forgeEncode(list));

export const CONSTRAINTS: readonly Buffer[] = [
  {
    form: 'enhanced' as const,
    mustInclude: ['confidence'],
    permittedValues: new Map([['confidence', ['high', 'medium']]]),
    mustExclude: ['priority'],
  },
  { form: 'enhanced' as const, mustInclude: [], permittedValues: new Map([['provider', ['a.example']]]), mustExclude: [] },
  {
    form: 'jwt' as const,
    mustInclude: ['a', 'b', 'c'],
    permittedValues: new Map([
      ['d', ['é', '']],
      ['e', ['1']],
    ]),
    mustExclude: [],
  },
].map((one) => encodeClaimConstraints(one));

/** Parsed: for positions of a path that are not mutated. */
export const parsedCa = parseCertificate(CA.der);
export const parsedRoot = parseCertificate(ROOT_CA.der);

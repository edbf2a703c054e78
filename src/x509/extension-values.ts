import {
  DerError,
  TAG,
  checkCanonicalDer,
  contentOf,
  readBoolean,
  readChildren,
  readInteger,
  readOid,
  readWhole,
  type Tlv,
} from '../encoding/index.js';
import { readRdn, type NameAttribute } from './distinguished-name.js';
import { readGeneralName, readGeneralNames, type GeneralName } from './general-name.js';

/** What the extensions of RFC 5280 section 4.2 hold. Each reader takes the content of the OCTET STRING and throws DerError. */

export interface BasicConstraints {
  readonly ca: boolean;
  /** null: no limit. */
  readonly pathLength: number | null;
}

/** Bits of KeyUsage (RFC 5280 section 4.2.1.3) as a mask of 1 << n. */
export const KEY_USAGE = {
  digitalSignature: 1 << 0,
  nonRepudiation: 1 << 1,
  keyEncipherment: 1 << 2,
  dataEncipherment: 1 << 3,
  keyAgreement: 1 << 4,
  keyCertSign: 1 << 5,
  cRLSign: 1 << 6,
  encipherOnly: 1 << 7,
  decipherOnly: 1 << 8,
} as const;

export interface KeyUsage {
  readonly bits: number;
  /** X.690 section 11.2.2: trailing zero bits left out. Real certificates break it, so it is a finding, not a refusal. */
  readonly minimal: boolean;
}

export interface GeneralSubtree {
  readonly base: GeneralName;
  /** RFC 5280 section 4.2.1.10: minimum 0 and no maximum; anything else is not understood. */
  readonly plain: boolean;
}

export interface NameConstraints {
  readonly permitted: readonly GeneralSubtree[];
  readonly excluded: readonly GeneralSubtree[];
}

export interface PolicyMapping {
  readonly issuerDomain: string;
  readonly subjectDomain: string;
}

/** Numbers of certificates; null: not stated. */
export interface PolicyConstraints {
  readonly requireExplicit: number | null;
  readonly inhibitMapping: number | null;
}

export interface DistributionPointName {
  readonly fullName: readonly GeneralName[] | null;
  readonly relativeName: readonly NameAttribute[] | null;
}

export interface DistributionPoint {
  readonly name: DistributionPointName | null;
  /** ReasonFlags as a mask of 1 << n; null: all reasons. */
  readonly reasons: number | null;
  readonly crlIssuer: readonly GeneralName[] | null;
}

export interface AccessDescription {
  readonly method: string;
  readonly location: GeneralName;
}

/** The gate does not look inside OCTET STRINGs: an extension's value passes it on its own. */
const open = (value: Uint8Array, tag: number = TAG.sequence): Tlv => {
  checkCanonicalDer(value);
  return readWhole(value, tag);
};

const nonEmpty = (value: Uint8Array): Tlv[] => {
  const children = readChildren(value, open(value));
  if (children.length === 0) throw new DerError('empty');
  return children;
};

/** INTEGER (0..MAX), capped where no path is as long. */
const readCount = (der: Uint8Array, tlv: Tlv): number => {
  const value = readInteger(der, tlv);
  if (value < 0n) throw new DerError('negative');
  return Number(value > 1_000_000n ? 1_000_000n : value);
};

/** The same with an implicit tag. */
const readImplicitCount = (der: Uint8Array, tlv: Tlv): number => readCount(der, { ...tlv, tag: TAG.integer });

/** Children by tag, each at most once and in ascending order, none besides. */
const byTag = (children: readonly Tlv[], allowed: readonly number[]): Map<number, Tlv> => {
  const found = new Map<number, Tlv>();
  let next = 0;
  for (const child of children) {
    const at = allowed.indexOf(child.tag, next);
    if (at === -1) throw new DerError('element');
    found.set(child.tag, child);
    next = at + 1;
  }
  return found;
};

export const readBasicConstraints = (value: Uint8Array): BasicConstraints => {
  const parts = byTag(readChildren(value, open(value)), [TAG.boolean, TAG.integer]);
  const ca = parts.get(TAG.boolean);
  const length = parts.get(TAG.integer);
  return { ca: ca !== undefined && readBoolean(value, ca), pathLength: length === undefined ? null : readCount(value, length) };
};

/** Named bits as a mask of 1 << n; more than 16 are not named anywhere. */
export const readNamedBits = (der: Uint8Array, tlv: Tlv): { bits: number; minimal: boolean } => {
  const [unused = 8, ...octets] = contentOf(der, tlv);
  if (unused > 7 || octets.length > 2 || (octets.length === 0 && unused !== 0)) throw new DerError('BIT STRING');
  let bits = 0;
  octets.forEach((octet, i) => {
    for (let bit = 0; bit < 8; bit += 1) if ((octet & (0x80 >> bit)) !== 0) bits |= 1 << (8 * i + bit);
  });
  const last = octets.at(-1);
  return { bits, minimal: last === undefined || ((last >> unused) & 1) === 1 };
};

export const readKeyUsage = (value: Uint8Array): KeyUsage => readNamedBits(value, open(value, TAG.bitString));

export const readSubjectKeyIdentifier = (value: Uint8Array): Uint8Array => {
  const octets = contentOf(value, open(value, TAG.octetString));
  if (octets.length === 0) throw new DerError('empty');
  return octets;
};

/** The keyIdentifier, or null; issuer and serial are read for their form only. */
export const readAuthorityKeyIdentifier = (value: Uint8Array): Uint8Array | null => {
  const parts = byTag(readChildren(value, open(value)), [0x80, 0xa1, 0x82]);
  const issuer = parts.get(0xa1);
  if (issuer !== undefined) readGeneralNames(value, issuer, 0xa1);
  const keyIdentifier = parts.get(0x80);
  return keyIdentifier === undefined ? null : contentOf(value, keyIdentifier);
};

export const readAltName = (value: Uint8Array): GeneralName[] => readGeneralNames(value, open(value));

/** A dNSName subtree may be empty: every name lies in it, and CAs that are to name no host exclude it. As a name it is none. */
const readBase = (der: Uint8Array, tlv: Tlv): GeneralName =>
  tlv.tag === 0x82 && tlv.content === tlv.end ? { kind: 'dNSName', text: '' } : readGeneralName(der, tlv);

const readSubtree = (der: Uint8Array, tlv: Tlv): GeneralSubtree => {
  const [base, ...bounds] = readChildren(der, tlv);
  if (tlv.tag !== TAG.sequence || base === undefined) throw new DerError('GeneralSubtree');
  byTag(bounds, [0x80, 0x81]);
  return { base: readBase(der, base), plain: bounds.length === 0 };
};

const readSubtrees = (der: Uint8Array, tlv: Tlv | undefined): GeneralSubtree[] => {
  if (tlv === undefined) return [];
  if (tlv.content === tlv.end) throw new DerError('GeneralSubtrees');
  return readChildren(der, tlv).map((child) => readSubtree(der, child));
};

export const readNameConstraints = (value: Uint8Array): NameConstraints => {
  const parts = byTag(nonEmpty(value), [0xa0, 0xa1]);
  return { permitted: readSubtrees(value, parts.get(0xa0)), excluded: readSubtrees(value, parts.get(0xa1)) };
};

/** Real certificates have a handful. Of more the verdict would be right as well, and late. */
const MAX_POLICIES = 1_000;

const atMost = (limit: number, items: Tlv[]): Tlv[] => {
  if (items.length > limit) throw new DerError('number of elements');
  return items;
};

/** OIDs of the policies, each once (RFC 5280 section 4.2.1.4); qualifiers only inform people. */
export const readCertificatePolicies = (value: Uint8Array): string[] => {
  const oids = atMost(MAX_POLICIES, nonEmpty(value)).map((information) => {
    const [oid, qualifiers, more] = readChildren(value, information);
    if (information.tag !== TAG.sequence || oid === undefined || more !== undefined) throw new DerError('PolicyInformation');
    if (qualifiers !== undefined && (qualifiers.tag !== TAG.sequence || qualifiers.content === qualifiers.end))
      throw new DerError('qualifiers');
    return readOid(value, oid);
  });
  if (new Set(oids).size !== oids.length) throw new DerError('policy twice');
  return oids;
};

export const readPolicyMappings = (value: Uint8Array): PolicyMapping[] =>
  atMost(MAX_POLICIES, nonEmpty(value)).map((pair) => {
    const [issuer, subject, more] = readChildren(value, pair);
    if (pair.tag !== TAG.sequence || issuer === undefined || subject === undefined || more !== undefined) throw new DerError('mapping');
    return { issuerDomain: readOid(value, issuer), subjectDomain: readOid(value, subject) };
  });

export const readPolicyConstraints = (value: Uint8Array): PolicyConstraints => {
  const parts = byTag(nonEmpty(value), [0x80, 0x81]);
  const require = parts.get(0x80);
  const inhibit = parts.get(0x81);
  return {
    requireExplicit: require === undefined ? null : readImplicitCount(value, require),
    inhibitMapping: inhibit === undefined ? null : readImplicitCount(value, inhibit),
  };
};

export const readInhibitAnyPolicy = (value: Uint8Array): number => readCount(value, open(value, TAG.integer));

export const readExtKeyUsage = (value: Uint8Array): string[] => nonEmpty(value).map((tlv) => readOid(value, tlv));

/** DistributionPointName under its explicit tag [0]; also of issuingDistributionPoint. */
export const readDistributionPointName = (der: Uint8Array, tlv: Tlv): DistributionPointName => {
  const [choice, more] = readChildren(der, tlv);
  if (choice === undefined || more !== undefined) throw new DerError('DistributionPointName');
  if (choice.tag === 0xa0) return { fullName: readGeneralNames(der, choice, 0xa0), relativeName: null };
  if (choice.tag === 0xa1) return { fullName: null, relativeName: readRdn(der, { ...choice, tag: TAG.set }) };
  throw new DerError('DistributionPointName');
};

const readDistributionPoint = (der: Uint8Array, tlv: Tlv): DistributionPoint => {
  if (tlv.tag !== TAG.sequence) throw new DerError('DistributionPoint');
  const parts = byTag(readChildren(der, tlv), [0xa0, 0x81, 0xa2]);
  const name = parts.get(0xa0);
  const reasons = parts.get(0x81);
  const issuer = parts.get(0xa2);
  // RFC 5280 section 4.2.1.13: a point is never reasons alone.
  if (name === undefined && issuer === undefined) throw new DerError('DistributionPoint');
  return {
    name: name === undefined ? null : readDistributionPointName(der, name),
    reasons: reasons === undefined ? null : readNamedBits(der, reasons).bits,
    crlIssuer: issuer === undefined ? null : readGeneralNames(der, issuer, 0xa2),
  };
};

/** An authority publishes its CRLs in a few places; a certificate of 64 KiB has room for 4,000. */
const MAX_POINTS = 256;

export const readCrlDistributionPoints = (value: Uint8Array): DistributionPoint[] =>
  atMost(MAX_POINTS, nonEmpty(value)).map((tlv) => readDistributionPoint(value, tlv));

export const readInfoAccess = (value: Uint8Array): AccessDescription[] =>
  nonEmpty(value).map((tlv) => {
    const [method, location, more] = readChildren(value, tlv);
    if (tlv.tag !== TAG.sequence || method === undefined || location === undefined || more !== undefined)
      throw new DerError('AccessDescription');
    return { method: readOid(value, method), location: readGeneralName(value, location) };
  });

/** URLs behind an access method, in order. */
export const locationsOf = (descriptions: readonly AccessDescription[], method: string): string[] =>
  descriptions.flatMap(({ method: of, location }) =>
    of === method && location.kind === 'uniformResourceIdentifier' ? [location.text] : [],
  );

/** URLs of the full names of distribution points, in order. */
export const urlsOf = (points: readonly DistributionPoint[]): string[] =>
  points.flatMap(({ name }) => (name?.fullName ?? []).flatMap((one) => (one.kind === 'uniformResourceIdentifier' ? [one.text] : [])));

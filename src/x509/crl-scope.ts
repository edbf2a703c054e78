import { encodeOid, encodeSequence, encodeTlv, readTlv, readChildren, wholeOf } from '../encoding/index.js';
import type { Certificate } from './certificate.js';
import type { Crl } from './crl.js';
import { DistinguishedName, type NameAttribute } from './distinguished-name.js';
import type { DistributionPoint, DistributionPointName } from './extension-values.js';
import type { GeneralName } from './general-name.js';

/** ReasonFlags bits 1 to 8 (RFC 5280 section 4.2.1.13): all that a CRL for some reasons can cover. */
export const ALL_REASONS = 0x1fe;

const directoryNames = (names: readonly GeneralName[]): DistinguishedName[] =>
  names.flatMap((name) => (name.kind === 'directoryName' ? [name.name] : []));

/** RFC 3986 section 6.2.2.1: scheme and host without case; the rest octet for octet. */
const uriKey = (uri: string): string => uri.replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/, (start) => start.toLowerCase());

const generalNameKey = (name: GeneralName): string => {
  if (name.kind === 'directoryName') return `directoryName ${name.name.key}`;
  if (name.kind === 'uniformResourceIdentifier') return `${name.kind} ${uriKey(name.text)}`;
  if ('text' in name) return `${name.kind} ${name.text}`;
  return `${name.kind} ${Buffer.from(name.octets).toString('hex')}`;
};

/** RFC 5280 section 4.2.1.13: nameRelativeToCRLIssuer is the last RDN below the CRL issuer's name. */
const below = (issuer: DistinguishedName, relative: readonly NameAttribute[]): DistinguishedName => {
  const attributes = relative
    .map(({ oid, tag, value }) => encodeSequence(encodeOid(oid), encodeTlv(tag, value)))
    .sort((a, b) => Buffer.compare(a, b));
  const rdns = readChildren(issuer.der, readTlv(issuer.der, 0)).map((rdn) => wholeOf(issuer.der, rdn));
  const der = encodeSequence(...rdns, encodeTlv(0x31, ...attributes));
  return DistinguishedName.read(der, readTlv(der, 0));
};

const nameKeys = ({ fullName, relativeName }: DistributionPointName, issuers: readonly DistinguishedName[]): string[] => {
  if (fullName !== null) return fullName.map(generalNameKey);
  if (relativeName === null) return [];
  return issuers.map((issuer) => `directoryName ${below(issuer, relativeName).key}`);
};

const keysOf = (issuers: readonly DistinguishedName[]): ReadonlySet<string> => new Set(issuers.map(({ key }) => key));

/** Where the status of a certificate is to be found: one of its distribution points, or the one that RFC 5280 section 6.3.3 assumes. */
export interface StatusPoint {
  /** Names of who may have issued the CRL, and their comparison keys. */
  readonly issuers: readonly DistinguishedName[];
  readonly issuerKeys: ReadonlySet<string>;
  /** Whether the point names its CRL issuer. */
  readonly namesIssuer: boolean;
  /** Comparison keys of the point's names; null: it has none. */
  readonly names: ReadonlySet<string> | null;
  readonly reasons: number;
  /** Any CRL may speak, whatever it is named: it is only asked what it lists. */
  readonly any: boolean;
}

/** `issuer`: the name of the certificate's issuer. */
export const statusPoint = (point: DistributionPoint, issuer: DistinguishedName): StatusPoint => {
  const issuers = point.crlIssuer === null ? [issuer] : directoryNames(point.crlIssuer);
  return {
    issuers,
    issuerKeys: keysOf(issuers),
    namesIssuer: point.crlIssuer !== null,
    names: point.name === null ? null : new Set(nameKeys(point.name, issuers)),
    reasons: (point.reasons ?? ALL_REASONS) & ALL_REASONS,
    any: false,
  };
};

/** RFC 5280 section 6.3.3, last paragraph: a point named like the certificate's issuer, for all reasons. */
export const assumedPoint = (issuer: DistinguishedName): StatusPoint => ({
  issuers: [issuer],
  issuerKeys: keysOf([issuer]),
  namesIssuer: false,
  names: new Set([`directoryName ${issuer.key}`]),
  reasons: ALL_REASONS,
  any: false,
});

/** Not a place to find a status: every CRL that may know of the certificate. */
export const anyPoint = (issuer: DistinguishedName): StatusPoint => ({ ...assumedPoint(issuer), any: true });

const pointNames = new WeakMap<Crl, ReadonlySet<string>>();

const namesOfCrl = (crl: Crl, name: DistributionPointName): ReadonlySet<string> => {
  let names = pointNames.get(crl);
  if (names === undefined) {
    names = new Set(nameKeys(name, [crl.issuer]));
    pointNames.set(crl, names);
  }
  return names;
};

const haveOneInCommon = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean => {
  const [fewer, more] = a.size < b.size ? [a, b] : [b, a];
  for (const one of fewer) if (more.has(one)) return true;
  return false;
};

/**
 * RFC 5280 section 6.3.3 (b): whether the CRL is about this certificate as reached through the point.
 * `anyIssuer`: the point's silence about its CRL issuer does not mean the certificate's issuer (profiles, SHAKEN and the field).
 */
export const isInScope = (
  crl: Crl,
  certificate: Pick<Certificate, 'basicConstraints'>,
  point: StatusPoint,
  anyIssuer: boolean,
): boolean => {
  const scope = crl.issuingDistributionPoint;
  if (point.namesIssuer && scope?.indirect !== true) return false;
  if (!point.issuerKeys.has(crl.issuer.key) && !((anyIssuer || point.any) && scope?.indirect === true)) return false;
  if (scope === null || point.any) return true;
  const isCa = certificate.basicConstraints?.ca === true;
  if (scope.onlyAttributeCerts || (scope.onlyUserCerts && isCa) || (scope.onlyCaCerts && !isCa)) return false;
  if (scope.name === null) return true;
  const names = namesOfCrl(crl, scope.name);
  if (point.names !== null) return haveOneInCommon(names, point.names);
  return point.namesIssuer && point.issuers.some(({ key }) => names.has(`directoryName ${key}`));
};

/** RFC 5280 section 6.3.3 (d): the reasons that the CRL covers when it is reached through the point. */
export const reasonsCovered = (crl: Crl, point: StatusPoint): number =>
  point.reasons & (crl.issuingDistributionPoint?.reasons ?? ALL_REASONS);

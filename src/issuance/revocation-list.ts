import { TAG, encodeTlv } from '../encoding/index.js';
import type { Signer } from '../ports/index.js';
import type { Authority, Issuer } from './authority.js';
import { authorityKeyIdentifier, certificateIssuer, crlNumber, issuingDistributionPoint, type Extension } from './extensions.js';
import { OID } from './object-identifiers.js';
import { schemeOf, signStructure, signStructureThrough, signatureScheme } from './signed-structure.js';
import { encodeTbsCertList } from './to-be-signed.js';

/** RFC 5280 section 5.3.1, with its numbers. `unspecified` is not written: the absence of a reason says the same. */
export const REVOCATION_REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  privilegeWithdrawn: 9,
} as const;
export type RevocationReason = keyof typeof REVOCATION_REASONS;

export interface RevokedEntry {
  readonly serial: Uint8Array;
  /** Seconds. */
  readonly revokedAt: number;
  readonly reason?: RevocationReason;
  /** Seconds; since when the key is suspected (RFC 5280 section 5.3.2). */
  readonly invalidSince?: number;
  /** DER Name of the certificate's issuer; in an indirect CRL alone. */
  readonly issuer?: Uint8Array;
}

export interface RevocationListTemplate {
  readonly number: number;
  /** Seconds. */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  readonly entries: readonly RevokedEntry[];
  /** Set: an issuing distribution point names this URL. */
  readonly url?: string;
  readonly indirect?: boolean;
  readonly extensions?: readonly Extension[];
}

const generalizedTime = (seconds: number): Buffer => {
  const text = new Date(seconds * 1000).toISOString().replace(/[-:T]|\.\d+/g, '');
  return encodeTlv(TAG.generalizedTime, Buffer.from(text, 'latin1'));
};

const entryExtensions = (entry: RevokedEntry): Extension[] => [
  ...(entry.issuer === undefined ? [] : [certificateIssuer(entry.issuer)]),
  ...(entry.reason === undefined || entry.reason === 'unspecified'
    ? []
    : [{ oid: OID.reasonCode, critical: false, value: encodeTlv(TAG.enumerated, Buffer.from([REVOCATION_REASONS[entry.reason]])) }]),
  ...(entry.invalidSince === undefined ? [] : [{ oid: OID.invalidityDate, critical: false, value: generalizedTime(entry.invalidSince) }]),
];

const listExtensions = (signer: Issuer, template: RevocationListTemplate): Extension[] => [
  authorityKeyIdentifier(signer.key.spki),
  crlNumber(template.number),
  ...(template.url === undefined && template.indirect !== true ? [] : [issuingDistributionPoint(template.url, template.indirect === true)]),
  ...(template.extensions ?? []),
];

const listTbs = (issuer: Issuer, { entries, ...template }: RevocationListTemplate, algorithmOid: string): Buffer =>
  encodeTbsCertList(
    {
      issuer: issuer.name,
      thisUpdate: template.thisUpdate,
      nextUpdate: template.nextUpdate,
      entries: entries.map((entry) => ({ serial: entry.serial, revokedAt: entry.revokedAt, extensions: entryExtensions(entry) })),
      extensions: listExtensions(issuer, { ...template, entries }),
    },
    algorithmOid,
  );

/**
 * DER of a version 2 CRL, complete for its scope. Direct unless `indirect`; in an indirect one `issuer` of an entry holds for those
 * that follow too, so every entry names its own.
 */
export const issueRevocationList = (issuer: Authority, template: RevocationListTemplate): Buffer =>
  signStructure(listTbs(issuer, template, signatureScheme(issuer.key.privateKey).oid), issuer.key.privateKey);

/** `issueRevocationList` through a signer. @throws Refusal `bad-signature`, and what the signer rejects with */
export const issueRevocationListThrough = (issuer: Issuer, template: RevocationListTemplate, signer: Signer): Promise<Buffer> =>
  signStructureThrough(listTbs(issuer, template, schemeOf(signer).oid), signer);

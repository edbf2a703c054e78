import { createHash } from 'node:crypto';
import { CONSENTS } from '../passport/index.js';
import type { OffProfile } from '../reasons/index.js';
import { OID, type Certificate } from '../x509/index.js';
import { consentAtMost } from './consent.js';
import type { JudgedCredential } from './credential.js';
import type { Generation } from './generation.js';
import { scopeNameOf } from './scope.js';
import type { SignerKind, TrustProfile } from './verdict.js';

/**
 * What many credentials have in common, and all that is needed, beside a serial number, to judge one again without its certificate.
 * It holds what the rules ask and nothing else: what is left out (SPC, provider, the numbers) no rule about credentials asks.
 */
export interface CredentialClass {
  readonly profile: TrustProfile;
  readonly kind: SignerKind;
  /** DER of the CAs above the end-entity, lowest first, without the anchor. */
  readonly authorities: readonly Uint8Array[];
  /** Lower-case hex SHA-256 of the anchor, and of its name and key: a renewed anchor has another of the first alone. */
  readonly anchor: string;
  readonly anchorKey: string;
  /** `scopeNameOf` the SIIs. */
  readonly scope: string;
  /** The end-entity's cRLDistributionPoints, base64; null: it has none. */
  readonly points: string | null;
  /** Its extended key usages. */
  readonly usages: readonly string[];
  /** Its certificate policy, of `shaken` alone. */
  readonly policy: string | null;
  /** The strongest consent that it can state. */
  readonly consent: string;
  /** What is off about its path, as the verdict recorded it. */
  readonly findings: readonly OffProfile[];
}

/** Which credential registered: its class, and what is its own. */
export interface CredentialOrigin {
  readonly class: CredentialClass;
  /** Content octets of the end-entity's serial number, 1 to 20. */
  readonly serial: Uint8Array;
}

/** Name and key: what an anchor keeps when it is renewed. */
export const anchorKeyOf = ({ subject, publicKey }: Certificate): string =>
  createHash('sha256').update(subject.key).update(publicKey.spki).digest('hex');

const consentOf = ({ kind, constraints }: JudgedCredential): string => {
  const consent = consentAtMost(kind, constraints);
  return CONSENTS.find((known) => known === consent) ?? 'app';
};

/** A judged path is used again and again, for few scopes. */
const known = new WeakMap<JudgedCredential, Map<string, CredentialClass>>();

export const classOf = (judged: JudgedCredential, sii: string, { anchors }: Generation): CredentialClass => {
  const names = anchors.find(({ profile }) => profile === judged.profile)?.names ?? new Set<string>();
  const scope = scopeNameOf(sii, names);
  const classes = known.get(judged) ?? new Map<string, CredentialClass>();
  known.set(judged, classes);
  let found = classes.get(scope);
  if (found === undefined) classes.set(scope, (found = makeClass(judged, scope)));
  return found;
};

const makeClass = (judged: JudgedCredential, scope: string): CredentialClass => {
  const { profile, kind, certificates, path } = judged;
  const { anchor, endEntity } = path;
  const points = endEntity.extensions.get(OID.crlDistributionPoints)?.value;
  return {
    profile,
    kind,
    authorities: certificates.slice(1, -1).map(({ der }) => der),
    anchor: anchor.fingerprint.toString('hex'),
    anchorKey: anchorKeyOf(anchor),
    scope,
    points: points === undefined ? null : Buffer.from(points).toString('base64'),
    usages: endEntity.extKeyUsage ?? [],
    policy: profile === 'shaken' ? (endEntity.certificatePolicies?.[0] ?? null) : null,
    consent: consentOf(judged),
    findings: judged.findings,
  };
};

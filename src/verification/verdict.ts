import type { JsonValue } from '../encoding/index.js';
import type { CompactPassport } from '../passport/index.js';
import type { OffProfile, Reason } from '../reasons/index.js';
import type { OcspCertId } from '../x509/index.js';
import type { CredentialOrigin } from './credential-class.js';

/** The trust profiles, in the order in which a path is tried (standards: profiles, "Profiles"). */
export const TRUST_PROFILES = ['delegate', 'shaken', 'email', 'numbering-authority'] as const;
export type TrustProfile = (typeof TRUST_PROFILES)[number];

export type Action = 'register' | 'withdraw' | 'prefer' | 'release' | 'port';

export const STEP_NAMES = [
  'parse-passport',
  'check-header',
  'check-claims',
  'check-freshness',
  'acquire-credential',
  'verify-path',
  'check-revocation',
  'check-profile',
  'verify-signature',
  'check-claim-constraints',
  'check-authority',
  'check-presenter',
  'authorize',
  'check-replay',
  'check-order',
] as const;
export type StepName = (typeof STEP_NAMES)[number];

/** What one step found. Facts, not booleans: an auditor reads them years later. */
export interface StepEvidence {
  readonly step: StepName;
  readonly clause: string;
  readonly evidence: Readonly<Record<string, JsonValue>>;
}

export type SignerKind = 'np' | 'delegate' | 'ep' | 'mailbox' | 'numbering-authority';

/** Who signed, as proven by the path. */
export interface Signer {
  readonly kind: SignerKind;
  readonly profile: TrustProfile;
  /** SPC of the NP at the top of the path; null for e-mail and the numbering authority. */
  readonly spc: string | null;
  /** Domain of the EP (of the SAN dNSName, or of the mailbox); null for numbers. */
  readonly domain: string | null;
  /** SHA-256 of the end-entity's SubjectPublicKeyInfo: half of the replay key. */
  readonly spkiDigest: Uint8Array;
  /**
   * Seconds; the fence compares with it. NP, EP, numbering authority: iat. Delegate: the earliest notBefore of the certificates
   * below the NP's own SPC certificate. Mailbox: the earliest notBefore below the EP's name-constrained CA.
   */
  readonly assignedAfter: number;
  /** SHA-256 of each certificate of the path, end-entity first, anchor last. */
  readonly fingerprints: readonly Uint8Array[];
  /** Whether the certificate at the same index names numbers or a mailbox: its fingerprint is personal, and is committed to only. */
  readonly personal: readonly boolean[];
}

/** What verification lacks and whoever calls it may fetch: the path behind x5u, TNAuthLists by reference, or revocation status. */
export type Needs =
  | { readonly kind: 'chain'; readonly url: string }
  | { readonly kind: 'tn-lists'; readonly urls: readonly string[] }
  | {
      readonly kind: 'status';
      /** Distribution points of the path, at hand or not. */
      readonly crls: readonly string[];
      /** DER of the judged path's CAs, lowest first: one of them may have signed the CRLs. */
      readonly issuers: readonly Uint8Array[];
      /** Certificates without a status that name a responder, from the anchor down. */
      readonly ocsp: readonly OcspNeed[];
    };

/** A question to an OCSP responder. */
export interface OcspNeed {
  /** As the certificate names them, in order. */
  readonly urls: readonly string[];
  readonly id: OcspCertId;
  /** Digits of the number that the responder must confirm; null: none. Whoever is asked learns it. */
  readonly tn: string | null;
}

/** The versions that a verdict was judged under; lower-case hex SHA-256 digests. */
export interface Versions {
  readonly trust: string;
  readonly revocation: string;
  readonly numbering: string;
  readonly policy: string;
}

/** NP of record by a port that was settled. */
export interface PortedRecord {
  readonly spc: string;
  /** Seconds: when the port took effect. */
  readonly since: number;
}

/** A port that is agreed. */
export interface PendingPort {
  readonly to: string;
  /** Seconds: from then on `to` is of record. */
  readonly effective: number;
}

/** What the log knows about the ports of one SII, and numbering data alone do not. */
export interface PortedNumber {
  readonly sii: string;
  readonly record: PortedRecord | null;
  readonly pending: PendingPort | null;
}

export interface JudgedUnder extends Versions {
  /** SPC of the NP of record for the number, or the EP's domain; null where nobody is of record. */
  readonly providerOfRecord: string | null;
  /** The agreed port that lets the signer register before it is of record; null: the signer is of record, or this is no register. */
  readonly underPort: PendingPort | null;
}

/** The claims of an accepted PASSporT. Times in seconds. */
export interface VerifiedClaims {
  readonly action: Action;
  /** Canonical: `tel:+12025550100` or `mailto:alice@example.com`. */
  readonly sii: string;
  /** `mimi://provider/u/user`; null for release and port. */
  readonly ssi: string | null;
  readonly provider: string | null;
  readonly purpose: 'consumer' | 'business' | null;
  readonly kind: 'user' | 'service';
  /** base64url of 32 octets, or null. */
  readonly circle: string | null;
  readonly consent: string | null;
  readonly preference: Readonly<Record<string, string>> | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly effective: number | null;
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
}

/** Everything the sequencer needs of an accepted PASSporT. Made by the pipeline alone. */
export interface VerifiedPassport {
  readonly claims: VerifiedClaims;
  readonly signer: Signer;
  readonly judgedUnder: JudgedUnder;
  /** What is remembered of the credential, to judge it again. */
  readonly origin: CredentialOrigin;
  /** Whether its path came from x5u. */
  readonly byReference: boolean;
  /** SHA-256 of the compact PASSporT, with its signature. */
  readonly passportDigest: Uint8Array;
  /** SHA-256 of the signing input (header "." payload): equal for both signatures (r, s) and (r, n-s). */
  readonly signingDigest: Uint8Array;
}

export interface Accepted {
  readonly accepted: true;
  readonly reason: null;
  readonly steps: readonly StepEvidence[];
  /** What is off about the path that was accepted: codes of the table of findings. */
  readonly findings: readonly OffProfile[];
  readonly verified: VerifiedPassport;
}

export interface NotAccepted {
  readonly accepted: false;
  /** `unavailable` is not a verdict: nothing was decided. */
  readonly family: 'refused' | 'unavailable';
  readonly reason: Reason;
  readonly step: StepName;
  readonly clause: string;
  readonly detail: string | null;
  /** The refusing step last. */
  readonly steps: readonly StepEvidence[];
  /** Of a path that had the shape of its profile, whatever the PASSporT was refused for. */
  readonly findings: readonly OffProfile[];
  readonly retryAfter: number | null;
  /** What the verdict lacks, where it is unavailable for that alone: with it the same PASSporT can be judged. */
  readonly needs: Needs | null;
  /** What the PASSporT parsed to, for whoever has it judged again; null where it did not parse. */
  readonly parsed: CompactPassport | null;
  /** What may be said of the refused PASSporT in the log: an SPC or domain only once verify-path had passed, so that nobody is slandered. */
  readonly known: {
    readonly action: Action | null;
    readonly sii: string | null;
    readonly ssi: string | null;
    readonly signer: Signer | null;
    readonly passportDigest: Uint8Array | null;
  };
  readonly versions: Versions;
}

export type Verdict = Accepted | NotAccepted;

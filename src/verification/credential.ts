import type { KeyObject } from 'node:crypto';
import type { OffProfile, Refusal } from '../reasons/index.js';
import type { Certificate, ClaimConstraints, JudgedPath, TnEntry } from '../x509/index.js';
import type { Evidence } from './step.js';
import type { SignerKind, StepName, TrustProfile } from './verdict.js';

/** What a trust profile finds out about a path that has its shape. */
export interface ProfileFinding {
  readonly kind: SignerKind;
  /** SPC of the NP at the top of the path; null for e-mail and the numbering authority. */
  readonly spc: string | null;
  /** dNSNames of an EP. */
  readonly domains: readonly string[];
  /** rfc822Name of a mailbox certificate, ASCII lower case. */
  readonly mailbox: string | null;
  /** The AP that the credential is bound to. */
  readonly provider: string | null;
  readonly constraints: ClaimConstraints | null;
  /**
   * How many certificates, from the end-entity up, stand below the provider's own: the fence compares their notBefore. 0: the provider's own
   * end-entity, of which iat counts.
   */
  readonly below: number;
}

/** A credential that satisfied one trust profile: path, status and shape. Says nothing about any PASSporT. */
export interface JudgedCredential extends ProfileFinding {
  readonly profile: TrustProfile;
  readonly path: JudgedPath;
  readonly certificates: readonly Certificate[];
  /** TNAuthList of each certificate, by value or by reference alike; null where it has none. */
  readonly lists: ReadonlyArray<readonly TnEntry[] | null>;
  readonly key: KeyObject;
  /** SHA-256 of the end-entity's SubjectPublicKeyInfo. */
  readonly spkiDigest: Buffer;
  readonly fingerprints: readonly Buffer[];
  readonly personal: readonly boolean[];
  /** Earliest notBefore, in seconds, of the certificates below the provider's own; null where iat counts. */
  readonly notBeforeBelow: number | null;
  /** What is off about the path and does not make it unsafe: codes of the table of findings, each once. */
  readonly findings: readonly OffProfile[];
  /** Seconds: the judgement holds for every `at` between, both inclusive. */
  readonly from: number;
  readonly until: number;
  readonly pathEvidence: Evidence;
  readonly revocationEvidence: Evidence;
  readonly profileEvidence: Evidence;
  readonly signatureEvidence: Evidence;
}

/** Why a credential satisfied a profile not, and at which of the three steps. */
export interface CredentialFailure {
  readonly profile: TrustProfile;
  readonly step: StepName;
  readonly refusal: Refusal;
  /** Null when no path was found to hold. */
  readonly path: JudgedPath | null;
  readonly pathEvidence: Evidence;
  readonly revocationEvidence: Evidence;
  /** Of a path that has the profile's shape, and is refused for a finding that policy raises; else none. */
  readonly findings: readonly OffProfile[];
}

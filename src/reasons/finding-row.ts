/** error: a verifier refuses it. warning: a breach of the profile, which the field commits and verifiers bear. notice: worth knowing. */
export type FindingSeverity = 'error' | 'warning' | 'notice';

/** The trust profiles by name, as in trust.yaml. */
export type FindingProfile = 'delegate' | 'shaken' | 'email' | 'numbering-authority';

/** Where a certificate stands on a path. An anchor that is not self-issued stands as an intermediate. */
export type Role = 'root' | 'intermediate' | 'end-entity';

/**
 * One thing that may be off about a certificate on a path without making it unsafe. It is recorded with every verdict under that path, and policy may
 * raise it to a refusal.
 */
export interface OffProfileRow {
  readonly grade: 'off-profile';
  readonly severity: FindingSeverity;
  readonly profiles: readonly FindingProfile[];
  readonly roles: readonly Role[];
  readonly clause: string;
  readonly title: string;
  readonly advice: string;
}

/** One thing that `inspect` says and no verdict knows of: about a CRL, a request, a whole file. */
export interface RemarkRow {
  readonly grade: 'remark';
  readonly severity: FindingSeverity;
  /** What it is said of, in a word or two. */
  readonly of: string;
  readonly clause: string;
  readonly title: string;
  readonly advice: string;
}

export type FindingRow = OffProfileRow | RemarkRow;

export const EVERY_PROFILE: readonly FindingProfile[] = ['delegate', 'shaken', 'email', 'numbering-authority'];
export const EVERY_ROLE: readonly Role[] = ['root', 'intermediate', 'end-entity'];
export const AUTHORITIES: readonly Role[] = ['root', 'intermediate'];
export const BELOW_ROOT: readonly Role[] = ['intermediate', 'end-entity'];
export const END_ENTITY: readonly Role[] = ['end-entity'];

import type { CompactPassport, PassportClaims, PassportHeader } from '../passport/index.js';
import type { Refusal } from '../reasons/index.js';
import type { AuthorityFinding } from './authority.js';
import type { CredentialFailure, JudgedCredential } from './credential.js';
import type { PortedNumber } from './verdict.js';

export interface VerifyInput {
  readonly passport: unknown;
  /** What this PASSporT parsed to when it was judged before (`NotAccepted.parsed`): it need not be parsed again. */
  readonly parsed?: CompactPassport | null | undefined;
  /** The authenticated client; null when there is none. */
  readonly client: { readonly domain: string } | null;
  /** Milliseconds since 1970; cut to whole seconds. */
  readonly at: number;
  /** DER of the path that was fetched or handed in, end-entity first; absent or null: the PASSporT's x5c. */
  readonly chain?: readonly Uint8Array[] | null | undefined;
  /** Why the path behind x5u could not be had: `acquire-credential` then refuses with it. */
  readonly unacquired?: Refusal | undefined;
  /** DER of TNAuthLists by the URLs that certificates name them by (RFC 8226 section 10.1). */
  readonly tnLists?: ReadonlyMap<string, Uint8Array> | undefined;
  /** DER of OCSP responses (RFC 6960) about certificates of the path. */
  readonly ocsp?: readonly Uint8Array[] | undefined;
  /** They count only if they are about the PASSporT's SII. */
  readonly ported?: PortedNumber | null | undefined;
}

const known = <T>(value: T | null, what: string): T => {
  if (value === null) throw new Error(`${what} is read before its step has run`);
  return value;
};

/** One PASSporT on its way through the pipeline. What a step has not yet established cannot be read. */
export class Job {
  readonly input: VerifyInput;
  /** Seconds. */
  readonly at: number;
  #compact: CompactPassport | null = null;
  #header: PassportHeader | null = null;
  #claims: PassportClaims | null = null;
  #path: readonly Uint8Array[] | null = null;
  #judged: JudgedCredential | null = null;
  #authority: AuthorityFinding | null = null;
  /** Set when no profile is satisfied: which later step refuses. */
  failure: CredentialFailure | null = null;
  /** Whether the end-entity key signed the PASSporT, where that was found out before its step; null: the step finds out. */
  signatureHolds: boolean | null = null;

  constructor(input: VerifyInput) {
    this.input = input;
    this.at = Math.floor(input.at / 1000);
  }

  get compact(): CompactPassport {
    return known(this.#compact, 'compact');
  }
  set compact(value: CompactPassport) {
    this.#compact = value;
  }
  get header(): PassportHeader {
    return known(this.#header, 'header');
  }
  set header(value: PassportHeader) {
    this.#header = value;
  }
  get claims(): PassportClaims {
    return known(this.#claims, 'claims');
  }
  set claims(value: PassportClaims) {
    this.#claims = value;
  }
  get path(): readonly Uint8Array[] {
    return known(this.#path, 'path');
  }
  set path(value: readonly Uint8Array[]) {
    this.#path = value;
  }
  get judged(): JudgedCredential {
    return known(this.#judged, 'judged credential');
  }
  set judged(value: JudgedCredential) {
    this.#judged = value;
  }
  get authority(): AuthorityFinding {
    return known(this.#authority, 'authority');
  }
  set authority(value: AuthorityFinding) {
    this.#authority = value;
  }

  /** What is known so far, for a refusal; null where the step was not reached. */
  get soFar(): { compact: CompactPassport | null; claims: PassportClaims | null; judged: JudgedCredential | null } {
    return { compact: this.#compact, claims: this.#claims, judged: this.#judged };
  }
}

import { REASONS, Refusal, type Reason } from '../../reasons/index.js';

/** Error types of RFC 8555 section 6.7, RFC 8739 section 6.6 and RFC 9115 section 6.5 that this server uses. */
const ERROR_TYPE = {
  'jws-malformed': 'malformed',
  'jws-alg-not-allowed': 'badSignatureAlgorithm',
  'jws-key-not-allowed': 'badPublicKey',
  'jws-signature-wrong': 'unauthorized',
  'jws-url-mismatch': 'unauthorized',
  'bad-nonce': 'badNonce',
  'rate-limited': 'rateLimited',
  'account-unknown': 'accountDoesNotExist',
  'account-deactivated': 'unauthorized',
  'account-mismatch': 'unauthorized',
  'account-key-taken': 'malformed',
  'key-change-mismatch': 'malformed',
  'contact-not-taken': 'unsupportedContact',
  'terms-not-agreed': 'userActionRequired',
  'binding-required': 'externalAccountRequired',
  'binding-wrong': 'unauthorized',
  'binding-used': 'unauthorized',
  'identifier-not-supported': 'unsupportedIdentifier',
  'identifier-malformed': 'malformed',
  'not-granted': 'rejectedIdentifier',
  'not-encompassed': 'rejectedIdentifier',
  'tn-out-of-scope': 'rejectedIdentifier',
  'number-on-hold': 'rejectedIdentifier',
  'validity-not-allowed': 'malformed',
  'order-not-ready': 'orderNotReady',
  'authorization-closed': 'malformed',
  'delegation-unknown': 'unknownDelegation',
  'authority-token-malformed': 'malformed',
  'token-authority-untrusted': 'unauthorized',
  'authority-token-signature': 'unauthorized',
  'authority-token-type': 'incorrectResponse',
  'authority-token-value': 'incorrectResponse',
  'authority-token-expired': 'unauthorized',
  'authority-token-replayed': 'unauthorized',
  'authority-token-fingerprint': 'incorrectResponse',
  'authority-token-ca': 'badCSR',
  'csr-malformed': 'badCSR',
  'csr-key-not-allowed': 'badCSR',
  'csr-key-of-account': 'badCSR',
  'csr-signature-wrong': 'badCSR',
  'csr-identifier-mismatch': 'badCSR',
  'csr-extension-not-allowed': 'badCSR',
  'csr-template-mismatch': 'badCSR',
  'key-reuse': 'badCSR',
  'revocation-not-allowed': 'unauthorized',
  'revocation-reason': 'badRevocationReason',
  'already-revoked': 'alreadyRevoked',
  'auto-renewal-canceled': 'autoRenewalCanceled',
  'auto-renewal-expired': 'autoRenewalExpired',
  'auto-renewal-cancellation': 'autoRenewalCancellationInvalid',
  'auto-renewal-revocation': 'autoRenewalRevocationNotSupported',
  'x5u-not-allowed': 'unauthorized',
  'x5u-redirect': 'unauthorized',
  'credential-unavailable': 'connection',
} as const satisfies Partial<Record<Reason, string>>;

export interface AcmeIdentifier {
  readonly type: string;
  readonly value: string;
}

/** RFC 8555 section 6.7.1: what was wrong with one identifier of several. */
export interface Subproblem {
  readonly reason: Reason;
  readonly detail?: string | undefined;
  readonly identifier: AcmeIdentifier;
}

/** What an ACME error says beyond its reason. */
export interface ProblemExtras {
  readonly subproblems?: readonly Subproblem[];
  /** Seconds. */
  readonly retryAfter?: number;
  /** RFC 8555 section 7.3.5: the account that has the key. */
  readonly location?: string;
}

/** A refusal with what ACME says besides. */
export class AcmeRefusal extends Refusal {
  readonly extras: ProblemExtras;
  constructor(reason: Reason, detail: string | undefined, extras: ProblemExtras) {
    super(reason, detail);
    this.extras = extras;
  }
}

const isTyped = (reason: Reason): reason is keyof typeof ERROR_TYPE => Object.hasOwn(ERROR_TYPE, reason);

/** Without a row of its own a reason is `malformed` where the request is to blame, `serverInternal` where we are. */
export const errorTypeOf = (reason: Reason): string => {
  const { family } = REASONS[reason];
  const name = isTyped(reason) ? ERROR_TYPE[reason] : family === 'fault' || family === 'unavailable' ? 'serverInternal' : 'malformed';
  return `urn:ietf:params:acme:error:${name}`;
};

/** RFC 8555 has no 422; a verdict on what a request carries is a bad request here. */
export const statusOf = (reason: Reason): number => (REASONS[reason].http === 422 ? 400 : REASONS[reason].http);

/** What stands in a challenge or order that failed, and in the body of an error (RFC 9457, RFC 8555 section 6.7). */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly reason: Reason;
  readonly clause: string;
  readonly detail?: string;
  readonly algorithms?: readonly string[];
  readonly subproblems?: ReadonlyArray<{
    readonly type: string;
    readonly reason: Reason;
    readonly detail?: string;
    readonly identifier: AcmeIdentifier;
  }>;
}

const detailed = (detail: string | undefined): { detail?: string } => (detail === undefined ? {} : { detail });

/** The document of a reason. A fault of ours says nothing more: its detail could hold anything. */
export const problemDocument = (reason: Reason, detail?: string, { subproblems = [] }: ProblemExtras = {}): ProblemDocument => {
  const { title, clause, family } = REASONS[reason];
  const types = new Set(subproblems.map((one) => errorTypeOf(one.reason)));
  return {
    // RFC 8555 section 6.7.1: compound where the identifiers differ in what is wrong.
    type: types.size > 1 ? 'urn:ietf:params:acme:error:compound' : errorTypeOf(reason),
    title,
    status: statusOf(reason),
    reason,
    clause,
    ...(family === 'fault' ? {} : detailed(detail)),
    // RFC 8555 section 6.2: a refused algorithm comes with those that are not.
    ...(reason === 'jws-alg-not-allowed' ? { algorithms: ['ES256'] } : {}),
    ...(subproblems.length === 0
      ? {}
      : {
          subproblems: subproblems.map((one) => ({
            type: errorTypeOf(one.reason),
            reason: one.reason,
            ...detailed(one.detail),
            identifier: one.identifier,
          })),
        }),
  };
};

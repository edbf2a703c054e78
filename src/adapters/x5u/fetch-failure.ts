/**
 * Why a fetch brought nothing. url-not-allowed: scheme, port, credentials, or a host that is no domain name. address-not-allowed: a name with an
 * address that is not public, or a connection that is not to one. timeout: the deadline passed, wherever it was. aborted: by the caller's signal.
 */
export type FetchFailureCode =
  | 'url-not-allowed'
  | 'name-not-resolved'
  | 'address-not-allowed'
  | 'connect-failed'
  | 'tls-failed'
  | 'redirect'
  | 'status'
  | 'content-type'
  | 'content-encoding'
  | 'too-large'
  | 'broken-answer'
  | 'timeout'
  | 'aborted';

/** A fetch that brought nothing. Carries no part of the URL. */
export class FetchFailure extends Error {
  override readonly name = 'FetchFailure';
  readonly code: FetchFailureCode;
  /** The HTTP status; null where there was no answer. */
  readonly status: number | null;

  constructor(code: FetchFailureCode, status: number | null = null, cause?: unknown) {
    super(status === null ? code : `${code} ${status}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
  }
}

import { Refusal, Unavailable, type Reason } from '../../reasons/index.js';
import { AcmeRefusal, problemDocument } from './problem.js';

/** What the server answers, whatever carries it. */
export interface AcmeAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  /** Of a problem; else null. */
  readonly reason: Reason | null;
}

export type Header = readonly [string, string];

export const link = (url: string, relation: 'index' | 'up' | 'next'): Header => ['Link', `<${url}>;rel="${relation}"`];
export const location = (url: string): Header => ['Location', url];

export const objectAnswer = (status: number, object: object, ...headers: Header[]): AcmeAnswer => ({
  status,
  type: 'application/json',
  body: JSON.stringify(object),
  headers,
  reason: null,
});

export const emptyAnswer = (status: number): AcmeAnswer => ({ status, type: 'application/json', body: '', headers: [], reason: null });

/** RFC 8555 section 9.1. */
export const chainAnswer = (body: string, ...headers: Header[]): AcmeAnswer => ({
  status: 200,
  type: 'application/pem-certificate-chain',
  body,
  headers,
  reason: null,
});

/** RFC 8555 section 6.6: Retry-After wherever waiting is the remedy. */
const retryHeaders = (thrown: Refusal): Header[] => {
  const seconds = thrown instanceof AcmeRefusal ? thrown.extras.retryAfter : thrown instanceof Unavailable ? thrown.retryAfter : undefined;
  return seconds === undefined ? [] : [['Retry-After', String(Math.max(1, Math.ceil(seconds)))]];
};

/** What a thrown value means to the client. Anything that is not a Refusal is a fault of ours, and says nothing. */
export const problemAnswer = (thrown: unknown): AcmeAnswer => {
  const refusal = thrown instanceof Refusal ? thrown : new Refusal('internal-error');
  const extras = refusal instanceof AcmeRefusal ? refusal.extras : {};
  const document = problemDocument(refusal.reason, refusal.detail, extras);
  return {
    status: document.status,
    type: 'application/problem+json',
    body: JSON.stringify(document),
    headers: [...retryHeaders(refusal), ...(extras.location === undefined ? [] : [location(extras.location)])],
    reason: refusal.reason,
  };
};

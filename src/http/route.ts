import type { z } from 'zod';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../gateway/use-cases.js';
import type { Answer } from './answer.js';
import type { CommonSite, Site } from './site.js';

/** One request on its way through a route. */
export interface Exchange<S extends CommonSite = Site> {
  readonly site: S;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  /** Null on public routes where the client is nobody known. */
  readonly client: Principal | null;
  /**
   * Who calls, as configured now: a request may be longer than what was in force when it began.
   * @throws Refusal `client-unknown`, `client-suspended`, `client-key-mismatch`, `client-not-allowed`
   */
  caller(): Principal;
  /** Path parameters, decoded by nobody: routes take only characters that need no decoding. */
  readonly params: Readonly<Record<string, string>>;
  /** Without the question mark, and not looked at; null where there is none. */
  readonly query: string | null;
  /** The body's media type, lower case, without parameters; '' where the route takes no body. */
  readonly mediaType: string;
  /** The whole body. @throws Refusal `too-large`, `malformed-request` (cut off or too slow) */
  body(): Promise<Buffer>;
}

export type Kind = Principal['kind'];

export interface Route<S extends CommonSite = Site> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As express writes it; also the metric label, so that no path of a client's making becomes one. */
  readonly path: string;
  /** Who may call: anybody, or principals of these kinds. */
  readonly access: 'public' | readonly Kind[];
  /** Media types of the body; none: the route takes no body. */
  readonly consumes: readonly string[];
  /** What the query may hold, for the routes that take one. */
  readonly query?: z.ZodObject;
  /** `always`: answered under overload and while draining. `reserved`: shed last. */
  readonly urgency: 'normal' | 'reserved' | 'always';
  handle(exchange: Exchange<S>): Answer | Promise<Answer>;
  /** How what stands in the way is answered, where a protocol has problem types of its own; absent: as `problemAnswer` does. */
  problem?(thrown: unknown, exchange: Pick<Exchange<S>, 'site' | 'requestId'>): Answer;
}

export const ANY_PRINCIPAL: readonly Kind[] = ['ap', 'np', 'ep', 'dp', 'auditor', 'operator'];

/** The principal of a route whose access is not public. The dispatcher has refused everybody else. */
export const clientOf = (exchange: Pick<Exchange, 'client'>): Principal => {
  if (exchange.client === null) throw new Error('a route that needs a client was reached without one');
  return exchange.client;
};

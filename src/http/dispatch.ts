import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { KnownPrincipal } from '../gateway/principal-control.js';
import type { Principal } from '../gateway/use-cases.js';
import { Refusal, type Reason } from '../reasons/index.js';
import type { Answer } from './answer.js';
import { readBody } from './body.js';
import type { ClientIdentities } from './client-identity.js';
import { describeFault } from './fault.js';
import { factsOf, problemAnswer } from './problem.js';
import { isCoded, mediaTypeOf } from './request-line.js';
import type { RequestIds } from './request-id.js';
import { respond } from './respond.js';
import type { Route } from './route.js';
import type { CommonSite } from './site.js';

const NO_PARAMS: Readonly<Record<string, string>> = {};

/**
 * Every request of every route goes through here, hot or not, once its route is known: who calls, may they, is there room, what is the body;
 * then the route; then one way of answering, counting and logging.
 */
export class Dispatcher<S extends CommonSite> {
  readonly #site: S;
  readonly #identities: ClientIdentities;
  readonly #ids: RequestIds;

  constructor(site: S, identities: ClientIdentities, ids: RequestIds) {
    this.#site = site;
    this.#identities = identities;
    this.#ids = ids;
  }

  /** Never rejects. */
  async serve(
    route: Route<S>,
    request: IncomingMessage,
    response: ServerResponse,
    query: string | null = null,
    params: Readonly<Record<string, string>> = NO_PARAMS,
  ): Promise<void> {
    const { admission, clock, log } = this.#site;
    const started = clock.monotonic();
    const requestId = this.#ids.next();
    let client: string | null = null;
    let entered = false;
    let answer: Answer;
    try {
      client = this.#principalOf(request)?.domain ?? null;
      admission.enter(route.urgency, client);
      entered = true;
      const caller = (): Principal => this.#caller(route, request);
      const principal = route.access === 'public' ? this.#ifInForce(request) : caller();
      checkRequest(route, request, query);
      answer = await route.handle({
        site: this.#site,
        request,
        response,
        requestId,
        client: principal,
        caller,
        params,
        query,
        mediaType: route.consumes.length === 0 ? '' : mediaTypeOf(request),
        body: () => readBody(request),
      });
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) log.error({ requestId, route: route.path, fault: describeFault(thrown) }, 'fault');
      answer = route.problem?.(thrown, { site: this.#site, requestId }) ?? problemAnswer(factsOf(thrown), requestId);
    }
    // The work is done: who is slow to send the body that nobody wants, or to read, takes nobody's place meanwhile.
    if (entered) admission.leave(client);
    try {
      await respond(request, response, answer, requestId, admission.draining);
    } catch (thrown) {
      log.error({ requestId, route: route.path, fault: describeFault(thrown) }, 'fault while answering');
      response.destroy();
    }
    this.#record(route, request, answer, client, requestId, clock.monotonic() - started);
  }

  #principalOf({ socket }: IncomingMessage): KnownPrincipal | undefined {
    const domain = socket instanceof TLSSocket ? this.#identities.domainOf(socket) : null;
    return domain === null ? undefined : this.#site.principalOf(domain);
  }

  /** @throws Refusal `client-unknown`, `client-suspended`, `client-key-mismatch`, `client-not-allowed` */
  #caller({ access }: Pick<Route, 'access'>, request: IncomingMessage): Principal {
    const principal = this.#principalOf(request);
    const fault = this.#faultOf(principal, request);
    if (principal === undefined || fault !== null) throw new Refusal(fault ?? 'client-unknown');
    if (access !== 'public' && !access.includes(principal.kind)) throw new Refusal('client-not-allowed', `kind ${principal.kind}`);
    return principal;
  }

  #ifInForce(request: IncomingMessage): Principal | null {
    const principal = this.#principalOf(request);
    return principal !== undefined && this.#faultOf(principal, request) === null ? principal : null;
  }

  #faultOf(principal: KnownPrincipal | undefined, { socket }: IncomingMessage): Reason | null {
    if (principal === undefined) return 'client-unknown';
    if (principal.isSuspended === true) return 'client-suspended';
    if (principal.clientKey === undefined) return null;
    return socket instanceof TLSSocket && this.#identities.keyOf(socket) === principal.clientKey ? null : 'client-key-mismatch';
  }

  #record(route: Route<S>, request: IncomingMessage, answer: Answer, client: string | null, requestId: string, ms: number): void {
    this.#site.metrics.request(route.path, request.method ?? '', answer.status, ms / 1000);
    if (answer.reason !== null) this.#site.metrics.problem(answer.reason);
    if (this.#site.log.isLevelEnabled('debug'))
      this.#site.log.debug(
        {
          requestId,
          route: route.path,
          method: request.method,
          status: answer.status,
          reason: answer.reason,
          client,
          ms: Math.round(ms * 1000) / 1000,
        },
        'request',
      );
  }
}

/** @throws Refusal `malformed-request`, `unsupported-media-type` */
const checkRequest = (route: Pick<Route, 'consumes' | 'query'>, request: IncomingMessage, query: string | null): void => {
  // A query that is silently ignored would look as if it had been heard.
  if (query !== null && route.query === undefined) throw new Refusal('malformed-request', 'this route takes no query');
  if (route.consumes.length === 0) return;
  if (isCoded(request)) throw new Refusal('unsupported-media-type', 'Content-Encoding');
  if (!route.consumes.includes(mediaTypeOf(request))) throw new Refusal('unsupported-media-type', route.consumes.join(' or '));
};

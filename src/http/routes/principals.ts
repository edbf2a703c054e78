import type { PrincipalState } from '../../gateway/principal-control.js';
import { isDomain } from '../../identifiers/index.js';
import { principalTerms } from '../../policy/index.js';
import { Refusal } from '../../reasons/index.js';
import { answerJson, type Answer } from '../answer.js';
import { parseBody } from '../body.js';
import { clientOf, type Exchange, type Route } from '../route.js';

const PATH = '/v1/admin/principals/:domain';

/** @throws Refusal `malformed-request` */
const domainOf = ({ params: { domain = '' } }: Pick<Exchange, 'params'>): string => {
  if (!isDomain(domain)) throw new Refusal('malformed-request', 'domain');
  return domain;
};

const answerState = (status: number, state: PrincipalState | null, receipt: string | null = null): Answer => {
  if (state === null) throw new Refusal('not-found', 'nobody of that name is known');
  const { domain, terms, change } = state;
  const said = change === null ? null : { ...change, at: new Date(change.at).toISOString() };
  return answerJson(status, { domain, ...terms, change: said, ...(receipt === null ? {} : { receipt }) });
};

/** Who a domain is, and whether `principals.yaml` (`change` null) or an operator says so. */
export const readPrincipal: Route = {
  method: 'GET',
  path: PATH,
  access: ['operator'],
  consumes: [],
  urgency: 'reserved',
  handle: (exchange) => answerState(200, exchange.site.principals.state(domainOf(exchange))),
};

/** Onboards a domain, or says anew who it is, whether it is suspended, and which key it must have. */
export const putPrincipal: Route = {
  method: 'PUT',
  path: PATH,
  access: ['operator'],
  consumes: ['application/json'],
  urgency: 'reserved',
  async handle(exchange) {
    const { site, requestId } = exchange;
    const domain = domainOf(exchange);
    const terms = parseBody(await exchange.body(), principalTerms);
    const by = clientOf(exchange).domain;
    const { isNew, logged } = await site.principals.change(domain, terms, by);
    site.log.info({ requestId, domain, by, kind: terms.kind, suspended: terms.suspended === true }, 'principal changed');
    return answerState(isNew ? 201 : 200, site.principals.state(domain), logged?.receipt ?? null);
  },
};

/** Removes a domain for good, also when there was none. What it registered stays until it runs out or is withdrawn. */
export const removePrincipal: Route = {
  method: 'DELETE',
  path: PATH,
  access: ['operator'],
  consumes: [],
  urgency: 'reserved',
  async handle(exchange) {
    const { site, requestId } = exchange;
    const domain = domainOf(exchange);
    const by = clientOf(exchange).domain;
    const { logged } = await site.principals.change(domain, null, by);
    site.log.info({ requestId, domain, by }, 'principal removed');
    return answerJson(200, { domain, ...logged });
  },
};

import { ACME_RESOURCES, JOSE_TYPE, type AcmeAnswer, type AcmeServer, type ResourceName } from '../../issuance/acme/index.js';
import { JSON_TYPE, type Answer } from '../answer.js';
import { RouteRefusal } from '../problem.js';
import { mediaTypeOf } from '../request-line.js';
import type { Exchange, Route } from '../route.js';
import type { ProviderSite } from './site.js';

/** There is no route to a server that is not there. */
const serverOf = ({ acme }: ProviderSite): AcmeServer => {
  if (acme === null) throw new Error('an ACME route without an ACME server');
  return acme;
};

const carried = ({ status, type, body, headers, reason }: AcmeAnswer): Answer => ({ status, type, body, headers: headers.flat(), reason });

const problem: NonNullable<Route<ProviderSite>['problem']> = (thrown, { site }) => {
  const answer = carried(serverOf(site).refusal(thrown));
  return thrown instanceof RouteRefusal ? { ...answer, headers: [...answer.headers, 'Allow', thrown.allow.join(', ')] } : answer;
};

/** What the request line says, which the signature must say too (RFC 8555 section 6.4). Routes take no query. */
const pathOf = ({ request }: Exchange<ProviderSite>): string => request.url ?? '';

const resourceRoute = (name: ResourceName): Route<ProviderSite> => {
  const { method, path } = ACME_RESOURCES[name];
  return {
    method,
    path,
    access: 'public',
    consumes: method === 'POST' ? [JOSE_TYPE] : [],
    urgency: 'normal',
    async handle(exchange) {
      const { site, request, params, mediaType } = exchange;
      const body = method === 'POST' ? await exchange.body() : Buffer.alloc(0);
      const answer = carried(await serverOf(site).answer(name, { path: pathOf(exchange), params, mediaType, body }));
      // RFC 8555 section 7.2: 200 to HEAD, 204 to GET.
      return name === 'newNonce' && request.method === 'HEAD' ? { ...answer, status: 200 } : answer;
    },
    problem,
  };
};

/** RFC 9447 section 5. Who asks is judged in the token authority: by the account's signature, or by the client certificate. */
const authorityToken: Route<ProviderSite> = {
  method: 'POST',
  path: '/at/account/:id/token',
  access: 'public',
  consumes: [JSON_TYPE, JOSE_TYPE],
  urgency: 'normal',
  async handle(exchange) {
    const { site, client, params, request } = exchange;
    const asked = { path: pathOf(exchange), params, mediaType: mediaTypeOf(request), body: await exchange.body() };
    const domain = client?.kind === 'ap' ? client.domain : null;
    return carried(await serverOf(site).authorityToken(params['id'] ?? '', domain, asked));
  },
  problem,
};

/** The routes of an ACME server and its token authority. */
export const ACME_ROUTES: readonly Route<ProviderSite>[] = [
  ...(Object.keys(ACME_RESOURCES) as ResourceName[]).map(resourceRoute),
  authorityToken,
];

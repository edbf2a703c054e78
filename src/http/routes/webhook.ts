import { z } from 'zod';
import { httpsUrlField } from '../../policy/index.js';
import { answerJson } from '../answer.js';
import { parseBody } from '../body.js';
import { clientOf, type Kind, type Route } from '../route.js';

const PATH = '/v1/webhook';
/** Who may have a stream of invalidations may have them sent instead. */
const ACCESS: readonly Kind[] = ['ap', 'dp', 'np', 'ep', 'auditor'];

export const webhookBody = z.strictObject({
  url: httpsUrlField.meta({ description: "https on 443 or 8443, at a host of the caller's own domain" }),
});

/** Where the caller has its changes sent; `url` null: nowhere. */
export const readWebhookUrl: Route = {
  method: 'GET',
  path: PATH,
  access: ACCESS,
  consumes: [],
  urgency: 'normal',
  handle: (exchange) => answerJson(200, { url: exchange.site.webhooks.urlOf(clientOf(exchange).domain) }),
};

/** The caller says for itself where its changes are sent: its certificate proves the domain, and the host must be of it. */
export const putWebhookUrl: Route = {
  method: 'PUT',
  path: PATH,
  access: ACCESS,
  consumes: ['application/json'],
  urgency: 'normal',
  async handle(exchange) {
    const { url } = parseBody(await exchange.body(), webhookBody);
    await exchange.site.webhooks.set(clientOf(exchange).domain, url);
    return answerJson(200, { url });
  },
};

export const removeWebhookUrl: Route = {
  method: 'DELETE',
  path: PATH,
  access: ACCESS,
  consumes: [],
  urgency: 'normal',
  async handle(exchange) {
    await exchange.site.webhooks.set(clientOf(exchange).domain, null);
    return answerJson(200, { url: null });
  },
};

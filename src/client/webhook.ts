import { z } from 'zod';
import { parseStrictJson } from '../encoding/index.js';
import { verifyWebhook, type WebhookHeaders } from '../log/index.js';
import { UnexpectedAnswer } from './api-refusal.js';
import type { Invalidation } from './invalidations.js';

const message = z.object({
  events: z.array(z.union([z.object({ id: z.string(), reset: z.literal(true) }), z.object({ id: z.string(), sii: z.string() })])),
});

export interface WebhookDelivery {
  /** What is delivered twice has one id. */
  readonly id: string;
  readonly events: readonly Invalidation[];
}

/**
 * What a gateway's webhook message tells, verified. Proven: the gateway with this receipt key sent it, within five minutes of now. Answer 200 once its events
 * are acted upon: a message that is not taken comes again, and what comes after it waits.
 * @param now seconds
 * @throws Refusal `webhook-not-signed`: do not act on it; UnexpectedAnswer for a body that is not of the documented shape
 *
 * @example
 * ```ts
 * const { events } = readWebhook(request.headers, body, { receiptVkey, now: Date.now() / 1000 });
 * for (const event of events)
 *   if (event.event === 'reset') cache.clear();
 *   else cache.delete(event.sii);
 * ```
 */
export const readWebhook = (
  headers: WebhookHeaders,
  body: Uint8Array,
  how: { readonly receiptVkey: string; readonly now: number },
): WebhookDelivery => {
  const id = verifyWebhook(headers, body, how);
  const read = message.safeParse(jsonOf(body));
  if (!read.success) throw new UnexpectedAnswer('the message is not of the documented shape');
  return { id, events: read.data.events.map(eventOf) };
};

const jsonOf = (body: Uint8Array): unknown => {
  try {
    return parseStrictJson(body);
  } catch {
    throw new UnexpectedAnswer('the message is not JSON');
  }
};

type Event = z.infer<typeof message>['events'][number];

const eventOf = (event: Event): Invalidation =>
  'reset' in event ? { event: 'reset', id: event.id } : { event: 'changed', id: event.id, sii: event.sii };

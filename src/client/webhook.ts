import { z } from 'zod';
import { parseStrictJson } from '../encoding/index.js';
import { verifyWebhook, type WebhookHeaders } from '../log/index.js';
import { UnexpectedAnswer } from './api-refusal.js';
import type { Invalidation } from './invalidations.js';
import { alarmShape, type Alarm } from './monitor.js';

const id = z.string();
const message = z.discriminatedUnion('feed', [
  z.object({
    feed: z.literal('invalidations'),
    events: z.array(z.union([z.object({ id, reset: z.literal(true) }), z.object({ id, sii: z.string() })])),
  }),
  z.object({
    feed: z.literal('alarms'),
    events: z.array(z.union([z.object({ id, reset: z.literal(true), index: z.int() }), alarmShape.extend({ id })])),
  }),
]);

/** As the streams tell them: what changed of the answers that you hold, and a provider's alarms. */
export type WebhookEvent = Invalidation | Alarm;

export interface WebhookDelivery {
  /** What is delivered twice has one id. */
  readonly id: string;
  readonly feed: 'invalidations' | 'alarms';
  readonly events: readonly WebhookEvent[];
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
 *   if (event.event === 'changed') cache.delete(event.sii);
 *   else if (event.event === 'reset') cache.clear();
 * ```
 */
export const readWebhook = (
  headers: WebhookHeaders,
  body: Uint8Array,
  how: { readonly receiptVkey: string; readonly now: number },
): WebhookDelivery => {
  const messageId = verifyWebhook(headers, body, how);
  const read = message.safeParse(jsonOf(body));
  if (!read.success) throw new UnexpectedAnswer('the message is not of the documented shape');
  const { feed } = read.data;
  return { id: messageId, feed, events: read.data.events.map(eventOf) };
};

const jsonOf = (body: Uint8Array): unknown => {
  try {
    return parseStrictJson(body);
  } catch {
    throw new UnexpectedAnswer('the message is not JSON');
  }
};

type Event = z.infer<typeof message>['events'][number];

const eventOf = (event: Event): WebhookEvent => {
  if ('alarm' in event) return { event: 'alarm', ...event };
  if ('sii' in event) return { event: 'changed', ...event };
  return 'index' in event ? { event: 'reset', id: event.id, index: event.index } : { event: 'reset', id: event.id };
};

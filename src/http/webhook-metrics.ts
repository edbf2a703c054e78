import { Counter, Gauge, type Registry } from 'prom-client';
import type { WebhooksState } from '../gateway/index.js';

/** Messages to webhooks, over all receivers; names nobody. */
export const registerWebhookMetrics = (registry: Registry, state: () => WebhooksState): void => {
  registry.registerMetric(
    new Counter({
      name: 'signpost_webhook_messages_total',
      help: 'Messages to webhooks: taken by their receiver, or not (they are sent again)',
      labelNames: ['outcome'],
      registers: [],
      collect() {
        this.reset();
        const { delivered, failed } = state();
        this.inc({ outcome: 'delivered' }, delivered);
        this.inc({ outcome: 'failed' }, failed);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'signpost_webhooks_failing',
      help: 'Webhooks that did not take their last message',
      registers: [],
      collect() {
        this.set(state().failing);
      },
    }),
  );
};

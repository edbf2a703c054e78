import type { Logger } from 'pino';
import { FetchFailure, GuardedFetcher } from '../adapters/x5u/index.js';
import { Webhooks, type RunningGateway, type WebhookTarget } from '../gateway/index.js';
import type { Clock, NoteSigner, SendMessage } from '../ports/index.js';
import type { GatewayOptions } from './options.js';

/** ms: a receiver that has not answered by then is asked again; what was meant for it waits. */
const RECEIVER_MS = 5_000;
/** An answer's body says nothing to us. */
const ANSWER_OCTETS = 4096;

interface Parts {
  readonly outside: GatewayOptions['outside'];
  readonly clock: Clock;
  readonly signer: NoteSigner;
  readonly gateway: Pick<RunningGateway, 'changes' | 'alarms'>;
  readonly targets: () => Iterable<WebhookTarget>;
  readonly log: Logger;
}

/** Webhooks over the guarded fetcher: public addresses alone, TLS with a WebPKI certificate, no redirect. */
export const openWebhooks = ({ outside, clock, signer, gateway, targets, log }: Parts): Webhooks => {
  const fetcher = new GuardedFetcher({ ...outside, clock, limits: { timeoutMs: RECEIVER_MS } });
  const failed = (domain: string, error: Error): void =>
    log.warn({ client: domain, failure: error.message }, 'a webhook does not take its messages');
  return new Webhooks({
    send: sendOver(fetcher),
    signer,
    clock,
    targets,
    changes: (domain, after, wake) => gateway.changes({ domain }, after, wake),
    alarms: (name, after, wake) => gateway.alarms(name, after, wake),
    failed,
  });
};

const sendOver =
  (fetcher: GuardedFetcher): SendMessage =>
  async (url, { headers, body }, signal) => {
    const { 'content-type': contentType = 'application/octet-stream', ...further } = headers;
    const message = { octets: body, contentType };
    try {
      await fetcher.fetch(url, {
        method: 'POST',
        body: message,
        headers: further,
        maxOctets: ANSWER_OCTETS,
        timeoutMs: RECEIVER_MS,
        signal,
      });
    } catch (error) {
      const isTaken = error instanceof FetchFailure && error.status !== null && error.status >= 200 && error.status < 300;
      if (!isTaken) throw error;
    }
  };

import { createHmac } from 'node:crypto';
import { request } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';

export interface Webhook {
  readonly url: string;
  /** The secret that sender and receiver share. */
  readonly key: Uint8Array;
}

const ATTEMPTS = 3;
const PAUSE_MS = 500;
const TIMEOUT_MS = 5_000;

/**
 * Tells a webhook, over https alone: `Signpost-Timestamp` (seconds) and `Signpost-Signature`, `sha256=` and the HMAC-SHA-256 of timestamp, a dot
 * and the body in hex. Redirects are not followed. False: nobody took it, however often it was tried.
 */
export const tellWebhook = async ({ url, key }: Webhook, body: string, now: () => number): Promise<boolean> => {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const timestamp = String(Math.floor(now() / 1000));
    const signature = createHmac('sha256', key).update(`${timestamp}.${body}`).digest('hex');
    const headers = { 'Signpost-Timestamp': timestamp, 'Signpost-Signature': `sha256=${signature}` };
    if (await isTaken(url, body, headers)) return true;
    if (attempt < ATTEMPTS) await wait(PAUSE_MS * attempt);
  }
  return false;
};

const isTaken = (url: string, body: string, headers: Record<string, string>): Promise<boolean> =>
  new Promise((resolve) => {
    const sent = request(url, {
      method: 'POST',
      headers: { ...headers, 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    sent.once('response', (answer) => {
      answer.resume();
      const { statusCode = 0 } = answer;
      resolve(statusCode >= 200 && statusCode < 300);
    });
    sent.once('error', () => resolve(false));
    sent.end(body);
  });

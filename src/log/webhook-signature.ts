import { decodeBase64, encodeBase64 } from '../encoding/index.js';
import { refuse } from '../reasons/index.js';
import type { Signer } from './note.js';
import { receiptKeyName } from './receipt.js';
import { KEY_TYPE, toKey, verifyEd25519, type VerificationKey } from './vkey.js';

/** Header fields of the Standard Webhooks specification, version 1.0.0. */
export const WEBHOOK_ID = 'webhook-id';
export const WEBHOOK_TIMESTAMP = 'webhook-timestamp';
export const WEBHOOK_SIGNATURE = 'webhook-signature';

/** Standard Webhooks, "Verifying webhook authenticity": how far the clocks of sender and receiver may be apart. */
export const WEBHOOK_TOLERANCE_SECONDS = 300;
/** What a receiver reads at most. */
const MAX_SIGNATURES = 16;

/** Standard Webhooks, "Signature scheme". No note reads like this, since a note ends in a line feed: under the receipt key it can be taken for nothing else. */
const signedOctets = (id: string, timestamp: number, body: Uint8Array): Buffer => Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);

/** Header fields that vouch for a message. `body` must not end in a line feed. @param timestamp seconds */
export const signWebhook = (id: string, timestamp: number, body: Uint8Array, signer: Signer): Record<string, string> => ({
  [WEBHOOK_ID]: id,
  [WEBHOOK_TIMESTAMP]: String(timestamp),
  [WEBHOOK_SIGNATURE]: `v1a,${encodeBase64(signer.sign(signedOctets(id, timestamp, body)))}`,
});

/** Header fields as they came, names in lower case. */
export type WebhookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Verifies that the gateway with this receipt key sent this message, to be told apart by the id that it returns: what is delivered twice has one id.
 * Not proven: that it is the first to come, nor that none is missing.
 * @param now seconds
 * @throws Refusal `webhook-not-signed` for a signature or header field that does not hold, or a message that is too old or from ahead; `untrusted-note`
 * for a text that is no key
 */
export const verifyWebhook = (
  headers: WebhookHeaders,
  body: Uint8Array,
  { receiptVkey, now }: { readonly receiptVkey: string | VerificationKey; readonly now: number },
): string => {
  const [id, timestamp, signatures] = [WEBHOOK_ID, WEBHOOK_TIMESTAMP, WEBHOOK_SIGNATURE].map((name) => headers[name]);
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string')
    return refuse('webhook-not-signed', 'header fields');
  if (!/^[1-9][0-9]{0,11}$/.test(timestamp) || !(Math.abs(now - Number(timestamp)) <= WEBHOOK_TOLERANCE_SECONDS))
    return refuse('webhook-not-signed', 'timestamp');
  const key = toKey(receiptVkey);
  if (key.type !== KEY_TYPE.ed25519 || !key.name.endsWith(receiptKeyName(''))) return refuse('webhook-not-signed', 'key');
  const octets = signedOctets(id, Number(timestamp), body);
  const isSigned = signatures
    .split(' ', MAX_SIGNATURES)
    .map((one) => (one.startsWith('v1a,') ? decodeBase64(one.slice(4)) : null))
    .some((signature) => signature?.length === 64 && verifyEd25519(key, octets, signature));
  return isSigned ? id : refuse('webhook-not-signed', 'signature');
};

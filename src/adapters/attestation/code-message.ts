import { createHmac, type KeyObject } from 'node:crypto';
import { tnOf } from '../../identifiers/index.js';
import type { CodeProof } from '../../ports/index.js';
import { Unavailable } from '../../reasons/index.js';
import { callHook, type Hook } from './hook-call.js';

/** HMAC-SHA256 over the body's octets, in hex: the hook knows that it was this desk, and that nobody changed the text. */
export const SIGNATURE_HEADER = 'Signpost-Signature';
/** One message, however often it is sent. */
export const MESSAGE_ID_HEADER = 'Idempotency-Key';

/**
 * RFC 9110 section 15.5: the hook's way of saying that there is nobody to send this to. To the AP that must look like any other message, or it could
 * ask which of the desk's numbers are in use.
 */
const NOBODY = new Set([404, 410, 422]);

/** Codes go out through the operator's own gateway for text messages or mail, an HTTPS hook. */
export class CodeMessage implements CodeProof {
  readonly consent = 'otp';
  readonly #hook: Hook;
  readonly #secret: KeyObject;

  constructor(hook: Hook, secret: KeyObject) {
    this.#hook = hook;
    this.#secret = secret;
  }

  async send(sii: string, text: string, id: string): Promise<void> {
    const tn = tnOf(sii);
    const body = JSON.stringify({ to: tn === null ? sii.slice('mailto:'.length) : `+${tn}`, text });
    const signature = createHmac('sha256', this.#secret).update(body, 'utf8').digest('hex');
    const { status } = await callHook(this.#hook, body, { [SIGNATURE_HEADER]: `sha256=${signature}`, [MESSAGE_ID_HEADER]: id });
    if ((status >= 200 && status < 300) || NOBODY.has(status)) return;
    this.#hook.trouble(`status ${status}`);
    throw new Unavailable('proof-unavailable');
  }
}

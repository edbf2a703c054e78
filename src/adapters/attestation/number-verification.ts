import { createHash } from 'node:crypto';
import { z } from 'zod';
import { JsonError, parseStrictJson } from '../../encoding/index.js';
import { tnOf } from '../../identifiers/index.js';
import type { Clock, EvidenceProof, SubscriberWish } from '../../ports/index.js';
import { refuse, Unavailable } from '../../reasons/index.js';
import { callHook, type Hook, type HookAnswer } from './hook-call.js';
import { Once } from './once.js';

/** RFC 6750 section 2.1, with room for a JWT. */
const BEARER = /^[A-Za-z0-9._~+/-]{1,8192}=*$/;
/** Longer than any access token of number verification lives. */
const REMEMBERED = 3_600_000;
const ACCESS_TOKENS = 100_000;

const verified = z.object({ devicePhoneNumberVerified: z.boolean() });

/**
 * CAMARA Number Verification, `POST /verify`: the mobile network says whether the phone that the access token was made over has the number now.
 * Shows who has the SIM, not what they agreed to: that the subscriber wished it is the AP's word, of which `sim` is the measure.
 * An access token serves once at this desk; after a restart it could serve again, for the same number alone.
 */
export class NumberVerification implements EvidenceProof {
  readonly consent = 'sim';
  readonly #hook: Hook;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #used = new Once(ACCESS_TOKENS);

  /** @param hook of `.../verify` */
  constructor(hook: Hook, clock: Pick<Clock, 'monotonic'>) {
    this.#hook = hook;
    this.#clock = clock;
  }

  async verify({ sii }: SubscriberWish, accessToken: string): Promise<void> {
    if (!BEARER.test(accessToken)) return refuse('proof-malformed', 'access token');
    const tn = tnOf(sii) ?? refuse('proof-not-offered', 'for numbers alone');
    // Who answers may read it with and without its padding: it is one access token, and serves once.
    const digest = createHash('sha256').update(accessToken.replace(/=+$/, '')).digest('base64url');
    const now = this.#clock.monotonic();
    this.#used.use(digest, now + REMEMBERED, now);
    try {
      const body = JSON.stringify({ phoneNumber: `+${tn}` });
      this.#judge(await callHook(this.#hook, body, { Authorization: `Bearer ${accessToken}` }));
    } catch (error) {
      if (error instanceof Unavailable) this.#used.forget(digest);
      throw error;
    }
  }

  /** CAMARA Number Verification, responses: 401 for an access token that does not hold, 403 for one that the network did not vouch for. */
  #judge({ status, body }: HookAnswer): void {
    if (status === 401 || status === 403) return refuse('proof-failed', 'access token');
    const parsed = status === 200 ? verified.safeParse(jsonOf(body)) : null;
    if (parsed?.success !== true) {
      this.#hook.trouble(status === 200 ? 'an answer of another shape' : `status ${status}`);
      throw new Unavailable('proof-unavailable');
    }
    if (!parsed.data.devicePhoneNumberVerified) refuse('proof-failed', 'another number');
  }
}

const jsonOf = (body: Buffer): unknown => {
  try {
    return parseStrictJson(body);
  } catch (error) {
    if (error instanceof JsonError) return null;
    throw error;
  }
};

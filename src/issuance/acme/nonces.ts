import { createHmac, timingSafeEqual } from 'node:crypto';
import { decodeBase64url, encodeBase64url } from '../../encoding/index.js';
import type { RandomSource } from '../../ports/index.js';
import { refuse } from '../../reasons/index.js';

/** Longer than any honest pause between two requests. */
const LIFETIME_MS = 3_600_000;
/** Spent nonces that are remembered. Whoever has any key at all can spend them, so what is beyond shortens the life of nonces, and refuses nobody. */
const MAX_SPENT = 100_000;

const RANDOM = 16;
const TIME = 6;
const MAC = 16;

/**
 * Nonces of RFC 8555 section 6.5: random, good once and for an hour. One that was not given out here carries no right MAC, so only spent ones take
 * memory, and nobody who asks for nonces without end takes those of others. The key lives in memory: a restart costs a client one `bad-nonce`.
 */
export class Nonces {
  readonly #random: RandomSource;
  readonly #now: () => number;
  readonly #key: Uint8Array;
  readonly #maxSpent: number;
  /** When each may be forgotten. */
  readonly #spent = new Map<string, number>();
  /** Nonces whose life ends by then are too old, before their time: whether they were spent is forgotten. */
  #ended = 0;

  /** @param now ms since 1970 */
  constructor(random: RandomSource, now: () => number, maxSpent = MAX_SPENT) {
    this.#random = random;
    this.#now = now;
    this.#key = random(32);
    this.#maxSpent = maxSpent;
  }

  issue(): string {
    const time = Buffer.alloc(TIME);
    time.writeUIntBE(this.#now(), 0, TIME);
    const body = Buffer.concat([this.#random(RANDOM), time]);
    return encodeBase64url(Buffer.concat([body, this.#macOf(body)]));
  }

  /** @throws Refusal `bad-nonce` */
  spend(nonce: string): void {
    const octets = decodeBase64url(nonce);
    if (octets?.length !== RANDOM + TIME + MAC) return refuse('bad-nonce', 'form');
    const body = octets.subarray(0, RANDOM + TIME);
    if (!timingSafeEqual(this.#macOf(body), octets.subarray(RANDOM + TIME))) return refuse('bad-nonce', 'unknown');
    const until = body.readUIntBE(RANDOM, TIME) + LIFETIME_MS;
    if (until <= Math.max(this.#now(), this.#ended)) return refuse('bad-nonce', 'too old');
    if (this.#spent.has(nonce)) return refuse('bad-nonce', 'used');
    this.#spent.set(nonce, until);
    if (this.#spent.size > this.#maxSpent) this.#makeRoom();
  }

  #macOf(body: Uint8Array): Buffer {
    return createHmac('sha256', this.#key).update(body).digest().subarray(0, MAC);
  }

  /** Forgets the older half, and with them every nonce that is as old: none comes back to life. */
  #makeRoom(): void {
    const times = [...this.#spent.values()].toSorted((a, b) => a - b);
    this.#ended = times[Math.floor(times.length / 2)] ?? this.#ended;
    for (const [nonce, until] of this.#spent) if (until <= this.#ended) this.#spent.delete(nonce);
  }
}

import { createHash } from 'node:crypto';
import type { Clock, RandomSource, StatusSource } from '../ports/index.js';
import { Refusal } from '../reasons/index.js';
import type { OcspNeed } from '../verification/index.js';
import { encodeOcspRequest, parseOcspResponse, type OcspResponse } from '../x509/index.js';

export interface OcspBookParts {
  readonly status: StatusSource;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: RandomSource;
  /** Seconds that an answer is used at most, by the policy in force. */
  readonly maxSeconds: () => number;
}

/** An AP's day of submissions, at 2 KB each 20 MB. */
const MAX_KEPT = 10_000;
/** RFC 9654 section 2.1: 32 octets. */
const NONCE_OCTETS = 32;
/** URLs of one certificate that are tried. */
const MAX_URLS = 2;
/** ms that an answer which confirms nothing is kept: so long nobody is told the number again. */
const USELESS_MS = 30_000;

interface Kept {
  readonly response: Uint8Array;
  /** ms since 1970. */
  readonly from: number;
  readonly until: number;
}

/**
 * Answers of OCSP responders, asked once for each certificate and number until they run out or are older than policy lets them be. Each question has a
 * nonce of its own: another one in the answer is a replay. In memory alone: which numbers were asked about is written nowhere.
 */
export class OcspBook {
  readonly #parts: OcspBookParts;
  readonly #kept = new Map<string, Kept>();
  readonly #asking = new Map<string, Promise<Uint8Array | null>>();

  constructor(parts: OcspBookParts) {
    this.#parts = parts;
  }

  /** DER of a response, not verified; null where none could be had. The client's budget pays for asking. */
  answerTo(need: OcspNeed, client: string): Promise<Uint8Array | null> {
    const key = keyOf(need);
    const kept = this.#kept.get(key);
    if (kept !== undefined && this.#mayBeUsed(kept)) return Promise.resolve(kept.response);
    const asking =
      this.#asking.get(key) ??
      this.#ask(need, client, key).finally(() => {
        this.#asking.delete(key);
      });
    this.#asking.set(key, asking);
    return asking;
  }

  #mayBeUsed({ from, until }: Kept): boolean {
    return this.#parts.clock.now() < Math.min(until, from + this.#parts.maxSeconds() * 1000);
  }

  async #ask(need: OcspNeed, client: string, key: string): Promise<Uint8Array | null> {
    for (const url of need.urls.slice(0, MAX_URLS)) {
      const nonce = this.#parts.random(NONCE_OCTETS);
      const octets = await orNull(() => this.#parts.status.ocsp(url, encodeOcspRequest({ ...need, nonce }), client));
      const response = octets === null ? null : await orNull(() => Promise.resolve(parseOcspResponse(octets)));
      // RFC 9654 section 2.1: a responder may leave the nonce out, and then time alone bounds what it says.
      if (octets === null || response === null || (response.nonce !== null && Buffer.compare(response.nonce, nonce) !== 0)) continue;
      const now = this.#parts.clock.now();
      this.#keep(key, { response: octets, from: now, until: untilOf(response, need, now) });
      return octets;
    }
    return null;
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size >= MAX_KEPT) this.#kept.delete(oldest);
    this.#kept.set(key, kept);
  }
}

const keyOf = ({ id: { nameHash, keyHash, serial }, tn }: OcspNeed): string =>
  createHash('sha256')
    .update(nameHash)
    .update(keyHash)
    .update(serial)
    .update(` ${tn ?? ''}`)
    .digest('base64');

const orNull = async <T>(work: () => Promise<T>): Promise<T | null> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
};

/** Until nextUpdate where it says something; whether it counts is for the verifier. */
const untilOf = ({ answers }: OcspResponse, { tn }: OcspNeed, now: number): number => {
  const useful = answers.filter(({ status, tn: of }) => status === 'revoked' || (status === 'good' && (tn === null || of === tn)));
  const ends = useful.map(({ nextUpdate }) => (nextUpdate ?? 0) * 1000);
  return ends.length === 0 ? now + USELESS_MS : Math.min(...ends);
};

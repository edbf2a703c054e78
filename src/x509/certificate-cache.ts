import { hash } from 'node:crypto';
import { SeenBefore } from '../encoding/index.js';
import { parseDigested, type Certificate } from './certificate.js';

/** Four certificates of every one of 10,000 APs; about 3 KB each. */
const DEFAULT_ENTRIES = 40_000;
/** Honest certificates have some 600 octets; certificates of 8 KiB must not fill the memory by their number. */
const MAX_OCTETS = 64 * 1024 * 1024;

/**
 * Parsed certificates by the SHA-256 of their DER, with the keys that were imported for them. Bounded: the longest unused goes first.
 * What does not parse is not kept, nor what comes only once: that reads the octets it was given, which must stay as they are while it is used.
 */
export class CertificateCache {
  readonly #limit: number;
  readonly #entries = new Map<string, Certificate>();
  /** By the very object that holds the octets: what decodes to one object each time is not digested each time. */
  readonly #sameOctets = new WeakMap<Uint8Array, Certificate>();
  readonly #seen = new SeenBefore();
  #octets = 0;

  constructor(limit: number = DEFAULT_ENTRIES) {
    this.#limit = limit;
  }

  /** @throws Refusal `malformed-cert`, `duplicate-extension` */
  parse(der: Uint8Array): Certificate {
    const same = this.#sameOctets.get(der);
    if (same !== undefined) return same;
    const fingerprint = hash('sha256', der, 'buffer');
    const key = fingerprint.toString('latin1');
    const found = this.#entries.get(key);
    if (found !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, found);
      this.#sameOctets.set(der, found);
      return found;
    }
    if (!this.#seen.has(key)) return parseDigested(der, fingerprint);
    // A copy: the caller's buffer may be a view into a larger one, or be written to again.
    const certificate = parseDigested(new Uint8Array(der), fingerprint);
    this.#entries.set(key, certificate);
    this.#octets += certificate.der.length;
    this.#makeRoom();
    return certificate;
  }

  #makeRoom(): void {
    for (const [key, { der }] of this.#entries) {
      if (this.#entries.size <= this.#limit && this.#octets <= MAX_OCTETS) return;
      this.#entries.delete(key);
      this.#octets -= der.length;
    }
  }

  get size(): number {
    return this.#entries.size;
  }
}

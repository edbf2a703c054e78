import { hash } from 'node:crypto';
import { SeenBefore } from '../encoding/index.js';
import { parseDigested, type Certificate } from './certificate.js';

/** Four certificates of every one of 10,000 APs; about 3 KB each. */
const DEFAULT_ENTRIES = 40_000;
/** Honest certificates have some 600 octets; certificates of 8 KiB must not fill the memory by their number. */
const MAX_OCTETS = 64 * 1024 * 1024;

/** Octets of the signature at the end of a certificate: no two honest ones share them. */
const TAIL = 32;

/**
 * Parsed certificates by their DER, with the keys that were imported for them. Bounded: the longest unused goes first.
 * Looked up by their last octets and compared whole, since digesting three of them costs more than all else that known ones need; strangers' that
 * end like another may only push it out of that way in.
 * What does not parse is not kept, nor what comes only once: that reads the octets it was given, which must stay as they are while it is used.
 */
export class CertificateCache {
  readonly #limit: number;
  readonly #entries = new Map<string, Certificate>();
  /** By the very object that holds the octets: what decodes to one object each time is not digested each time. */
  readonly #sameOctets = new WeakMap<Uint8Array, Certificate>();
  readonly #byTail = new Map<string, Certificate>();
  readonly #seen = new SeenBefore();
  #octets = 0;

  constructor(limit: number = DEFAULT_ENTRIES) {
    this.#limit = limit;
  }

  /** @throws Refusal `malformed-cert`, `duplicate-extension` */
  parse(der: Uint8Array): Certificate {
    const same = this.#sameOctets.get(der);
    if (same !== undefined) return same;
    const tail = tailOf(der);
    const alike = this.#byTail.get(tail);
    if (alike !== undefined && Buffer.compare(alike.der, der) === 0) return this.#use(alike, der);
    const fingerprint = hash('sha256', der, 'buffer');
    const key = fingerprint.toString('latin1');
    const found = this.#entries.get(key);
    if (found !== undefined) {
      this.#byTail.set(tail, found);
      return this.#use(found, der);
    }
    if (!this.#seen.has(key)) return parseDigested(der, fingerprint);
    // A copy: the caller's buffer may be a view into a larger one, or be written to again.
    const certificate = parseDigested(new Uint8Array(der), fingerprint);
    this.#entries.set(key, certificate);
    this.#byTail.set(tail, certificate);
    this.#octets += certificate.der.length;
    this.#makeRoom();
    return certificate;
  }

  /** Now the youngest. */
  #use(certificate: Certificate, der: Uint8Array): Certificate {
    const key = certificate.fingerprint.toString('latin1');
    this.#entries.delete(key);
    this.#entries.set(key, certificate);
    this.#sameOctets.set(der, certificate);
    return certificate;
  }

  #makeRoom(): void {
    for (const [key, certificate] of this.#entries) {
      if (this.#entries.size <= this.#limit && this.#octets <= MAX_OCTETS) return;
      this.#entries.delete(key);
      const tail = tailOf(certificate.der);
      if (this.#byTail.get(tail) === certificate) this.#byTail.delete(tail);
      this.#octets -= certificate.der.length;
    }
  }

  get size(): number {
    return this.#entries.size;
  }
}

const tailOf = (der: Uint8Array): string =>
  Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('latin1', Math.max(0, der.byteLength - TAIL));

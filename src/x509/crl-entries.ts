import type { Tlv } from '../encoding/index.js';
import { CrlEntryReader, type Revocation, type TimelessRevocation } from './crl-entry.js';
import { CrlIndex } from './crl-index.js';
import { CrlIssuers } from './crl-issuers.js';
import type { DistinguishedName } from './distinguished-name.js';

/** Entries read between two yields: half a millisecond of work, ten before the code is compiled. */
const ENTRIES_A_SLICE = 512;

/**
 * The revokedCertificates of a CRL (RFC 5280 section 5.1.2.6), walked once, entry by entry, and found by (certificate issuer, serial number).
 * `unusable` is set when an entry has a critical extension that is not understood: then the CRL decides nothing (section 5.3).
 */
export class CrlEntries {
  readonly #der: Buffer;
  readonly #reader: CrlEntryReader;
  readonly #index = new CrlIndex();
  readonly #issuers: CrlIssuers;
  /** Where each run of entries with one issuer begins, ascending, and whose it is. */
  readonly #runs: number[] = [];
  readonly #runIssuers: number[] = [];
  #current = 0;
  #list: Tlv | null = null;
  #repeats: boolean | null = null;
  unusable: string | null = null;

  constructor(der: Buffer, crlIssuer: DistinguishedName) {
    this.#der = der;
    this.#reader = new CrlEntryReader(der);
    this.#issuers = new CrlIssuers(der, crlIssuer);
  }

  get count(): number {
    return this.#index.count;
  }

  /** Octets held besides the CRL itself, about. */
  get size(): number {
    return this.#index.size + 16 * this.#runs.length;
  }

  /** Yields now and then, so that a million entries can be read in slices. @throws DerError */
  *read(list: Tlv, indirect: boolean): Generator<undefined, void> {
    this.#list = list;
    let left = ENTRIES_A_SLICE;
    for (let at = list.content; at < list.end;) {
      at = this.#readEntry(at, list.end, indirect);
      left -= 1;
      if (left > 0) continue;
      left = ENTRIES_A_SLICE;
      yield;
    }
    this.#index.seal();
    this.#issuers.seal();
  }

  /** Whether a certificate is listed twice. Walks all entries once more, when it is first asked for. */
  get repeats(): boolean {
    this.#repeats ??= this.#findsRepeat();
    return this.#repeats;
  }

  #findsRepeat(): boolean {
    const seen = new Map<number, Set<string>>();
    const end = this.#list?.end ?? 0;
    let run = 0;
    for (let at = this.#list?.content ?? 0; at < end;) {
      const next = this.#reader.read(at, end);
      while (run < this.#runs.length && (this.#runs[run] as number) <= at) run += 1;
      const issuer = this.#runIssuers[run - 1] ?? 0;
      const serials = seen.get(issuer) ?? new Set();
      const { serial } = this.#reader;
      const key = this.#der.toString('latin1', serial.content, serial.end);
      if (serials.has(key)) return true;
      seen.set(issuer, serials.add(key));
      at = next;
    }
    return false;
  }

  /** Returns where the entry ends. */
  #readEntry(at: number, limit: number, indirect: boolean): number {
    const reader = this.#reader;
    const end = reader.read(at, limit);
    if (reader.hasIssuer) this.#changeIssuer(at, indirect);
    if (reader.hasUnknownCritical) this.unusable ??= 'a critical entry extension is not understood';
    this.#index.add(this.#current, this.#der, reader.serial.content, reader.serial.end, at);
    return end;
  }

  /** RFC 5280 section 5.3.3: it holds for this entry and all that follow, until another one is given. */
  #changeIssuer(entry: number, indirect: boolean): void {
    if (!indirect) this.unusable ??= 'certificateIssuer in a CRL that is not indirect';
    const issuer = this.#issuers.numberOf(this.#reader.issuer);
    if (issuer === this.#current) return;
    this.#current = issuer;
    this.#runs.push(entry);
    this.#runIssuers.push(issuer);
  }

  /** The number of the issuer that the entry at this offset is about. */
  #issuerAt(offset: number): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#runs[middle] as number) <= offset) low = middle + 1;
      else high = middle;
    }
    return this.#runIssuers[low - 1] ?? 0;
  }

  /**
   * What the CRL lists of this certificate; null when it does not. Listed several times, the last entry counts, but one that revokes goes
   * before one that takes it back: an order among entries is nowhere promised.
   * @throws DerError when the entry's times are none
   */
  find(issuer: DistinguishedName, serial: Uint8Array): Revocation | null {
    return this.#find(issuer, serial, (reader) => reader.revocation());
  }

  /** The same whatever the entry's times are. */
  findAtAnyTime(issuer: DistinguishedName, serial: Uint8Array): TimelessRevocation | null {
    return this.#find(issuer, serial, (reader) => reader.revocationAtAnyTime());
  }

  #find<T extends TimelessRevocation>(issuer: DistinguishedName, serial: Uint8Array, tell: (reader: CrlEntryReader) => T): T | null {
    const number = this.#issuers.find(issuer);
    if (number === null) return null;
    let found: T | null = null;
    for (const offset of this.#index.candidates(number, serial)) {
      this.#reader.read(offset, this.#der.length);
      const { content, end } = this.#reader.serial;
      if (this.#der.compare(serial, 0, serial.length, content, end) !== 0 || this.#issuerAt(offset) !== number) continue;
      const listed = tell(this.#reader);
      if (found === null || found.reason === 'removeFromCRL' || listed.reason !== 'removeFromCRL') found = listed;
    }
    return found;
  }
}

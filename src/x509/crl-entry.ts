import { DerError, TAG, TlvCursor } from '../encoding/index.js';
import { readTime } from './time.js';

/** CRLReason, RFC 5280 section 5.3.1; 7 is not used. */
export const REVOCATION_REASONS: ReadonlyMap<number, RevocationReason> = new Map([
  [0, 'unspecified'],
  [1, 'keyCompromise'],
  [2, 'cACompromise'],
  [3, 'affiliationChanged'],
  [4, 'superseded'],
  [5, 'cessationOfOperation'],
  [6, 'certificateHold'],
  [8, 'removeFromCRL'],
  [9, 'privilegeWithdrawn'],
  [10, 'aACompromise'],
]);

export type RevocationReason =
  | 'unspecified'
  | 'keyCompromise'
  | 'cACompromise'
  | 'affiliationChanged'
  | 'superseded'
  | 'cessationOfOperation'
  | 'certificateHold'
  | 'removeFromCRL'
  | 'privilegeWithdrawn'
  | 'aACompromise';

/** What a CRL says of one certificate. Times are seconds since 1970. */
export interface Revocation {
  readonly revokedAt: number;
  /** null: the entry gives none, which is not the same as unspecified being written, but counts as it. */
  readonly reason: RevocationReason | null;
  /** From when on the key is known or suspected to have been compromised (RFC 5280 section 5.3.2). */
  readonly invalidityDate: number | null;
}

/** What it says where that it is listed counts more than since when; `invalidityDate` is null also where it is no time. */
export type TimelessRevocation = Omit<Revocation, 'revokedAt'>;

/** Last octet of id-ce OIDs (2.5.29.n), which all entry extensions of RFC 5280 section 5.3 are. */
const ENTRY_EXTENSION = { reasonCode: 21, invalidityDate: 24, certificateIssuer: 29 } as const;
const OTHER = -1;

/** Serial numbers are at most 20 octets (RFC 5280 section 4.1.2.2); a certificate with a longer one is refused, a CRL that lists it is not. */
const MAX_SERIAL_OCTETS = 64;

const isDigitsAndZ = (der: Uint8Array, from: number, to: number): boolean => {
  for (let i = from; i < to - 1; i += 1) if (((der[i] as number) - 0x30) >>> 0 > 9) return false;
  return der[to - 1] === 0x5a;
};

const readTimeOrNull = (der: Uint8Array, tlv: TlvCursor): number | null => {
  try {
    return readTime(der, tlv);
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
};

/**
 * One entry of revokedCertificates (RFC 5280 section 5.1.2.6) at a time, read into fields that the next one replaces: reading a million makes no
 * garbage. What an entry says is controlled by whoever made the CRL.
 */
export class CrlEntryReader {
  readonly #der: Uint8Array;
  readonly #whole = new TlvCursor();
  readonly #list = new TlvCursor();
  readonly #extension = new TlvCursor();
  readonly #oid = new TlvCursor();
  readonly #value = new TlvCursor();
  readonly #date = new TlvCursor();
  readonly #invalidity = new TlvCursor();
  /** By extension id: the reading in which it was met last. */
  readonly #met = new Float64Array(256);
  #readings = 0;
  #reason = OTHER;
  #hasInvalidity = false;
  /** The serial number's content. */
  readonly serial = new TlvCursor();
  /** The GeneralNames of certificateIssuer; meaningful where `hasIssuer`. */
  readonly issuer = new TlvCursor();
  hasIssuer = false;
  /** A critical extension of the entry is not understood (RFC 5280 section 5.3). */
  hasUnknownCritical = false;

  constructor(der: Uint8Array) {
    this.#der = der;
  }

  /** Reads the entry at this offset; returns where it ends. @throws DerError */
  read(at: number, limit: number): number {
    const der = this.#der;
    const entry = this.#whole.read(der, at, limit);
    if (entry.tag !== TAG.sequence) throw new DerError('revokedCertificates');
    this.#checkSerial(this.serial.read(der, entry.content, entry.end));
    const date = this.#date.read(der, this.serial.end, entry.end);
    this.#checkTimeForm(date);
    this.#readings += 1;
    this.#reason = OTHER;
    this.#hasInvalidity = false;
    this.hasIssuer = false;
    this.hasUnknownCritical = false;
    if (date.end < entry.end) this.#readExtensions(date.end, entry.end);
    return entry.end;
  }

  /** What the entry read last says. @throws DerError when a time is none */
  revocation(): Revocation {
    return {
      revokedAt: readTime(this.#der, this.#date),
      reason: REVOCATION_REASONS.get(this.#reason) ?? null,
      invalidityDate: this.#hasInvalidity ? readTime(this.#der, this.#invalidity) : null,
    };
  }

  revocationAtAnyTime(): TimelessRevocation {
    return {
      reason: REVOCATION_REASONS.get(this.#reason) ?? null,
      invalidityDate: this.#hasInvalidity ? readTimeOrNull(this.#der, this.#invalidity) : null,
    };
  }

  #checkSerial(serial: TlvCursor): void {
    const length = serial.end - serial.content;
    if (serial.tag !== TAG.integer || length === 0 || length > MAX_SERIAL_OCTETS) throw new DerError('userCertificate');
    const first = this.#der[serial.content] as number;
    const second = this.#der[serial.content + 1] as number;
    if (length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) throw new DerError('userCertificate');
  }

  /** The form alone; the calendar is looked at when the entry is asked for. */
  #checkTimeForm(tlv: TlvCursor): void {
    const length = tlv.end - tlv.content;
    const fits = (tlv.tag === TAG.utcTime && length === 13) || (tlv.tag === TAG.generalizedTime && length === 15);
    if (!fits || !isDigitsAndZ(this.#der, tlv.content, tlv.end)) throw new DerError('revocationDate');
  }

  #readExtensions(from: number, to: number): void {
    const list = this.#list.read(this.#der, from, to);
    if (list.end !== to || list.tag !== TAG.sequence || list.content === list.end) throw new DerError('entry extensions');
    for (let at = list.content; at < list.end;) {
      const extension = this.#extension.read(this.#der, at, list.end);
      this.#readExtension(extension);
      at = extension.end;
    }
  }

  #readExtension(extension: TlvCursor): void {
    const der = this.#der;
    if (extension.tag !== TAG.sequence) throw new DerError('Extension');
    const id = this.#readId(this.#oid.read(der, extension.content, extension.end));
    if (id !== OTHER) {
      if (this.#met[id] === this.#readings) throw new DerError('entry extension twice');
      this.#met[id] = this.#readings;
    }
    let value = this.#value.read(der, this.#oid.end, extension.end);
    const critical = value.tag === TAG.boolean;
    if (critical) {
      // X.690 section 11.5: the default, FALSE, is not written.
      if (value.end - value.content !== 1 || der[value.content] !== 0xff) throw new DerError('critical');
      value = this.#value.read(der, value.end, extension.end);
    }
    if (value.tag !== TAG.octetString || value.end !== extension.end) throw new DerError('Extension');
    this.#take(id, critical, value);
  }

  /** Without readOid: its arithmetic is the cost of a CRL of a million entries. */
  #readId(oid: TlvCursor): number {
    if (oid.tag !== TAG.oid || oid.end === oid.content) throw new DerError('extension id');
    const der = this.#der;
    const isIdCe = oid.end - oid.content === 3 && der[oid.content] === 0x55 && der[oid.content + 1] === 0x1d;
    return isIdCe ? (der[oid.content + 2] as number) : OTHER;
  }

  #take(id: number, critical: boolean, value: TlvCursor): void {
    if (id === ENTRY_EXTENSION.reasonCode) this.#takeReason(value);
    else if (id === ENTRY_EXTENSION.invalidityDate) {
      this.#checkTimeForm(this.#readInner(this.#invalidity, value, TAG.generalizedTime));
      this.#hasInvalidity = true;
    } else if (id === ENTRY_EXTENSION.certificateIssuer) {
      this.#readInner(this.issuer, value, TAG.sequence);
      this.hasIssuer = true;
    } else if (critical) this.hasUnknownCritical = true;
  }

  #takeReason(value: TlvCursor): void {
    const inner = this.#readInner(value, value, TAG.enumerated);
    const reason = this.#der[inner.content] ?? OTHER;
    if (inner.end - inner.content !== 1 || !REVOCATION_REASONS.has(reason)) throw new DerError('reasonCode');
    this.#reason = reason;
  }

  /** What stands alone inside the value. */
  #readInner(into: TlvCursor, value: TlvCursor, tag: number): TlvCursor {
    const { content, end } = value;
    const inner = into.read(this.#der, content, end);
    if (inner.tag !== tag || inner.end !== end) throw new DerError('entry extension');
    return inner;
  }
}

import { DerError, TAG, readChildren, readTlv, type Tlv } from '../encoding/index.js';
import type { DistinguishedName } from './distinguished-name.js';
import { readGeneralNames } from './general-name.js';
import { readTime } from './time.js';

/** CRLReason, RFC 5280 section 5.3.1; 7 is not used. */
const REASONS: ReadonlyMap<number, RevocationReason> = new Map([
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

/** Last octet of id-ce OIDs (2.5.29.n), which all entry extensions of RFC 5280 section 5.3 are. */
const ENTRY_EXTENSION = { reasonCode: 21, invalidityDate: 24, certificateIssuer: 29 } as const;
const OTHER = -1;

interface EntryExtension {
  readonly id: number;
  readonly critical: boolean;
  /** The content of the OCTET STRING. */
  readonly value: Tlv;
}

/** Serial numbers are at most 20 octets (RFC 5280 section 4.1.2.2); a certificate with a longer one is refused, a CRL that lists it is not. */
const MAX_SERIAL_OCTETS = 64;

const readExtensionId = (der: Uint8Array, oid: Tlv): number => {
  if (oid.tag !== TAG.oid || oid.end === oid.content) throw new DerError('extension id');
  const isIdCe = oid.end - oid.content === 3 && der[oid.content] === 0x55 && der[oid.content + 1] === 0x1d;
  return isIdCe ? (der[oid.content + 2] as number) : OTHER;
};

/** Without readOid: its arithmetic is the cost of a CRL of a million entries. */
const readEntryExtension = (der: Uint8Array, tlv: Tlv): EntryExtension => {
  if (tlv.tag !== TAG.sequence) throw new DerError('Extension');
  const oid = readTlv(der, tlv.content, tlv.end);
  const second = readTlv(der, oid.end, tlv.end);
  const critical = second.tag === TAG.boolean;
  // X.690 section 11.5: the default, FALSE, is not written.
  if (critical && (second.end - second.content !== 1 || der[second.content] !== 0xff)) throw new DerError('critical');
  const value = critical ? readTlv(der, second.end, tlv.end) : second;
  if (value.tag !== TAG.octetString || value.end !== tlv.end) throw new DerError('Extension');
  return { id: readExtensionId(der, oid), critical, value };
};

const readEntryExtensions = (der: Uint8Array, list: Tlv): EntryExtension[] => {
  if (list.tag !== TAG.sequence || list.content === list.end) throw new DerError('entry extensions');
  const extensions = readChildren(der, list).map((tlv) => readEntryExtension(der, tlv));
  const ids = extensions.map(({ id }) => id).filter((id) => id !== OTHER);
  if (new Set(ids).size !== ids.length) throw new DerError('entry extension twice');
  return extensions;
};

const readInner = (der: Uint8Array, value: Tlv, tag: number): Tlv => {
  const inner = readTlv(der, value.content, value.end);
  if (inner.tag !== tag || inner.end !== value.end) throw new DerError('entry extension');
  return inner;
};

const readReason = (der: Uint8Array, value: Tlv): RevocationReason => {
  const inner = readInner(der, value, TAG.enumerated);
  const reason = REASONS.get(der[inner.content] ?? OTHER);
  if (inner.end - inner.content !== 1 || reason === undefined) throw new DerError('reasonCode');
  return reason;
};

const isDigitsAndZ = (der: Uint8Array, from: number, to: number): boolean => {
  for (let i = from; i < to - 1; i += 1) if (((der[i] as number) - 0x30) >>> 0 > 9) return false;
  return der[to - 1] === 0x5a;
};

/** The form alone; the calendar is looked at when the entry is asked for. */
const checkTimeForm = (der: Uint8Array, tlv: Tlv): void => {
  const length = tlv.end - tlv.content;
  const fits = (tlv.tag === TAG.utcTime && length === 13) || (tlv.tag === TAG.generalizedTime && length === 15);
  if (!fits || !isDigitsAndZ(der, tlv.content, tlv.end)) throw new DerError('revocationDate');
};

const checkSerial = (der: Uint8Array, serial: Tlv): void => {
  const length = serial.end - serial.content;
  if (serial.tag !== TAG.integer || length === 0 || length > MAX_SERIAL_OCTETS) throw new DerError('userCertificate');
  const first = der[serial.content] as number;
  const second = der[serial.content + 1] as number;
  if (length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) throw new DerError('userCertificate');
};

/** Offsets of the entries of one certificate issuer, by the octets of the serial number. */
type BySerial = Map<string, number>;

/**
 * The revokedCertificates of a CRL (RFC 5280 section 5.1.2.6), walked once, entry by entry, and found by (certificate issuer, serial number).
 * `unusable` is set when an entry has a critical extension that is not understood: then the CRL decides nothing (section 5.3).
 */
export class CrlEntries {
  readonly #der: Buffer;
  readonly #byIssuer = new Map<string, BySerial>();
  readonly #named = new Map<string, BySerial>();
  #current: BySerial;
  unusable: string | null = null;
  count = 0;

  constructor(der: Buffer, crlIssuer: DistinguishedName) {
    this.#der = der;
    this.#current = this.#of(crlIssuer);
  }

  /** @throws DerError */
  read(list: Tlv, indirect: boolean): void {
    for (let at = list.content; at < list.end;) {
      const entry = readTlv(this.#der, at, list.end);
      this.#readEntry(entry, indirect);
      at = entry.end;
    }
  }

  #readEntry(entry: Tlv, indirect: boolean): void {
    const der = this.#der;
    if (entry.tag !== TAG.sequence) throw new DerError('revokedCertificates');
    const serial = readTlv(der, entry.content, entry.end);
    checkSerial(der, serial);
    const date = readTlv(der, serial.end, entry.end);
    checkTimeForm(der, date);
    if (date.end < entry.end) {
      const list = readTlv(der, date.end, entry.end);
      if (list.end !== entry.end) throw new DerError('revokedCertificates');
      this.#readExtensions(list, indirect);
    }
    const key = der.toString('latin1', serial.content, serial.end);
    this.#current.set(key, entry.start);
    this.count += 1;
  }

  #readExtensions(list: Tlv, indirect: boolean): void {
    for (const { id, critical, value } of readEntryExtensions(this.#der, list)) {
      if (id === ENTRY_EXTENSION.reasonCode) readReason(this.#der, value);
      else if (id === ENTRY_EXTENSION.invalidityDate) checkTimeForm(this.#der, readInner(this.#der, value, TAG.generalizedTime));
      else if (id === ENTRY_EXTENSION.certificateIssuer) this.#changeIssuer(value, indirect);
      else if (critical) this.unusable ??= 'a critical entry extension is not understood';
    }
  }

  /** RFC 5280 section 5.3.3: it holds for this entry and all that follow, until another one is given. */
  #changeIssuer(value: Tlv, indirect: boolean): void {
    if (!indirect) this.unusable ??= 'certificateIssuer in a CRL that is not indirect';
    const key = this.#der.toString('latin1', value.content, value.end);
    let issuer = this.#named.get(key);
    if (issuer === undefined) {
      const names = readGeneralNames(this.#der, readInner(this.#der, value, TAG.sequence));
      const [directoryName, another] = names.flatMap((name) => (name.kind === 'directoryName' ? [name.name] : []));
      // An issuer field is one name: with several, which one an entry is about would be a guess.
      if (directoryName === undefined || another !== undefined) throw new DerError('certificateIssuer');
      issuer = this.#of(directoryName);
      this.#named.set(key, issuer);
    }
    this.#current = issuer;
  }

  #of(name: DistinguishedName): BySerial {
    let bySerial = this.#byIssuer.get(name.key);
    if (bySerial === undefined) {
      bySerial = new Map();
      this.#byIssuer.set(name.key, bySerial);
    }
    return bySerial;
  }

  /** What the CRL lists of this certificate; null when it does not. @throws DerError when the entry's times are none */
  find(issuer: DistinguishedName, serial: Uint8Array): Revocation | null {
    const bySerial = this.#byIssuer.get(issuer.key);
    if (bySerial === undefined || bySerial.size === 0) return null;
    const start = bySerial.get(Buffer.from(serial.buffer, serial.byteOffset, serial.byteLength).toString('latin1'));
    return start === undefined ? null : this.#revocation(start);
  }

  #revocation(start: number): Revocation {
    const der = this.#der;
    const [, date, list] = readChildren(der, readTlv(der, start));
    if (date === undefined) throw new DerError('revokedCertificates');
    const extensions = list === undefined ? [] : readEntryExtensions(der, list);
    const reason = extensions.find(({ id }) => id === ENTRY_EXTENSION.reasonCode);
    const invalidity = extensions.find(({ id }) => id === ENTRY_EXTENSION.invalidityDate);
    return {
      revokedAt: readTime(der, date),
      reason: reason === undefined ? null : readReason(der, reason.value),
      invalidityDate: invalidity === undefined ? null : readTime(der, readInner(der, invalidity.value, TAG.generalizedTime)),
    };
  }
}

import { createHash } from 'node:crypto';
import {
  DerError,
  TAG,
  checkCanonicalDer,
  contextConstructed,
  readChildren,
  readInteger,
  readTlv,
  wholeOf,
  type Tlv,
} from '../encoding/index.js';
import { refuse } from '../reasons/index.js';
import { CrlEntries } from './crl-entries.js';
import type { Revocation, TimelessRevocation } from './crl-entry.js';
import { CRL_EXTENSION, readCrlNumber, readIssuingDistributionPoint, type IssuingDistributionPoint } from './crl-extensions.js';
import { DistinguishedName } from './distinguished-name.js';
import { locationsOf, readAuthorityKeyIdentifier, readInfoAccess } from './extension-values.js';
import { readExtension, type Extension } from './extension.js';
import { OID } from './oids.js';
import type { PublicKey } from './public-key.js';
import {
  piecesOf,
  readSignatureAlgorithm,
  signatureHolds,
  signatureHoldsInSlices,
  type SignatureAlgorithm,
} from './signature-algorithm.js';
import { readTime } from './time.js';

/** Those that RFC 5280 marks MUST be non-critical: a critical one is not what this code understands by it. */
const NEVER_CRITICAL: readonly string[] = [CRL_EXTENSION.cRLNumber, CRL_EXTENSION.authorityKeyIdentifier];
/** Known, and able to be critical. */
const MAY_BE_CRITICAL: readonly string[] = [CRL_EXTENSION.issuingDistributionPoint, CRL_EXTENSION.deltaCRLIndicator];

/** Keys of which it is kept whether they signed a CRL; an honest one is tried under one or two. */
const MAX_KEYS = 64;

interface Head {
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly issuer: DistinguishedName;
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly signature: Uint8Array;
}

/**
 * A v2 CRL as parsed: nothing of it is verified. Times are seconds since 1970.
 * `unusable` says in words why it may decide nothing though it is well-formed; null when it may.
 */
export class Crl {
  readonly der: Uint8Array;
  readonly issuer: DistinguishedName;
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  readonly number: bigint | null;
  readonly authorityKeyIdentifier: Uint8Array | null;
  readonly issuingDistributionPoint: IssuingDistributionPoint | null;
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly unusable: string | null;
  /** BaseCRLNumber of a delta CRL (RFC 5280 section 5.2.4), which tells what has changed since; null for a complete CRL. */
  readonly baseNumber: bigint | null;
  /** Equal for CRLs of one scope: one issuer, one issuingDistributionPoint. Their cRLNumbers are one sequence (RFC 5280 section 5.2.3). */
  readonly scope: string;
  readonly #head: Head;
  readonly #entries: CrlEntries;
  /** By SubjectPublicKeyInfo: what follows from octets alone outlives a generation of trust. */
  readonly #holds = new Map<string, boolean>();
  #digest: string | null = null;
  #asked = 0;

  /** @throws DerError */
  constructor(der: Uint8Array, head: Head, entries: CrlEntries, point: IssuingDistributionPoint | null) {
    this.der = der;
    this.#head = head;
    this.#entries = entries;
    this.issuer = head.issuer;
    this.thisUpdate = head.thisUpdate;
    this.nextUpdate = head.nextUpdate;
    this.extensions = head.extensions;
    this.signatureAlgorithm = head.signatureAlgorithm;
    const number = head.extensions.get(CRL_EXTENSION.cRLNumber);
    this.number = number === undefined ? null : readCrlNumber(number.value);
    const keyIdentifier = head.extensions.get(CRL_EXTENSION.authorityKeyIdentifier);
    this.authorityKeyIdentifier = keyIdentifier === undefined ? null : readAuthorityKeyIdentifier(keyIdentifier.value);
    this.issuingDistributionPoint = point;
    const base = head.extensions.get(CRL_EXTENSION.deltaCRLIndicator);
    this.baseNumber = base === undefined ? null : readCrlNumber(base.value);
    this.unusable = whyUnusable(this) ?? entries.unusable;
    const pointOctets = head.extensions.get(CRL_EXTENSION.issuingDistributionPoint)?.value ?? new Uint8Array();
    this.scope = `${this.issuer.key}|${Buffer.from(pointOctets).toString('latin1')}`;
  }

  /** Lower-case hex SHA-256 of the DER. */
  get digest(): string {
    this.#digest ??= createHash('sha256').update(this.der).digest('hex');
    return this.#digest;
  }

  /** Makes `digest` known without holding anybody up. */
  async digestInSlices(pause: () => Promise<unknown>): Promise<void> {
    const hash = createHash('sha256');
    for (const piece of piecesOf(this.der)) {
      hash.update(piece);
      await pause();
    }
    this.#digest = hash.digest('hex');
  }

  /** Octets held in memory, about: the CRL and the index over its entries. */
  get size(): number {
    return this.der.length + this.#entries.size;
  }

  /** Where the certificates of whoever signed it may be had (RFC 5280 section 5.2.7), unverified. @throws Refusal `malformed-crl` */
  get caIssuers(): readonly string[] {
    const access = this.extensions.get(OID.authorityInfoAccess);
    return access === undefined
      ? []
      : locationsOf(
          orMalformed(() => readInfoAccess(access.value)),
          OID.caIssuers,
        );
  }

  get entryCount(): number {
    return this.#entries.count;
  }

  /** How often it was asked about a certificate: whoever keeps many can tell which are needed. */
  get asked(): number {
    return this.#asked;
  }

  get isDelta(): boolean {
    return this.baseNumber !== null;
  }

  /** Whether a certificate is listed twice: which entry is about it is nobody's to guess. */
  get repeats(): boolean {
    return this.#entries.repeats;
  }

  /**
   * What this CRL lists of the certificate with that issuer and serial number, certificateIssuer counted in (RFC 5280 section 5.3.3).
   * @throws Refusal `malformed-crl` when the entry holds a time that is none
   */
  find(issuer: DistinguishedName, serial: Uint8Array): Revocation | null {
    this.#asked += 1;
    return orMalformed(() => this.#entries.find(issuer, serial));
  }

  /** The same, also where the entry's times are none: RFC 5280 section 6.3.3 asks whether a certificate is listed, not since when. */
  findAtAnyTime(issuer: DistinguishedName, serial: Uint8Array): TimelessRevocation | null {
    this.#asked += 1;
    return this.#entries.findAtAnyTime(issuer, serial);
  }

  /** Whether the signature is known to verify under the key, or not to; null: nobody has tried. */
  knownSignature(key: PublicKey): boolean | null {
    return this.#holds.get(keyOf(key)) ?? null;
  }

  /** Whether the signature verifies under the key; tried once a key. Proves nothing about who holds it. @throws Refusal `unsupported-key` */
  signatureHolds(key: PublicKey): boolean {
    return (
      this.knownSignature(key) ?? this.#know(key, signatureHolds(this.#head.signatureAlgorithm, key, this.#head.tbs, this.#head.signature))
    );
  }

  /** The same piece by piece: over tens of megabytes the hash alone would hold everybody up. @throws Refusal `unsupported-key` */
  async verifyInSlices(key: PublicKey, pause: () => Promise<unknown>): Promise<boolean> {
    const { signatureAlgorithm, tbs, signature } = this.#head;
    return this.knownSignature(key) ?? this.#know(key, await signatureHoldsInSlices(signatureAlgorithm, key, tbs, signature, pause));
  }

  #know(key: PublicKey, holds: boolean): boolean {
    if (this.#holds.size >= MAX_KEYS) this.#holds.clear();
    this.#holds.set(keyOf(key), holds);
    return holds;
  }
}

const keyOf = ({ spki }: PublicKey): string => Buffer.from(spki.buffer, spki.byteOffset, spki.byteLength).toString('latin1');

const whyUnusable = (crl: Crl): string | null => {
  for (const { oid, critical } of crl.extensions.values()) {
    if (critical && !MAY_BE_CRITICAL.includes(oid))
      return NEVER_CRITICAL.includes(oid) ? 'an extension is critical that must not be' : 'a critical extension is not understood';
  }
  // RFC 5280 sections 5.1.2.5 and 5.2.3: without them nobody can tell whether it is the latest, or still holds.
  if (crl.nextUpdate === null) return 'no nextUpdate';
  if (crl.number === null) return 'no cRLNumber';
  return null;
};

const orMalformed = <T>(read: () => T): T => {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) return refuse('malformed-crl', error.message);
    throw error;
  }
};

const isTime = (tlv: Tlv | undefined): tlv is Tlv => tlv?.tag === TAG.utcTime || tlv?.tag === TAG.generalizedTime;

const readExtensions = (der: Uint8Array, tagged: Tlv | undefined): ReadonlyMap<string, Extension> => {
  const extensions = new Map<string, Extension>();
  if (tagged === undefined) return extensions;
  checkCanonicalDer(wholeOf(der, tagged));
  const [list, more] = readChildren(der, tagged);
  if (list?.tag !== TAG.sequence || list.content === list.end || more !== undefined) throw new DerError('crlExtensions');
  for (const tlv of readChildren(der, list)) {
    const extension = readExtension(der, tlv);
    if (extensions.has(extension.oid)) throw new DerError('extension twice');
    extensions.set(extension.oid, extension);
  }
  return extensions;
};

/** TBSCertList without its entries, which may be a million, and those. */
const readTbs = (
  der: Uint8Array,
  tbs: Tlv,
  algorithm: SignatureAlgorithm,
): Omit<Head, 'tbs' | 'signature'> & { readonly list: Tlv | null } => {
  const parts = readChildren(der, tbs);
  const [version, inner, issuer, thisUpdate] = parts;
  // RFC 5280 section 5.1.2.1: v2 is the integer 1.
  if (version?.tag !== TAG.integer || readInteger(der, version) !== 1n) throw new DerError('version');
  if (inner === undefined || Buffer.compare(wholeOf(der, inner), algorithm.der) !== 0) throw new DerError('signature algorithms differ');
  if (issuer === undefined || !isTime(thisUpdate)) throw new DerError('TBSCertList');
  checkCanonicalDer(wholeOf(der, issuer));
  let next = 4;
  const take = (fits: (tlv: Tlv | undefined) => tlv is Tlv): Tlv | undefined => {
    const part = parts[next];
    if (!fits(part)) return undefined;
    next += 1;
    return part;
  };
  const nextUpdate = take(isTime);
  const list = take((tlv): tlv is Tlv => tlv?.tag === TAG.sequence);
  const tagged = take((tlv): tlv is Tlv => tlv?.tag === contextConstructed(0));
  if (next !== parts.length) throw new DerError('TBSCertList');
  return {
    signatureAlgorithm: algorithm,
    issuer: DistinguishedName.read(der, issuer),
    thisUpdate: readTime(der, thisUpdate),
    nextUpdate: nextUpdate === undefined ? null : readTime(der, nextUpdate),
    extensions: readExtensions(der, tagged),
    list: list ?? null,
  };
};

function* read(der: Buffer): Generator<undefined, Crl> {
  const outer = readTlv(der, 0);
  if (outer.tag !== TAG.sequence || outer.end !== der.length) throw new DerError('CertificateList');
  const [tbs, algorithm, signature, more] = readChildren(der, outer);
  if (tbs?.tag !== TAG.sequence || algorithm === undefined || signature?.tag !== TAG.bitString || more !== undefined)
    throw new DerError('CertificateList');
  checkCanonicalDer(wholeOf(der, algorithm));
  if (der[signature.content] !== 0) throw new DerError('signatureValue');
  const { list, ...head } = readTbs(der, tbs, readSignatureAlgorithm(der, algorithm));
  const point = head.extensions.get(CRL_EXTENSION.issuingDistributionPoint);
  const idp = point === undefined ? null : readIssuingDistributionPoint(point.value);
  const entries = new CrlEntries(der, head.issuer);
  if (list !== null) yield* entries.read(list, idp?.indirect === true);
  return new Crl(der, { ...head, tbs: wholeOf(der, tbs), signature: der.subarray(signature.content + 1, signature.end) }, entries, idp);
}

const bufferOf = (der: unknown): Buffer =>
  der instanceof Uint8Array ? Buffer.from(der.buffer, der.byteOffset, der.byteLength) : refuse('malformed-crl', 'not octets');

/**
 * Parses one CRL (RFC 5280 section 5), in time linear in its size: canonical DER to the last octet but inside ignored extension values, v2.
 * @throws Refusal `malformed-crl`, whatever the input's type
 */
export const parseCrl = (der: unknown): Crl => {
  const steps = read(bufferOf(der));
  return orMalformed(() => {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  });
};

/**
 * The same in slices of a millisecond or two, its digest included; `pause` lets others have their turn between them. For CRLs of any size: the
 * verdicts of both are one, since one code reads.
 * @throws Refusal `malformed-crl`
 */
export const parseCrlInSlices = async (der: Uint8Array, pause: () => Promise<unknown>): Promise<Crl> => {
  const steps = read(bufferOf(der));
  for (;;) {
    const step = orMalformed(() => steps.next());
    if (step.done === true) {
      await step.value.digestInSlices(pause);
      return step.value;
    }
    await pause();
  }
};

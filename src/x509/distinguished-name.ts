import { DerError, TAG, contentOf, readChildren, wholeOf, type Tlv } from '../encoding/index.js';
import { readKnownOid } from './known-oid.js';
import { NameKeyReader, joinedKey } from './name-key.js';
import { foldText, readAnyText, readText } from './name-text.js';
import { OID } from './oids.js';

/** One AttributeTypeAndValue. `text` is null where the value is not a string that RFC 5280 section 7.1 compares as text. */
export interface NameAttribute {
  readonly oid: string;
  readonly tag: number;
  readonly value: Uint8Array;
  readonly text: string | null;
}

const keyReader = new NameKeyReader();

/**
 * A Name: its octets, and its RDNs in order. Comparison is RFC 5280 section 7.1: equal octets, or per RDN the same set of attributes
 * under caseIgnoreMatch. RDNs are never flattened or sorted among each other.
 */
export class DistinguishedName {
  readonly der: Uint8Array;
  readonly rdns: ReadonlyArray<readonly NameAttribute[]>;
  #keys: readonly string[] | null = null;
  #joined: string | null = null;
  #looseKeys: readonly string[] | null = null;

  private constructor(der: Uint8Array, rdns: ReadonlyArray<readonly NameAttribute[]>) {
    this.der = der;
    this.rdns = rdns;
  }

  /** @throws DerError */
  static read(der: Uint8Array, tlv: Tlv): DistinguishedName {
    if (tlv.tag !== TAG.sequence) throw new DerError('Name');
    return new DistinguishedName(
      wholeOf(der, tlv),
      readChildren(der, tlv).map((rdn) => readRdn(der, rdn)),
    );
  }

  get isEmpty(): boolean {
    return this.rdns.length === 0;
  }

  /** One comparison key for each RDN, in order. */
  get rdnKeys(): readonly string[] {
    this.#keys ??= keyReader.rdnKeys(octetsOf(this.der), 0, this.der.length);
    return this.#keys;
  }

  /** Equal for equal names, different for different ones: for maps. */
  get key(): string {
    this.#joined ??= joinedKey(this.rdnKeys);
    return this.#joined;
  }

  equals(other: DistinguishedName): boolean {
    return Buffer.compare(this.der, other.der) === 0 || this.key === other.key;
  }

  /** Whether this name lies in the subtree under `base` (RFC 5280 section 4.2.1.10): the RDNs of `base` come first. */
  isWithin(base: DistinguishedName): boolean {
    return beginsWith(this.rdnKeys, base.rdnKeys);
  }

  /** Whether it may lie there for a verifier that compares strings of every type as text, as RFC 5280 section 7.1 leaves open. */
  mayBeWithin(base: DistinguishedName): boolean {
    return beginsWith(this.#loose(), base.#loose());
  }

  #loose(): readonly string[] {
    this.#looseKeys ??= this.rdns.flat().some(isOtherString) ? this.rdns.map(looseKey) : this.rdnKeys;
    return this.#looseKeys;
  }

  /** Texts of all attributes of this type, in order. */
  texts(oid: string): string[] {
    return this.rdns.flatMap((rdn) =>
      rdn.filter((attribute) => attribute.oid === oid && attribute.text !== null).map(({ text }) => text ?? ''),
    );
  }

  get commonName(): string | null {
    return this.texts(OID.commonName).at(-1) ?? null;
  }
}

const beginsWith = (keys: readonly string[], wanted: readonly string[]): boolean => {
  if (wanted.length > keys.length) return false;
  // From the end, where names differ soonest.
  for (let i = wanted.length - 1; i >= 0; i -= 1) if (wanted[i] !== keys[i]) return false;
  return true;
};

const isOtherString = ({ text, tag, value }: NameAttribute): boolean => text === null && readAnyText(tag, value) !== null;

/** In the form of `NameKeyReader`, so that the keys of names whose strings are all text compare with these. */
const looseKey = (rdn: readonly NameAttribute[]): string => rdn.map(looseAttributeKey).sort().join('+');

const looseAttributeKey = ({ oid, tag, value }: NameAttribute): string => {
  const text = readAnyText(tag, value);
  if (text !== null) {
    const folded = foldText(text);
    return `${oid}=s${String(folded.length)}:${folded}`;
  }
  const octets = Buffer.from(value).toString('hex');
  return `${oid}=${tag.toString(16)}${String(octets.length)}:${octets}`;
};

const octetsOf = (der: Uint8Array): Buffer => Buffer.from(der.buffer, der.byteOffset, der.byteLength);

/** A RelativeDistinguishedName: SET SIZE (1..MAX). @throws DerError */
export const readRdn = (der: Uint8Array, set: Tlv): NameAttribute[] => {
  if (set.tag !== TAG.set || set.content === set.end) throw new DerError('RDN');
  return readChildren(der, set).map((pair) => readAttribute(der, pair));
};

const readAttribute = (der: Uint8Array, pair: Tlv): NameAttribute => {
  const [type, value, more] = readChildren(der, pair);
  if (pair.tag !== TAG.sequence || type === undefined || value === undefined || more !== undefined) throw new DerError('attribute');
  const octets = contentOf(der, value);
  return { oid: readKnownOid(der, type), tag: value.tag, value: octets, text: readText(value.tag, octets) };
};

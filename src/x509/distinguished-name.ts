import { DerError, TAG, contentOf, readChildren, wholeOf, type Tlv } from '../encoding/index.js';
import { readKnownOid } from './known-oid.js';
import { OID } from './oids.js';

/** One AttributeTypeAndValue. `text` is null where the value is not a string that RFC 5280 section 7.1 compares as text. */
export interface NameAttribute {
  readonly oid: string;
  readonly tag: number;
  readonly value: Uint8Array;
  readonly text: string | null;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text of a PrintableString, UTF8String or IA5String; null for other types, which RFC 5280 section 7.1 lets compare as octets. @throws DerError */
const readText = (tag: number, value: Uint8Array): string | null => {
  if (tag === TAG.utf8String) {
    try {
      return utf8.decode(value);
    } catch {
      throw new DerError('UTF-8');
    }
  }
  if (tag !== TAG.printableString && tag !== TAG.ia5String) return null;
  if (value.some((octet) => octet > 0x7f)) throw new DerError('ASCII');
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
};

const PLAIN_ASCII = /^[\x20-\x7e]*$/;
/** RFC 4518 section 2.2: what means nothing in a comparison, and what is a space. */
const NOTHING = /(?![\t-\r\u0085])[\p{Cc}\p{Cf}\p{Variation_Selector}\u{34f}\u{1806}\u{fffc}]/gu;
const SPACES = /[\t-\r\u0085\p{Z}]+/gu;

/** RFC 5280 section 7.1 with RFC 4518: map, case fold, NFKC, and white space folded to one space, none at the ends. */
const foldText = (text: string): string => {
  if (PLAIN_ASCII.test(text)) return text.toLowerCase().replace(/ +/g, ' ').trim();
  const folded = text.replace(NOTHING, '').normalize('NFKC').toLowerCase().replace(/ß/g, 'ss').replace(/ς/g, 'σ').normalize('NFKC');
  return folded.replace(SPACES, ' ').trim();
};

const attributeKey = ({ oid, tag, value, text }: NameAttribute): string => {
  const kind = text === null ? tag.toString(16) : 's';
  const body = text === null ? Buffer.from(value).toString('hex') : foldText(text);
  return `${oid}=${kind}${body.length}:${body}`;
};

/**
 * A Name: its octets, and its RDNs in order. Comparison is RFC 5280 section 7.1: equal octets, or per RDN the same set of attributes
 * under caseIgnoreMatch. RDNs are never flattened or sorted among each other.
 */
export class DistinguishedName {
  readonly der: Uint8Array;
  readonly rdns: ReadonlyArray<readonly NameAttribute[]>;
  #keys: readonly string[] | null = null;
  #joined: string | null = null;

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
    this.#keys ??= this.rdns.map((rdn) => rdn.map(attributeKey).sort().join('+'));
    return this.#keys;
  }

  /** Equal for equal names, different for different ones: for maps. */
  get key(): string {
    this.#joined ??= this.rdnKeys.join(',');
    return this.#joined;
  }

  equals(other: DistinguishedName): boolean {
    return Buffer.compare(this.der, other.der) === 0 || this.key === other.key;
  }

  /** Whether this name lies in the subtree under `base` (RFC 5280 section 4.2.1.10): the RDNs of `base` come first. */
  isWithin(base: DistinguishedName): boolean {
    const { rdnKeys } = this;
    const wanted = base.rdnKeys;
    if (wanted.length > rdnKeys.length) return false;
    // From the end, where names differ soonest.
    for (let i = wanted.length - 1; i >= 0; i -= 1) if (wanted[i] !== rdnKeys[i]) return false;
    return true;
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

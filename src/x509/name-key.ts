import { DerError, TAG, TlvCursor, readOid } from '../encoding/index.js';
import { foldText, readText } from './name-text.js';

const SPACE = 0x20;

const isText = (tag: number): boolean => tag === TAG.utf8String || tag === TAG.printableString || tag === TAG.ia5String;

/**
 * Comparison keys of Names (RFC 5280 section 7.1), made from octets without a structure in between: an indirect CRL may name thousands, and each
 * is compared once. One reader reads one name at a time. Digests of keys are stored with credential classes, so their form stays.
 */
export class NameKeyReader {
  readonly #name = new TlvCursor();
  readonly #rdn = new TlvCursor();
  readonly #pair = new TlvCursor();
  readonly #type = new TlvCursor();
  readonly #value = new TlvCursor();

  /** One key for each RDN of the Name at this offset, in order; its form is held to what `DistinguishedName.read` demands. @throws DerError */
  rdnKeys(der: Buffer, at: number, limit: number): string[] {
    const name = this.#name.read(der, at, limit);
    if (name.tag !== TAG.sequence || name.end !== limit) throw new DerError('Name');
    const keys: string[] = [];
    for (let next = name.content; next < name.end; next = this.#rdn.end) keys.push(this.#rdnKey(der, next, name.end));
    return keys;
  }

  /** Equal for equal names, different for different ones. @throws DerError */
  key(der: Buffer, at: number, limit: number): string {
    return joinedKey(this.rdnKeys(der, at, limit));
  }

  #rdnKey(der: Buffer, at: number, limit: number): string {
    const { tag, content, end } = this.#rdn.read(der, at, limit);
    if (tag !== TAG.set || content === end) throw new DerError('RDN');
    const first = this.#attributeKey(der, content, end);
    if (this.#pair.end === end) return first;
    const keys = [first];
    while (this.#pair.end < end) keys.push(this.#attributeKey(der, this.#pair.end, end));
    return keys.sort().join('+');
  }

  #attributeKey(der: Buffer, at: number, limit: number): string {
    const pair = this.#pair.read(der, at, limit);
    const type = this.#type.read(der, pair.content, pair.end);
    const value = this.#value.read(der, type.end, pair.end);
    if (pair.tag !== TAG.sequence || value.end !== pair.end) throw new DerError('attribute');
    // X.520's attribute types are 2.5.4.n with one octet for n: well-formed at sight.
    const isUsual =
      type.tag === TAG.oid &&
      type.end - type.content === 3 &&
      der[type.content] === 0x55 &&
      der[type.content + 1] === 0x04 &&
      (der[type.content + 2] as number) < 0x80;
    const oid = isUsual ? `2.5.4.${String(der[type.content + 2])}` : readOid(der, type);
    if (!isText(value.tag)) {
      readText(value.tag, der.subarray(value.content, value.end));
      const octets = der.toString('hex', value.content, value.end);
      return `${oid}=${value.tag.toString(16)}${String(octets.length)}:${octets}`;
    }
    const folded = this.#fold(der, value);
    return `${oid}=s${String(folded.length)}:${folded}`;
  }

  /** Most names are printable ASCII without runs of spaces: of these nothing but the case is folded. */
  #fold(der: Buffer, { tag, content, end }: TlvCursor): string {
    let last = SPACE;
    for (let i = content; i < end; i += 1) {
      const octet = der[i] as number;
      const isPlain = octet > SPACE ? octet < 0x7f : octet === SPACE && last !== SPACE;
      if (!isPlain) return foldText(readText(tag, der.subarray(content, end)) ?? '');
      last = octet;
    }
    if (last === SPACE) return foldText(der.toString('latin1', content, end));
    return der.toString('latin1', content, end).toLowerCase();
  }
}

/** The key of a whole name from those of its RDNs. */
export const joinedKey = (rdnKeys: readonly string[]): string => rdnKeys.join(',');

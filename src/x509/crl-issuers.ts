import { DerError, TlvCursor } from '../encoding/index.js';
import type { DistinguishedName } from './distinguished-name.js';
import { readGeneralName } from './general-name.js';
import { NameKeyReader } from './name-key.js';

/** Authorities that one indirect CRL may speak for: all of a country's, many times over. */
const MAX_ISSUERS = 4096;

/** Tag of a directoryName in GeneralName. */
const DIRECTORY_NAME = 0xa4;

/**
 * The certificate issuers of an indirect CRL (RFC 5280 section 5.3.3) under numbers; the CRL's own issuer is 0. The octets of certificateIssuer are the
 * first key, so that a spelling is read and folded once.
 */
export class CrlIssuers {
  readonly #der: Buffer;
  readonly #reader = new NameKeyReader();
  readonly #name = new TlvCursor();
  readonly #spelled = new Map<string, number>();
  readonly #numbers = new Map<string, number>();

  constructor(der: Buffer, crlIssuer: DistinguishedName) {
    this.#der = der;
    this.#numbers.set(crlIssuer.key, 0);
  }

  /** The number of the issuer that these GeneralNames name, a new one where it is the first to. @throws DerError */
  numberOf({ content, end }: TlvCursor): number {
    const spelling = this.#der.toString('latin1', content, end);
    let number = this.#spelled.get(spelling);
    if (number === undefined) this.#spelled.set(spelling, (number = this.#numberOfKey(this.#readKey(content, end))));
    return number;
  }

  /** Must be called after the last `numberOf`: the spellings are as long as the CRL, and names are all that is asked for. */
  seal(): void {
    this.#spelled.clear();
  }

  /** null: no entry is about that issuer. */
  find(issuer: DistinguishedName): number | null {
    return this.#numbers.get(issuer.key) ?? null;
  }

  #readKey(content: number, end: number): string {
    let key: string | null = null;
    for (let at = content; at < end;) {
      const name = this.#name.read(this.#der, at, end);
      at = name.end;
      if (name.tag !== DIRECTORY_NAME) readGeneralName(this.#der, name);
      // An issuer field is one name: with several, which one an entry is about would be a guess.
      else if (key !== null) throw new DerError('certificateIssuer');
      // X.680 section 31.2.7: a tag on a CHOICE is explicit.
      else key = this.#reader.key(this.#der, name.content, name.end);
    }
    if (key === null) throw new DerError('certificateIssuer');
    return key;
  }

  #numberOfKey(key: string): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    if (number > MAX_ISSUERS) throw new DerError('number of certificate issuers');
    this.#numbers.set(key, number);
    return number;
  }
}

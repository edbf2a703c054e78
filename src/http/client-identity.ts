import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import {
  TAG,
  checkCanonicalDer,
  contentOf,
  contextConstructed,
  contextPrimitive,
  readChildren,
  readOid,
  readWhole,
} from '../encoding/index.js';
import { isDomain } from '../identifiers/index.js';
import type { Clock } from '../ports/index.js';

/** RFC 5280 section 4.2.1.6. */
const SUBJECT_ALT_NAME = '2.5.29.17';

/**
 * The one dNSName of a client certificate, or null when it has none, several, or one that is no A-label domain in lower case.
 * Read from the DER: Node's own string form of the names has had quoting faults that let one name look like two (CVE-2021-44532).
 * That the certificate is trusted is not looked at here.
 */
export const singleDnsName = (certificate: Uint8Array): string | null => {
  try {
    checkCanonicalDer(certificate);
    const names = subjectAltNames(certificate);
    const domains = names.filter((name) => name.tag === contextPrimitive(2));
    const [only] = domains;
    if (only === undefined || domains.length !== 1) return null;
    const domain = Buffer.from(only.content).toString('latin1').toLowerCase();
    return isDomain(domain) ? domain : null;
  } catch {
    return null;
  }
};

interface GeneralName {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** The names of every subjectAltName extension: two such extensions give all their names, and so no single one. */
const subjectAltNames = (der: Uint8Array): GeneralName[] => {
  const [tbs] = readChildren(der, readWhole(der, TAG.sequence));
  if (tbs === undefined) return [];
  const wrapper = readChildren(der, tbs).find((child) => child.tag === contextConstructed(3));
  const [extensions] = wrapper === undefined ? [] : readChildren(der, wrapper);
  if (extensions === undefined) return [];
  return readChildren(der, extensions).flatMap((extension) => {
    const parts = readChildren(der, extension);
    const [id] = parts;
    const value = parts.at(-1);
    if (id === undefined || value === undefined || value.tag !== TAG.octetString || readOid(der, id) !== SUBJECT_ALT_NAME) return [];
    const inner = contentOf(der, value);
    checkCanonicalDer(inner);
    return readChildren(inner, readWhole(inner, TAG.sequence)).map((name) => ({ tag: name.tag, content: contentOf(inner, name) }));
  });
};

/** Validity of a certificate's end, ms: read by Node from the same octets that OpenSSL verified. */
interface Identity {
  readonly domain: string | null;
  readonly notAfter: number;
  readonly trust: number;
}

const NOBODY: Identity = { domain: null, notAfter: 0, trust: -1 };

/**
 * Who is at the other end of a connection, found out once and remembered with it.
 * A connection outlives certificates and reloads, so what can change is looked at with every request: the end of validity, and `trust`,
 * which counts the changes of the client authorities.
 */
export class ClientIdentities {
  readonly #known = new WeakMap<TLSSocket, Identity>();
  readonly #keys = new WeakMap<TLSSocket, string>();
  readonly #clock: Clock;
  #trust = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Every connection made until now must be made again. */
  trustChanged(): void {
    this.#trust += 1;
  }

  /** The authenticated domain, or null. */
  domainOf(socket: TLSSocket): string | null {
    let identity = this.#known.get(socket);
    if (identity === undefined) {
      identity = this.#identify(socket);
      this.#known.set(socket, identity);
    }
    return identity.trust === this.#trust && this.#clock.now() <= identity.notAfter ? identity.domain : null;
  }

  /** Base64 of SHA-256 of the SubjectPublicKeyInfo of the client certificate; null: there is none. Asked only where a key is pinned. */
  keyOf(socket: TLSSocket): string | null {
    const known = this.#keys.get(socket);
    if (known !== undefined) return known;
    const spki = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
    if (spki === undefined) return null;
    const key = createHash('sha256').update(spki).digest('base64');
    this.#keys.set(socket, key);
    return key;
  }

  #identify(socket: TLSSocket): Identity {
    // A resumed session brings the verdict of an earlier time: this server issues no tickets, and takes none.
    if (!socket.authorized || socket.isSessionReused()) return NOBODY;
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return NOBODY;
    return { domain: singleDnsName(certificate.raw), notAfter: Date.parse(certificate.validTo), trust: this.#trust };
  }
}

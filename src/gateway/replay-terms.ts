import { HeaderCache } from '../passport/index.js';
import { MaterialDocuments, Verifier, type Caches, type Versions } from '../verification/index.js';
import { CertificateCache } from '../x509/index.js';
import { eventTermsOf, type EventTerms } from './world.js';

/** Generations that are kept made: a log returns to none, but entries of two may alternate around a reload. */
const KEPT = 3;

/** What was in force once, made of documents. */
export class ReplayTerms {
  readonly #documents: MaterialDocuments;
  readonly #caches: Caches = { headers: new HeaderCache(), certificates: new CertificateCache() };
  readonly #kept = new Map<string, Promise<EventTerms>>();

  /** @param read octets under their SHA-256, lower-case hex; null: not to be had */
  constructor(read: (digest: string) => Promise<Uint8Array | null>) {
    this.#documents = new MaterialDocuments(read);
  }

  /** @throws Refusal `log-corrupt` naming the document that is missing or another */
  of(versions: Versions): Promise<EventTerms> {
    const key = `${versions.policy} ${versions.trust} ${versions.numbering} ${versions.revocation}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size >= KEPT) this.#kept.delete(oldest);
    const made = this.#make(versions);
    this.#kept.set(key, made);
    return made;
  }

  async #make(versions: Versions): Promise<EventTerms> {
    const material = await this.#documents.materialOf(versions);
    return eventTermsOf(new Verifier(material, this.#caches), material.policy);
  }
}

import { createHash } from 'node:crypto';
import { Refusal } from '../reasons/index.js';
import type { Certificate } from './certificate.js';
import { parseCrl, type Crl } from './crl.js';
import type { DistinguishedName } from './distinguished-name.js';
import type { WorkBudget } from './path-rules.js';

export interface CrlSetInput {
  /** DER, or parsed. What is malformed is counted and decides nothing. */
  readonly crls: readonly (Uint8Array | Crl)[];
  /** Certificates that may sign CRLs, once judged to the anchor of the path in question or to one of `anchors`; CAs between them count too. */
  readonly signers?: readonly Certificate[];
  /**
   * Certificates that came with fetched CRLs: nobody has named them. They may sign CRLs as `signers` may, but none of them stands between a signer and
   * the path's anchor: names are not unique below an anchor, so any CA there could make itself a signer of another CA's name.
   */
  readonly offered?: readonly Certificate[];
  /** Anchors for CRLs alone, never for PASSporTs. */
  readonly anchors?: readonly Certificate[];
}

/** What one judgement may spend; DESIGN section 11 caps its signature checks. Once it is spent, nothing that was not looked at counts as good. */
export interface Budget {
  signatures: number;
  /** Signers considered. */
  tries: number;
  /** CRLs considered. */
  looks: number;
  /** What the paths of signers may cost, all of them together. */
  readonly paths: WorkBudget;
}

export const isSpent = ({ signatures, tries, looks }: Budget): boolean => signatures < 0 || tries < 0 || looks < 0;

const NONE: readonly never[] = [];

const put = <T>(map: Map<string, T[]>, key: string, value: T): void => {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
};

const parseOrNull = (crl: Uint8Array | Crl): Crl | null => {
  if (!(crl instanceof Uint8Array)) return crl;
  try {
    return parseCrl(crl);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
};

/**
 * The CRLs of one generation of trust material, and who may have signed them. Build it once per generation and keep it: a CRL is parsed once, and
 * itself keeps under which keys its signature holds. Being in the set proves nothing.
 */
export class CrlSet {
  readonly crls: readonly Crl[];
  readonly anchors: readonly Certificate[];
  /** How many of the CRLs given do not parse. */
  readonly malformed: number;
  readonly #byIssuer = new Map<string, Crl[]>();
  readonly #indirect: Crl[] = [];
  readonly #signers = new Map<string, Certificate[]>();
  readonly #offered = new WeakSet<Certificate>();
  /** Seconds, ascending: from when on another CRL counts, or other signers of CRLs are valid. */
  readonly #changes: readonly number[];
  readonly #signerChanges: readonly number[];
  #digest: string | null = null;

  constructor({ crls, signers = NONE, offered = NONE, anchors = NONE }: CrlSetInput) {
    const parsed = crls.map(parseOrNull);
    this.crls = parsed.filter((crl) => crl !== null);
    this.malformed = parsed.length - this.crls.length;
    this.anchors = anchors;
    for (const crl of this.crls) {
      put(this.#byIssuer, crl.issuer.key, crl);
      if (crl.issuingDistributionPoint?.indirect === true) this.#indirect.push(crl);
    }
    this.#signerChanges = [...signers, ...offered, ...anchors]
      .flatMap(({ notBefore, notAfter }) => [notBefore, notAfter + 1])
      .sort((a, b) => a - b);
    this.#changes = [...this.crls.map(({ thisUpdate }) => thisUpdate), ...this.#signerChanges].sort((a, b) => a - b);
    for (const signer of signers) put(this.#signers, signer.subject.key, signer);
    for (const signer of offered) {
      // Named too, perhaps as the very same object.
      if (this.signersNamed(signer.subject).some(({ der }) => Buffer.compare(der, signer.der) === 0)) continue;
      put(this.#signers, signer.subject.key, signer);
      this.#offered.add(signer);
    }
  }

  /** Lower-case hex SHA-256 over the digests of the CRLs, sorted: the version of the revocation data. */
  get digest(): string {
    this.#digest ??= createHash('sha256')
      .update(
        this.crls
          .map(({ digest }) => digest)
          .sort()
          .join('\n'),
      )
      .digest('hex');
    return this.#digest;
  }

  /** When the next CRL of the set begins to count, or a signer's validity begins or has ended, in seconds; Infinity when none will. */
  nextChange(after: number): number {
    return this.#changes.find((change) => change > after) ?? Infinity;
  }

  /** Since when the same signers have been valid, in seconds; 0: since ever. */
  signersSince(at: number): number {
    return this.#signerChanges.findLast((change) => change <= at) ?? 0;
  }

  issuedBy(issuer: DistinguishedName): readonly Crl[] {
    return this.#byIssuer.get(issuer.key) ?? NONE;
  }

  get indirect(): readonly Crl[] {
    return this.#indirect;
  }

  signersNamed(subject: DistinguishedName): readonly Certificate[] {
    return this.#signers.get(subject.key) ?? NONE;
  }

  /** Whether the certificate only came with a CRL. */
  isOffered(certificate: Certificate): boolean {
    return this.#offered.has(certificate);
  }

  /** Whether the CRL's signature verifies under the signer's key; false also when the budget is spent. */
  signatureHolds(crl: Crl, signer: Certificate, budget: Budget): boolean {
    const known = crl.knownSignature(signer.publicKey);
    if (known !== null) return known;
    budget.signatures -= 1;
    return budget.signatures >= 0 && verifies(crl, signer);
  }
}

const verifies = (crl: Crl, signer: Certificate): boolean => {
  try {
    return crl.signatureHolds(signer.publicKey);
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};

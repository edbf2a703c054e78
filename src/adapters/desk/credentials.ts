import {
  caTemplate,
  checkMailbox,
  checkScope,
  checkTimes,
  endEntityTemplate,
  newKeyPair,
  numberEntries,
  pathOf,
  rangeText,
  rangesOf,
  signCertificateThrough,
  spkiFingerprint,
  subjectName,
  type Binding,
  type CaContent,
  type CertificateTemplate,
  type EndEntityContent,
  type IssuedCredential,
  type IssuingSources,
  type KeyPair,
  type NumberRange,
} from '../../issuance/index.js';
import { refuse } from '../../reasons/index.js';
import { parseCertificate, tnAuthListOf, type TnEntry } from '../../x509/index.js';
import type { DeskAuthority } from './desk-authority.js';
import type { DeskIdentity } from './desk-files.js';
import type { LedgerBook } from './ledger-book.js';
import type { IssuedLine } from './ledger-lines.js';

/** A subject whose key is made at the desk, or stays where its request came from. */
export type SubjectKey = { readonly own: KeyPair } | { readonly spki: Buffer };

/** What is asked of a desk. */
export interface CredentialRequest {
  /** The AP's or enterprise's domain. */
  readonly to: string;
  /** Seconds. */
  readonly lifetime: number;
  readonly subject: SubjectKey;
  /** For the ledger, in the operator's words. */
  readonly why?: string;
}

/** A certificate that was made and not handed out: its line goes into the ledger first. */
export interface Made {
  readonly certificate: Buffer;
  /** End-entity or CA first, no anchor. */
  readonly path: Buffer[];
  readonly line: IssuedLine;
}

/** What a line says besides what the certificate says. */
type Told = Pick<IssuedLine, 'use' | 'holder'> & Partial<Pick<IssuedLine, 'to' | 'mailbox' | 'permitted' | 'why' | 'renews' | 'batch'>>;

export const spkiOf = (subject: SubjectKey): Buffer => ('own' in subject ? subject.own.spki : subject.spki);

const binding = (provider: string, permitted: Binding['permitted']): Binding =>
  permitted === undefined ? { provider } : { provider, permitted };

const toldPermitted = (permitted: Binding['permitted']): Pick<Told, 'permitted'> =>
  permitted === undefined
    ? {}
    : { permitted: Object.fromEntries(Object.entries(permitted).map(([claim, values]) => [claim, [...values]])) };

const toldWhy = (why: string | undefined): Pick<Told, 'why'> => (why === undefined ? {} : { why });

/** What a desk issues by: it is the state of the desk at one moment, under its lock. */
export interface CredentialBasis {
  readonly identity: DeskIdentity;
  readonly ca: DeskAuthority;
  readonly book: LedgerBook;
  readonly sources: IssuingSources;
}

/** Makes the certificates of a desk: within its scope, under its constraints, never over a key that another holds. Hands out and records nothing. */
export class Credentials {
  readonly #basis: CredentialBasis;
  readonly #scope: readonly TnEntry[];
  /** Seconds. */
  readonly #now: number;

  constructor(basis: CredentialBasis) {
    this.#basis = basis;
    this.#scope = tnAuthListOf(parseCertificate(basis.ca.authority.certificate)) ?? [];
    this.#now = Math.floor(basis.sources.now() / 1000);
  }

  /**
   * The desk's own credential, which signs releases and ports: an NP's has its SPC, an EP's its domain. The key is fresh each time.
   * @throws Refusal `profile-violation` for an enterprise, which has no SPC of its own
   */
  async own(lifetime: number, why?: string): Promise<{ readonly made: Made; readonly credential: IssuedCredential }> {
    const key = newKeyPair();
    const { name } = this.#basis.identity;
    const made = await this.#endEntity(this.#ownContent(), { own: key }, lifetime, { use: 'own', holder: name, ...toldWhy(why) });
    return { made, credential: { path: made.path, key } };
  }

  #ownContent(): EndEntityContent {
    const { identity } = this.#basis;
    const subject = subjectName({ commonName: identity.name });
    if (identity.kind === 'ep') return { subject, names: [{ dns: identity.domain }] };
    if (identity.spc === null) return refuse('profile-violation', 'a desk without an SPC has no credential of its own');
    return { subject, numbers: [{ spc: identity.spc }] };
  }

  /**
   * A delegate credential (RFC 9060) over numbers, bound to one AP.
   * @throws Refusal `not-encompassed`, `key-reuse`, `non-canonical-tn`, `range-overflow`, `malformed-request`
   */
  delegate(request: CredentialRequest, numbers: readonly NumberRange[], permitted?: Binding['permitted']): Promise<Made> {
    const { to, lifetime, subject, why } = request;
    const content = {
      subject: subjectName({ commonName: `delegate for ${to}` }),
      numbers: this.#entries(numbers),
      binding: binding(to, permitted),
    };
    return this.#endEntity(content, subject, lifetime, { use: 'delegate', holder: to, to, ...toldPermitted(permitted), ...toldWhy(why) });
  }

  /**
   * A CA that may delegate these numbers further, and only these.
   * @throws Refusal as `delegate`
   */
  async delegateCa({ to, lifetime, subject, why }: CredentialRequest, numbers: readonly NumberRange[]): Promise<Made> {
    const content: CaContent = { subject: subjectName({ commonName: `delegate CA of ${to}` }), numbers: this.#entries(numbers) };
    this.#checkKey(spkiOf(subject), to);
    const template = caTemplate(this.#basis.ca.authority, spkiOf(subject), content, this.#terms(lifetime));
    return await this.#sign(template, subject, { use: 'delegate-ca', holder: to, to, ...toldWhy(why) }, content.numbers);
  }

  /**
   * A mailbox credential (EP), bound to one AP.
   * @throws Refusal `email-out-of-scope`, `authority-type-mismatch`, `key-reuse`, `malformed-request`
   */
  mailbox(request: CredentialRequest, mailbox: string, permitted?: Binding['permitted']): Promise<Made> {
    const { identity } = this.#basis;
    const { to, lifetime, subject, why } = request;
    if (identity.kind !== 'ep') return refuse('authority-type-mismatch', 'a mailbox from a number provider');
    checkMailbox(mailbox, identity.domain);
    const content = { subject: subjectName({ commonName: 'mailbox' }), names: [{ mailbox }], binding: binding(to, permitted) };
    // The ledger's holder tells keys apart: one key for two mailboxes is two subjects.
    const holder = `${mailbox} at ${to}`;
    return this.#endEntity(content, subject, lifetime, {
      use: 'mailbox',
      holder,
      to,
      mailbox,
      ...toldPermitted(permitted),
      ...toldWhy(why),
    });
  }

  async #endEntity(content: EndEntityContent, subject: SubjectKey, lifetime: number, told: Told): Promise<Made> {
    const terms = this.#terms(lifetime);
    this.#checkKey(spkiOf(subject), told.holder);
    if (content.numbers !== undefined) checkScope(this.#scope, content.numbers);
    const template = endEntityTemplate(this.#basis.ca.authority, spkiOf(subject), content, terms);
    return await this.#sign(template, subject, told, content.numbers);
  }

  async #sign(template: CertificateTemplate, subject: SubjectKey, told: Told, entries: readonly TnEntry[] = []): Promise<Made> {
    const { authority, signer } = this.#basis.ca;
    const certificate = await signCertificateThrough(template, signer);
    const ranges = rangesOf(entries);
    const line: IssuedLine = {
      ...lineOf(certificate, this.#now),
      ...told,
      ...(ranges.length === 0 ? {} : { numbers: ranges.map(rangeText) }),
      ...('own' in subject ? {} : { key: subject.spki.toString('base64') }),
    };
    return { certificate, path: pathOf(certificate, authority), line };
  }

  #entries(numbers: readonly NumberRange[]): TnEntry[] {
    if (this.#basis.identity.kind !== 'np') return refuse('authority-type-mismatch', 'numbers from a mail provider');
    if (numbers.length === 0) return refuse('malformed-request', 'no numbers');
    const entries = numberEntries(numbers);
    checkScope(this.#scope, entries);
    return entries;
  }

  #terms(lifetime: number): { random: IssuingSources['random']; notBefore: number; notAfter: number } {
    const notBefore = this.#now;
    const notAfter = notBefore + lifetime;
    checkTimes(notBefore, notBefore, notAfter, parseCertificate(this.#basis.ca.authority.certificate).notAfter);
    return { random: this.#basis.sources.random, notBefore, notAfter };
  }

  #checkKey(spki: Buffer, holder: string): void {
    const before = this.#basis.book.holderOf(spkiFingerprint(spki));
    if (before !== null && before !== holder) refuse('key-reuse');
  }
}

/** What a line says of any certificate. */
export const lineOf = (der: Buffer, at: number): Pick<IssuedLine, 'event' | 'at' | 'serial' | 'fingerprint' | 'spki' | 'notAfter'> => {
  const certificate = parseCertificate(der);
  return {
    event: 'issued',
    at,
    serial: Buffer.from(certificate.serial).toString('hex'),
    fingerprint: certificate.fingerprint.toString('hex'),
    spki: spkiFingerprint(certificate.publicKey.spki),
    notAfter: certificate.notAfter,
  };
};

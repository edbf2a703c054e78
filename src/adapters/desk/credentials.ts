import { createHash } from 'node:crypto';
import {
  bequestOf,
  caTemplate,
  checkGranted,
  checkHeld,
  checkMailbox,
  checkScope,
  checkTimes,
  crlPath,
  endEntityTemplate,
  newKeyPair,
  numberEntries,
  pathOf,
  rangeText,
  rangesOf,
  shareNumbers,
  signCertificateThrough,
  spkiFingerprint,
  subjectName,
  type Bequest,
  type Binding,
  type CaContent,
  type CertificateTemplate,
  type EndEntityContent,
  type IssuedCredential,
  type IssuingSources,
  type KeyPair,
  type NumberRange,
} from '../../issuance/index.js';
import { tnOf } from '../../identifiers/index.js';
import type { NumberingPlan } from '../../numbering/index.js';
import { importP256 } from '../../passport/index.js';
import { refuse } from '../../reasons/index.js';
import { parseCertificate, permitsMail, tnAuthListOf, type Certificate, type TnEntry } from '../../x509/index.js';
import type { DeskAuthority } from './desk-authority.js';
import type { DeskIdentity } from './desk-files.js';
import type { LedgerBook } from './ledger-book.js';
import type { IssuedLine } from './ledger-lines.js';

/** A subject whose key is made at the desk, or stays where its request came from. */
export type SubjectKey = { readonly own: KeyPair } | { readonly spki: Buffer };

/** A subject's key as far as a certificate goes: made at the desk or not. */
export type SubjectSpki = { readonly own: Pick<KeyPair, 'spki'> } | { readonly spki: Buffer };

/** What is asked of a desk. */
export interface CredentialRequest<Subject = SubjectKey> {
  /** The AP's or enterprise's domain. */
  readonly to: string;
  /** Seconds. */
  readonly lifetime: number;
  /** Seconds: when it begins at the earliest, and what `lifetime` counts from; absent: the moment of issuing. */
  readonly from?: number;
  /** Only what is granted to `to` at the moment of issuing; absent: all that the desk may give. */
  readonly asGranted?: true;
  readonly subject: Subject;
  /** For the ledger, in the operator's words. */
  readonly why?: string;
}

type Time = Pick<CredentialRequest, 'lifetime' | 'from'>;

type Asked = Omit<CredentialRequest, 'subject'>;

/** A certificate that was made and not handed out: its line goes into the ledger first. */
export interface Made {
  readonly certificate: Buffer;
  /** End-entity or CA first, no anchor. */
  readonly path: Buffer[];
  readonly line: IssuedLine;
}

/** What a line says besides what the certificate says. */
type Told = Pick<IssuedLine, 'use' | 'holder'> & Partial<Pick<IssuedLine, 'to' | 'mailbox' | 'permitted' | 'why' | 'renews' | 'batch'>>;

export const spkiOf = (subject: SubjectSpki): Buffer => ('own' in subject ? subject.own.spki : subject.spki);

const binding = (provider: string, permitted: Binding['permitted']): Binding =>
  permitted === undefined ? { provider } : { provider, permitted };

const toldPermitted = (permitted: Binding['permitted']): Pick<Told, 'permitted'> =>
  permitted === undefined
    ? {}
    : { permitted: Object.fromEntries(Object.entries(permitted).map(([claim, values]) => [claim, [...values]])) };

const toldWhy = (why: string | undefined): Pick<Told, 'why'> => (why === undefined ? {} : { why });

/** What a grant is over. */
export interface Grantable {
  readonly numbers?: readonly NumberRange[];
  readonly mailboxes?: 'all' | readonly string[];
  readonly ca: boolean;
}

/** What a desk issues by: it is the state of the desk at one moment, under its lock. */
export interface CredentialBasis {
  readonly identity: DeskIdentity;
  readonly ca: DeskAuthority;
  readonly book: LedgerBook;
  readonly sources: IssuingSources;
  /** Null: the desk has no numbering data. */
  readonly plan: NumberingPlan | null;
}

/** Makes the certificates of a desk: within its scope, under its constraints, never over a key that another holds. Hands out and records nothing. */
export class Credentials {
  readonly #basis: CredentialBasis;
  readonly #path: readonly Certificate[];
  readonly #bequest: Bequest;
  readonly #scope: readonly TnEntry[];
  /** Seconds. */
  readonly #now: number;

  constructor(basis: CredentialBasis) {
    const { certificate, path } = basis.ca.authority;
    this.#basis = basis;
    this.#path = (path.length === 0 ? [certificate] : path).map((der) => parseCertificate(der));
    this.#bequest = bequestOf(this.#path);
    this.#scope = (this.#path[0] === undefined ? null : tnAuthListOf(this.#path[0])) ?? [];
    this.#now = Math.floor(basis.sources.now() / 1000);
  }

  /**
   * The desk's own credential, which signs releases and ports: an NP's has its SPC, an EP's its domain. The key is fresh each time.
   * @throws Refusal `profile-violation` for an enterprise, which has no SPC of its own
   */
  async own(lifetime: number, why?: string): Promise<{ readonly made: Made; readonly credential: IssuedCredential }> {
    const key = newKeyPair();
    const { name } = this.#basis.identity;
    const made = await this.#endEntity(this.#ownContent(), { own: key }, { lifetime }, { use: 'own', holder: name, ...toldWhy(why) });
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
   * @throws Refusal `not-encompassed`, `tn-out-of-scope`, `number-on-hold`, `key-reuse`, `non-canonical-tn`, `range-overflow`, `malformed-request`,
   * `not-granted`
   */
  delegate(request: CredentialRequest<SubjectSpki>, numbers: readonly NumberRange[], permitted?: Binding['permitted']): Promise<Made> {
    return this.delegating(request, permitted)(request.subject, numbers);
  }

  /** `delegate` for many of one AP: what they have in common is made once. */
  delegating(
    request: Asked & { readonly batch?: string },
    permitted?: Binding['permitted'],
  ): (subject: SubjectSpki, numbers: readonly NumberRange[]) => Promise<Made> {
    const { to, why, batch } = request;
    const common = { subject: subjectName({ commonName: `delegate for ${to}` }), binding: binding(to, permitted) };
    const inBatch = batch === undefined ? {} : { batch };
    const told: Told = { use: 'delegate', holder: to, to, ...toldPermitted(permitted), ...toldWhy(why), ...inBatch };
    return (subject, numbers) => {
      this.#checkGrant(request, numbers, false);
      return this.#endEntity({ ...common, numbers: this.#entries(numbers) }, subject, request, told);
    };
  }

  /**
   * A CA that may delegate these numbers further, and only these.
   * @throws Refusal as `delegate`; `path-length` when the desk's own path leaves no room for another CA
   */
  async delegateCa(request: CredentialRequest, numbers: readonly NumberRange[]): Promise<Made> {
    const { to, subject, why } = request;
    const { authorities } = this.#bequest;
    if (authorities === 0) return refuse('path-length', 'the desk may have no CA below it');
    this.#checkGrant(request, numbers, true);
    const content: CaContent = {
      subject: subjectName({ commonName: `delegate CA of ${to}` }),
      numbers: this.#entries(numbers),
      ...(authorities === null ? {} : { pathLength: authorities - 1 }),
      ...this.#handedDown,
    };
    this.#checkKey(spkiOf(subject), to);
    const template = caTemplate(this.#basis.ca.authority, spkiOf(subject), content, this.#terms(request));
    return await this.#sign(template, subject, { use: 'delegate-ca', holder: to, to, ...toldWhy(why) }, content.numbers);
  }

  /**
   * A mailbox credential (EP), bound to one AP.
   * @throws Refusal `email-out-of-scope`, `authority-type-mismatch`, `key-reuse`, `malformed-request`
   */
  mailbox(request: CredentialRequest, mailbox: string, permitted?: Binding['permitted']): Promise<Made> {
    const { identity } = this.#basis;
    const { to, subject, why } = request;
    if (identity.kind !== 'ep') return refuse('authority-type-mismatch', 'a mailbox from a number provider');
    checkMailbox(mailbox, identity.domain);
    this.#checkNameConstraints(mailbox);
    const content = { subject: subjectName({ commonName: 'mailbox' }), names: [{ mailbox }], binding: binding(to, permitted) };
    // The ledger's holder tells keys apart: one key for two mailboxes is two subjects.
    const holder = `${mailbox} at ${to}`;
    return this.#endEntity(content, subject, request, {
      use: 'mailbox',
      holder,
      to,
      mailbox,
      ...toldPermitted(permitted),
      ...toldWhy(why),
    });
  }

  async #endEntity(content: EndEntityContent, subject: SubjectSpki, time: Time, told: Told): Promise<Made> {
    const terms = this.#terms(time);
    // RFC 8226 section 4: P-256, in its one form; a key made here is.
    if ('spki' in subject) importP256(subject.spki);
    this.#checkKey(spkiOf(subject), told.holder);
    if (content.numbers !== undefined) checkScope(this.#scope, content.numbers);
    const template = endEntityTemplate(this.#basis.ca.authority, spkiOf(subject), { ...content, ...this.#handedDown }, terms);
    return await this.#sign(template, subject, told, content.numbers);
  }

  async #sign(template: CertificateTemplate, subject: SubjectSpki, told: Told, entries: readonly TnEntry[] = []): Promise<Made> {
    const { authority, signer } = this.#basis.ca;
    const certificate = await signCertificateThrough(template, signer);
    const ranges = rangesOf(entries);
    const line: IssuedLine = {
      ...issuedLine(template, certificate, this.#now),
      ...told,
      ...(ranges.length === 0 ? {} : { numbers: ranges.map(rangeText) }),
      ...('own' in subject ? {} : { key: subject.spki.toString('base64') }),
    };
    return { certificate, path: pathOf(certificate, authority), line };
  }

  /** Whether all of it could be issued now. @throws Refusal as `delegate` */
  checkDelegable(numbers: readonly NumberRange[]): void {
    this.#entries(numbers);
  }

  #entries(numbers: readonly NumberRange[]): TnEntry[] {
    const entries = this.#held(numbers);
    if (shareNumbers(this.#basis.book.held, rangesOf(entries))) return refuse('number-on-hold');
    return entries;
  }

  #held(numbers: readonly NumberRange[]): TnEntry[] {
    const { identity, plan, sources } = this.#basis;
    if (identity.kind !== 'np') return refuse('authority-type-mismatch', 'numbers from a mail provider');
    if (numbers.length === 0) return refuse('malformed-request', 'no numbers');
    const entries = numberEntries(numbers);
    checkScope(this.#scope, entries);
    checkHeld(this.#scope, entries, { spc: identity.spc, plan, now: sources.now() });
    return entries;
  }

  /**
   * Whether the desk could issue what a grant would let an AP ask for; that a number is on hold does not matter, for a hold passes.
   * @throws Refusal as issuing
   */
  checkGrantable({ numbers = [], mailboxes = [], ca }: Grantable): void {
    const { identity } = this.#basis;
    if (numbers.length === 0 && mailboxes.length === 0) return refuse('malformed-request', 'nothing to grant');
    if (identity.kind === 'np' ? mailboxes.length > 0 : numbers.length > 0) return refuse('authority-type-mismatch', 'grant');
    if (numbers.length > 0) this.#held(numbers);
    if (ca && this.#bequest.authorities === 0) return refuse('path-length', 'the desk may have no CA below it');
    if (ca && identity.kind === 'ep') return refuse('authority-type-mismatch', 'a CA over mailboxes');
    if (mailboxes === 'all' || identity.kind !== 'ep') return;
    for (const mailbox of mailboxes) checkMailbox(mailbox, identity.domain);
  }

  /**
   * Whether the desk may state something about the SII with its own credential: what it may issue over it may state.
   * @throws Refusal `tn-out-of-scope`, `not-encompassed`, `number-on-hold`, `email-out-of-scope`, `authority-type-mismatch`
   */
  checkSpeaksFor(sii: string): void {
    const { identity } = this.#basis;
    const tn = tnOf(sii);
    if (tn !== null) return void this.#entries([{ start: tn, count: 1 }]);
    if (identity.kind !== 'ep') return refuse('authority-type-mismatch', 'a mailbox of a number provider');
    const mailbox = sii.slice('mailto:'.length);
    checkMailbox(mailbox, identity.domain);
    this.#checkNameConstraints(mailbox);
  }

  /** What every certificate of this desk has: its policies, and where its CRL is. */
  get #handedDown(): Pick<EndEntityContent, 'policies' | 'crl'> {
    const { policies } = this.#bequest;
    const { baseUrl } = this.#basis.identity;
    return {
      ...(policies.length === 0 ? {} : { policies }),
      ...(baseUrl === undefined ? {} : { crl: { url: `${baseUrl}/${crlPath('ca')}` } }),
    };
  }

  #checkNameConstraints(mailbox: string): void {
    const at = mailbox.lastIndexOf('@');
    const scope = { local: mailbox.slice(0, at), host: mailbox.slice(at + 1) };
    const permits = this.#path.every(({ nameConstraints }) => nameConstraints === null || permitsMail(nameConstraints, scope));
    if (!permits) refuse('email-out-of-scope', 'name constraints of the desk');
  }

  #terms({ lifetime, from = this.#now }: Time): { random: IssuingSources['random']; notBefore: number; notAfter: number } {
    const notBefore = Math.max(from, this.#now);
    const notAfter = from + lifetime;
    checkTimes(Math.max(notBefore, this.#bequest.notBefore), notBefore, notAfter, this.#bequest.notAfter);
    return { random: this.#basis.sources.random, notBefore, notAfter };
  }

  /** Under the desk's lock, where nobody takes back what is being looked at. The lifetime is counted from now, whenever the credential begins. */
  #checkGrant({ to, asGranted, lifetime, from = this.#now }: Asked, numbers: readonly NumberRange[], ca: boolean): void {
    if (asGranted === undefined) return;
    checkGranted(this.#basis.book.grantsOf(to), { numbers, ca, lifetime: from + lifetime - this.#now });
  }

  #checkKey(spki: Buffer, holder: string): void {
    const { book } = this.#basis;
    const fingerprint = spkiFingerprint(spki);
    // RFC 8555 section 7.6: who revoked for it did not mean another certificate to stand in its place.
    if (book.isCompromised(fingerprint)) return refuse('key-reuse', 'the key is compromised');
    const before = book.holderOf(fingerprint);
    if (before !== null && before !== holder) refuse('key-reuse');
  }
}

type Certified = Pick<IssuedLine, 'event' | 'at' | 'serial' | 'fingerprint' | 'spki' | 'notAfter'>;

const issuedLine = (
  { serial, spki, notAfter }: Pick<CertificateTemplate, 'serial' | 'spki' | 'notAfter'>,
  der: Buffer,
  at: number,
): Certified => ({
  event: 'issued',
  at,
  serial: Buffer.from(serial).toString('hex'),
  fingerprint: createHash('sha256').update(der).digest('hex'),
  spki: spkiFingerprint(spki),
  notAfter,
});

/** What a line says of any certificate. */
export const lineOf = (der: Buffer, at: number): Certified => {
  const { serial, publicKey, notAfter } = parseCertificate(der);
  return issuedLine({ serial, spki: publicKey.spki, notAfter }, der, at);
};

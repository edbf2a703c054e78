import {
  certifyCa,
  checkMailbox,
  checkScope,
  checkTimes,
  issueCa,
  issueEndEntity,
  newKeyPair,
  numberEntries,
  pathOf,
  spkiFingerprint,
  subjectName,
  type Authority,
  type Binding,
  type IssuingSources,
  type EndEntityContent,
  type IssuedCredential,
  type KeyPair,
  type NumberRange,
  type RevocationReason,
} from '../../issuance/index.js';
import { refuse } from '../../reasons/index.js';
import { parseCertificate, tnAuthListOf, type Certificate, type TnEntry } from '../../x509/index.js';
import type { DeskFiles, DeskIdentity } from './desk-files.js';
import { lockDesk } from './desk-lock.js';
import { Ledger, type IssuedLine } from './ledger.js';
import { Publications, type Published } from './publications.js';

/** A subject whose key is made at the desk, or stays where its request came from. */
export type SubjectKey = { readonly own: KeyPair } | { readonly spki: Buffer };

export interface Grant {
  /** The AP's or enterprise's domain. */
  readonly to: string;
  /** Seconds. */
  readonly lifetime: number;
  readonly subject: SubjectKey;
}

/**
 * The desk of an NP or EP: issues within its own scope, records before it hands out, and publishes CRLs.
 * Proves nothing about who asks: whoever can read the desk's keys is the desk.
 */
export class Desk {
  readonly identity: DeskIdentity;
  readonly #files: DeskFiles;
  readonly #sources: IssuingSources;
  readonly #ledger: Ledger;
  readonly #publications: Publications;
  readonly #unlock: () => void;

  /** @throws Error when there is no desk, or another process is at it */
  constructor(files: DeskFiles, sources: IssuingSources) {
    if (!files.exists) throw new Error('there is no desk in this directory: init makes one');
    this.#files = files;
    this.#sources = sources;
    this.identity = files.identity();
    this.#unlock = lockDesk(files.path('lock'));
    this.#ledger = new Ledger(files.path('ledger.jsonl'));
    this.#publications = new Publications(files, this.#ledger, () => this.#now());
  }

  close(): void {
    this.#unlock();
  }

  /** @throws Refusal `credential-missing` while the CA above has not answered the request */
  get #ca(): Authority {
    return this.#files.ca() ?? refuse('credential-missing', 'the certificate of the desk');
  }

  /** The TNAuthList of the desk's own certificate: all that it may give. */
  get scope(): readonly TnEntry[] {
    return tnAuthListOf(parseCertificate(this.#ca.certificate)) ?? [];
  }

  /**
   * The desk's own credential, which signs releases and ports: an NP's has its SPC, an EP's its domain. The key is fresh each time.
   * @throws Refusal `profile-violation` for an enterprise, which has no SPC of its own
   */
  issueOwn(lifetime: number): IssuedCredential {
    const key = newKeyPair();
    const issued = this.#issue('own', this.identity.name, key.spki, lifetime, this.#ownContent());
    this.#files.writeKey('own', key);
    this.#files.writePath('own', issued);
    return { path: issued, key };
  }

  #ownContent(): EndEntityContent {
    const subject = subjectName({ commonName: this.identity.name });
    if (this.identity.kind === 'ep') return { subject, names: [{ dns: this.identity.domain }] };
    if (this.identity.spc === null) return refuse('profile-violation', 'a desk without an SPC has no credential of its own');
    return { subject, numbers: [{ spc: this.identity.spc }] };
  }

  /**
   * A delegate credential (RFC 9060) over numbers, bound to one AP.
   * @throws Refusal `not-encompassed`, `key-reuse`, `non-canonical-tn`, `range-overflow`, `malformed-request`
   */
  delegate(grant: Grant, numbers: readonly NumberRange[], permitted?: Binding['permitted']): Buffer[] {
    const entries = this.#entries(numbers);
    const content = {
      subject: subjectName({ commonName: `delegate for ${grant.to}` }),
      numbers: entries,
      binding: binding(grant.to, permitted),
    };
    return this.#issue('delegate', grant.to, spkiOf(grant.subject), grant.lifetime, content);
  }

  /**
   * A CA that may delegate these numbers further, and only these.
   * @throws Refusal as `delegate`
   */
  delegateCa(grant: Grant, numbers: readonly NumberRange[]): { readonly path: Buffer[]; readonly crl: Buffer | null } {
    const entries = this.#entries(numbers);
    const issuer = this.#ca;
    const content = { subject: subjectName({ commonName: `delegate CA of ${grant.to}` }), numbers: entries };
    const terms = this.#terms(issuer, grant.lifetime);
    const spki = spkiOf(grant.subject);
    this.#checkKey(spki, grant.to);
    const certificate =
      'own' in grant.subject ? issueCa(issuer, grant.subject.own, content, terms).certificate : certifyCa(issuer, spki, content, terms);
    this.#record('delegate-ca', grant.to, certificate);
    const path = pathOf(certificate, issuer);
    return {
      path,
      crl: 'own' in grant.subject ? this.#publications.first({ key: grant.subject.own, name: content.subject, certificate, path }) : null,
    };
  }

  /**
   * A mailbox credential (EP), bound to one AP.
   * @throws Refusal `email-out-of-scope`, `authority-type-mismatch`, `key-reuse`, `malformed-request`
   */
  mailbox(grant: Grant, mailbox: string, permitted?: Binding['permitted']): Buffer[] {
    if (this.identity.kind !== 'ep') return refuse('authority-type-mismatch', 'a mailbox from a number provider');
    checkMailbox(mailbox, this.identity.domain);
    const content = { subject: subjectName({ commonName: 'mailbox' }), names: [{ mailbox }], binding: binding(grant.to, permitted) };
    // The ledger's holder tells keys apart: one key for two mailboxes is two subjects.
    return this.#issue('mailbox', `${mailbox} at ${grant.to}`, spkiOf(grant.subject), grant.lifetime, content);
  }

  /**
   * Revokes by serial number, in hexadecimal, and publishes. `invalidSince` in seconds. The answer has the reason that stands, which is an earlier one
   * where the certificate was revoked before, unless a hold ends or a compromise comes to light.
   * @throws Refusal `not-found` when the desk never issued it
   */
  revoke(serial: string, reason: RevocationReason, invalidSince?: number): Published & { readonly reason: RevocationReason } {
    const standing = this.#publications.revoke(serial, reason, invalidSince);
    return { ...this.publish(), reason: standing };
  }

  /** Publishes a fresh CRL of the CA, and of the development root if the desk has it. */
  publish(): Published {
    return this.#publications.publish(this.#ca, this.#files.root());
  }

  /** Records a certificate that the desk came to have at init. */
  adopt(use: 'root' | 'ca', certificate: Buffer): void {
    this.#record(use, this.identity.name, certificate);
  }

  #issue(use: IssuedLine['use'], holder: string, spki: Buffer, lifetime: number, content: EndEntityContent): Buffer[] {
    const issuer = this.#ca;
    const terms = this.#terms(issuer, lifetime);
    this.#checkKey(spki, holder);
    if (content.numbers !== undefined) checkScope(this.scope, content.numbers);
    const certificate = issueEndEntity(issuer, spki, content, terms);
    this.#record(use, holder, certificate);
    return pathOf(certificate, issuer);
  }

  #entries(numbers: readonly NumberRange[]): TnEntry[] {
    if (this.identity.kind !== 'np') return refuse('authority-type-mismatch', 'numbers from a mail provider');
    if (numbers.length === 0) return refuse('malformed-request', 'no numbers');
    const entries = numberEntries(numbers);
    checkScope(this.scope, entries);
    return entries;
  }

  #terms(issuer: Authority, lifetime: number): { random: IssuingSources['random']; notBefore: number; notAfter: number } {
    const notBefore = this.#now();
    const notAfter = notBefore + lifetime;
    checkTimes(notBefore, notBefore, notAfter, parseCertificate(issuer.certificate).notAfter);
    return { random: this.#sources.random, notBefore, notAfter };
  }

  #checkKey(spki: Buffer, holder: string): void {
    const fingerprint = spkiFingerprint(spki);
    if (this.#ledger.issued().some((entry) => entry.spki === fingerprint && entry.holder !== holder)) refuse('key-reuse');
  }

  #record(use: IssuedLine['use'], holder: string, der: Buffer): void {
    const certificate: Certificate = parseCertificate(der);
    this.#ledger.append({
      event: 'issued',
      at: this.#now(),
      use,
      serial: Buffer.from(certificate.serial).toString('hex'),
      holder,
      fingerprint: certificate.fingerprint.toString('hex'),
      spki: spkiFingerprint(certificate.publicKey.spki),
      notAfter: certificate.notAfter,
    });
  }

  #now(): number {
    return Math.floor(this.#sources.now() / 1000);
  }
}

const spkiOf = (subject: SubjectKey): Buffer => ('own' in subject ? subject.own.spki : subject.spki);

const binding = (provider: string, permitted: Binding['permitted']): Binding =>
  permitted === undefined ? { provider } : { provider, permitted };

import { type Binding, type IssuedCredential, type IssuingSources, type NumberRange, type RevocationReason } from '../../issuance/index.js';
import { refuse } from '../../reasons/index.js';
import { parseCertificate, tnAuthListOf, type TnEntry } from '../../x509/index.js';
import { Credentials, lineOf, type CredentialRequest, type Made } from './credentials.js';
import { deskAuthority, type DeskAuthority, type DeskSigners } from './desk-authority.js';
import type { DeskFiles, DeskIdentity } from './desk-files.js';
import { DeskLock, PATIENCE, type Patience } from './desk-lock.js';
import { Ledger } from './ledger.js';
import { Publications, type Published, type Revoking } from './publications.js';

export interface DeskOptions {
  readonly patience?: Patience;
  /** Absent: the keys on file. */
  readonly signers?: DeskSigners;
}

/**
 * The desk of an NP or EP: issues within its own scope, records before it hands out, and publishes CRLs. Many may work at one desk, commands beside a
 * server: each piece of work takes the desk's lock, reads what the ledger gained since, and gives the lock back (docs/adr/0010).
 * Proves nothing about who asks: whoever can read the desk's keys is the desk.
 * Every piece of work may throw Unavailable `overloaded` when another is at the desk all the while, and `store-unavailable` once the ledger failed.
 */
export class Desk {
  readonly identity: DeskIdentity;
  readonly #files: DeskFiles;
  readonly #sources: IssuingSources;
  readonly #lock: DeskLock;
  readonly #ledger: Ledger;
  readonly #publications: Publications;
  readonly #signers: DeskSigners;
  #busy: Promise<unknown> = Promise.resolve();
  #seen = -1;

  /** @throws Error when there is no desk */
  constructor(files: DeskFiles, sources: IssuingSources, { patience = PATIENCE, signers = {} }: DeskOptions = {}) {
    if (!files.exists) throw new Error('there is no desk in this directory: init makes one');
    this.#files = files;
    this.#sources = sources;
    this.#signers = signers;
    this.identity = files.identity();
    this.#lock = new DeskLock(files.path('lock'), files.disk, patience);
    this.#ledger = new Ledger(files.path('ledger.jsonl'), files.disk);
    this.#publications = new Publications(files, this.#ledger, () => this.#now());
  }

  /** The TNAuthList of the desk's own certificate. @throws Refusal `credential-missing` while the CA above has not answered the request */
  get scope(): readonly TnEntry[] {
    return tnAuthListOf(parseCertificate(this.#ca.authority.certificate)) ?? [];
  }

  get #ca(): DeskAuthority {
    return deskAuthority(this.#files, 'ca', this.#signers) ?? refuse('credential-missing', 'the certificate of the desk');
  }

  get #root(): DeskAuthority | null {
    return deskAuthority(this.#files, 'root', this.#signers);
  }

  /** @throws Refusal as `Credentials.own` */
  issueOwn(lifetime: number, why?: string): Promise<IssuedCredential> {
    return this.#work(async () => {
      const { made, credential } = await this.#credentials().own(lifetime, why);
      this.#record(made);
      this.#files.writeOwn(credential.path, credential.key);
      return credential;
    });
  }

  /** The path of a delegate credential, end-entity first. @throws Refusal as `Credentials.delegate` */
  delegate(request: CredentialRequest, numbers: readonly NumberRange[], permitted?: Binding['permitted']): Promise<Buffer[]> {
    return this.#work(async () => this.#record(await this.#credentials().delegate(request, numbers, permitted)));
  }

  /** The path of a CA; with a first CRL of its own where its key was made here. @throws Refusal as `Credentials.delegateCa` */
  delegateCa(
    request: CredentialRequest,
    numbers: readonly NumberRange[],
  ): Promise<{ readonly path: Buffer[]; readonly crl: Buffer | null }> {
    return this.#work(async () => {
      const made = await this.#credentials().delegateCa(request, numbers);
      const name = Buffer.from(parseCertificate(made.certificate).subject.der);
      const { subject } = request;
      const crl = 'own' in subject ? await this.#publications.first({ ...made, key: subject.own, name }) : null;
      return { path: this.#record(made), crl };
    });
  }

  /** The path of a mailbox credential, end-entity first. @throws Refusal as `Credentials.mailbox` */
  mailbox(request: CredentialRequest, mailbox: string, permitted?: Binding['permitted']): Promise<Buffer[]> {
    return this.#work(async () => this.#record(await this.#credentials().mailbox(request, mailbox, permitted)));
  }

  /**
   * Revokes by serial number, in hexadecimal, and publishes. The answer has the reason that stands, which is an earlier one where the certificate was revoked
   * before, unless a hold ends or a compromise comes to light.
   * @throws Refusal `not-found` when the desk never issued it
   */
  revoke(revoking: Revoking): Promise<Published & { readonly reason: RevocationReason }> {
    return this.#work(async () => {
      const [reason = revoking.reason] = this.#publications.revoke([revoking]);
      return { ...(await this.#publish()), reason };
    });
  }

  /** Publishes a fresh CRL of the CA, and of the development root if the desk has it. */
  publish(): Promise<Published> {
    return this.#work(() => this.#publish());
  }

  /** Does what an earlier process left undone, the first CRLs after an opening among it. */
  settle(): Promise<void> {
    return this.#work(() => Promise.resolve());
  }

  async #publish(): Promise<Published> {
    const published = await this.#publications.publish(this.#ca, this.#root);
    this.#seen = this.#ledger.size;
    return published;
  }

  /** One piece of work: alone in this process and under the lock, on the ledger as it now is. */
  #work<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#busy.then(() =>
      this.#lock.hold(async () => {
        this.#ledger.catchUp();
        await this.#settle();
        return await work();
      }),
    );
    this.#busy = turn.catch(() => undefined);
    return turn;
  }

  /** Does what a process that ended in the midst of its work, an opening or a revocation, left undone. */
  async #settle(): Promise<void> {
    const ca = deskAuthority(this.#files, 'ca', this.#signers);
    if (this.#ledger.size === this.#seen || ca === null) return;
    const root = this.#root;
    if (root !== null) this.#adopt('root', root);
    // Without a root here the certificate of the CA is another's to revoke.
    if (root !== null) this.#adopt('ca', ca);
    if (this.#publications.isBehind('ca') || (root !== null && this.#publications.isBehind('root'))) await this.#publish();
    this.#seen = this.#ledger.size;
  }

  #adopt(use: 'root' | 'ca', { authority }: DeskAuthority): void {
    const line = lineOf(authority.certificate, this.#now());
    if (this.#ledger.book.bySerial(line.serial) === null) this.#ledger.append([{ ...line, use, holder: this.identity.name }]);
  }

  #credentials(): Credentials {
    return new Credentials({ identity: this.identity, ca: this.#ca, book: this.#ledger.book, sources: this.#sources });
  }

  #record({ line, path }: Made): Buffer[] {
    this.#ledger.append([line]);
    this.#seen = this.#ledger.size;
    return path;
  }

  #now(): number {
    return Math.floor(this.#sources.now() / 1000);
  }
}

import {
  checkGranted,
  mergedRanges,
  publicationsOf,
  rangeText,
  type Binding,
  type Grant,
  type IssuedCredential,
  type IssuingSources,
  type KeyPair,
  type NumberRange,
  type Publication,
  type RevocationReason,
  type Wanted,
} from '../../issuance/index.js';
import { refuse } from '../../reasons/index.js';
import { parseCertificate, tnAuthListOf, type TnEntry } from '../../x509/index.js';
import { Credentials, lineOf, type CredentialRequest, type Made } from './credentials.js';
import type { BatchItem, DelegateBatch, Granting, Renewed, Ungranting } from './desk-requests.js';
import { deskAuthority, type DeskAuthority, type DeskSigners } from './desk-authority.js';
import { NO_CA, type DeskFiles, type DeskIdentity } from './desk-files.js';
import { DeskLock, PATIENCE, type Patience } from './desk-lock.js';
import { Ledger } from './ledger.js';
import type { AttestedLine, GrantedLine, HeldLine, UngrantedLine } from './ledger-lines.js';
import { isDue, listed, type ListFilter, type ListedCredential } from './listing.js';
import { NumberingData } from './numbering-data.js';
import { renew, type Renewing } from './renewing.js';
import { Publications, type Published, type Revoking } from './publications.js';

export interface DeskOptions {
  readonly patience?: Patience;
  /** Absent: the keys on file. */
  readonly signers?: DeskSigners;
}

const RENEWABLE: readonly string[] = ['delegate', 'delegate-ca', 'mailbox'];

type ToTell =
  Pick<HeldLine, 'event' | 'numbers'> | Omit<GrantedLine, 'at' | 'why'> | Omit<UngrantedLine, 'at' | 'why'> | Omit<AttestedLine, 'at'>;

const textsOf = (numbers: readonly NumberRange[]): string[] => {
  if (numbers.length === 0) return refuse('malformed-request', 'no numbers');
  return mergedRanges(numbers).map(rangeText);
};

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
  readonly #numbering: NumberingData;
  #busy: Promise<unknown> = Promise.resolve();
  #seen = -1;

  /** @throws Error when there is no desk */
  constructor(files: DeskFiles, sources: IssuingSources, { patience = PATIENCE, signers = {} }: DeskOptions = {}) {
    if (!files.exists) throw new Error('there is no desk in this directory: init makes one');
    this.#files = files;
    this.#sources = sources;
    this.#signers = signers;
    this.identity = files.identity();
    this.#numbering = new NumberingData(files);
    this.#lock = new DeskLock(files.path('lock'), files.disk, patience);
    this.#ledger = new Ledger(files.path('ledger.jsonl'), files.disk);
    this.#publications = new Publications(files, this.#ledger, () => this.#now());
  }

  /** The TNAuthList of the desk's own certificate. @throws Refusal `credential-missing` while the CA above has not answered the request */
  get scope(): readonly TnEntry[] {
    return tnAuthListOf(parseCertificate(this.#ca.authority.certificate)) ?? [];
  }

  get #ca(): DeskAuthority {
    return deskAuthority(this.#files, 'ca', this.#signers) ?? refuse('credential-missing', NO_CA);
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

  /**
   * Delegate credentials for many subjects of one AP, in order: all are recorded, with one sync, or none is issued.
   * @throws Refusal as `Credentials.delegate`
   */
  delegateBatch(batch: DelegateBatch, items: readonly BatchItem[]): Promise<readonly Made[]> {
    return this.#work(async () => {
      const delegate = this.#credentials().delegating(batch, batch.permitted);
      const made: Made[] = [];
      for (const { subject, numbers } of items) made.push(await delegate(subject, numbers));
      this.#ledger.append(made.map(({ line }) => line));
      this.#seen = this.#ledger.size;
      return made;
    });
  }

  /** Whether all of it could be issued now. @throws Refusal as `Credentials.delegate` for the first that could not */
  checkDelegable(numbers: readonly NumberRange[]): Promise<void> {
    return this.#work(() => Promise.resolve(this.#credentials().checkDelegable(numbers)));
  }

  /** Serials that were issued in a batch and are not revoked. */
  batchSerials(batch: string): Promise<string[]> {
    return this.#look(() => {
      const { book } = this.#ledger;
      return book.batch(batch).flatMap(({ serial }) => (book.revocationOf(serial) === null ? [serial] : []));
    });
  }

  /** Revokes these serials for one reason and publishes, however many they are. @throws Refusal `not-found` */
  revokeSerials(serials: readonly string[], { reason, why }: Omit<Revoking, 'serial'>): Promise<Published> {
    return this.#work(() => {
      this.#publications.revoke(serials.map((serial) => ({ serial, reason, ...(why === undefined ? {} : { why }) })));
      return this.#publish();
    });
  }

  /** The path of a CA; with a first CRL of its own where its key was made here. @throws Refusal as `Credentials.delegateCa` */
  delegateCa(
    request: CredentialRequest,
    numbers: readonly NumberRange[],
  ): Promise<{ readonly path: Buffer[]; readonly crl: Buffer | null }> {
    return this.#work(async () => {
      const made = await this.#credentials().delegateCa(request, numbers);
      const crl = await this.#firstList(made, 'own' in request.subject ? request.subject.own : null);
      return { path: this.#record(made), crl };
    });
  }

  async #firstList(made: Made, key: KeyPair | null): Promise<Buffer | null> {
    if (key === null || made.line.use !== 'delegate-ca') return null;
    return await this.#publications.first({ ...made, key, name: Buffer.from(parseCertificate(made.certificate).subject.der) });
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

  /** Revokes all that is live of what the filter takes, for one reason, and publishes. Serial numbers of what was revoked. */
  revokeAll(filter: ListFilter, { reason, why }: Omit<Revoking, 'serial'>): Promise<Published & { readonly serials: readonly string[] }> {
    return this.#work(async () => {
      const live = listed(this.#ledger.book, { ...filter, state: 'live' }, this.#now()).filter(({ use }) => use !== 'root' && use !== 'ca');
      const serials = live.map(({ serial }) => serial);
      this.#publications.revoke(serials.map((serial) => ({ serial, reason, ...(why === undefined ? {} : { why }) })));
      return { ...(await this.#publish()), serials };
    });
  }

  /**
   * The same credential again for as long, under a fresh key or the key of its request, on what holds now. What was there stays good until it runs out.
   * @throws Refusal as `renew`
   */
  renew(renewing: Renewing): Promise<Renewed> {
    return this.#work(() => this.#renew(renewing));
  }

  async #renew(renewing: Renewing): Promise<Renewed> {
    const { made, key } = await renew(this.#credentials(), this.#ledger.book, renewing);
    const crl = await this.#firstList(made, key);
    return { serial: made.line.serial, renews: renewing.serial, path: this.#record(made), key, crl };
  }

  /** What is due for renewal now, oldest first. */
  due(): Promise<ListedCredential[]> {
    return this.#look(() => {
      const now = this.#now();
      return listed(this.#ledger.book, { state: 'live' }, now).filter((one) => RENEWABLE.includes(one.use) && isDue(one, now));
    });
  }

  /** The certificates of the ledger that the filter takes, in the order in which they were issued. */
  list(filter: ListFilter = {}): Promise<ListedCredential[]> {
    return this.#look(() => listed(this.#ledger.book, filter, this.#now()));
  }

  /** Whether one of these certificates is revoked. */
  hasRevoked(serials: readonly string[]): Promise<boolean> {
    return this.#look(() => serials.some((serial) => this.#ledger.book.revocationOf(serial) !== null));
  }

  /**
   * Puts numbers on hold while a port is pending: none is delegated until it is let go.
   * @throws Refusal `non-canonical-tn`, `malformed-request`, `range-overflow`
   */
  hold(numbers: readonly NumberRange[], why?: string): Promise<{ readonly live: readonly ListedCredential[] }> {
    return this.#work(() => {
      this.#tell({ event: 'held', numbers: textsOf(numbers) }, why);
      return Promise.resolve({ live: listed(this.#ledger.book, { numbers, state: 'live' }, this.#now()) });
    });
  }

  letGo(numbers: readonly NumberRange[], why?: string): Promise<void> {
    return this.#work(() => Promise.resolve(this.#tell({ event: 'unheld', numbers: textsOf(numbers) }, why)));
  }

  held(): Promise<readonly NumberRange[]> {
    return this.#look(() => this.#ledger.book.held);
  }

  /**
   * Lets an AP ask for credentials over the network.
   * @throws Refusal as issuing over these numbers or mailboxes: what the desk could not give it does not promise
   */
  grant(granting: Granting): Promise<void> {
    return this.#work(() => {
      const { why, numbers, ...told } = granting;
      this.#credentials().checkGrantable(granting);
      this.#tell({ event: 'granted', ...told, ...(numbers === undefined ? {} : { numbers: textsOf(numbers) }) }, why);
      return Promise.resolve();
    });
  }

  /**
   * Takes back what an AP was granted: all, or what is named. Credentials that it has stay good: those that are live are told, and revoked apart.
   * @throws Refusal `not-found` when nothing was granted to it
   */
  ungrant({ to, numbers, mailboxes, why }: Ungranting): Promise<{ readonly live: readonly ListedCredential[] }> {
    return this.#work(() => {
      const { book } = this.#ledger;
      if (book.grantsOf(to).length === 0) return refuse('not-found', 'grant');
      const taken = {
        ...(numbers === undefined ? {} : { numbers: textsOf(numbers) }),
        ...(mailboxes === undefined ? {} : { mailboxes: [...mailboxes] }),
      };
      this.#tell({ event: 'ungranted', to, ...taken }, why);
      const live = listed(book, { to, state: 'live', ...(numbers === undefined ? {} : { numbers }) }, this.#now());
      return Promise.resolve({ live: mailboxes === undefined ? live : live.filter(({ mailbox }) => mailboxes.includes(mailbox ?? '')) });
    });
  }

  /** What an AP is granted now. */
  grantsOf(to: string): Promise<readonly Grant[]> {
    return this.#look(() => this.#ledger.book.grantsOf(to));
  }

  grants(): Promise<readonly Grant[]> {
    return this.#look(() => this.#ledger.book.grants());
  }

  /** Whether an AP is granted now all that it asks for. @throws Refusal as `checkGranted` */
  checkGranted(to: string, wanted: Wanted): Promise<void> {
    return this.#look(() => checkGranted(this.#ledger.book.grantsOf(to), wanted));
  }

  /** Whether the desk may state something about the SII now. @throws Refusal as `Credentials.checkSpeaksFor` */
  checkSpeaksFor(sii: string): Promise<void> {
    return this.#look(() => this.#credentials().checkSpeaksFor(sii));
  }

  /**
   * Records that a PASSporT about the SII is about to be signed with the desk's own credential of that serial number. It must not be signed before.
   * @throws Refusal as `Credentials.checkSpeaksFor`; Unavailable `not-ready` when that credential is revoked
   */
  recordAttested(sii: string, serial: string, told: Omit<AttestedLine, 'event' | 'at'>): Promise<void> {
    return this.#work(() => {
      this.#credentials().checkSpeaksFor(sii);
      if (this.#ledger.book.revocationOf(serial) !== null) return refuse('not-ready', "the desk's own credential");
      return Promise.resolve(this.#tell({ event: 'attested', ...told }, undefined));
    });
  }

  /** Publishes a fresh CRL of the CA, and of the development root if the desk has it. */
  publish(): Promise<Published> {
    return this.#work(() => this.#publish());
  }

  /** Publishes fresh CRLs once half of the life of the last is over. */
  tend(): Promise<boolean> {
    return this.#work(async () => {
      if (!this.#publications.isDue('ca') && (this.#root === null || !this.#publications.isDue('root'))) return false;
      await this.#publish();
      return true;
    });
  }

  /** Does what an earlier process left undone, the first CRLs after an opening among it. */
  settle(): Promise<void> {
    return this.#work(() => Promise.resolve());
  }

  /** What the desk makes public, as it is on file. Take the CRLs from `publish` first where they must be fresh. */
  publications(): Promise<Publication[]> {
    return this.#look(() => {
      const lists = (['ca', 'root'] as const).flatMap((issuer) => {
        const der = this.#files.list(issuer);
        return der === null ? [] : [[issuer, der] as const];
      });
      const [root = null] = this.#files.certificates('root');
      const ca = this.#files.certificates('ca');
      return publicationsOf({ crls: new Map(lists), ca, root, credentials: this.#files.ownPaths(), now: this.#now() });
    });
  }

  async #publish(): Promise<Published> {
    const published = await this.#publications.publish(this.#ca, this.#root);
    this.#seen = this.#ledger.size;
    return published;
  }

  /** Looks at the ledger as it now is, without the lock: what is being written is not there yet. */
  #look<T>(look: () => T): Promise<T> {
    const turn = this.#busy.then(() => {
      this.#ledger.read();
      return look();
    });
    this.#busy = turn.catch(() => undefined);
    return turn;
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
    const plan = this.#numbering.plan();
    return new Credentials({ identity: this.identity, ca: this.#ca, book: this.#ledger.book, sources: this.#sources, plan });
  }

  #tell(line: ToTell, why: string | undefined): void {
    this.#ledger.append([{ ...line, at: this.#now(), ...(why === undefined ? {} : { why }) }]);
    this.#seen = this.#ledger.size;
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

import { join } from 'node:path';
import {
  issueRevocationListThrough,
  keySigner,
  type Authority,
  type RevocationListTemplate,
  type RevocationReason,
  type RevokedEntry,
} from '../../issuance/index.js';
import { refuse } from '../../reasons/index.js';
import { parseCrl } from '../../x509/index.js';
import type { DeskAuthority } from './desk-authority.js';
import type { DeskFiles } from './desk-files.js';
import { issuerOf } from './ledger-book.js';
import type { Ledger } from './ledger.js';
import { writeRevocationList } from './pem-files.js';

const DAY = 86_400;
/** An operator's month: a verifier that requires CRLs cannot decide once this has run out. */
const CRL_LIFETIME = 30 * DAY;

/** CRLs that were written, and when they run out, in seconds. */
export interface Published {
  readonly files: readonly string[];
  readonly nextUpdate: number;
}

type CrlIssuer = 'ca' | 'root';

const isCompromise = (reason: RevocationReason): boolean => reason === 'keyCompromise' || reason === 'cACompromise';

/** A hold ends in any other reason; a compromise that comes to light later goes before whatever was said first, and is never taken back. */
const replaces = (before: RevocationReason, reason: RevocationReason): boolean =>
  before === 'certificateHold' ? reason !== before : isCompromise(reason) && !isCompromise(before);

/** A revocation that is asked for. `invalidSince` in seconds. */
export interface Revoking {
  readonly serial: string;
  readonly reason: RevocationReason;
  readonly invalidSince?: number;
  readonly why?: string;
}

/** What a desk revokes, and the CRLs that say so. */
export class Publications {
  readonly #files: DeskFiles;
  readonly #ledger: Ledger;
  /** Seconds. */
  readonly #now: () => number;

  constructor(files: DeskFiles, ledger: Ledger, now: () => number) {
    this.#files = files;
    this.#ledger = ledger;
    this.#now = now;
  }

  /**
   * The reasons that stand: those of earlier revocations, unless a hold ends or a compromise comes to light. All are recorded, or none.
   * @throws Refusal `not-found` when the desk never issued one, or when it is the root
   */
  revoke(all: readonly Revoking[]): RevocationReason[] {
    const { book } = this.#ledger;
    const standing = all.map(({ serial, reason }) => {
      const issued = book.bySerial(serial);
      if (issued === null || issuerOf(issued) === null) return refuse('not-found', 'serial');
      const before = book.revocationOf(serial);
      return before !== null && !replaces(before.reason, reason) ? before.reason : null;
    });
    const at = this.#now();
    this.#ledger.append(all.filter((_, i) => standing[i] === null).map((one) => ({ event: 'revoked', at, ...one })));
    return all.map(({ reason }, i) => standing[i] ?? reason);
  }

  async publish(ca: DeskAuthority, root: DeskAuthority | null): Promise<Published> {
    const lists = [await this.#publishOne('ca', ca), ...(root === null ? [] : [await this.#publishOne('root', root)])];
    return { files: lists.map(({ file }) => file), nextUpdate: Math.min(...lists.map(({ nextUpdate }) => nextUpdate)) };
  }

  /** Whether half of the life of that issuer's CRL is over: who fetches it must not be left with one that runs out. */
  isDue(issuer: CrlIssuer): boolean {
    const last = this.#ledger.book.lastList(issuer);
    return last === null || last.nextUpdate - this.#now() < CRL_LIFETIME / 2;
  }

  /** Whether what the ledger says is not what that issuer's CRL on file says, or there is none: a process ended between the two. */
  isBehind(issuer: CrlIssuer): boolean {
    const { book } = this.#ledger;
    return book.isUnpublished(issuer) || this.#numberOnFile(issuer) !== (book.lastList(issuer)?.number ?? 0);
  }

  #numberOnFile(issuer: CrlIssuer): number | null {
    const list = this.#files.list(issuer);
    return list === null ? null : Number(parseCrl(list).number);
  }

  #path(issuer: CrlIssuer): string {
    return this.#files.path(join('crls', `${issuer}.pem`));
  }

  /** A CA that is born here begins with an empty CRL of its own, so that a verifier that requires one has one. */
  first(authority: Authority): Promise<Buffer> {
    const thisUpdate = this.#now();
    const template = { number: 1, thisUpdate, nextUpdate: thisUpdate + CRL_LIFETIME, entries: [] };
    return issueRevocationListThrough(authority, template, keySigner(authority.key));
  }

  async #publishOne(
    issuer: CrlIssuer,
    { authority, signer }: DeskAuthority,
  ): Promise<{ readonly file: string; readonly nextUpdate: number }> {
    const template = this.#next(issuer);
    const crl = await issueRevocationListThrough(authority, template, signer);
    const { number, thisUpdate, nextUpdate } = template;
    // The number first: after a crash one is skipped, never given twice (RFC 5280 section 5.2.3).
    this.#ledger.append([{ event: 'crl', at: thisUpdate, issuer, number, nextUpdate }]);
    const file = this.#path(issuer);
    writeRevocationList(file, crl, this.#files.disk);
    return { file, nextUpdate };
  }

  #next(issuer: CrlIssuer): RevocationListTemplate {
    const last = this.#ledger.book.lastList(issuer);
    // RFC 5280 section 5.2.3: a later list has the higher number, so a clock that was set back must not make it the older one.
    const thisUpdate = Math.max(this.#now(), last?.at ?? 0);
    return { number: (last?.number ?? 0) + 1, thisUpdate, nextUpdate: thisUpdate + CRL_LIFETIME, entries: this.#entries(issuer) };
  }

  #entries(issuer: CrlIssuer): RevokedEntry[] {
    return Array.from(this.#ledger.book.revoked()).flatMap(({ serial, at, reason, invalidSince }) => {
      const issued = this.#ledger.book.bySerial(serial);
      if (issued === null || issuerOf(issued) !== issuer) return [];
      return [{ serial: Buffer.from(serial, 'hex'), revokedAt: at, reason, ...(invalidSince === undefined ? {} : { invalidSince }) }];
    });
  }
}

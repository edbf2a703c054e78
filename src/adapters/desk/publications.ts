import { join } from 'node:path';
import { issueRevocationList, type Authority, type RevocationReason, type RevokedEntry } from '../../issuance/index.js';
import { refuse } from '../../reasons/index.js';
import type { DeskFiles } from './desk-files.js';
import type { IssuedLine, Ledger } from './ledger.js';
import { writeRevocationList } from './pem-files.js';

const DAY = 86_400;
/** An operator's month: a verifier that requires CRLs cannot decide once this has run out. */
const CRL_LIFETIME = 30 * DAY;

/** CRLs that were written, and when they run out, in seconds. */
export interface Published {
  readonly files: readonly string[];
  readonly nextUpdate: number;
}

type Issuer = 'ca' | 'root';

/** A root answers for itself: nobody above could revoke it. */
const issuerOf = ({ use }: IssuedLine): Issuer | null => (use === 'root' ? null : use === 'ca' ? 'root' : 'ca');

const isCompromise = (reason: RevocationReason): boolean => reason === 'keyCompromise' || reason === 'cACompromise';

/** A hold ends in any other reason; a compromise that comes to light later goes before whatever was said first, and is never taken back. */
const replaces = (before: RevocationReason, reason: RevocationReason): boolean =>
  before === 'certificateHold' ? reason !== before : isCompromise(reason) && !isCompromise(before);

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
   * The reason that stands: that of an earlier revocation, unless a hold ends or a compromise comes to light.
   * @throws Refusal `not-found` when the desk never issued it, or when it is the root
   */
  revoke(serial: string, reason: RevocationReason, invalidSince?: number): RevocationReason {
    const issued = this.#ledger.issued().find((entry) => entry.serial === serial);
    if (issued === undefined || issuerOf(issued) === null) return refuse('not-found', 'serial');
    const before = this.#ledger.revoked().find((entry) => entry.serial === serial);
    if (before !== undefined && !replaces(before.reason, reason)) return before.reason;
    this.#ledger.append({ event: 'revoked', at: this.#now(), serial, reason, ...(invalidSince === undefined ? {} : { invalidSince }) });
    return reason;
  }

  publish(ca: Authority, root: Authority | null): Published {
    const lists = [this.#publishOne('ca', ca), ...(root === null ? [] : [this.#publishOne('root', root)])];
    return { files: lists.map(({ file }) => file), nextUpdate: Math.min(...lists.map(({ nextUpdate }) => nextUpdate)) };
  }

  /** A CA that is born here begins with an empty CRL of its own, so that a verifier that requires one has one. */
  first(authority: Authority): Buffer {
    const thisUpdate = this.#now();
    return issueRevocationList(authority, { number: 1, thisUpdate, nextUpdate: thisUpdate + CRL_LIFETIME, entries: [] });
  }

  #publishOne(issuer: Issuer, authority: Authority): { readonly file: string; readonly nextUpdate: number } {
    const last = this.#ledger.lastList(issuer);
    // RFC 5280 section 5.2.3: a later list has the higher number, so a clock that was set back must not make it the older one.
    const thisUpdate = Math.max(this.#now(), last?.at ?? 0);
    const nextUpdate = thisUpdate + CRL_LIFETIME;
    const number = (last?.number ?? 0) + 1;
    const crl = issueRevocationList(authority, { number, thisUpdate, nextUpdate, entries: this.#entries(issuer) });
    this.#ledger.append({ event: 'crl', at: thisUpdate, issuer, number, nextUpdate });
    const file = this.#files.path(join('crls', `${issuer}.pem`));
    writeRevocationList(file, crl);
    return { file, nextUpdate };
  }

  #entries(issuer: Issuer): RevokedEntry[] {
    const issued = this.#ledger.issued().filter((entry) => issuerOf(entry) === issuer);
    const serials = new Set(issued.map(({ serial }) => serial));
    return this.#ledger.revoked().flatMap(({ serial, at, reason, invalidSince }) => {
      if (!serials.has(serial)) return [];
      return [{ serial: Buffer.from(serial, 'hex'), revokedAt: at, reason, ...(invalidSince === undefined ? {} : { invalidSince }) }];
    });
  }
}

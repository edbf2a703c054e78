import { shareNumbers, type NumberRange } from '../../issuance/index.js';
import { rangesIn, type LedgerBook } from './ledger-book.js';
import type { IssuedLine } from './ledger-lines.js';

export const CREDENTIAL_STATES = ['live', 'expired', 'revoked'] as const;
export type CredentialState = (typeof CREDENTIAL_STATES)[number];

/** A certificate of the ledger as it stands. Times in seconds. Null: the certificate has none, or an older desk did not record it. */
export interface ListedCredential {
  readonly serial: string;
  readonly use: IssuedLine['use'];
  readonly holder: string;
  readonly to: string | null;
  readonly numbers: readonly NumberRange[] | null;
  readonly mailbox: string | null;
  readonly state: CredentialState;
  readonly issuedAt: number;
  readonly notAfter: number;
  readonly revoked: { readonly at: number; readonly reason: string } | null;
  readonly renews: string | null;
  readonly renewedBy: string | null;
  readonly why: string | null;
}

/** Absent members filter nothing. */
export interface ListFilter {
  readonly to?: string;
  /** Whose numbers have one of these among them. */
  readonly numbers?: readonly NumberRange[];
  readonly mailbox?: string;
  readonly serial?: string;
  readonly state?: CredentialState;
}

/** The domain that a credential is for; an older line has it in its holder. */
export const toOf = ({ to, use, holder }: IssuedLine): string | null => {
  if (to !== undefined) return to;
  if (use === 'delegate' || use === 'delegate-ca') return holder;
  return use === 'mailbox' ? holder.slice(holder.lastIndexOf(' at ') + ' at '.length) : null;
};

export const mailboxOf = ({ mailbox, use, holder }: IssuedLine): string | null =>
  mailbox ?? (use === 'mailbox' ? holder.slice(0, holder.lastIndexOf(' at ')) : null);

export const listedOf = (line: IssuedLine, book: LedgerBook, now: number): ListedCredential => {
  const revocation = book.revocationOf(line.serial);
  return {
    serial: line.serial,
    use: line.use,
    holder: line.holder,
    to: toOf(line),
    numbers: line.numbers === undefined ? null : rangesIn(line.numbers),
    mailbox: mailboxOf(line),
    state: revocation !== null ? 'revoked' : line.notAfter < now ? 'expired' : 'live',
    issuedAt: line.at,
    notAfter: line.notAfter,
    revoked: revocation === null ? null : { at: revocation.at, reason: revocation.reason },
    renews: line.renews ?? null,
    renewedBy: book.renewalOf(line.serial),
    why: line.why ?? null,
  };
};

const matches = (one: ListedCredential, { to, numbers, mailbox, serial, state }: ListFilter): boolean =>
  (to === undefined || one.to === to) &&
  (serial === undefined || one.serial === serial) &&
  (state === undefined || one.state === state) &&
  (mailbox === undefined || one.mailbox === mailbox) &&
  (numbers === undefined || numbers.length === 0 || (one.numbers !== null && shareNumbers(one.numbers, numbers)));

/** In the order in which they were issued. */
export const listed = (book: LedgerBook, filter: ListFilter, now: number): ListedCredential[] => {
  const only = filter.serial === undefined ? null : book.bySerial(filter.serial);
  const lines = filter.serial === undefined ? book.issued() : only === null ? [] : [only];
  return Array.from(lines, (line) => listedOf(line, book, now)).filter((one) => matches(one, filter));
};

/** Live, not renewed yet, and with less than a third of its life left: renewing then leaves time for the next attempt. */
export const isDue = ({ state, renewedBy, issuedAt, notAfter }: ListedCredential, now: number): boolean =>
  state === 'live' && renewedBy === null && notAfter - now < (notAfter - issuedAt) / 3;

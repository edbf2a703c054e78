import { mergedRanges, parseRange, withoutNumbers, type Grant, type NumberRange } from '../../issuance/index.js';
import type { GrantedLine, HeldLine, IssuedLine, LedgerLine, ListLine, RevokedLine, UngrantedLine } from './ledger-lines.js';

/** Which CRL lists it. A root answers for itself: nobody above could revoke it. */
export const issuerOf = ({ use }: IssuedLine): 'ca' | 'root' | null => (use === 'root' ? null : use === 'ca' ? 'root' : 'ca');

export const rangesIn = (texts: readonly string[] | undefined): NumberRange[] => (texts ?? []).flatMap((text) => parseRange(text) ?? []);

const grantOf = ({ to, numbers, mailboxes, ca, lifetimeMax, at, why }: GrantedLine): Grant => ({
  to,
  numbers: mergedRanges(rangesIn(numbers)),
  mailboxes: mailboxes ?? [],
  ca,
  lifetimeMax: lifetimeMax ?? null,
  at,
  why: why ?? null,
});

const isEmpty = ({ numbers, mailboxes }: Grant): boolean => numbers.length === 0 && mailboxes.length === 0;

/** What is left of a grant; taking one address out of a whole domain takes the domain, for what is left could not be told. */
const withoutTaken = (grant: Grant, { numbers, mailboxes }: UngrantedLine): Grant => ({
  ...grant,
  numbers: withoutNumbers(grant.numbers, rangesIn(numbers)),
  mailboxes:
    mailboxes === undefined ? grant.mailboxes : grant.mailboxes === 'all' ? [] : grant.mailboxes.filter((one) => !mailboxes.includes(one)),
});

/** The ledger as it stands, folded line by line: each question costs what its answer does, however long the ledger is. */
export class LedgerBook {
  readonly #issued = new Map<string, IssuedLine>();
  readonly #holders = new Map<string, string>();
  readonly #compromised = new Set<string>();
  readonly #revoked = new Map<string, RevokedLine>();
  readonly #lists = new Map<'root' | 'ca', ListLine>();
  readonly #grants = new Map<string, Grant[]>();
  readonly #batches = new Map<string, IssuedLine[]>();
  readonly #renewed = new Map<string, string>();
  readonly #unpublished = new Set<'root' | 'ca'>();
  #held: NumberRange[] = [];

  add(line: LedgerLine): void {
    if (line.event === 'issued') this.#addIssued(line);
    else if (line.event === 'revoked') this.#revoke(line);
    else if (line.event === 'crl') this.#list(line);
    else if (line.event === 'granted') this.#grants.set(line.to, [...this.grantsOf(line.to), grantOf(line)]);
    else if (line.event === 'ungranted') this.#ungrant(line);
    // Attestations are read by who audits the ledger: nothing that the desk does depends on them.
    else if (line.event !== 'attested') this.#hold(line);
  }

  #addIssued(line: IssuedLine): void {
    this.#issued.set(line.serial, line);
    if (!this.#holders.has(line.spki)) this.#holders.set(line.spki, line.holder);
    if (line.renews !== undefined) this.#renewed.set(line.renews, line.serial);
    if (line.batch === undefined) return;
    const batch = this.#batches.get(line.batch);
    if (batch === undefined) this.#batches.set(line.batch, [line]);
    else batch.push(line);
  }

  /** As the last line says, since the first. */
  #revoke(line: RevokedLine): void {
    this.#revoked.set(line.serial, { ...line, at: this.#revoked.get(line.serial)?.at ?? line.at });
    const issued = this.#issued.get(line.serial);
    if (issued !== undefined && line.reason === 'keyCompromise') this.#compromised.add(issued.spki);
    const issuer = issued === undefined ? null : issuerOf(issued);
    if (issuer !== null) this.#unpublished.add(issuer);
  }

  #list(line: ListLine): void {
    this.#lists.set(line.issuer, line);
    this.#unpublished.delete(line.issuer);
  }

  #ungrant(line: UngrantedLine): void {
    const left = line.numbers === undefined && line.mailboxes === undefined ? [] : this.grantsOf(line.to);
    const grants = left.map((grant) => withoutTaken(grant, line)).filter((grant) => !isEmpty(grant));
    if (grants.length === 0) this.#grants.delete(line.to);
    else this.#grants.set(line.to, grants);
  }

  #hold({ event, numbers }: HeldLine): void {
    const ranges = rangesIn(numbers);
    this.#held = event === 'held' ? mergedRanges([...this.#held, ...ranges]) : withoutNumbers(this.#held, ranges);
  }

  get isEmpty(): boolean {
    return this.#issued.size === 0;
  }

  issued(): IterableIterator<IssuedLine> {
    return this.#issued.values();
  }

  bySerial(serial: string): IssuedLine | null {
    return this.#issued.get(serial) ?? null;
  }

  /** Who has the key with this fingerprint; null: nobody that the desk knows. */
  holderOf(spki: string): string | null {
    return this.#holders.get(spki) ?? null;
  }

  /** Whether a certificate over the key with this fingerprint was revoked because others have the key too. */
  isCompromised(spki: string): boolean {
    return this.#compromised.has(spki);
  }

  /** Null while it stands. */
  revocationOf(serial: string): RevokedLine | null {
    return this.#revoked.get(serial) ?? null;
  }

  revoked(): IterableIterator<RevokedLine> {
    return this.#revoked.values();
  }

  /** The latest CRL of an issuer; null before the first. */
  lastList(issuer: 'root' | 'ca'): ListLine | null {
    return this.#lists.get(issuer) ?? null;
  }

  /** Whether something was revoked since that issuer's latest CRL. */
  isUnpublished(issuer: 'root' | 'ca'): boolean {
    return this.#unpublished.has(issuer);
  }

  batch(id: string): readonly IssuedLine[] {
    return this.#batches.get(id) ?? [];
  }

  /** Serial of the certificate that goes on from this one; null: none does. */
  renewalOf(serial: string): string | null {
    return this.#renewed.get(serial) ?? null;
  }

  grantsOf(domain: string): readonly Grant[] {
    return this.#grants.get(domain) ?? [];
  }

  grants(): Grant[] {
    return [...this.#grants.values()].flat();
  }

  /** Numbers on hold, merged. */
  get held(): readonly NumberRange[] {
    return this.#held;
  }
}

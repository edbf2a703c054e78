import {
  encodePrincipalChange,
  parsePrincipalChange,
  saysTheSame,
  type KnownPrincipal,
  type Principal,
  type PrincipalChange,
  type PrincipalChanged,
  type PrincipalControl,
  type PrincipalState,
  type RunningGateway,
} from '../../gateway/index.js';
import type { PrincipalTerms } from '../../policy/index.js';
import { Refusal } from '../../reasons/index.js';
import { principalOf } from './generation.js';
import { ConfigurationProblems } from './problems.js';

/*
 * A change is a leaf, then a record in `principals/`, then in force, then answered. A crash after
 *  the leaf's commit   leaves a record that is older than the leaf, or none: `open` writes what the leaf says, since no snapshot covers it yet
 *  the record          nothing to finish
 */

/** Where what the log says of principals is kept, one record a domain, so that a start need not read all of it. */
export interface PrincipalRecords {
  load(): Promise<readonly { readonly path: string; readonly octets: Uint8Array }[]>;
  save(domain: string, octets: Uint8Array): Promise<void>;
}

export interface PrincipalDirectoryParts {
  readonly records: PrincipalRecords;
  /** The log is where a change becomes a fact; its newest leaves may say what no record does. */
  readonly gateway: Pick<RunningGateway, 'principalChanges' | 'changePrincipal'>;
  /** Who `principals.yaml` says a domain is. */
  readonly fromFile: (domain: string) => Principal | undefined;
}

/** A change, and who it makes of the domain; null: removed. */
interface Kept {
  readonly change: PrincipalChange;
  readonly principal: KnownPrincipal | null;
}

/** Who may connect: what operators changed, over what `principals.yaml` says (docs/adr/0015). A lookup of a map, however many there are. */
export class PrincipalDirectory implements PrincipalControl {
  readonly #parts: PrincipalDirectoryParts;
  readonly #kept: Map<string, Kept>;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(parts: PrincipalDirectoryParts, kept: Map<string, Kept>) {
    this.#parts = parts;
    this.#kept = kept;
  }

  /** @throws ConfigurationProblems when a record cannot be read: without it somebody who was removed might come back */
  static async open(parts: PrincipalDirectoryParts): Promise<PrincipalDirectory> {
    const kept = new Map<string, Kept>();
    const problems: string[] = [];
    for (const { path, octets } of await parts.records.load()) {
      const change = parsePrincipalChange(octets);
      if (change === null) problems.push(`${path}: is damaged: restore it; or remove it, and say again who its principal is`);
      else kept.set(change.domain, keptOf(change));
    }
    if (problems.length > 0) throw new ConfigurationProblems(problems);
    for (const change of parts.gateway.principalChanges) {
      if ((kept.get(change.domain)?.change.logIndex ?? -1) >= change.logIndex) continue;
      await parts.records.save(change.domain, encodePrincipalChange(change));
      kept.set(change.domain, keptOf(change));
    }
    return new PrincipalDirectory(parts, kept);
  }

  /** Who a domain is now; undefined: unknown or removed. */
  of(domain: string): KnownPrincipal | undefined {
    const kept = this.#kept.get(domain);
    return kept === undefined ? this.#parts.fromFile(domain) : (kept.principal ?? undefined);
  }

  state(domain: string): PrincipalState | null {
    const kept = this.#kept.get(domain);
    if (kept !== undefined) {
      const { terms, by, at, logIndex } = kept.change;
      return terms === null ? null : { domain, terms, change: { by, at, logIndex } };
    }
    const principal = this.#parts.fromFile(domain);
    return principal === undefined ? null : { domain, terms: termsOf(principal), change: null };
  }

  change(domain: string, terms: PrincipalTerms | null, by: string): Promise<PrincipalChanged> {
    const turn = this.#turn.then(() => this.#change(domain, terms, by));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #change(domain: string, terms: PrincipalTerms | null, by: string): Promise<PrincipalChanged> {
    // Two operators who remove each other at once would leave none.
    const operator = this.of(by);
    if (operator?.kind !== 'operator' || operator.isSuspended === true) throw new Refusal('client-not-allowed');
    if (domain === by) throw new Refusal('own-principal');
    const isNew = this.of(domain) === undefined;
    const said = this.#kept.get(domain)?.change;
    if ((terms === null && isNew) || (said !== undefined && saysTheSame(said, { domain, terms }))) return { isNew, logged: null };
    const finish = async (change: PrincipalChange): Promise<void> => {
      await this.#parts.records.save(domain, encodePrincipalChange(change));
      this.#kept.set(domain, keptOf(change));
    };
    const { change, receipt } = await this.#parts.gateway.changePrincipal({ domain, terms, by, finish });
    return { isNew, logged: { logIndex: change.logIndex, receipt } };
  }
}

const keptOf = (change: PrincipalChange): Kept => {
  const { domain, terms } = change;
  if (terms === null) return { change, principal: null };
  const { clientKey, suspended, ...entry } = terms;
  const principal = principalOf({ ...entry, domain });
  return {
    change,
    principal: { ...principal, ...(clientKey === undefined ? {} : { clientKey }), ...(suspended === true ? { isSuspended: true } : {}) },
  };
};

/** As `principalOf`, the other way round. */
const termsOf = ({ kind, class: of, spc }: Principal): PrincipalTerms => {
  if (kind === 'np') return { kind, spc: spc ?? '' };
  if (kind === 'ap') return { kind, class: of ?? 'consumer', ...(spc === null ? {} : { operatedBy: spc }) };
  return { kind };
};

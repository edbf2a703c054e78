import { z } from 'zod';
import { JsonError, parseStrictJson } from '../../encoding/index.js';
import type { KnownPrincipal, Principal, PrincipalControl, PrincipalState } from '../../gateway/index.js';
import { isDomain } from '../../identifiers/index.js';
import { principalTerms, type PrincipalTerms } from '../../policy/index.js';
import type { Clock } from '../../ports/index.js';
import { Refusal } from '../../reasons/index.js';
import { principalOf } from './generation.js';
import { ConfigurationProblems } from './problems.js';

/** Where changes are kept, one record a domain. */
export interface PrincipalRecords {
  load(): Promise<readonly { readonly path: string; readonly octets: Uint8Array }[]>;
  save(domain: string, octets: Uint8Array): Promise<void>;
}

export interface PrincipalDirectoryParts {
  readonly records: PrincipalRecords;
  readonly clock: Pick<Clock, 'now'>;
  /** Who `principals.yaml` says a domain is. */
  readonly fromFile: (domain: string) => Principal | undefined;
}

const schema = z.strictObject({
  domain: z.string().refine(isDomain),
  terms: principalTerms.nullable(),
  by: z.string(),
  at: z.int().nonnegative(),
});

type Change = z.output<typeof schema>;

/** A change, and who it makes of the domain; null: removed. */
interface Kept {
  readonly change: Change;
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
      const { data } = schema.safeParse(jsonOf(octets));
      if (data === undefined) problems.push(`${path}: is damaged: restore it; or remove it, and say again who its principal is`);
      else kept.set(data.domain, keptOf(data));
    }
    if (problems.length > 0) throw new ConfigurationProblems(problems);
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
      const { terms, by, at } = kept.change;
      return terms === null ? null : { domain, terms, change: { by, at } };
    }
    const principal = this.#parts.fromFile(domain);
    return principal === undefined ? null : { domain, terms: termsOf(principal), change: null };
  }

  change(domain: string, terms: PrincipalTerms | null, by: string): Promise<{ readonly isNew: boolean }> {
    const turn = this.#turn.then(() => this.#change(domain, terms, by));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #change(domain: string, terms: PrincipalTerms | null, by: string): Promise<{ readonly isNew: boolean }> {
    // Two operators who remove each other at once would leave none.
    const operator = this.of(by);
    if (operator?.kind !== 'operator' || operator.isSuspended === true) throw new Refusal('client-not-allowed');
    if (domain === by) throw new Refusal('own-principal');
    const isNew = this.of(domain) === undefined;
    if (terms === null && isNew) return { isNew };
    const change = { domain, terms, by, at: this.#parts.clock.now() };
    await this.#parts.records.save(domain, Buffer.from(`${JSON.stringify(change)}\n`));
    this.#kept.set(domain, keptOf(change));
    return { isNew };
  }
}

const keptOf = (change: Change): Kept => {
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

const jsonOf = (octets: Uint8Array): unknown => {
  try {
    return parseStrictJson(octets);
  } catch (error) {
    if (error instanceof JsonError) return null;
    throw error;
  }
};

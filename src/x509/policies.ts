import { refuse } from '../reasons/index.js';
import type { Certificate } from './certificate.js';
import type { WorkBudget } from './path-rules.js';
import { ANY_POLICY, PolicyGraph } from './policy-graph.js';

/** RFC 5280 section 6.1.1 (c), (e), (f), (g). By default any policy will do, and none is needed. */
export interface PolicyInputs {
  /** user-initial-policy-set; null: any-policy. */
  readonly acceptable: readonly string[] | null;
  readonly requireExplicit: boolean;
  readonly inhibitMapping: boolean;
  readonly inhibitAny: boolean;
}

export const ANY_POLICY_INPUTS: PolicyInputs = { acceptable: null, requireExplicit: false, inhibitMapping: false, inhibitAny: false };

/** Under which policies a path is valid; both empty where it is valid under none and needs none. */
export interface PathPolicies {
  /** In the terms of the end-entity's issuer. */
  readonly subject: readonly string[];
  /** In the terms of the first CA below the anchor. */
  readonly authority: readonly string[];
}

const mappingsOf = (certificate: Certificate): ReadonlyMap<string, readonly string[]> => {
  const mappings = new Map<string, Set<string>>();
  for (const { issuerDomain, subjectDomain } of certificate.policyMappings ?? []) {
    // RFC 5280 section 6.1.4 (a).
    if (issuerDomain === ANY_POLICY || subjectDomain === ANY_POLICY) refuse('bad-policy', 'anyPolicy is mapped');
    const subjects = mappings.get(issuerDomain);
    if (subjects === undefined) mappings.set(issuerDomain, new Set([subjectDomain]));
    else subjects.add(subjectDomain);
  }
  return new Map([...mappings].map(([issuerDomain, subjects]) => [issuerDomain, [...subjects]]));
};

/** RFC 5280 sections 6.1.2 to 6.1.5, all that concerns policies. Feed it the certificates below the anchor in order, the end-entity last. */
export class PolicyState {
  readonly #graph = new PolicyGraph();
  readonly #acceptable: readonly string[] | null;
  readonly #budget: WorkBudget;
  #explicit: number;
  #mapping: number;
  #any: number;

  /** `length`: certificates without the anchor. An anchor's own constraints hold from the start (RFC 5937 section 3.2). */
  constructor(length: number, anchor: Certificate, inputs: PolicyInputs, budget: WorkBudget) {
    this.#budget = budget;
    this.#acceptable = inputs.acceptable;
    this.#explicit = inputs.requireExplicit ? 0 : length + 1;
    this.#mapping = inputs.inhibitMapping ? 0 : length + 1;
    this.#any = inputs.inhibitAny ? 0 : length + 1;
    this.#constrain(anchor);
  }

  /** RFC 5280 section 6.1.3 (d) to (f). @throws Refusal `bad-policy` */
  enter(certificate: Certificate, isLast: boolean): void {
    const policies = certificate.certificatePolicies;
    this.#spend(policies?.length ?? 0);
    if (policies === null) this.#graph.clear();
    else this.#graph.grow(policies, this.#any > 0 || (!isLast && certificate.isSelfIssued));
    this.#demand();
  }

  /** RFC 5280 section 6.1.4 (a), (b), (h) to (j). @throws Refusal `bad-policy` */
  leave(certificate: Certificate): void {
    this.#spend(certificate.policyMappings?.length ?? 0);
    const mappings = mappingsOf(certificate);
    if (this.#mapping > 0) this.#graph.map(mappings);
    else this.#graph.remove(mappings.keys());
    if (!certificate.isSelfIssued) {
      this.#explicit = Math.max(0, this.#explicit - 1);
      this.#mapping = Math.max(0, this.#mapping - 1);
      this.#any = Math.max(0, this.#any - 1);
    }
    this.#constrain(certificate);
  }

  /** RFC 5280 section 6.1.5 (a), (b), (g). @throws Refusal `bad-policy` */
  finish(endEntity: Certificate): PathPolicies {
    this.#explicit = Math.max(0, this.#explicit - 1);
    if (endEntity.policyConstraints?.requireExplicit === 0) this.#explicit = 0;
    this.#demand();
    const authority = this.#graph.authorityPolicies;
    const acceptable = this.#acceptable;
    const fits = acceptable === null || authority.includes(ANY_POLICY) || authority.some((policy) => acceptable.includes(policy));
    if (this.#explicit === 0 && !fits) refuse('bad-policy', 'no acceptable policy');
    return { subject: this.#graph.subjectPolicies, authority };
  }

  #spend(entries: number): void {
    this.#budget.policies -= entries;
    if (this.#budget.policies < 0) refuse('bad-policy', 'number of policies');
  }

  #constrain(certificate: Certificate): void {
    const constraints = certificate.policyConstraints;
    this.#explicit = Math.min(this.#explicit, constraints?.requireExplicit ?? this.#explicit);
    this.#mapping = Math.min(this.#mapping, constraints?.inhibitMapping ?? this.#mapping);
    this.#any = Math.min(this.#any, certificate.inhibitAnyPolicy ?? this.#any);
  }

  #demand(): void {
    if (this.#explicit === 0 && this.#graph.isEmpty) refuse('bad-policy', 'no valid policy');
  }
}

/**
 * The valid policy graph of RFC 9618 section 3: RFC 5280's policy tree with equal nodes of one depth merged, so that mappings
 * which double the tree at every certificate cost only what they take to write down.
 */
interface PolicyNode {
  readonly policy: string;
  readonly parents: readonly PolicyNode[];
  expected: readonly string[];
}

export const ANY_POLICY = '2.5.29.32.0';

type Depth = Map<string, PolicyNode>;

export class PolicyGraph {
  /** Depth 0 is anyPolicy; only nodes that reach the last depth count, so a dead branch needs no pruning. */
  #last: Depth = new Map([[ANY_POLICY, { policy: ANY_POLICY, parents: [], expected: [ANY_POLICY] }]]);

  get isEmpty(): boolean {
    return this.#last.size === 0;
  }

  /** RFC 9618 section 5.3, replacing RFC 5280 section 6.1.3 (d): the policies of the next certificate. */
  grow(policies: readonly string[], anyPolicyCounts: boolean): void {
    const parentsOf = new Map<string, PolicyNode[]>();
    for (const node of this.#last.values()) {
      for (const policy of node.expected) {
        const parents = parentsOf.get(policy);
        if (parents === undefined) parentsOf.set(policy, [node]);
        else parents.push(node);
      }
    }
    const any = this.#last.get(ANY_POLICY);
    const next: Depth = new Map();
    const grow = (policy: string, parents: readonly PolicyNode[]): void => void next.set(policy, { policy, parents, expected: [policy] });
    for (const policy of policies) {
      const parents = parentsOf.get(policy);
      if (policy === ANY_POLICY) continue;
      if (parents !== undefined) grow(policy, parents);
      else if (any !== undefined) grow(policy, [any]);
    }
    if (anyPolicyCounts && policies.includes(ANY_POLICY)) {
      for (const [policy, parents] of parentsOf) if (!next.has(policy)) grow(policy, parents);
    }
    this.#last = next;
  }

  /** RFC 5280 section 6.1.3 (e): a certificate without policies. */
  clear(): void {
    this.#last = new Map();
  }

  /** RFC 5280 section 6.1.4 (b) (1): the issuer's policies are known as the subject's from here on. */
  map(mappings: ReadonlyMap<string, readonly string[]>): void {
    const any = this.#last.get(ANY_POLICY);
    for (const [issuerDomain, subjectDomains] of mappings) {
      const node = this.#last.get(issuerDomain);
      if (node !== undefined) node.expected = subjectDomains;
      else if (any !== undefined) this.#last.set(issuerDomain, { policy: issuerDomain, parents: any.parents, expected: subjectDomains });
    }
  }

  /** RFC 5280 section 6.1.4 (b) (2): mapping is inhibited, so policies that are mapped end here. */
  remove(policies: Iterable<string>): void {
    for (const policy of policies) this.#last.delete(policy);
  }

  /** Policies of the last certificate, in its own terms; anyPolicy where all are valid. */
  get subjectPolicies(): string[] {
    return [...this.#last.keys()].sort();
  }

  /** RFC 5280 section 6.1.5 (g): the same in the anchor's terms: the nodes, each the first below anyPolicy, that the last depth descends from. */
  get authorityPolicies(): string[] {
    const found = new Set<string>();
    const seen = new Set<PolicyNode>();
    const open = [...this.#last.values()];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      // A node may stand under anyPolicy or under named policies; merged depths never give it both.
      if (node.policy === ANY_POLICY) found.add(ANY_POLICY);
      else if (node.parents.some(({ policy }) => policy === ANY_POLICY)) found.add(node.policy);
      else open.push(...node.parents);
    }
    return [...found].sort();
  }
}

import { refuse } from '../reasons/index.js';
import type { Certificate } from './certificate.js';
import type { GeneralSubtree, NameConstraints } from './extension-values.js';
import type { GeneralName } from './general-name.js';
import { constrainedName, isWithin, type ConstrainedName } from './name-matching.js';
import { subtreeOf, type Subtree } from './name-subtree.js';
import { OID } from './oids.js';
import type { WorkBudget } from './path-rules.js';

interface Layer {
  readonly permitted: readonly Subtree[];
  readonly excluded: readonly Subtree[];
}

/** @throws Refusal `name-constraints` where they hold what is not understood. */
const subtreesOf = (subtrees: readonly GeneralSubtree[]): Subtree[] =>
  subtrees.map(({ base, plain }) => (plain ? subtreeOf(base) : null) ?? refuse('name-constraints', 'subtree'));

/**
 * RFC 5280 sections 4.2.1.10 and 6.1.3 (b), (c): the name constraints met so far, from the anchor down. A name must lie in the permitted
 * subtrees of every certificate above that permits names of its kind, and in none of the excluded ones. What cannot be compared is refused.
 */
export class NameConstraintLayers {
  readonly #layers: Layer[] = [];
  readonly #budget: WorkBudget;
  #subtrees = 0;

  constructor(budget: WorkBudget) {
    this.#budget = budget;
  }

  /** @throws Refusal `name-constraints` where they hold what is not understood. */
  add({ permitted, excluded }: NameConstraints): void {
    this.#layers.push({ permitted: subtreesOf(permitted), excluded: subtreesOf(excluded) });
    this.#subtrees += permitted.length + excluded.length;
  }

  /** @throws Refusal `name-constraints` */
  check(certificate: Certificate): void {
    if (this.#layers.length === 0) return;
    const names = namesOf(certificate);
    this.#budget.comparisons -= names.length * this.#subtrees;
    if (this.#budget.comparisons < 0) refuse('name-constraints', 'number of names and subtrees');
    const constrained = names.map(constrainedName);
    for (const layer of this.#layers) for (const name of constrained) checkName(name, layer);
  }
}

const checkName = (name: ConstrainedName, { permitted, excluded }: Layer): void => {
  for (const kind of name.boundBy) {
    const forbidden = excluded.filter((subtree) => subtree.kind === kind);
    if (forbidden.some((subtree) => isWithin(name.form, subtree, 'excluded') ?? notComparable(name))) {
      refuse('name-constraints', `excluded ${name.kind}`);
    }
    const allowed = permitted.filter((subtree) => subtree.kind === kind);
    if (allowed.length > 0 && !allowed.some((subtree) => isWithin(name.form, subtree, 'permitted') ?? notComparable(name))) {
      refuse('name-constraints', `${name.kind} not permitted`);
    }
  }
};

const notComparable = ({ kind }: ConstrainedName): never => refuse('name-constraints', `${kind} cannot be compared`);

/**
 * Subject (RFC 5280 section 4.2.1.10: when not empty), subjectAltName, and e-mail addresses of the subject, of old: all of them, with or without a
 * subjectAltName beside, and in a string type that is no text too, which then cannot be compared.
 */
const namesOf = ({ subject, subjectAltName }: Certificate): GeneralName[] => {
  const names: GeneralName[] = [...(subjectAltName ?? [])];
  if (!subject.isEmpty) names.push({ kind: 'directoryName', name: subject });
  for (const { oid, text } of subject.rdns.flat()) if (oid === OID.emailAddress) names.push({ kind: 'rfc822Name', text: text ?? '' });
  return names;
};

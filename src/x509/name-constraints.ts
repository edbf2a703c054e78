import { refuse } from '../reasons/index.js';
import type { Certificate } from './certificate.js';
import type { GeneralSubtree, NameConstraints } from './extension-values.js';
import type { GeneralName } from './general-name.js';
import { isWithinSubtree, isWellFormedSubtree } from './name-subtree.js';
import { OID } from './oids.js';
import type { WorkBudget } from './path-rules.js';

/**
 * RFC 5280 sections 4.2.1.10 and 6.1.3 (b), (c): the name constraints met so far, from the anchor down. A name must lie in the permitted
 * subtrees of every certificate above that permits names of its kind, and in none of the excluded ones. What cannot be compared is refused.
 */
export class NameConstraintLayers {
  readonly #layers: NameConstraints[] = [];
  readonly #budget: WorkBudget;
  #subtrees = 0;

  constructor(budget: WorkBudget) {
    this.#budget = budget;
  }

  /** @throws Refusal `name-constraints` when they hold what is not understood. */
  add(constraints: NameConstraints): void {
    for (const subtree of [...constraints.permitted, ...constraints.excluded]) {
      if (!subtree.plain || !isWellFormedSubtree(subtree.base)) refuse('name-constraints', 'subtree');
    }
    this.#layers.push(constraints);
    this.#subtrees += constraints.permitted.length + constraints.excluded.length;
  }

  /** @throws Refusal `name-constraints` */
  check(certificate: Certificate): void {
    if (this.#layers.length === 0) return;
    const names = namesOf(certificate);
    this.#budget.comparisons -= names.length * this.#subtrees;
    if (this.#budget.comparisons < 0) refuse('name-constraints', 'number of names and subtrees');
    for (const layer of this.#layers) for (const name of names) checkName(name, layer);
  }
}

const ofKind = (subtrees: readonly GeneralSubtree[], { kind }: GeneralName): GeneralSubtree[] =>
  subtrees.filter(({ base }) => base.kind === kind);

const checkName = (name: GeneralName, { permitted, excluded }: NameConstraints): void => {
  if (ofKind(excluded, name).some(({ base }) => isWithinSubtree(name, base))) refuse('name-constraints', `excluded ${name.kind}`);
  const allowed = ofKind(permitted, name);
  if (allowed.length > 0 && !allowed.some(({ base }) => isWithinSubtree(name, base))) {
    refuse('name-constraints', `${name.kind} not permitted`);
  }
};

/** Subject (RFC 5280 section 4.2.1.10: when not empty), subjectAltName, and e-mail addresses of the subject, of old. */
const namesOf = ({ subject, subjectAltName }: Certificate): GeneralName[] => {
  const names: GeneralName[] = [...(subjectAltName ?? [])];
  if (!subject.isEmpty) names.push({ kind: 'directoryName', name: subject });
  for (const text of subject.texts(OID.emailAddress)) names.push({ kind: 'rfc822Name', text });
  return names;
};

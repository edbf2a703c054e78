import type { Step } from '../reading/extras.js';
import type { Leaf } from '../reading/leaf.js';

/** `here-or`: the reason belongs to several steps, and the leaf does not tell which of them refused. */
export type StepState = 'passed' | 'refused' | 'here-or' | 'not-reached' | 'not-run';

/** `np` is null until this step had passed (docs/log-format.md), which tells apart a reason of several steps. */
const NAMED_AFTER = 'verify-path';

const mayHaveRefused = (steps: readonly Step[], leaf: Leaf): number[] => {
  const named = steps.findIndex(({ step }) => step === NAMED_AFTER);
  const owners = steps.flatMap(({ reasons }, i) => (reasons.includes(leaf.why) ? [i] : []));
  const narrowed = owners.filter((i) => (leaf.signer === null ? i <= named : i > named));
  return narrowed.length > 0 ? narrowed : owners;
};

/** What each step did in this decision, as far as its leaf tells. Null: the entry is not about a PASSporT that went through them. */
export const statesOf = (steps: readonly Step[], leaf: Leaf): StepState[] | null => {
  if (leaf.kind === 'accept') return steps.map(() => (leaf.passport === null ? 'not-run' : 'passed'));
  if (leaf.kind !== 'reject') return null;
  const refusing = mayHaveRefused(steps, leaf);
  const [first, last] = [refusing[0], refusing.at(-1)];
  if (first === undefined || last === undefined) return null;
  return steps.map((_, i) => {
    if (i < first) return 'passed';
    if (i > last) return 'not-reached';
    return refusing.length === 1 ? 'refused' : 'here-or';
  });
};

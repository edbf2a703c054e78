import { refuse } from '../reasons/index.js';
import type { Certificate } from './certificate.js';
import { hasNumbers, holdsNumbersOf, type NumberSet } from './number-set.js';
import { tnAuthListOf } from './stir-extensions.js';
import { numbersOf } from './tn-auth-list.js';
import type { TnEntry } from './tn-entry.js';

const encompassesSet = (parent: NumberSet, child: NumberSet): boolean => {
  for (const spc of child.spcs) if (!parent.spcs.has(spc)) return false;
  // RFC 9060 section 4.1 lets an SPC-only parent delegate numbers; whether the SPC holds them only numbering data know (section 12).
  return parent.spcs.size > 0 || !hasNumbers(child) || holdsNumbersOf(parent, child);
};

/**
 * RFC 9060 section 4: whether every authority of `child` is within `parent`'s. Numbers count against the union of the parent's ranges and single
 * numbers, adjacent ones merged, equal counts of digits only; an SPC must be the same, octet for octet. An SPC in the parent encompasses any number.
 * @throws Refusal `malformed-tnauthlist`, `range-overflow` when an argument is not a list
 */
export const encompasses = (parent: readonly TnEntry[], child: readonly TnEntry[]): boolean =>
  encompassesSet(numbersOf(parent), numbersOf(child));

/**
 * Holds every TNAuthList of a path (end-entity first, anchor last) against every one above it, nearest and all (RFC 8226 section 9: a CA's list limits
 * each path through it). Judged from the anchor down, so the position is that of the first that took too much. Says nothing of certificates without a list.
 * @param lists of each certificate, null where it has none; absent: those that stand in the certificates
 * @throws Refusal `not-encompassed` with the position of the child at fault; `malformed-tnauthlist`, `range-overflow`
 */
export const checkEncompassing = (
  path: readonly Certificate[],
  lists: ReadonlyArray<readonly TnEntry[] | null> = path.map((certificate, position) => tnAuthListOf(certificate, position)),
): void => {
  const above: NumberSet[] = [];
  for (let position = path.length - 1; position >= 0; position -= 1) {
    const entries = lists[position] ?? null;
    if (entries === null) continue;
    const set = numbersOf(entries);
    if (!above.every((parent) => encompassesSet(parent, set))) return refuse('not-encompassed', 'TNAuthList', position);
    above.push(set);
  }
};

import { z } from 'zod';
import { decodeBase64url } from '../../encoding/index.js';
import { Refusal, refuse, type Reason } from '../../reasons/index.js';
import { encodeTnAuthList, parseTnAuthList, type TnEntry } from '../../x509/index.js';
import { checkGranted, type Grant } from '../grants.js';
import { numberEntries, rangesOf } from '../numbers.js';
import { AcmeRefusal, type AcmeIdentifier, type Subproblem } from './problem.js';

/** RFC 9448 section 3. */
export const TN_AUTH_LIST = 'TNAuthList';

export const identifiersShape = z
  .array(z.object({ type: z.string(), value: z.string() }))
  .min(1)
  .max(100);

/** The one list of these numbers that the desk issues: sorted, merged. @throws Refusal as `numberEntries` */
const isNormal = (entries: readonly TnEntry[]): boolean =>
  entries.some((entry) => 'spc' in entry) || encodeTnAuthList(numberEntries(rangesOf(entries))).equals(encodeTnAuthList(entries));

/**
 * The entries of an identifier's value or of a tkvalue: base64url of DER, numbers sorted and merged, so that equal lists have one spelling and what
 * is issued is what was ordered, octet for octet.
 * @throws Refusal `identifier-malformed`
 */
export const parseTnValue = (value: string): readonly TnEntry[] => {
  const der = decodeBase64url(value) ?? refuse('identifier-malformed', 'base64url');
  try {
    const entries = parseTnAuthList(der);
    if (!encodeTnAuthList(entries).equals(der)) return refuse('identifier-malformed', 'not DER');
    return isNormal(entries) ? entries : refuse('identifier-malformed', 'not sorted and merged');
  } catch (error) {
    if (error instanceof Refusal && error.reason !== 'identifier-malformed') return refuse('identifier-malformed', error.reason);
    throw error;
  }
};

/** What is asked for besides numbers. `lifetime` in seconds; absent: it is not settled yet. */
export interface AskedFor {
  readonly ca: boolean;
  readonly lifetime?: number;
}

/**
 * Whether the provider grants all of it now. An SPC is never granted to an AP: an end-entity that has one is the provider's own (standards: profiles).
 * @throws Refusal `not-granted`
 */
export const checkOrderable = (grants: readonly Grant[], entries: readonly TnEntry[], asked: AskedFor): void => {
  if (entries.some((entry) => 'spc' in entry)) return refuse('not-granted', 'SPC');
  checkGranted(grants, { numbers: rangesOf(entries), ...asked });
};

const faultOf = (identifier: AcmeIdentifier, judge: (value: string) => void): Subproblem | null => {
  const at = (reason: Reason, detail?: string): Subproblem => ({ reason, detail, identifier });
  if (identifier.type !== TN_AUTH_LIST) return at('identifier-not-supported');
  try {
    judge(identifier.value);
    return null;
  } catch (error) {
    if (error instanceof Refusal) return at(error.reason, error.detail);
    throw error;
  }
};

/**
 * The one TNAuthList that an order is for. What is wrong with each identifier is told (RFC 8555 section 6.7.1).
 * @throws AcmeRefusal `identifier-not-supported`, `identifier-malformed`, `not-granted`; Refusal `malformed-request` for more than one
 */
export const orderedValue = (identifiers: readonly AcmeIdentifier[], judge: (value: string) => void): string => {
  const faults = identifiers.flatMap((identifier) => faultOf(identifier, judge) ?? []);
  const [first] = faults;
  if (first !== undefined) throw new AcmeRefusal(first.reason, first.detail, { subproblems: faults });
  const [only, more] = identifiers;
  return only === undefined || more !== undefined ? refuse('malformed-request', 'one TNAuthList to an order') : only.value;
};

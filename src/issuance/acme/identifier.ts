import { z } from 'zod';
import { decodeBase64url } from '../../encoding/index.js';
import { Refusal, refuse, type Reason } from '../../reasons/index.js';
import { encodeTnAuthList, encompasses, parseTnAuthList, type TnEntry } from '../../x509/index.js';
import type { ApGrants } from './credential-desk.js';
import { AcmeRefusal, type AcmeIdentifier, type Subproblem } from './problem.js';

/** RFC 9448 section 3. */
export const TN_AUTH_LIST = 'TNAuthList';

export const identifiersShape = z
  .array(z.object({ type: z.string(), value: z.string() }))
  .min(1)
  .max(100);

/**
 * The entries of an identifier's value or of a token's tkvalue: base64url of DER, the one encoding that these entries have.
 * @throws Refusal `identifier-malformed`
 */
export const parseTnValue = (value: string): readonly TnEntry[] => {
  const der = decodeBase64url(value) ?? refuse('identifier-malformed', 'base64url');
  try {
    const entries = parseTnAuthList(der);
    return encodeTnAuthList(entries).equals(der) ? entries : refuse('identifier-malformed', 'not DER');
  } catch (error) {
    if (error instanceof Refusal && error.reason !== 'identifier-malformed') return refuse('identifier-malformed', error.reason);
    throw error;
  }
};

const isNumber = (entry: TnEntry): boolean => !('spc' in entry);

/**
 * Whether the provider grants all of it now. An SPC that is granted encompasses itself and no number: what it holds, numbering data know, and who
 * grants numbers names them.
 * @throws Refusal `not-granted`
 */
export const checkGranted = (grants: ApGrants | null, entries: readonly TnEntry[], ca: boolean): void => {
  if (grants === null) return refuse('not-granted', 'nothing');
  if (ca && !grants.ca) return refuse('not-granted', 'CA');
  const spcs = new Set(grants.entries.flatMap((entry) => ('spc' in entry ? [entry.spc] : [])));
  if (entries.some((entry) => 'spc' in entry && !spcs.has(entry.spc))) return refuse('not-granted', 'SPC');
  const asked = entries.filter(isNumber);
  const granted = grants.entries.filter(isNumber);
  if (asked.length > 0 && (granted.length === 0 || !encompasses(granted, asked))) return refuse('not-granted', 'numbers');
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

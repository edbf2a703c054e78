import { DerError, type JsonObject, type JsonValue } from '../encoding/index.js';
import { refuse } from '../reasons/index.js';
import { readConstraints, writeConstraints, type ClaimConstraints, type ConstraintsForm } from './claim-constraints-der.js';

export type { ClaimConstraints, ConstraintsForm } from './claim-constraints-der.js';

/** RFC 9118 section 3: MUST NOT be excluded. The RFC would ignore the whole extension then, which fails open. */
const NEVER_EXCLUDED = ['iat', 'orig', 'dest'];

/** DESIGN section 5: what makes a credential useless for calls and to every other AP. */
const BOUND_INCLUDES = ['action', 'aud', 'provider'];
const BOUND_EXCLUDES = ['attest', 'origid', 'rcd', 'div', 'opt'];

/**
 * The value of one of the two extensions.
 * @throws Refusal `malformed-claim-constraints`, whatever the input's type
 */
export const parseClaimConstraints = (der: unknown, form: ConstraintsForm): ClaimConstraints => {
  if (!(der instanceof Uint8Array)) return refuse('malformed-claim-constraints', 'not octets');
  try {
    const constraints = readConstraints(der, form);
    if (constraints.mustExclude.some((claim) => NEVER_EXCLUDED.includes(claim))) throw new DerError('a base claim is excluded');
    return constraints;
  } catch (error) {
    if (error instanceof DerError) return refuse('malformed-claim-constraints', error.message);
    throw error;
  }
};

/**
 * A certificate's constraints from the values of its two extensions; null when it has neither.
 * @throws Refusal `malformed-claim-constraints`, also when both are there (RFC 9118 section 6)
 */
export const constraintsFrom = (jwt: Uint8Array | null, enhanced: Uint8Array | null): ClaimConstraints | null => {
  if (jwt !== null && enhanced !== null) return refuse('malformed-claim-constraints', 'both forms in one certificate');
  if (enhanced !== null) return parseClaimConstraints(enhanced, 'enhanced');
  return jwt === null ? null : parseClaimConstraints(jwt, 'jwt');
};

const isAscii = (text: string): boolean => /^\p{ASCII}*$/u.test(text);

/**
 * The inverse of `parseClaimConstraints`.
 * @throws Refusal `malformed-claim-constraints` for constraints that it would refuse
 */
export const encodeClaimConstraints = (constraints: ClaimConstraints): Buffer => {
  const names = [...constraints.mustInclude, ...constraints.permittedValues.keys(), ...constraints.mustExclude];
  if (!names.every(isAscii)) return refuse('malformed-claim-constraints', 'a claim name is not IA5');
  const values = [...constraints.permittedValues.values()];
  if (!values.flat().every((value) => !/\p{Surrogate}/u.test(value)))
    return refuse('malformed-claim-constraints', 'a value is not Unicode text');
  if (values.some((list) => list.length === 0)) return refuse('malformed-claim-constraints', 'empty list');
  const der = writeConstraints(constraints);
  parseClaimConstraints(der, constraints.form);
  return der;
};

/** Names of claims only: permitted values may say who somebody is. */
const evidenceOf = (constraints: ClaimConstraints): Record<string, JsonValue> => ({
  form: constraints.form,
  mustInclude: [...constraints.mustInclude],
  permittedValues: [...constraints.permittedValues.keys()],
  mustExclude: [...constraints.mustExclude],
});

/**
 * Whether a PASSporT's claims satisfy its signer's constraints (RFC 9118 sections 3 and 4). A permitted value matches exactly, octet for octet;
 * a constrained claim that is not a string matches none. A claim that must not be there must not be there with null either.
 * @throws Refusal `claim-constraint`
 */
export const checkClaimConstraints = (constraints: ClaimConstraints, claims: JsonObject): Record<string, JsonValue> => {
  for (const claim of constraints.mustInclude) {
    if (!Object.hasOwn(claims, claim)) return refuse('claim-constraint', 'a claim that must be included is absent');
  }
  for (const [claim, permitted] of constraints.permittedValues) {
    if (!Object.hasOwn(claims, claim)) continue;
    const value = claims[claim];
    if (typeof value !== 'string' || !permitted.includes(value))
      return refuse('claim-constraint', 'a claim has a value that is not permitted');
  }
  for (const claim of constraints.mustExclude) {
    if (Object.hasOwn(claims, claim)) return refuse('claim-constraint', 'a claim that must be excluded is there');
  }
  return evidenceOf(constraints);
};

/** The values that the constraints pin a claim to, or null where they leave it free. */
export const permittedValuesOf = (constraints: ClaimConstraints | null, claim: string): readonly string[] | null =>
  constraints?.permittedValues.get(claim) ?? null;

/** The AP that a credential is bound to (profiles, "Bound"), or null. The RFC 8226 form cannot exclude: the first two conditions suffice. */
export const isBound = (constraints: ClaimConstraints | null): { readonly provider: string } | null => {
  if (constraints === null) return null;
  const [provider, ...others] = permittedValuesOf(constraints, 'provider') ?? [];
  if (provider === undefined || others.length > 0) return null;
  if (!BOUND_INCLUDES.every((claim) => constraints.mustInclude.includes(claim))) return null;
  if (constraints.form === 'enhanced' && !BOUND_EXCLUDES.every((claim) => constraints.mustExclude.includes(claim))) return null;
  return { provider };
};

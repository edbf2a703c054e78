import { Refusal, refuse } from '../reasons/index.js';
import type { Certificate } from './certificate.js';
import { constraintsFrom, type ClaimConstraints } from './claim-constraints.js';
import { OID } from './oids.js';
import { parseTnAuthList } from './tn-auth-list.js';
import type { TnEntry } from './tn-entry.js';

const lists = new WeakMap<Certificate, readonly TnEntry[] | null>();
const constraints = new WeakMap<Certificate, ClaimConstraints | null>();

const valueOf = (certificate: Certificate, oid: string): Uint8Array | null => certificate.extensions.get(oid)?.value ?? null;

const once = <T>(cache: WeakMap<Certificate, T>, certificate: Certificate, position: number | null, read: () => T): T => {
  const cached = cache.get(certificate);
  if (cached !== undefined) return cached;
  try {
    const value = read();
    cache.set(certificate, value);
    return value;
  } catch (error) {
    if (error instanceof Refusal) return refuse(error.reason, error.detail, position);
    throw error;
  }
};

/**
 * A certificate's TNAuthList, by value; null when it has none. Read once for each certificate.
 * @throws Refusal `malformed-tnauthlist`, `range-overflow` with `position`
 */
export const tnAuthListOf = (certificate: Certificate, position: number | null = null): readonly TnEntry[] | null =>
  once(lists, certificate, position, () => {
    const value = valueOf(certificate, OID.tnAuthList);
    return value === null ? null : parseTnAuthList(value);
  });

/**
 * Where a certificate says its TNAuthList is (RFC 8226 section 10.1): the URI of each id-ad-stirTNList, null for a name of another kind.
 * @throws Refusal `malformed-cert`
 */
export const tnListReferencesOf = ({ authorityInfoAccess }: Certificate): ReadonlyArray<string | null> =>
  (authorityInfoAccess ?? []).flatMap(({ method, location }) =>
    method === OID.stirTnList ? [location.kind === 'uniformResourceIdentifier' ? location.text : null] : [],
  );

/**
 * A certificate's claim constraints; null when it has none. Read once for each certificate.
 * @throws Refusal `malformed-claim-constraints` with `position`
 */
export const claimConstraintsOf = (certificate: Certificate, position: number | null = null): ClaimConstraints | null =>
  once(constraints, certificate, position, () =>
    constraintsFrom(valueOf(certificate, OID.jwtClaimConstraints), valueOf(certificate, OID.enhancedJwtClaimConstraints)),
  );

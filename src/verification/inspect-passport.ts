import { createHash } from 'node:crypto';
import { parsePassport, verifyWithKey } from '../passport/index.js';
import { Refusal } from '../reasons/index.js';
import type { Certificate } from '../x509/index.js';
import type { Caches } from './generation.js';
import type { VerifiedClaims } from './verdict.js';
import { verifiedClaims } from './verified.js';

/** What a PASSporT says of itself. Nothing is proven but, once asked, its signature under the key that it names itself. */
export interface InspectedPassport {
  readonly claims: VerifiedClaims;
  /** SHA-256 of the signing input. */
  readonly signingDigest: Uint8Array;
  /** Where its path is; null where it is in x5c. */
  readonly x5u: string | null;
  /** SHA-256 of the SubjectPublicKeyInfo of the end-entity; null where there is none at hand, or it does not parse. */
  readonly spkiDigest: Uint8Array | null;
  /** Whether the signature verifies under that key; false where there is none. */
  readonly signatureHolds: () => boolean;
}

/**
 * Null for what is not well-formed.
 * @param chain the path behind x5u, when it is at hand
 */
export const inspectPassport = (
  passport: unknown,
  { headers, certificates }: Caches,
  chain: readonly Uint8Array[] | null = null,
): InspectedPassport | null =>
  orNull(() => {
    const parsed = parsePassport(passport, headers);
    const { x5c, x5u } = parsed.header;
    const der = (x5c ?? chain)?.[0];
    const endEntity = der === undefined ? null : orNull(() => certificates.parse(der));
    const { signingInput, signature, signingDigest } = parsed;
    return {
      claims: verifiedClaims(parsed.claims),
      signingDigest,
      x5u,
      spkiDigest: endEntity === null ? null : createHash('sha256').update(endEntity.publicKey.spki).digest(),
      signatureHolds: () => endEntity !== null && holds(endEntity, signingInput, signature),
    };
  });

const holds = ({ publicKey: { form, keyObject } }: Certificate, message: Uint8Array, signature: Uint8Array): boolean =>
  form.kind === 'ec' && form.curve === 'P-256' && orNull(() => verifyWithKey(keyObject, message, signature)) === true;

const orNull = <T>(read: () => T): T | null => {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
};

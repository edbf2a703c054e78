import { TAG, readChildren, readInteger, readWhole } from '../encoding/index.js';
import { tnOf } from '../identifiers/index.js';
import { checkClaims, signPassport, signingInputOf, type Consent } from '../passport/index.js';
import type { RandomSource, Signer } from '../ports/index.js';
import { refuse } from '../reasons/index.js';
import type { IssuedCredential } from './credential.js';
import { signThrough } from './signed-structure.js';

/** What an NP or EP states about an SII (DESIGN section 5). Members that its action does not have are left out. */
export type Statement = {
  readonly audience: string;
  /** Canonical: `tel:+12025550100` or `mailto:alice@example.com`. */
  readonly sii: string;
  /** Seconds that the PASSporT may be presented. */
  readonly lifetime: number;
} & (
  | {
      readonly action: 'register';
      readonly ssi: string;
      readonly provider: string;
      readonly consent: Consent;
      readonly purpose: 'consumer' | 'business';
      readonly kind?: 'user' | 'service';
      /** base64url of 32 octets. */
      readonly circle?: string;
    }
  | { readonly action: 'withdraw'; readonly ssi: string; readonly provider: string }
  | {
      readonly action: 'prefer';
      readonly ssi: string;
      readonly provider: string;
      readonly consent: Consent;
      readonly preference: Readonly<Record<string, string>>;
    }
  | { readonly action: 'release' }
  | { readonly action: 'port'; readonly from: string; readonly to: string; readonly effective: number }
);

/** RFC 8225 section 5.2.1 wants a dest; a release or port is about the number alone. */
const NO_SSI = 'urn:signpost:none';

const orig = (sii: string): Record<string, string> => {
  const tn = tnOf(sii);
  return tn === null ? { uri: sii } : { tn };
};

/**
 * The claims of a statement made now, `now` in seconds. Checked by the gateway's own grammar, so the desk signs nothing that could never be accepted.
 * @throws Refusal as `checkClaims`
 */
export const claimsOf = (statement: Statement, now: number, random: RandomSource): ReturnType<typeof claims> => {
  const made = claims(statement, now, Buffer.from(random(16)).toString('base64url'));
  checkClaims(made);
  return made;
};

const claims = (statement: Statement, iat: number, jti: string) => {
  const { audience, sii, lifetime, ...said } = statement;
  const { ssi, ...rest } = 'ssi' in said ? said : { ...said, ssi: NO_SSI };
  return { ...rest, aud: audience, orig: orig(sii), dest: { uri: [ssi] }, iat, exp: iat + lifetime, jti };
};

/**
 * The compact PASSporT of a statement, signed with a credential's end-entity key, its path in x5c.
 * @throws Refusal as `checkClaims`, `unsupported-key`
 */
export const signStatement = (statement: Statement, { path, key }: IssuedCredential, now: number, random: RandomSource): string =>
  signPassport({ claims: claimsOf(statement, now, random), x5c: path, key: key.privateKey });

/** RFC 7518 section 3.4: R and S, 32 octets each, of the DER that signers yield. */
const joseSignature = (der: Uint8Array): Buffer =>
  Buffer.concat(
    readChildren(der, readWhole(der, TAG.sequence)).map((integer) =>
      Buffer.from(readInteger(der, integer).toString(16).padStart(64, '0'), 'hex'),
    ),
  );

/**
 * `signStatement` through a signer.
 * @throws Refusal as `checkClaims`, `unsupported-key`, `bad-signature`, and what the signer rejects with
 */
export const signStatementThrough = async (
  statement: Statement,
  { path, signer }: { readonly path: readonly Buffer[]; readonly signer: Signer },
  now: number,
  random: RandomSource,
): Promise<string> => {
  // RFC 8225 section 4.2: ES256 and no other.
  if (signer.algorithm !== 'ecdsa-with-SHA256') return refuse('unsupported-key', 'not ES256');
  const signingInput = signingInputOf({ claims: claimsOf(statement, now, random), x5c: path });
  return `${signingInput}.${joseSignature(await signThrough(signer, Buffer.from(signingInput))).toString('base64url')}`;
};

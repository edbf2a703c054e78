import { KeyObject, createPrivateKey, sign, type JsonWebKeyInput } from 'node:crypto';
import { canonicalJson, decodePem, encodeBase64, encodeBase64url } from '../encoding/index.js';
import { refuse } from '../reasons/index.js';

export interface PassportToSign {
  readonly claims: Readonly<Record<string, unknown>>;
  /** P-256 private key: a KeyObject, PEM text, or a JWK. */
  readonly key: KeyObject | string | JsonWebKeyInput['key'];
  /** The path, end-entity first: DER octets, standard base64 of DER, or one PEM text. */
  readonly x5c?: ReadonlyArray<Uint8Array | string> | string | undefined;
  readonly x5u?: string | undefined;
}

/**
 * Signs a PASSporT of the profile in the deterministic form of RFC 8225 section 9. The claims are signed as given: what they may be is the
 * verifier's to judge.
 * @throws Refusal `malformed-request`, `unsupported-key`, `credential-missing`, `header-not-allowed`, `malformed-chain`, `non-canonical`
 */
export const signPassport = (input: PassportToSign): string => {
  // Who calls from JavaScript has no compiler to hold the types.
  if (typeof input !== 'object' || input === null) return refuse('malformed-request');
  const signingInput = signingInputOf(input);
  const signature = sign('sha256', Buffer.from(signingInput), { key: privateKeyOf(input.key), dsaEncoding: 'ieee-p1363' });
  return `${signingInput}.${encodeBase64url(signature)}`;
};

/**
 * The octets that a PASSporT's signature is over (RFC 7515 section 5.1), for a key that lives elsewhere.
 * @throws Refusal `credential-missing`, `header-not-allowed`, `malformed-chain`, `non-canonical`
 */
export const signingInputOf = ({ claims, x5c, x5u }: Omit<PassportToSign, 'key'>): string => {
  if (x5c !== undefined && x5u !== undefined) return refuse('header-not-allowed', 'x5u beside x5c');
  if (x5c === undefined && x5u === undefined) return refuse('credential-missing');
  const credential = x5c === undefined ? { x5u } : { x5c: entriesOf(x5c) };
  const header = canonicalJson({ alg: 'ES256', ppt: 'mimi', typ: 'passport', ...credential });
  return `${encodeBase64url(Buffer.from(header))}.${encodeBase64url(Buffer.from(canonicalJson(claims)))}`;
};

const entriesOf = (x5c: NonNullable<PassportToSign['x5c']>): string[] => {
  if (typeof x5c === 'string') return decodePem(x5c).map((block) => encodeBase64(block.der));
  if (!Array.isArray(x5c)) return refuse('malformed-chain');
  return x5c.map((entry: unknown) => {
    if (typeof entry === 'string') return entry;
    return entry instanceof Uint8Array ? encodeBase64(entry) : refuse('malformed-chain');
  });
};

const privateKeyOf = (key: PassportToSign['key']): KeyObject => {
  let privateKey: KeyObject;
  try {
    if (key instanceof KeyObject) privateKey = key;
    else privateKey = typeof key === 'string' ? createPrivateKey(key) : createPrivateKey({ key, format: 'jwk' });
  } catch {
    return refuse('unsupported-key');
  }
  // RFC 8225 section 4.2: ES256 and no other.
  if (privateKey.type !== 'private' || privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return refuse('unsupported-key');
  return privateKey;
};

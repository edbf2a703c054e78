import { decodeBase64, decodeBase64url, type JsonObject, type JsonValue } from '../../encoding/index.js';
import { Refusal, refuse } from '../../reasons/index.js';
import { parseObject } from './signed-request.js';

/** An authority token (RFC 9447 section 4, RFC 9448 section 5) as read; nothing of it is verified. */
export interface AuthorityToken {
  /** Exactly one of the two is there. */
  readonly x5u: string | null;
  readonly x5c: readonly Buffer[] | null;
  /** Seconds. */
  readonly exp: number;
  readonly iat: number | null;
  readonly nbf: number | null;
  readonly jti: string;
  readonly type: string;
  readonly value: string;
  readonly ca: boolean;
  readonly fingerprint: string;
  readonly signingInput: Buffer;
  readonly signature: Buffer;
}

/** A path of five certificates in x5c, with some room. */
const MAX_TOKEN = 64 * 1024;
const MAX_X5C = 6;
const MAX_TEXT = 16 * 1024;
const HEADER: readonly string[] = ['alg', 'typ', 'x5c', 'x5u'];
const ATC: readonly string[] = ['ca', 'fingerprint', 'tktype', 'tkvalue'];

const malformed = (what: string): never => refuse('authority-token-malformed', what);

const textOf = (object: JsonObject, member: string): string => {
  const value = object[member];
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT ? value : malformed(member);
};

const timeOf = (claims: JsonObject, claim: string): number | null => {
  const value = claims[claim];
  if (value === undefined) return null;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : malformed(claim);
};

const partOf = (part: string): JsonObject => {
  const octets = decodeBase64url(part) ?? malformed('base64url');
  try {
    return parseObject(octets, 'authority-token-malformed');
  } catch (error) {
    if (error instanceof Refusal) return malformed('JSON');
    throw error;
  }
};

/** RFC 7515 section 4.1.6: standard base64. */
const x5cOf = (value: JsonValue): Buffer[] => {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_X5C) return malformed('x5c');
  return value.map((entry) => (typeof entry === 'string' && entry !== '' ? decodeBase64(entry) : null) ?? malformed('x5c'));
};

const credentialOf = (header: JsonObject): Pick<AuthorityToken, 'x5c' | 'x5u'> => {
  if (header['alg'] !== 'ES256') return malformed('alg');
  if (header['typ'] !== undefined && header['typ'] !== 'JWT') return malformed('typ');
  // RFC 7515 section 4.1.11: crit, and whatever else names a key or a way to read the rest, is not understood here.
  if (Object.keys(header).some((member) => !HEADER.includes(member))) return malformed('header member');
  const { x5c, x5u } = header;
  if ((x5c === undefined) === (x5u === undefined)) return malformed('exactly one of x5u and x5c');
  if (x5c !== undefined) return { x5c: x5cOf(x5c), x5u: null };
  return { x5c: null, x5u: textOf(header, 'x5u') };
};

const atcOf = (claims: JsonObject): Pick<AuthorityToken, 'type' | 'value' | 'ca' | 'fingerprint'> => {
  const { atc } = claims;
  if (typeof atc !== 'object' || atc === null || Array.isArray(atc)) return malformed('atc');
  if (Object.keys(atc).some((member) => !ATC.includes(member))) return malformed('atc member');
  const { ca = false } = atc;
  if (typeof ca !== 'boolean') return malformed('ca');
  return { type: textOf(atc, 'tktype'), value: textOf(atc, 'tkvalue'), ca, fingerprint: textOf(atc, 'fingerprint') };
};

/**
 * RFC 9448 section 6, first step: a compact JWT with a well-formed atc. The input is controlled by strangers.
 * @throws Refusal `authority-token-malformed`
 */
export const parseAuthorityToken = (jwt: string): AuthorityToken => {
  if (jwt.length > MAX_TOKEN) return malformed('length');
  const [header, payload, signature, more] = jwt.split('.');
  if (header === undefined || payload === undefined || signature === undefined || more !== undefined) return malformed('three parts');
  const credential = credentialOf(partOf(header));
  const claims = partOf(payload);
  const exp = timeOf(claims, 'exp');
  if (claims['iss'] !== undefined && typeof claims['iss'] !== 'string') return malformed('iss');
  return {
    ...credential,
    ...atcOf(claims),
    exp: exp ?? malformed('exp'),
    iat: timeOf(claims, 'iat'),
    nbf: timeOf(claims, 'nbf'),
    jti: textOf(claims, 'jti'),
    signingInput: Buffer.from(`${header}.${payload}`, 'latin1'),
    signature: decodeBase64url(signature) ?? malformed('base64url'),
  };
};

import type { JsonObject, JsonValue } from '../encoding/index.js';
import { decodeBase64url } from '../encoding/index.js';
import { isDomain, parseCanonicalSii, parseDomain, parseSpc, parseSsi, parseTn } from '../identifiers/index.js';
import { refuse } from '../reasons/index.js';

export const ACTIONS = ['register', 'withdraw', 'prefer', 'release', 'port'] as const;
export type PassportAction = (typeof ACTIONS)[number];

/** Strongest first (standards: profiles, "Claims"). */
export const CONSENTS = ['operator', 'sim', 'otp', 'app'] as const;
export type Consent = (typeof CONSENTS)[number];

/** The claims of a PASSporT of the profile, well-formed but not authentic. Times in seconds. */
export interface PassportClaims {
  readonly action: PassportAction;
  readonly aud: string;
  /** `tel:+12025550100` or `mailto:alice@example.com` */
  readonly sii: string;
  /** Null for release and port. */
  readonly ssi: string | null;
  readonly provider: string | null;
  readonly purpose: 'consumer' | 'business' | null;
  readonly kind: 'user' | 'service';
  readonly circle: string | null;
  readonly consent: Consent | null;
  readonly preference: Readonly<Record<string, string>> | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly effective: number | null;
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
}

const BASE = ['action', 'aud', 'dest', 'exp', 'iat', 'jti', 'orig'] as const;
/** DESIGN section 5: claims besides the base, required and optional, by action. Closed: anything else is refused. */
const EXTRA: Readonly<Record<PassportAction, { required: readonly string[]; optional: readonly string[] }>> = {
  register: { required: ['provider', 'consent', 'purpose'], optional: ['kind', 'circle'] },
  withdraw: { required: ['provider'], optional: [] },
  prefer: { required: ['provider', 'consent', 'preference'], optional: [] },
  release: { required: [], optional: [] },
  port: { required: ['from', 'to', 'effective'], optional: [] },
};
const ALLOWED = new Map(
  ACTIONS.map((action) => [action, new Set<string>([...BASE, ...EXTRA[action].required, ...EXTRA[action].optional])]),
);
const KNOWN = new Set([...ALLOWED.values()].flatMap((names) => [...names]));

/** What stands in `dest` when the event is about the number alone. */
const NO_SSI = 'urn:signpost:none';
/** RFC 7519 section 4.1.7: collision-free; 22 base64url characters hold 128 bits. */
const JTI = /^[A-Za-z0-9_-]{22,128}$/;

/**
 * The payload of the profile. Proves shape and grammar; nothing in it is authentic before `verify-signature`.
 * @throws Refusal `claim-not-allowed`, `claim-missing`, `claim-type`, `claim-value`, `bad-action`, `bad-orig`, `bad-dest`, `bad-jti`, `bad-exp`,
 *   `aud-mismatch`, `non-canonical-tn`, `non-canonical-uri`
 */
export const checkClaims = (payload: JsonObject): PassportClaims => {
  const action = actionOf(payload);
  const allowed = ALLOWED.get(action) ?? refuse('bad-action');
  for (const name of Object.keys(payload)) if (!allowed.has(name)) return refuse('claim-not-allowed', 'not for this action');
  const iat = timeOf(payload, 'iat');
  const sii = siiOf(own(payload, 'orig'));
  const ssi = ssiOf(own(payload, 'dest'), action);
  // RFC 8725 section 3.9: one audience, a string; an array would let one PASSporT be played to many.
  const aud = own(payload, 'aud');
  if (typeof aud !== 'string') return refuse('aud-mismatch', 'type');
  const exp = own(payload, 'exp');
  if (typeof exp !== 'number' || exp <= 0) return refuse('bad-exp', 'type');
  const jti = own(payload, 'jti');
  if (typeof jti !== 'string' || !JTI.test(jti)) return refuse('bad-jti');
  for (const name of EXTRA[action].required) if (!Object.hasOwn(payload, name)) return refuse('claim-missing', name);
  return { action, aud, sii, ssi, iat, exp, jti, ...mappingClaims(payload), ...portClaims(payload) };
};

const own = (object: JsonObject, name: string): JsonValue | undefined => (Object.hasOwn(object, name) ? object[name] : undefined);

const actionOf = (payload: JsonObject): PassportAction => {
  for (const name of Object.keys(payload)) if (!KNOWN.has(name)) return refuse('claim-not-allowed', 'unknown');
  const action = own(payload, 'action');
  if (action === undefined) return refuse('claim-missing', 'action');
  if (typeof action !== 'string') return refuse('claim-type', 'action');
  return ACTIONS.find((known) => known === action) ?? refuse('bad-action');
};

/** RFC 7519 section 2 NumericDate; RFC 8225 section 9 leaves integers alone. */
const timeOf = (payload: JsonObject, name: string): number => {
  const value = own(payload, name);
  if (value === undefined) return refuse('claim-missing', name);
  return typeof value === 'number' && value > 0 ? value : refuse('claim-type', name);
};

/** RFC 8225 section 5.2.1: exactly one identity, a string. */
const siiOf = (orig: JsonValue | undefined): string => {
  if (!isObject(orig)) return refuse('bad-orig', 'type');
  const names = Object.keys(orig);
  const [name] = names;
  if (names.length !== 1 || (name !== 'tn' && name !== 'uri')) return refuse('bad-orig', 'members');
  const value = orig[name];
  if (typeof value !== 'string') return refuse('bad-orig', 'value');
  if (name === 'tn') return `tel:+${parseTn(value)}`;
  // A number has one spelling, tn: as a URI it would be the same SII signed in two ways.
  return value.startsWith('mailto:') ? parseCanonicalSii(value).uri : refuse('non-canonical-uri', 'orig');
};

const ssiOf = (dest: JsonValue | undefined, action: PassportAction): string | null => {
  if (!isObject(dest)) return refuse('bad-dest', 'type');
  const uris = own(dest, 'uri');
  if (Object.keys(dest).length !== 1 || !Array.isArray(uris) || uris.length !== 1) return refuse('bad-dest', 'members');
  const [uri] = uris;
  if (typeof uri !== 'string') return refuse('bad-dest', 'value');
  if (action !== 'release' && action !== 'port') return parseSsi(uri).uri;
  return uri === NO_SSI ? null : refuse('bad-dest', 'an SSI where none belongs');
};

type MappingClaims = Pick<PassportClaims, 'provider' | 'purpose' | 'kind' | 'circle' | 'consent' | 'preference'>;

const mappingClaims = (payload: JsonObject): MappingClaims => {
  const provider = textOf(payload, 'provider');
  return {
    provider: provider === null ? null : parseDomain(provider),
    consent: wordOf(payload, 'consent', CONSENTS),
    purpose: wordOf(payload, 'purpose', ['consumer', 'business']),
    kind: wordOf(payload, 'kind', ['user', 'service']) ?? 'user',
    circle: circleOf(textOf(payload, 'circle')),
    preference: preferenceOf(own(payload, 'preference')),
  };
};

const portClaims = (payload: JsonObject): Pick<PassportClaims, 'from' | 'to' | 'effective'> => {
  const from = textOf(payload, 'from');
  const to = textOf(payload, 'to');
  const effective = own(payload, 'effective');
  if (from === null || to === null || effective === undefined) return { from: null, to: null, effective: null };
  if (parseSpc(from) === parseSpc(to)) return refuse('claim-value', 'from equals to');
  if (typeof effective !== 'number') return refuse('claim-type', 'effective');
  return effective >= 0 ? { from, to, effective } : refuse('claim-value', 'effective');
};

const textOf = (payload: JsonObject, name: string): string | null => {
  const value = own(payload, name);
  if (value === undefined) return null;
  return typeof value === 'string' ? value : refuse('claim-type', name);
};

const wordOf = <W extends string>(payload: JsonObject, name: string, words: readonly W[]): W | null => {
  const value = textOf(payload, name);
  return value === null ? null : (words.find((word) => word === value) ?? refuse('claim-value', name));
};

/** SHA-256 of the circle code: 32 octets in base64url. */
const circleOf = (circle: string | null): string | null =>
  circle === null || decodeBase64url(circle)?.length === 32 ? circle : refuse('claim-value', 'circle');

const PREFERENCES: ReadonlySet<string> = new Set(['business', 'consumer', 'default']);

const preferenceOf = (value: JsonValue | undefined): Readonly<Record<string, string>> | null => {
  if (value === undefined) return null;
  if (!isObject(value)) return refuse('claim-type', 'preference');
  const entries = Object.entries(value);
  if (entries.length === 0) return refuse('claim-value', 'preference is empty');
  const preference: Record<string, string> = {};
  for (const [name, domain] of entries) {
    if (!PREFERENCES.has(name)) return refuse('claim-value', 'preference member');
    if (typeof domain !== 'string') return refuse('claim-type', 'preference');
    preference[name] = isDomain(domain) ? domain : refuse('claim-value', 'preference domain');
  }
  return preference;
};

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

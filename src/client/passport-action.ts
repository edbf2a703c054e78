import { decodeBase64url, parseStrictJson, type JsonValue } from '../encoding/index.js';
import { refuse } from '../reasons/index.js';

/**
 * Refuses a PASSporT that asks for another action than its caller does, before anything is sent. Proves nothing about the PASSporT:
 * the gateway judges it.
 * @throws Refusal `malformed-token`, `bad-action`
 */
export const checkAction = (passport: string, action: string): void => {
  if (actionOf(passport) !== action) refuse('bad-action', `not a ${action}`);
};

const actionOf = (passport: string): unknown => {
  const octets = decodeBase64url(passport.split('.')[1] ?? '');
  const payload = octets === null ? null : parseOrNull(octets);
  return typeof payload === 'object' && payload !== null && !Array.isArray(payload) ? payload['action'] : refuse('malformed-token');
};

const parseOrNull = (octets: Uint8Array): JsonValue => {
  try {
    return parseStrictJson(octets);
  } catch {
    return null;
  }
};

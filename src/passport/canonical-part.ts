import { JsonError, canonicalJson, parseStrictJson, type JsonObject, type JsonValue } from '../encoding/index.js';
import { refuse, type Reason } from '../reasons/index.js';
import { readPlainCanonical } from './canonical-reader.js';

/**
 * One part of a PASSporT: octets that must be a JSON object in the deterministic form of RFC 8225 section 9.
 * @param fault the reason when it is not a JSON object of the allowed depth
 * @throws Refusal `fault`, `duplicate-member`, `non-canonical`
 */
export const parseCanonicalPart = (octets: Buffer, fault: Reason): JsonObject =>
  readPlainCanonical(octets.toString('latin1')) ?? parseCarefully(octets, fault);

const parseCarefully = (octets: Buffer, fault: Reason): JsonObject => {
  let value: JsonValue;
  try {
    value = parseStrictJson(octets);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return refuse(error.fault === 'duplicate-member' ? 'duplicate-member' : fault);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(fault, 'not an object');
  // RFC 8225 section 9 asks this of the signer; the profile asks it of the verifier, so that one PASSporT has one spelling.
  if (!Buffer.from(canonicalJson(value)).equals(octets)) return refuse('non-canonical');
  return value;
};

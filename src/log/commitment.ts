import { hmacOf } from '../encoding/index.js';
import { refuse } from '../reasons/index.js';
import { HASH_SIZE, sha256 } from './sha256.js';

/** HMAC-SHA-256 under a 32-octet opening, base64url. */
const hmac = (opening: Uint8Array, message: string | Buffer): string => {
  if (!(opening instanceof Uint8Array) || opening.length !== HASH_SIZE) return refuse('log-corrupt', 'opening');
  const octets = typeof message === 'string' ? Buffer.from(message) : message;
  return octets.length > 1024 ? refuse('too-large', 'committed value') : hmacOf(opening, octets, 'base64url');
};

/*
 * A leaf says of personal values only HMAC(opening, label || value): a fresh opening for each entry, because the space of phone numbers
 * is small enough to be searched under any key that is used twice. Without the opening the 43 characters say nothing.
 * The labels keep one commitment from being passed off as another.
 */

/** The canonical SII. */
export const commitSii = (opening: Uint8Array, sii: string): string => hmac(opening, `sii/1\n${sii}`);

/** SSI and provider; an empty provider where the event has none. */
export const commitMapping = (opening: Uint8Array, ssi: string, provider: string): string => hmac(opening, `map/1\n${ssi}\n${provider}`);

/** A list of mappings, by its SHA-256: of a short one the digest alone could be tried by whoever gets at the ids of subjects. */
export const commitList = (opening: Uint8Array, digest: Uint8Array): string =>
  hmac(opening, Buffer.concat([Buffer.from('list/1\n'), digest]));

/** The fingerprint of a certificate that names numbers or a mailbox: public registers of certificates would turn it into the number. */
export const commitFingerprint = (opening: Uint8Array, fingerprint: Uint8Array): string =>
  hmac(opening, Buffer.concat([Buffer.from('cert/1\n'), fingerprint]));

/** The case under which an entry was opened or a subject erased. */
export const commitCase = (opening: Uint8Array, caseId: string): string => hmac(opening, `case/1\n${caseId}`);

/** A question, under the nonce of its answer: the space of questions is as small as that of numbers. */
export const commitQuestion = (nonce: Uint8Array, question: string): string => hmac(nonce, `ask/1\n${question}`);

/** What was found. By its digest, since it may be long. */
export const commitFound = (nonce: Uint8Array, found: string): string =>
  hmac(nonce, Buffer.concat([Buffer.from('found/1\n'), sha256(Buffer.from(found))]));

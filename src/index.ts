/**
 * Signpost as a library (CONTRACT section 4). What does not hold throws a `Refusal` (`name`, `reason`), whatever the input's type, but for
 * `verifyPath` and `verifyPassport`, whose answer says it. Loading this module has no side effect. The log's functions are in `signpost/log`,
 * the clients in `signpost/client`.
 *
 * @example
 * ```ts
 * import { covers, parseTnAuthList } from 'signpost';
 *
 * covers(parseTnAuthList(Buffer.from('3014a1123010160b3132303235353530313030020102', 'hex')), '12025550100');
 * ```
 */
import { readFileSync } from 'node:fs';
import { Authorizer, parseGatewayPolicy, type Parsed } from './policy/index.js';
import { PassportLines, type PassportAnswer } from './verification/index.js';

export { canonicalJson } from './encoding/index.js';
export { parseSii, parseSsi, type Sii, type Ssi } from './identifiers/index.js';
export {
  parsePassport,
  signPassport,
  verifyEs256,
  type PassportToSign,
  type SignedOctets,
  type UnverifiedPassport,
} from './passport/index.js';
export { REASONS, Refusal, Unavailable, type Reason } from './reasons/index.js';
export { verifyPath, type PathAnswer } from './verification/index.js';
export { covers, encodeTnAuthList, parseTnAuthList, type TnEntry } from './x509/index.js';
export type { PassportAnswer };

let shipped: PassportLines | null = null;

/**
 * Judges one PASSporT offline, under the project's own policies: the object and the answer are those of `verify passport` (CONTRACT section 3);
 * DER may be base64 text or octets. Accepted proves that its signer had authority over the SII at `at`, might sign the action, and that
 * `client` might present it. Not that it was never used before. Never throws for what is wrong with the line.
 * @throws Error when the project's own policies cannot be read
 */
export const verifyPassport = (line: unknown): PassportAnswer => (shipped ??= new PassportLines(readShippedPolicies())).verify(line);

/** Read at the first question, not at loading; from dist/src to the project's root. */
const readShippedPolicies = (): ConstructorParameters<typeof PassportLines>[0] => {
  const read = (file: string): string => readFileSync(new URL(`../../policies/${file}`, import.meta.url), 'utf8');
  return {
    policy: valueOf(parseGatewayPolicy(read('gateway.yaml'))),
    authorizer: valueOf(Authorizer.load(read('authorization.cedar'), read('authorization.cedarschema'))),
  };
};

const valueOf = <T>(parsed: Parsed<T>): T => {
  if (parsed.ok) return parsed.value;
  throw new Error(parsed.problems.join('\n'));
};

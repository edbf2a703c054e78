import { decodeBase64, type JsonObject, type JsonValue } from '../../encoding/index.js';
import {
  checkClaims,
  checkHeader,
  parseCompact,
  verifyPassportSignature,
  type CompactPassport,
  type PassportClaims,
} from '../../passport/index.js';
import { tnOf } from '../../identifiers/index.js';
import { Refusal, refuse } from '../../reasons/index.js';
import { checkClaimConstraints, covers } from '../../x509/index.js';
import { shippedPolicy } from '../shipped-policy.js';
import { checkTimes } from '../steps/check-freshness.js';
import type { InspectOptions } from './certificate.js';
import { inspectChain } from './chain.js';
import { Findings, malformed, refusalOf, type Inspection } from './finding.js';
import type { Subject } from './subject.js';

const NONE: readonly JsonValue[] = [];

/** Octets of the certificates in x5c; null where one is no base64, which the header's own check has said. */
const certificatesOf = ({ x5c }: JsonObject): Uint8Array[] | null => {
  const ders = (Array.isArray(x5c) ? x5c : NONE).map((text) => (typeof text === 'string' ? decodeBase64(text) : null));
  const read = ders.filter((der) => der !== null);
  return read.length === ders.length ? read : null;
};

const inspectSignature = (compact: CompactPassport, signer: Subject | undefined, findings: Findings): void => {
  if (compact.signature.length !== 64) return findings.reason('error', 'bad-signature', 'not 64 octets');
  const form = signer?.certificate.publicKey.form;
  const key = form?.kind === 'ec' && form.curve === 'P-256' ? signer?.certificate.publicKey : undefined;
  if (key === undefined || refusalOf(() => key.keyObject) !== null) return findings.found('signature-unchecked');
  findings.attempt(() => verifyPassportSignature(key.keyObject, compact));
  return undefined;
};

/** What the end-entity lets it say, as far as the certificate alone decides. */
const inspectScope = (payload: JsonObject, claims: PassportClaims | null, signer: Subject, findings: Findings): void => {
  const { constraints, list } = signer;
  if (constraints !== null) findings.attempt(() => checkClaimConstraints(constraints, payload));
  const tn = claims === null ? null : tnOf(claims.sii);
  if (tn === null || list === null || list.some((entry) => 'spc' in entry)) return;
  findings.attempt(() => covers(list, tn) || refuse('tn-out-of-scope', 'TNAuthList'));
};

const factsOf = ({ header, payload, signature }: CompactPassport): Record<string, JsonValue> => {
  const { x5c, ...members } = header.members;
  return { header: members, x5c: Array.isArray(x5c) ? x5c.length : 0, payload, signatureOctets: signature.length };
};

/** The claims of the profile, or null where they are not. */
const inspectClaims = (payload: JsonObject, { at = null }: InspectOptions, findings: Findings): PassportClaims | null => {
  const held: PassportClaims[] = [];
  findings.attempt(() => held.push(checkClaims(payload)));
  const [claims = null] = held;
  if (claims !== null && at !== null) findings.attempt(() => checkTimes(claims, Math.floor(at / 1000), shippedPolicy()));
  return claims;
};

/**
 * A compact PASSporT and the path that it brings along. Malformed is what is not three canonical parts; what the profile `mimi` forbids is a finding, so
 * a PASSporT for calls is well-formed. Its signature is checked under the key of x5c, which nobody vouches for here.
 */
export const inspectPassport = (text: string, options: InspectOptions = {}): Inspection => {
  let compact: CompactPassport;
  try {
    compact = parseCompact(text);
  } catch (error) {
    if (error instanceof Refusal) return malformed('passport', error.reason, error.detail);
    throw error;
  }
  const findings = Findings.empty();
  const { members } = compact.header;
  findings.attempt(() => checkHeader(members));
  const claims = inspectClaims(compact.payload, options, findings);
  const ders = certificatesOf(members) ?? [];
  const chain = ders.length === 0 ? null : inspectChain(ders, options, findings, true);
  if (chain !== null && chain.broken !== null) findings.reason('error', chain.broken.reason, `x5c, ${chain.broken.problem}`);
  const signer = chain?.broken === null ? chain.subjects[0] : undefined;
  inspectSignature(compact, signer, findings);
  if (signer !== undefined) inspectScope(compact.payload, claims, signer, findings);
  const facts = { ...factsOf(compact), ...chain?.facts };
  return { ok: true, kind: 'passport', reason: null, tnAuthList: signer?.list ?? null, findings: findings.list, facts };
};

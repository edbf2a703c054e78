import {
  DerError,
  TAG,
  checkCanonicalDer,
  contentOf,
  readChildren,
  readInteger,
  readOid,
  readTlv,
  wholeOf,
  type Tlv,
} from '../../encoding/index.js';
import { Refusal } from '../../reasons/index.js';
import {
  DistinguishedName,
  OID,
  PublicKey,
  RFC5280_RULES,
  STIR_RULES,
  constraintsFrom,
  isKeyAllowed,
  readBasicConstraints,
  parseTnAuthList,
  readExtension,
  readSignatureAlgorithm,
  signatureHolds,
  type ClaimConstraints,
  type Extension,
  type TnEntry,
} from '../../x509/index.js';
import { entryFacts, extensionText, nameText } from './facts.js';
import { Findings, malformed, refusalOf, type Inspection } from './finding.js';
import { checkNumbersBound } from '../profiles/delegate.js';

/** PKCS #9 extensionRequest. */
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

interface Request {
  readonly subject: DistinguishedName;
  readonly key: PublicKey;
  readonly extensions: readonly Extension[];
  readonly holds: boolean;
}

const readAttribute = (der: Uint8Array, attribute: Tlv): Extension[] => {
  const [oid, values] = readChildren(der, attribute);
  if (attribute.tag !== TAG.sequence || oid === undefined || values?.tag !== TAG.set) throw new DerError('Attribute');
  if (readOid(der, oid) !== EXTENSION_REQUEST) return [];
  return readChildren(der, values).flatMap((list) => readChildren(der, list).map((tlv) => readExtension(der, tlv)));
};

/** CertificationRequest, RFC 2986 section 4. @throws DerError */
const readRequest = (der: Uint8Array): Request => {
  checkCanonicalDer(der);
  const [info, algorithm, signature, more] = readChildren(der, readTlv(der, 0));
  if (info?.tag !== TAG.sequence || algorithm === undefined || signature?.tag !== TAG.bitString || more !== undefined)
    throw new DerError('CertificationRequest');
  const [version, subject, spki, attributes, extra] = readChildren(der, info);
  if (
    version?.tag !== TAG.integer ||
    readInteger(der, version) !== 0n ||
    subject === undefined ||
    spki === undefined ||
    extra !== undefined
  )
    throw new DerError('CertificationRequestInfo');
  if (attributes !== undefined && attributes.tag !== 0xa0) throw new DerError('attributes');
  const key = PublicKey.read(der, spki);
  return {
    subject: DistinguishedName.read(der, subject),
    key,
    extensions: attributes === undefined ? [] : readChildren(der, attributes).flatMap((attribute) => readAttribute(der, attribute)),
    holds: holds(readSignatureAlgorithm(der, algorithm), key, wholeOf(der, info), contentOf(der, signature).subarray(1)),
  };
};

const holds: typeof signatureHolds = (algorithm, key, message, signature) => {
  try {
    return signatureHolds(algorithm, key, message, signature);
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};

const valueOf = ({ extensions }: Request, oid: string): Uint8Array | null => extensions.find((one) => one.oid === oid)?.value ?? null;

interface Asked {
  readonly list: readonly TnEntry[] | null;
  readonly constraints: ClaimConstraints | null;
}

/** @throws Refusal `malformed-tnauthlist`, `range-overflow`, `malformed-claim-constraints`; DerError */
const readAsked = (request: Request): Asked => {
  const list = valueOf(request, OID.tnAuthList);
  return {
    list: list === null ? null : parseTnAuthList(list),
    constraints: constraintsFrom(valueOf(request, OID.jwtClaimConstraints), valueOf(request, OID.enhancedJwtClaimConstraints)),
  };
};

const inspectAsked = (request: Request, { list, constraints }: Asked, findings: Findings): void => {
  const basic = valueOf(request, OID.basicConstraints);
  const asksAuthority = basic !== null && readBasicConstraints(basic).ca;
  if (asksAuthority) findings.found('request-asks-authority');
  if (list === null) findings.reason('notice', 'tnauthlist-missing');
  if (request.extensions.some(({ oid, critical }) => critical && oid === OID.tnAuthList)) findings.reason('error', 'tnauthlist-critical');
  if (!asksAuthority && list !== null && refusalOf(() => checkNumbersBound(list, constraints)) !== null)
    findings.found('request-unbound-numbers');
};

const inspectKey = ({ key, holds: isHeld }: Request, findings: Findings): void => {
  if (!isHeld) findings.reason('error', 'bad-signature', 'the request is not signed by the key that it is for');
  if (!isKeyAllowed(key, STIR_RULES, false)) findings.reason('error', 'unsupported-key', 'neither P-256 nor P-384');
};

/** A certificate signing request: form, proof of possession, and what it asks for. */
export const inspectRequest = (der: Uint8Array): Inspection => {
  if (der.length > RFC5280_RULES.maxOctets) return malformed('csr', 'too-large', 'more than 64 KiB');
  try {
    const request = readRequest(der);
    const asked = readAsked(request);
    const findings = Findings.empty();
    inspectKey(request, findings);
    inspectAsked(request, asked, findings);
    const facts = {
      subject: nameText(request.subject),
      extensions: request.extensions.map(({ oid }) => extensionText(oid)),
      tnAuthList: entryFacts(asked.list),
    };
    return { ok: true, kind: 'csr', reason: null, tnAuthList: asked.list, findings: findings.list, facts };
  } catch (error) {
    if (error instanceof Refusal) return malformed('csr', error.reason, error.detail);
    if (error instanceof DerError) return malformed('csr', 'malformed-request', error.message);
    throw error;
  }
};

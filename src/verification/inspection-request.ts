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
} from '../encoding/index.js';
import { Refusal } from '../reasons/index.js';
import {
  DistinguishedName,
  OID,
  PublicKey,
  parseTnAuthList,
  readExtension,
  readSignatureAlgorithm,
  signatureHolds,
  type Extension,
  type TnEntry,
} from '../x509/index.js';
import { entryFacts, nameText } from './inspection-facts.js';
import { Findings, malformed, type Inspection } from './inspection-finding.js';

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

const findingsOf = (request: Request, list: readonly TnEntry[] | null): Findings => {
  const findings = new Findings();
  if (!request.holds) findings.reason('error', 'bad-signature', 'the request is not signed by the key that it is for');
  const { form } = request.key;
  if (form.kind !== 'ec' || (form.curve !== 'P-256' && form.curve !== 'P-384'))
    findings.reason('error', 'unsupported-key', 'neither P-256 nor P-384');
  if (list === null) findings.reason('notice', 'tnauthlist-missing', 'asks for no TNAuthList');
  if (request.extensions.some(({ oid, critical }) => critical && oid === OID.tnAuthList))
    findings.reason('error', 'tnauthlist-critical', 'asks for a critical TNAuthList');
  return findings;
};

/** A certificate signing request: form, proof of possession, and the TNAuthList that it asks for. */
export const inspectRequest = (der: Uint8Array): Inspection => {
  try {
    const request = readRequest(der);
    const value = request.extensions.find(({ oid }) => oid === OID.tnAuthList)?.value;
    const list = value === undefined ? null : parseTnAuthList(value);
    const facts = {
      subject: nameText(request.subject),
      extensions: request.extensions.map(({ oid }) => oid),
      tnAuthList: entryFacts(list),
    };
    return { ok: true, kind: 'csr', reason: null, tnAuthList: list, findings: findingsOf(request, list).list, facts };
  } catch (error) {
    if (error instanceof Refusal) return malformed('csr', error.reason);
    if (error instanceof DerError) return malformed('csr', 'malformed-request');
    throw error;
  }
};

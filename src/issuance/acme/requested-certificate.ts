import { DerError, decodeBase64url } from '../../encoding/index.js';
import { importP256 } from '../../passport/index.js';
import { Refusal, refuse } from '../../reasons/index.js';
import { readBasicConstraints } from '../../x509/index.js';
import { verifyRequest, type CertificateRequest } from '../certificate-request.js';
import { OID } from '../object-identifiers.js';
import type { AccountKey } from './account-key.js';
import { checkTemplate, type CsrTemplate } from './csr-template.js';

/** What a request is held to. */
export interface RequestTerms {
  /** base64url of the ordered TNAuthList. */
  readonly identifier: string;
  readonly accountKey: AccountKey;
  /** Under a delegation. */
  readonly template: CsrTemplate | null;
}

/** What a request asks for, once it holds. */
export interface RequestedCertificate {
  readonly spki: Buffer;
  readonly ca: boolean;
}

const verified = (csr: string): CertificateRequest => {
  const der = decodeBase64url(csr) ?? refuse('csr-malformed', 'base64url');
  try {
    return verifyRequest(der);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.reason === 'bad-signature') return refuse('csr-signature-wrong');
    return refuse(error.reason === 'unsupported-key' ? 'csr-key-not-allowed' : 'csr-malformed');
  }
};

const checkKey = (spki: Buffer, accountKey: AccountKey): void => {
  try {
    importP256(spki);
  } catch (error) {
    if (error instanceof Refusal) return refuse('csr-key-not-allowed');
    throw error;
  }
  // RFC 8555 section 11.1: an account key that signs for itself would make one key's loss that of both.
  if (spki.equals(accountKey.spki)) refuse('csr-key-of-account');
};

const readCa = (value: Uint8Array): boolean => {
  try {
    const { ca, pathLength } = readBasicConstraints(value);
    return pathLength === null ? ca : refuse('csr-extension-not-allowed', 'pathLenConstraint');
  } catch (error) {
    if (error instanceof DerError) return refuse('csr-malformed', 'basicConstraints');
    throw error;
  }
};

/** RFC 8555 section 7.4: a CA must refuse what it would not give, and must give nothing that was not asked for. */
const checkExtensions = ({ extensions }: CertificateRequest, { identifier, template }: RequestTerms): boolean => {
  const allowed: readonly string[] = [OID.tnAuthList, OID.basicConstraints, ...(template === null ? [] : [OID.keyUsage])];
  const oids = extensions.map(({ oid }) => oid);
  if (oids.some((oid) => !allowed.includes(oid))) return refuse('csr-extension-not-allowed', 'kind');
  if (new Set(oids).size < oids.length) return refuse('csr-extension-not-allowed', 'twice');
  const list = extensions.find(({ oid }) => oid === OID.tnAuthList);
  const isOrdered = list?.critical === false && list.value.equals(Buffer.from(identifier, 'base64url'));
  if (!isOrdered) return refuse('csr-identifier-mismatch');
  const constraints = extensions.find(({ oid }) => oid === OID.basicConstraints);
  return constraints !== undefined && readCa(constraints.value);
};

/**
 * Judges the csr of a finalize request. Proves that its sender has the key, and that it asks for what was ordered and nothing else.
 * @throws Refusal `csr-malformed`, `csr-signature-wrong`, `csr-key-not-allowed`, `csr-key-of-account`, `csr-extension-not-allowed`,
 * `csr-identifier-mismatch`, `csr-template-mismatch`
 */
export const judgeRequest = (csr: string, terms: RequestTerms): RequestedCertificate => {
  const request = verified(csr);
  checkKey(request.spki, terms.accountKey);
  const ca = checkExtensions(request, terms);
  if (terms.template !== null) checkTemplate(request, terms.template);
  return { spki: request.spki, ca };
};

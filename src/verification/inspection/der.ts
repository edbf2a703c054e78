import { Refusal } from '../../reasons/index.js';
import { parseTnAuthList } from '../../x509/index.js';
import { inspectCertificate, type InspectOptions } from './certificate.js';
import { inspectCrl } from './crl.js';
import { entryFacts } from './facts.js';
import { malformed, type Inspection } from './finding.js';
import { kindOfDer } from './kind.js';
import { inspectRequest } from './request.js';

const inspectTnAuthList = (der: Uint8Array): Inspection => {
  try {
    const list = parseTnAuthList(der);
    return { ok: true, kind: 'tn-auth-list', reason: null, tnAuthList: list, findings: [], facts: { tnAuthList: entryFacts(list) } };
  } catch (error) {
    if (error instanceof Refusal) return malformed('tn-auth-list', error.reason, error.detail);
    throw error;
  }
};

/** Says what octets are and what is wrong about them: certificate, CRL, request or TNAuthList. Proves nothing; throws nothing. */
export const inspectDer = (der: Uint8Array, options: InspectOptions = {}): Inspection => {
  const kind = kindOfDer(der);
  if (kind === 'certificate') return inspectCertificate(der, options);
  if (kind === 'crl') return inspectCrl(der, options);
  if (kind === 'csr') return inspectRequest(der);
  if (kind === 'tn-auth-list') return inspectTnAuthList(der);
  return malformed(null, 'malformed-request', der.length === 0 ? 'empty' : 'neither text nor DER that is known');
};

import { Refusal } from '../reasons/index.js';
import { parseCrl, type Crl } from '../x509/index.js';
import { isoTime, nameText } from './inspection-facts.js';
import { Findings, malformed, type Inspection } from './inspection-finding.js';

const findingsOf = (crl: Crl, at: number | null): Findings => {
  const findings = new Findings();
  if (crl.unusable !== null) findings.reason('error', 'status-unavailable', crl.unusable);
  if (crl.isDelta) findings.add('warning', 'delta-crl', 'RFC 5280 section 5.2.4', 'a delta CRL proves no certificate good');
  if (crl.authorityKeyIdentifier === null)
    findings.add('warning', 'no-authority-key-identifier', 'RFC 5280 section 5.2.1', 'no authority key identifier');
  const point = crl.extensions.get('2.5.29.28');
  if (point?.critical === false)
    findings.add('warning', 'idp-not-critical', 'RFC 5280 section 5.2.5', 'issuingDistributionPoint not critical');
  if (crl.signatureAlgorithm.known === null) findings.reason('error', 'unsupported-cert-alg', `algorithm ${crl.signatureAlgorithm.oid}`);
  if (crl.nextUpdate !== null && crl.nextUpdate <= crl.thisUpdate)
    findings.add('error', 'validity-inverted', 'RFC 5280 section 5.1.2.5', 'nextUpdate is not after thisUpdate');
  if (at !== null && crl.nextUpdate !== null && at >= crl.nextUpdate * 1000) findings.reason('notice', 'status-unavailable', 'run out');
  if (at !== null && at < crl.thisUpdate * 1000) findings.reason('notice', 'status-unavailable', 'not yet in force');
  return findings;
};

/** `at` in ms since 1970, or null to leave the time out. */
export const inspectCrl = (der: Uint8Array, at: number | null): Inspection => {
  let crl: Crl;
  try {
    crl = parseCrl(der);
  } catch (error) {
    if (error instanceof Refusal) return malformed('crl', error.reason);
    throw error;
  }
  const facts = {
    issuer: nameText(crl.issuer),
    thisUpdate: isoTime(crl.thisUpdate),
    nextUpdate: crl.nextUpdate === null ? null : isoTime(crl.nextUpdate),
    number: crl.number === null ? null : String(crl.number),
    entries: crl.entryCount,
    indirect: crl.issuingDistributionPoint?.indirect === true,
    digest: crl.digest,
  };
  return { ok: true, kind: 'crl', reason: null, tnAuthList: null, findings: findingsOf(crl, at).list, facts };
};

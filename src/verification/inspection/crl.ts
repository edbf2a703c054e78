import { Refusal, refuse } from '../../reasons/index.js';
import { KEY_USAGE, parseCrl, type Certificate, type Crl, type PublicKey } from '../../x509/index.js';
import type { InspectOptions } from './certificate.js';
import { isoTime, nameText } from './facts.js';
import { Findings, malformed, refusalOf, type Inspection } from './finding.js';

const ISSUING_DISTRIBUTION_POINT = '2.5.29.28';

const hex = (octets: Uint8Array | null): string | null => (octets === null ? null : Buffer.from(octets).toString('hex'));

/** Whether the certificate has the name, and the key identifier where both name one. */
const mayHaveSigned = ({ subject, subjectKeyIdentifier }: Certificate, { issuer, authorityKeyIdentifier }: Crl): boolean => {
  if (!subject.equals(issuer)) return false;
  return (
    authorityKeyIdentifier === null || subjectKeyIdentifier === null || Buffer.compare(authorityKeyIdentifier, subjectKeyIdentifier) === 0
  );
};

/** A point off its curve is no key. */
const isUsable = (key: PublicKey): boolean => refusalOf(() => key.keyObject) === null;

/** Signers of one name that are tried for one CRL; two or three are honest, while a key is renewed. */
const MAX_SIGNERS = 3;

/** RFC 5280 section 6.3.3 (f), (g). */
const inspectSigner = (crl: Crl, beside: readonly Certificate[], findings: Findings): void => {
  const signers = beside.filter((certificate) => mayHaveSigned(certificate, crl)).slice(0, MAX_SIGNERS);
  const [first] = signers;
  if (first === undefined) return findings.found('crl-signer-unknown');
  const signer = signers.find(({ publicKey }) => isUsable(publicKey) && crl.signatureHolds(publicKey));
  if (signer === undefined) return findings.reason('error', 'status-unavailable', 'its signature does not verify');
  const { keyUsage } = signer;
  if (keyUsage !== null && (keyUsage.bits & KEY_USAGE.cRLSign) === 0)
    findings.reason('error', 'status-unavailable', 'its signer may not sign CRLs');
  return undefined;
};

const inspectTimes = ({ thisUpdate, nextUpdate }: Crl, at: number | null, findings: Findings): void => {
  if (nextUpdate !== null && nextUpdate <= thisUpdate) findings.found('validity-inverted', 'nextUpdate is not after thisUpdate');
  if (at === null) return;
  // RFC 5280 section 5.1.2.5: at nextUpdate the next one is out already.
  if (nextUpdate !== null && at >= nextUpdate * 1000) findings.reason('error', 'status-unavailable', `stale since ${isoTime(nextUpdate)}`);
  if (at < thisUpdate * 1000) findings.reason('error', 'status-unavailable', `not in force until ${isoTime(thisUpdate)}`);
};

const inspectForm = (crl: Crl, findings: Findings): void => {
  if (crl.unusable !== null) findings.reason('error', 'status-unavailable', crl.unusable);
  if (crl.signatureAlgorithm.known === null) findings.reason('error', 'unsupported-cert-alg', crl.signatureAlgorithm.oid);
  if (crl.isDelta) findings.found('delta-crl');
  if (crl.authorityKeyIdentifier === null) findings.found('no-authority-key-identifier');
  const point = crl.extensions.get(ISSUING_DISTRIBUTION_POINT);
  if (point === undefined) findings.found('crl-without-idp');
  else if (!point.critical) findings.found('idp-not-critical');
};

const pointText = ({ issuingDistributionPoint: point }: Crl): string | null => {
  const [name] = point?.name?.fullName ?? [];
  return name?.kind === 'uniformResourceIdentifier' ? name.text : null;
};

const factsOf = (crl: Crl): Inspection['facts'] => ({
  issuer: nameText(crl.issuer),
  signerKeyIdentifier: hex(crl.authorityKeyIdentifier),
  thisUpdate: isoTime(crl.thisUpdate),
  nextUpdate: crl.nextUpdate === null ? null : isoTime(crl.nextUpdate),
  number: crl.number === null ? null : String(crl.number),
  entries: crl.entryCount,
  indirect: crl.issuingDistributionPoint?.indirect === true,
  distributionPoint: pointText(crl),
  digest: crl.digest,
});

/** Adds all that is wrong with one CRL. `beside`: certificates that came with it, among which its signer may be. */
export const inspectList = (
  crl: Crl,
  { at = null }: InspectOptions,
  beside: readonly Certificate[],
  findings: Findings,
): Inspection['facts'] => {
  inspectForm(crl, findings);
  inspectTimes(crl, at, findings);
  inspectSigner(crl, beside, findings);
  return factsOf(crl);
};

/** Which of the certificates beside it the CRL lists (RFC 5280 section 5.3.3), whoever signed it. */
export const inspectListed = (crl: Crl, beside: readonly Certificate[], where: string, at: (position: number) => Findings): void =>
  beside.forEach(({ issuer, serial }, position) => {
    const refusal = refusalOf(() => {
      if (crl.find(issuer, serial) !== null) refuse('cert-revoked', `listed in ${where}`);
    });
    if (refusal !== null) at(position).reason('error', refusal.reason, refusal.detail);
  });

/** Throws nothing for octets that are no CRL. */
export const inspectCrl = (der: Uint8Array, options: InspectOptions = {}): Inspection => {
  try {
    const findings = Findings.empty();
    const facts = inspectList(parseCrl(der), options, [], findings);
    return { ok: true, kind: 'crl', reason: null, tnAuthList: null, findings: findings.list, facts };
  } catch (error) {
    if (error instanceof Refusal) return malformed('crl', error.reason, error.detail);
    throw error;
  }
};

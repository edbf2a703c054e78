import { decodePem } from '../../encoding/index.js';
import { Refusal } from '../../reasons/index.js';
import { OID, STIR_RULES, judgePath, parseCertificate, type Certificate } from '../../x509/index.js';
import { invalid } from './form.js';
import { ROOT_RULES } from './signer.js';

/** Some ten times the list of the United States. */
const MAX_ENTRIES = 1000;

/** RFC 7468 section 2, without the text that it lets stand around the block: an entry is one certificate and nothing else. */
const ONE_BLOCK = /^\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/;

export interface Entries {
  /** Each once. */
  readonly roots: readonly Certificate[];
  /** Entries that give no anchor, with why. */
  readonly leftOut: readonly string[];
}

/**
 * The roots of a list: self-signed CA certificates that the `shaken` profile can end in. Whether one is valid now is not asked: a path to one that is
 * not is `cert-expired`, and a list must not fall for a root that runs out while the list is good. One whose key no profile takes is left out:
 * nobody could register under it, and the others must not suffer (12 of 16,281 certificates of the field are under RSA keys).
 * @param apart certificates of the list's own hierarchy: none of their keys may be an anchor of PASSporTs (ATIS-1000084: the STI-PA signs lists)
 * @throws Refusal `trust-list-invalid` naming the entry, counted from 0
 */
export const readEntries = (value: unknown, apart: readonly Certificate[]): Entries => {
  if (!Array.isArray(value) || value.length > MAX_ENTRIES) return invalid('trustList');
  const found = new Map<string, Certificate>();
  const leftOut: string[] = [];
  value.forEach((item: unknown, i) => {
    const certificate = readEntry(item, i);
    if (certificate === null) return void leftOut.push(`entry ${i}: unsupported-key`);
    if (apart.some(({ publicKey }) => Buffer.compare(publicKey.spki, certificate.publicKey.spki) === 0))
      invalid(`entry ${i}: a key of the list's own hierarchy`);
    found.set(certificate.fingerprint.toString('hex'), certificate);
  });
  return { roots: [...found.values()], leftOut };
};

/** Null: its key is of a kind that no profile takes. @throws Refusal `trust-list-invalid` */
export const readEntry = (value: unknown, i: number): Certificate | null => {
  if (typeof value !== 'string' || !ONE_BLOCK.test(value)) return invalid(`entry ${i}: not one PEM certificate`);
  try {
    const [block] = decodePem(value);
    if (block === undefined || block.der.length > STIR_RULES.maxOctets) return invalid(`entry ${i}: size`);
    const certificate = parseCertificate(block.der);
    checkRoot(certificate);
    return certificate;
  } catch (error) {
    if (error instanceof Refusal && error.reason === 'unsupported-key') return null;
    if (error instanceof Refusal && error.reason !== 'trust-list-invalid') return invalid(`entry ${i}: ${error.reason}`);
    throw error;
  }
};

/** ATIS-1000080 section 6.4.1, what is unsafe to do without; the rest of the table is for `inspect`. */
const checkRoot = (certificate: Certificate): void => {
  judgePath({ path: [certificate], anchors: [certificate], at: certificate.notBefore * 1000, rules: ROOT_RULES });
  if (!certificate.isSelfIssued || !certificate.signatureHolds(certificate)) throw new Refusal('bad-cert-signature');
  const unfit = [OID.tnAuthList, OID.jwtClaimConstraints, OID.enhancedJwtClaimConstraints].some((oid) => certificate.extensions.has(oid));
  if (unfit) throw new Refusal('profile-violation');
};

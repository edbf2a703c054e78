import { Refusal, refuse } from '../reasons/index.js';
import type { Certificate } from './certificate.js';
import { MAX_CANDIDATES } from './path-rules.js';

const sameOctets = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** RFC 9060 section 7: the authority key identifier is there, and is the issuer's subject key identifier. */
const identifiersFit = (subject: Certificate, issuer: Certificate): boolean => {
  const { authorityKeyIdentifier } = subject;
  const { subjectKeyIdentifier } = issuer;
  return authorityKeyIdentifier !== null && subjectKeyIdentifier !== null && sameOctets(authorityKeyIdentifier, subjectKeyIdentifier);
};

/** RFC 5280 section 4.2.1.1: only a self-signed certificate may leave the identifier out, and then it would be its own. @throws Refusal `aki-mismatch` */
export const checkAnchorIdentifiers = ({ authorityKeyIdentifier, subjectKeyIdentifier, isSelfIssued }: Certificate): void => {
  if (!isSelfIssued && authorityKeyIdentifier === null) refuse('aki-mismatch', 'authority key identifier');
  if (!isSelfIssued || authorityKeyIdentifier === null || subjectKeyIdentifier === null) return;
  if (!sameOctets(authorityKeyIdentifier, subjectKeyIdentifier))
    refuse('aki-mismatch', 'a self-signed certificate that names another authority');
};

/** Whether `issuer` calls itself what `subject` says of its issuer. @throws Refusal `aki-mismatch`, `untrusted-chain`, `malformed-chain` */
export const checkLink = (subject: Certificate, issuer: Certificate, position: number): void => {
  const names = subject.issuer.equals(issuer.subject);
  const identifiers = identifiersFit(subject, issuer);
  if (names && !identifiers) refuse('aki-mismatch', undefined, position);
  if (!names && identifiers) refuse('untrusted-chain', 'issuer name', position);
  // RFC 9060 section 7: neither fits, so the next certificate is not the issuer: wrong order, a gap, or one too many.
  if (!names) refuse('malformed-chain', 'order', position + 1);
};

/** Each certificate once, each next one the issuer of the one before. Nothing is built or reordered (RFC 9060 section 6). */
export const checkLinks = (path: readonly Certificate[]): void => {
  path.forEach((certificate, i) => {
    if (path.slice(0, i).some((other) => sameOctets(other.der, certificate.der))) refuse('malformed-chain', 'certificate twice', i);
  });
  path.forEach((certificate, i) => {
    const issuer = path[i + 1];
    if (issuer !== undefined) checkLink(certificate, issuer, i);
  });
};

export interface Candidate {
  readonly anchor: Certificate;
  /** Whether the last certificate of the path as given is the anchor. The anchor as configured is used, never the one in band. */
  readonly inPath: boolean;
}

/** RFC 9060 section 6: an anchor is known by its DER, or by subject and key. */
const isSameAuthority = (a: Certificate, b: Certificate): boolean =>
  sameOctets(a.der, b.der) || (sameOctets(a.publicKey.spki, b.publicKey.spki) && a.subject.equals(b.subject));

/** Two authorities may have one name: whose key signed tells a certificate with a wrong identifier from a stranger's. */
const isSignedBy = (certificate: Certificate, anchor: Certificate): boolean => {
  try {
    return certificate.signatureHolds(anchor);
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};

/**
 * The anchors that the path may end in, likeliest first.
 * @throws Refusal `untrusted-chain`, `aki-mismatch` when there is none.
 */
export const findAnchors = (path: readonly Certificate[], anchors: readonly Certificate[]): Candidate[] => {
  const position = path.length - 1;
  const last = path[position];
  if (last === undefined) return refuse('malformed-chain', 'empty');
  const same = anchors.filter((anchor) => isSameAuthority(anchor, last));
  same.sort((a, b) => Number(sameOctets(b.der, last.der)) - Number(sameOctets(a.der, last.der)));
  const named = anchors.filter((anchor) => last.issuer.equals(anchor.subject));
  const issuers = named.filter((anchor) => identifiersFit(last, anchor));
  const candidates = [...same.map((anchor) => ({ anchor, inPath: true })), ...issuers.map((anchor) => ({ anchor, inPath: false }))];
  if (candidates.length > 0) return candidates;
  // One that vouches for itself has no identifier to mismatch: it is just not an anchor.
  const selfMade = last.isSelfIssued && (last.authorityKeyIdentifier === null || identifiersFit(last, last));
  if (!selfMade && named.slice(0, MAX_CANDIDATES).some((anchor) => isSignedBy(last, anchor))) refuse('aki-mismatch', undefined, position);
  return refuse('untrusted-chain', undefined, position);
};

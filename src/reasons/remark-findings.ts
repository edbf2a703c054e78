import type { RemarkRow } from './finding-row.js';

const remark = (severity: RemarkRow['severity'], of: string, clause: string, title: string, advice: string): RemarkRow => ({
  grade: 'remark',
  severity,
  of,
  clause,
  title,
  advice,
});

/** What only `inspect` says: of one certificate, of several together, of what is no certificate. */
export const REMARK_FINDINGS = {
  'validity-inverted': remark(
    'error',
    'certificate, CRL',
    'RFC 5280 section 4.1.2.5',
    'it ends before it begins',
    'Issue it again; no verifier can ever accept it.',
  ),
  'anchor-signature-algorithm': remark(
    'notice',
    'certificate',
    'RFC 5280 section 6.1',
    'a self-signed certificate is signed by an algorithm that no profile allows',
    'Nothing: an anchor is trusted for being configured, and its own signature proves nothing.',
  ),
  'status-by-issuer': remark(
    'notice',
    'certificate',
    'RFC 8226 section 10',
    'it names no CRL and lives longer than a day',
    'Nothing, if its issuer publishes a complete CRL; else name a CRL, or issue for at most 24 h.',
  ),
  'list-by-reference': remark(
    'notice',
    'certificate',
    'RFC 8226 section 10.1',
    'the TNAuthList is by reference, and was not fetched',
    'Fetch it and inspect it; whoever serves it decides which numbers it holds.',
  ),
  'validity-disjoint': remark(
    'error',
    'chain',
    'RFC 5280 section 6.1.3',
    'there is no moment at which all certificates are valid',
    'Renew the one that has run out; the whole path is refused at every time.',
  ),
  'outlives-issuer': remark(
    'notice',
    'chain',
    'RFC 5280 section 6.1.3',
    'a certificate is valid for longer than its issuer',
    'Renew in time: the credential ends with the first certificate that ends.',
  ),
  'anchor-bundle': remark(
    'notice',
    'chain',
    'RFC 5280 section 6.1',
    'each certificate vouches for itself: this is a bundle of anchors, not a path',
    'Nothing, if it is for a trust store; a path begins with the end-entity.',
  ),
  'delta-crl': remark(
    'warning',
    'CRL',
    'RFC 5280 section 5.2.4',
    'a delta CRL, which proves no certificate good',
    'Publish complete CRLs; what this one lists counts all the same.',
  ),
  'no-authority-key-identifier': remark(
    'warning',
    'CRL',
    'RFC 5280 section 5.2.1',
    'no authority key identifier',
    "Issue it with the signer's key identifier, or verifiers must guess which key signed.",
  ),
  'idp-not-critical': remark(
    'warning',
    'CRL',
    'RFC 5280 section 5.2.5',
    'issuingDistributionPoint is not critical',
    'Issue it critical: a verifier that overlooks it takes the CRL for more than it is.',
  ),
  'crl-without-idp': remark(
    'notice',
    'CRL',
    'RFC 5280 section 6.3.3',
    'no issuingDistributionPoint: it speaks for the certificates of its own issuer alone',
    'Nothing for a CA; a CRL for others (the STI-PA) must say indirectCRL, or nobody is covered.',
  ),
  'crl-signer-unknown': remark(
    'notice',
    'CRL',
    'RFC 5280 section 6.3.3',
    'no certificate beside it has the name and key of its signer',
    "Inspect it together with its signer's certificate to have the signature checked.",
  ),
  'request-asks-authority': remark(
    'notice',
    'request',
    'RFC 9448 section 6',
    'it asks to become an authority',
    'Grant it only with an authority token that says so (atc.ca true).',
  ),
  'request-unbound-numbers': remark(
    'warning',
    'request',
    'RFC 9118 section 3',
    'it asks for numbers and no claim constraints that bind them to one application provider',
    'The issuer must add them; without, no discovery provider accepts the certificate.',
  ),
  'signature-unchecked': remark(
    'notice',
    'PASSporT',
    'RFC 7515 section 5.2',
    'the signature was not checked: no key that signs PASSporTs is at hand',
    'Inspect it with its certificate path in x5c, or judge it with `signpost verify passport`.',
  ),
} as const satisfies Record<string, RemarkRow>;

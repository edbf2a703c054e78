/** The object identifiers that the desk writes, with where each is defined. */
export const OID = {
  /** RFC 5280 section 4.2. */
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  /** RFC 5280 section 5. */
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  issuingDistributionPoint: '2.5.29.28',
  certificateIssuer: '2.5.29.29',
  /** RFC 8226 sections 8 and 9, RFC 9118 section 4. */
  tnAuthList: '1.3.6.1.5.5.7.1.26',
  claimConstraints: '1.3.6.1.5.5.7.1.27',
  enhancedClaimConstraints: '1.3.6.1.5.5.7.1.33',
  /** RFC 5280 section 4.2.1.12. */
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  /** SHAKEN certificate policy, version 1.4. */
  shakenPolicy: '2.16.840.1.114569.1.1.4',
  /** RFC 5758 section 3.2. */
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  ecdsaWithSha384: '1.2.840.10045.4.3.3',
  /** RFC 2985 section 5.4.2. */
  extensionRequest: '1.2.840.113549.1.9.14',
  /** RFC 5280 appendix A.1. */
  countryName: '2.5.4.6',
  organizationName: '2.5.4.10',
  commonName: '2.5.4.3',
} as const;

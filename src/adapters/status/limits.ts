/** The budgets of fetching revocation status (DESIGN section 11), each with the reason for its value. Times in ms, sizes in octets. */
export const STATUS_LIMITS = {
  /** A million entries have 35 to 50 MB; a CRL larger than that is one that somebody grows. */
  maxCrlOctets: 64 * 1024 * 1024,
  /** So much in so long is 2 MB/s; nobody waits for it, as the last good CRL serves meanwhile. */
  crlMs: 30_000,
  /** Certificates of one CRL's signer: as those behind an x5u URL. */
  maxSignerOctets: 64 * 1024,
  signerMs: 5_000,
  maxSigners: 5,
  /** URLs of one CRL's caIssuers that are tried. */
  maxSignerUrls: 2,
  /** An OCSP response with its responder's certificate has 1 to 3 KB. */
  maxOcspOctets: 32 * 1024,
  /** As an x5u fetch: a submission waits for it. */
  ocspMs: 2_000,
  /** How long a submission waits for a CRL that it needs; the fetch goes on without it, and a retry finds what it brought. */
  learnMs: 2_000,
  /** Distribution points that one path may name beyond the CRLs at hand. */
  maxLearned: 8,
  /** Every STI-CA names one or two distribution points; a CA that cuts its CRL into pieces, 128. */
  maxPlaces: 512,
  maxPlacesOfHost: 128,
  /** Places of one host that brought nothing good yet: an honest one brings it at the first try. */
  maxTriedOfHost: 32,
  /** All CRLs together, as they were fetched: four of the largest; those that certificates named of one host: two. */
  maxOctets: 256 * 1024 * 1024,
  maxOctetsOfHost: 128 * 1024 * 1024,
  /** At once of one host. */
  maxFlightsOfHost: 2,
  /** At once in all, but for the first of a host, which slow ones never hold up: each may hold the largest CRL twice while it is read. */
  maxFlights: 6,
  /** Between two attempts after a failure: doubled each time, up to the longest. */
  firstRetryMs: 30_000,
  longestRetryMs: 15 * 60_000,
  /** Never asked more often than that, whatever nextUpdate says: a CRL that is always about to run out is its issuer's fault. */
  shortestMs: 30_000,
  /** Of a CRL that a certificate named; one in trust.yaml says it itself. */
  learnedMs: 60 * 60_000,
  /** How often a client may cause a fetch: a bucket of so many, one more each time this passes. One slow host then costs nobody else. */
  clientBurst: 16,
  clientRefillMs: 5_000,
  maxClients: 10_000,
} as const;

/** The budgets of fetching (DESIGN section 11; threats, "Spoofing and tampering"), each with the reason for its value. */
export const FETCH_LIMITS = {
  /** ms for everything: name, connection, TLS, answer. A submission waits for it, and a client gives up soon after. */
  timeoutMs: 2_000,
  /** Octets of a body: five certificates of 8 KiB as PEM are 54 KiB. */
  maxOctets: 64 * 1024,
  /** Octets of the answer's header: what ordinary servers send fits many times over. */
  maxHeaderOctets: 16 * 1024,
  /** Addresses of one host that are tried; all are checked. */
  maxAttempts: 4,
  /** ms that one of several addresses may take to connect before the next is tried (RFC 8305 section 5 recommends 250). */
  attemptMs: 400,
  /** ms until a name server's silence is asked again, and how often: together less than `timeoutMs`. */
  nameServerMs: 700,
  nameServerTries: 2,
} as const;

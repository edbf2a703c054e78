/** The budgets of fetching (DESIGN section 11; threats, "Spoofing and tampering"), each with the reason for its value. */
export const FETCH_LIMITS = {
  /** ms for everything: name, connection, TLS, answer. A submission waits for it, and a client gives up soon after. */
  timeoutMs: 2_000,
  /** Octets of a body: five certificates of 8 KiB as PEM are 54 KiB. */
  maxOctets: 64 * 1024,
  /** Octets of the answer's header: what ordinary servers send fits many times over. */
  maxHeaderOctets: 16 * 1024,
  /** Octets of an answer besides twice its body: header, interim answers, the framing of chunks. */
  framingOctets: 64 * 1024,
  /** Addresses of one host that are tried; all are checked. */
  maxAttempts: 4,
  /** ms that one of several addresses may take to connect before the next is tried (RFC 8305 section 5 recommends 250). */
  attemptMs: 400,
  /** ms until a name server's silence is asked again, and how often: together less than `timeoutMs`. */
  nameServerMs: 700,
  nameServerTries: 2,
} as const;

/** Of what was fetched. */
export const KEPT_LIMITS = {
  /** Seconds that an answer is kept at least, unless it says no-store or no-cache: an origin with max-age=0 must not make every PASSporT a fetch. */
  floorSeconds: 60,
  /** Seconds that a path is kept at most, whatever its origin says (standards: stir 4.3). */
  chainSeconds: 24 * 3600,
  /** The same for a TNAuthList, which is authority itself and signed by nobody: no longer than policy's default for a judged path. */
  listSeconds: 3600,
  /** Seconds, for an answer that says nothing about it: few enough that a rolled-over path is soon seen. */
  silentSeconds: 300,
  /** Seconds that a failure is kept (threats, 4.1: 30; stir 4.3: 60): a dead origin is asked twice a minute, and one that is back is soon found. */
  failureSeconds: 30,
  /** Seconds between two refetches of one URL: PASSporTs with bad signatures must not have its origin asked each time. */
  refetchSeconds: 5,
  /** Octets of everything kept of one kind: paths of three certificates have some 2 KiB, so 10,000 of them, thrice. */
  octets: 64 * 1024 * 1024,
  /** Octets that one entry costs besides what it holds: key, entry, and a failure that holds nothing. */
  entryOctets: 512,
  /** DESIGN section 11: five certificates of 8 KiB, and the anchor. */
  certificates: 6,
} as const;

/** What one client may have fetched, so that its slow hosts stall nobody else. Over it the answer is at once unavailable, never a wait. */
export const BUDGET_LIMITS = {
  /** Fetches at once, in all: 100 KiB each with TLS, so 25 MiB. */
  inAll: 256,
  /** From one host, whoever asks: one dead repository takes an eighth. */
  perHost: 32,
  /** For one client. */
  perClient: 8,
  /** For one client while half of all are taken: so many clients as fit in the other half are served still. */
  perClientWhenBusy: 2,
  /** A second, for one client in the long run, and at once: an AP that imports under new credentials waits for its fetches, not for this. */
  ratePerSecond: 20,
  burst: 64,
  /** ms between two fetches of one client: a TLS handshake takes some 2 ms of the one thread, and 16 in a row would be felt by everybody. */
  spacingMs: 10,
  /** Seconds after which a client that is over it should ask again. */
  retrySeconds: 1,
} as const;

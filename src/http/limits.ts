/** What one client, one request and one connection may cost. Every constant with the reason for its value. */
export const LIMITS = {
  /** DESIGN section 11: request body. A batch of 256 lookups with circles has about 40 KiB. */
  bodyBytes: 64 * 1024,
  /** DESIGN section 11: NDJSON line. A PASSporT has at most 16 KiB. */
  lineBytes: 32 * 1024,
  /** CONTRACT section 2: lookups in one request. */
  lookupBatch: 256,
  /** Entries of one page of a search: a leaf has at most 1 KiB, so a megabyte. */
  searchPage: 1_000,
  searchPageUsual: 100,
  /** Each costs up to 100 ms of a core; no quota counts them. */
  searchesPerClient: 8,
  /** DESIGN section 7: answers are padded to the next 2 KiB, so that their size says nothing. */
  paddingBytes: 2048,
  /** A batch to so many times 2 KiB: 256 octets each, which one mapping fits in. */
  lookupsPerPadding: 8,
  /** docs/adr/0024: an answer with the entries of four mappings fits. */
  signedPaddingBytes: 16 * 1024,
  /**
   * docs/adr/0026: a lookup takes 0.2 ms in memory and some 0.5 over Redis, and is answered within 2 ms. A multiple of the grid, on which what
   * is due about the same time leaves together: each leaving costs a wake of some 20 us.
   */
  answerStepMs: 1.5,
  answerGridMs: 0.5,
  /** Lookups of one batch to a step: 256 take some 15 ms of a loaded machine. */
  lookupsPerStep: 16,
  /** A signed answer opens an entry, reads its proof and signs: 12 ms, of which one that finds a mapping takes some 3. */
  stepsPerSignature: 8,
  /** Request line and header fields together; Node's own default, said aloud. */
  headerBytes: 16 * 1024,
  /** Slow header attacks: a header section is one packet or two. */
  headersTimeoutMs: 5_000,
  /** From the end of the header section to the end of a body that is no stream. */
  bodyTimeoutMs: 10_000,
  /** A stream must complete a line, or take an answer, within this time; while the gateway itself is behind, the time stands still. */
  streamIdleMs: 30_000,
  /** Signs of life on a stream of invalidations: half of what clients and balancers commonly wait for. */
  heartbeatMs: 15_000,
  /** Streams of invalidations: half of all connections, so that requests keep theirs. */
  streams: 5_000,
  /** Two instances of a client, each replacing a connection that broke. */
  streamsPerClient: 4,
  /** Documents under which verdicts were made, being read by one auditor: a numbering list may have tens of megabytes. A judging again reads some side by side. */
  documentsPerClient: 32,
  /** Readings of a provider's leaves at once: they take as long as their reader likes, and each entry costs a proof. */
  monitorsPerClient: 4,
  /** Longer than the pauses of a busy client, shorter than what 10,000 idle ones could hold on to. */
  keepAliveTimeoutMs: 5_000,
  /** Each costs about 50 KiB with its TLS state. */
  connections: 10_000,
  /** Requests being answered: a cold PASSporT costs 0.35 ms, so the last one waits about 0.4 s. */
  inFlight: 1_024,
  /** One client's part of them, so that none can take all. */
  inFlightPerClient: 512,
  /** Kept free of the limit for giving up mappings: removals are the last thing to be shed. */
  inFlightReserve: 128,
  /** Lines of one stream that are being judged: enough to fill the sequencer's batch, 8 MiB at most. */
  linesPerStream: 256,
  /** The same for all streams together: 64 MiB at most. */
  linesInAll: 2_048,
  /** An unread request body up to this size is read and dropped, so that the client hears the answer and the connection lives on. */
  lingerBytes: 256 * 1024,
  lingerMs: 1_000,
  /** CONTRACT section 3: SIGTERM, exit 0 within 10 s. */
  drainMs: 8_000,
  /** Between "not ready" and the closed door: a balancer's probe sees the former. */
  drainNoticeMs: 250,
} as const;

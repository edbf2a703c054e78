import {
  lookupAnswer,
  lookupBatch,
  quotaAnswer,
  readAnswer,
  withdrawal,
  type LookupAnswer,
  type Quota,
  type Withdrawal,
} from './answers.js';
import { problemError, UnexpectedAnswer } from './api-refusal.js';
import { parseSii } from '../identifiers/index.js';
import type { Checkpoint } from '../log/index.js';
import { refuse } from '../reasons/index.js';
import { AuditClient, type AuditOptions, type SignedCheckpoint } from './audit-client.js';
import { Connection, type ConnectionOptions } from './connection.js';
import { importUnanswered } from './import-retry.js';
import { importPassports, type ImportLine } from './import-stream.js';
import type { WatchOptions } from './event-stream.js';
import { watchInvalidations, type Invalidation } from './invalidations.js';
import { checkAction } from './passport-action.js';
import { checkRegistrations, type CheckedRegistration, type KeptRegistration } from './registration-check.js';
import { checkReceipt } from './receipt.js';
import { DEFAULT_PATIENCE, persist, type Patience } from './retry.js';
import { checkSignedAnswer, type AnswerKeys, type SignedLookupAnswer } from './signed-answer.js';
import { submitPassport, type Submitted } from './submission.js';

export interface ClientOptions extends ConnectionOptions {
  /** The gateway's receipt key; where given, every receipt is checked before its answer is returned. */
  readonly receiptVkey?: string;
  readonly patience?: Patience;
}

export interface Checking {
  /** Under which the leaves are compared: to be kept for the next time. */
  readonly checkpoint: SignedCheckpoint;
  readonly these: (kept: readonly KeptRegistration[]) => Promise<CheckedRegistration[]>;
}

export interface Query {
  readonly sii: string;
  readonly view?: 'consumer' | 'business' | 'all';
  /** base64url of SHA-256 of the circle code. */
  readonly circle?: string;
}

/** What runs out within three days is to be registered again now. */
const SOON_MS = 3 * 86_400_000;

/** `after`: the checkpoint of the last check. `witnesses` and `quorum`: who must have cosigned this one's; default nobody. */
export interface CheckTerms extends Pick<AuditOptions, 'witnesses' | 'quorum'> {
  /** ms before its end that a mapping counts as `expires-soon`. */
  readonly soonMs?: number;
  readonly after?: Checkpoint;
}

/** How far the clocks of gateway and caller may be apart. */
const ANSWER_SKEW_MS = 300_000;
/** CONTRACT section 2: lookups in one request. */
const BATCH = 256;

/**
 * What an application provider does with a gateway: register, withdraw, look up, import.
 *
 * Every call throws `ApiRefusal` (the gateway said no: `reason`, `step`, `clause`, `logIndex`), `ApiUnavailable` (it cannot decide now),
 * `ApiOverQuota` (a lookup beyond the quota; it is an `ApiRefusal`), `NoAnswer` (none came in spite of the retries), `UnexpectedAnswer`; with `receiptVkey` also `Refusal` `untrusted-note` or `malformed-note`.
 * What is safe to repeat is repeated, within `patience`.
 *
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { ApClient } from 'signpost/client';
 *
 * const gateway = new ApClient({
 *   url: 'https://localhost:8443',
 *   ca: readFileSync('pki/tls/ca.pem'),
 *   cert: readFileSync('pki/clients/a.example.pem'),
 *   key: readFileSync('pki/clients/a.example.key.pem'),
 * });
 * const { mappings, ttl } = await gateway.lookup('tel:+12025550100', { view: 'consumer' });
 * console.log(mappings.find((mapping) => mapping.default)?.ssi ?? 'nobody', ttl);
 * gateway.close();
 * ```
 */
export class ApClient {
  readonly #connection: Connection;
  readonly #patience: Patience;
  readonly #options: ClientOptions;
  readonly #receiptVkey: string | undefined;

  constructor(options: ClientOptions) {
    this.#connection = new Connection(options);
    this.#options = options;
    this.#patience = options.patience ?? DEFAULT_PATIENCE;
    this.#receiptVkey = options.receiptVkey;
  }

  /**
   * Presents a PASSporT of any action. When it resolves the effect is durable, in the log at `logIndex`, and readable.
   *
   * @example
   * ```ts
   * const { logIndex, receipt, first } = await gateway.submit(passport);
   * ```
   */
  submit(passport: string): Promise<Submitted> {
    return submitPassport(this.#connection, this.#patience, this.#receiptVkey, passport);
  }

  /** Presents a `register` PASSporT. @throws Refusal `bad-action` before anything is sent, for another action. */
  async register(passport: string): Promise<Submitted> {
    checkAction(passport, 'register');
    return this.submit(passport);
  }

  /**
   * Presents a `prefer` PASSporT: which provider is the default, by purpose. Every provider that it names must have a mapping.
   * @throws Refusal `bad-action` before anything is sent, for another action
   */
  async prefer(passport: string): Promise<Submitted> {
    checkAction(passport, 'prefer');
    return this.submit(passport);
  }

  /**
   * Gives up a mapping: by a `withdraw` PASSporT, or one's own by connection alone, which needs no credential.
   *
   * @example
   * ```ts
   * await gateway.withdraw({ sii: 'tel:+12025550100', ssi: 'mimi://a.example/u/alice' });
   * ```
   */
  async withdraw(what: string | { readonly sii: string; readonly ssi: string }): Promise<Withdrawal> {
    if (typeof what === 'string') {
      checkAction(what, 'withdraw');
      return this.submit(what);
    }
    const given = await persist(this.#patience, () => this.#post('/v1/withdrawals', { sii: what.sii, ssi: what.ssi }, withdrawal));
    if (this.#receiptVkey !== undefined) checkReceipt(given.receipt, this.#receiptVkey, given);
    return given;
  }

  /** Who can be reached under an SII. No match is an empty list, and looks like any other answer. */
  lookup(sii: string, how: Omit<Query, 'sii'> = {}): Promise<LookupAnswer> {
    return persist(this.#patience, () => this.#post('/v1/lookups', { ...how, sii }, lookupAnswer));
  }

  /**
   * As `lookup`, with the provider's signature and the log entries behind what was found, all verified: see `checkSignedAnswer` for what that proves.
   * Keep `document`: whoever has it and the keys can hold the provider to its word.
   * @throws ApiRefusal `answers-not-signed` where policy does not let answers be signed; what `checkSignedAnswer` throws
   */
  async lookupSigned(sii: string, keys: AnswerKeys, how: Omit<Query, 'sii'> = {}): Promise<SignedLookupAnswer> {
    const body = JSON.stringify({ ...how, sii, signed: true });
    const answer = await persist(this.#patience, async () => {
      const got = await this.#connection.call({ method: 'POST', path: '/v1/lookups', type: 'application/json', body });
      if (got.status !== 200) throw problemError(got.status, got.body, got.retryAfter);
      return checkSignedAnswer(got.body.toString('utf8').trimEnd(), keys);
    });
    const isAsked = answer.sii === parseSii(sii).uri && answer.circle === (how.circle ?? null) && answer.view === (how.view ?? answer.view);
    if (!isAsked) return refuse('commitment-failed', 'another question');
    // The nonce is the gateway's: without this an answer of last year would do.
    const isNow = Math.abs(Date.now() - answer.statement.time) <= ANSWER_SKEW_MS;
    return isNow ? answer : refuse('commitment-failed', 'not answered now');
  }

  /** Answers in the order of the queries, 256 to a request. A request that the quota does not hold is refused whole; those before it were answered. */
  async lookupMany(queries: readonly Query[]): Promise<LookupAnswer[]> {
    const answers: LookupAnswer[] = [];
    for (let at = 0; at < queries.length; at += BATCH) {
      const lookups = queries.slice(at, at + BATCH);
      const batch = await persist(this.#patience, () => this.#post('/v1/lookups', { lookups }, lookupBatch));
      if (batch.answers.length !== lookups.length) throw new UnexpectedAnswer('not one answer for each lookup');
      answers.push(...batch.answers);
    }
    return answers;
  }

  /**
   * What is left of the quota of lookups, and the formula and inputs that it comes of. Costs nothing.
   *
   * @example
   * ```ts
   * const { remaining, reset } = await gateway.quota();
   * ```
   */
  quota(): Promise<Quota> {
    return persist(this.#patience, async () => readAnswer(await this.#connection.call({ method: 'GET', path: '/v1/quota' }), quotaAnswer));
  }

  /**
   * Streams PASSporTs to the gateway and yields its answers in order; `line` counts from 1. Where the connection breaks, or the gateway is
   * being stopped, another is made within `patience` and what is not answered is sent again: the same octets, so no PASSporT has two effects.
   * Proves nothing of lines that were not answered when it throws; of a line with status 429, 502 or 503 nothing was decided.
   *
   * @example
   * ```ts
   * import { createReadStream } from 'node:fs';
   * import { createInterface } from 'node:readline';
   *
   * const passports = createInterface({ input: createReadStream('passports.txt') });
   * for await (const { line, status, reason } of gateway.import(passports)) if (status > 201) console.error(line, reason);
   * ```
   */
  import(passports: Iterable<string> | AsyncIterable<string>): AsyncGenerator<ImportLine> {
    return importUnanswered(this.#patience, (some) => importPassports(this.#connection, this.#receiptVkey, some), passports);
  }

  /**
   * Yields what changes of the answers that this AP holds, in order, at least once, for as long as it is wanted; makes a connection that ends anew and
   * loses nothing by it. While a lookup is under way, a change of its SII is taken for one of its answer.
   *
   * @example
   * ```ts
   * const cache = new Map<string, unknown>();
   * for await (const invalidation of gateway.watch())
   *   if (invalidation.event === 'reset') cache.clear();
   *   else cache.delete(invalidation.sii);
   * ```
   */
  watch(options: WatchOptions = {}): AsyncGenerator<Invalidation> {
    return watchInvalidations(this.#connection, options);
  }

  /**
   * Whether mappings are still what this AP registered: what lookups answer now, and the leaves under the newest checkpoint, which must go on from `after` where
   * that is given.
   * @throws Refusal `consistency-failed`, `log-corrupt`
   *
   * @example
   * ```ts
   * const { logVkey } = JSON.parse(readFileSync('data/keys/public.json', 'utf8'));
   * const check = await gateway.checking(logVkey);
   * for (const { registration, faults } of await check.these(kept)) if (faults.length > 0) console.error(registration.logIndex, faults);
   * ```
   */
  async checking(logVkey: string, { soonMs = SOON_MS, after, ...cosigned }: CheckTerms = {}): Promise<Checking> {
    const audit = new AuditClient({ ...this.#options, ...cosigned, logVkey });
    const checkpoint = await audit.checkpoint();
    if (after !== undefined && Number(after.size) > 0) await audit.consistent(after, checkpoint);
    const lookup = (queries: readonly Query[]): Promise<LookupAnswer[]> => this.lookupMany(queries);
    const read = (path: string): Promise<Uint8Array | null> => audit.published(path);
    const these = (kept: readonly KeptRegistration[]): Promise<CheckedRegistration[]> =>
      checkRegistrations({ lookup, read, checkpoint, soon: Date.now() + soonMs }, kept);
    return { checkpoint, these };
  }

  close(): void {
    this.#connection.close();
  }

  async #post<T>(path: string, body: unknown, shape: Parameters<typeof readAnswer<T>>[1]): Promise<T> {
    return readAnswer(await this.#connection.call({ method: 'POST', path, type: 'application/json', body: JSON.stringify(body) }), shape);
  }
}

import { z } from 'zod';
import { Refusal, Unavailable, refuse } from '../../reasons/index.js';
import type { Accounts } from './accounts.js';
import type { AuthorityToken } from './authority-token.js';
import { checkForm, fetchCredential, judgeToken, type AcceptedToken, type ChainSource } from './challenge.js';
import { HOUR, type AcmeLimits } from './limits.js';
import type { Orders } from './orders.js';
import { checkRate, payloadOf } from './payload.js';
import { statusOfAuthorization, type Authorization } from './record.js';
import type { AcmeRecords } from './records.js';
import type { TokenAuthorityTrust } from './token-authorities.js';

/** RFC 9448 section 4 says tkauth; deployed clients say atc (standards: stir 6.1). Exactly one. */
const response = z
  .object({ tkauth: z.string().optional(), atc: z.string().optional() })
  .refine(({ tkauth, atc }) => (tkauth === undefined) !== (atc === undefined));

/** An authority token that has its form, and what its x5u led to; or what refuses it already. */
type Fetched = { readonly token: AuthorityToken; readonly path: readonly Uint8Array[] | null } | Refusal;

interface ChallengeParts {
  readonly records: AcmeRecords;
  readonly accounts: Accounts;
  readonly orders: Orders;
  readonly limits: AcmeLimits;
  /** Those that are trusted now. */
  readonly trusted: () => Promise<readonly TokenAuthorityTrust[]>;
  readonly chain: ChainSource;
}

/** Answers to challenges of type tkauth-01. There is no way to `valid` but through `judgeToken`. */
export class Challenges {
  readonly #parts: ChallengeParts;

  constructor(parts: ChallengeParts) {
    this.#parts = parts;
  }

  /**
   * Judges an answer at once. What refuses the authority token makes the authorization invalid and is told in it; what cannot be decided now leaves it pending.
   * @throws Refusal `malformed-request`, `authorization-closed`, `rate-limited`, `not-found`, `account-mismatch`; Unavailable as the chain source
   */
  async answer(account: string, id: string, payload: Uint8Array): Promise<Authorization> {
    const { tkauth, atc } = payloadOf(payload, response);
    this.#open(account, id);
    const fetched = await this.#fetched(tkauth ?? atc ?? '', this.#parts.accounts.active(account).domain);
    return await this.#parts.records.alone(async () => {
      this.#open(account, id);
      return await this.#conclude(account, id, fetched);
    });
  }

  /** Only a pending one takes an answer, so that a failed one cannot be tried again (RFC 8555 section 7.1.6). */
  #open(account: string, id: string): void {
    const { records, accounts, orders, limits } = this.#parts;
    const now = records.now();
    accounts.active(account);
    const authorization = orders.authorization(account, id);
    const order = orders.order(account, authorization.order);
    if (statusOfAuthorization(authorization, now) !== 'pending' || orders.statusOf(order) !== 'pending') refuse('authorization-closed');
    checkRate(records.state.failuresOf(account, now - HOUR), limits.failedChallengesPerHour, now, 'failed challenges');
  }

  /** Outside the queue: a slow host must not keep others waiting. A refusal is kept for `#conclude`. */
  async #fetched(jwt: string, client: string): Promise<Fetched> {
    try {
      const token = checkForm(jwt);
      return { token, path: token.x5u === null ? null : await fetchCredential(token.x5u, this.#parts.chain, client) };
    } catch (error) {
      if (error instanceof Refusal && !(error instanceof Unavailable)) return error;
      throw error;
    }
  }

  async #conclude(account: string, id: string, fetched: Fetched): Promise<Authorization> {
    const { records, orders } = this.#parts;
    const at = records.now();
    try {
      if (fetched instanceof Refusal) throw fetched;
      const { ca, spent, spentUntil } = await this.#judged(account, id, fetched);
      await records.record({ event: 'authorized', at, authorization: id, ca, spent, spentUntil });
    } catch (error) {
      if (!(error instanceof Refusal) || error instanceof Unavailable) throw error;
      await records.record({ event: 'refused', at, authorization: id, reason: error.reason, detail: error.detail ?? null });
    }
    return orders.authorization(account, id);
  }

  async #judged(account: string, id: string, { token, path }: Exclude<Fetched, Refusal>): Promise<AcceptedToken> {
    const { records, accounts, orders, trusted } = this.#parts;
    return judgeToken(token, path, {
      account: accounts.active(account).key,
      identifier: orders.authorization(account, id).identifier,
      now: records.now(),
      trusted: await trusted(),
      isSpent: (spent) => records.state.isSpent(spent),
    });
  }
}

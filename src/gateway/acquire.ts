import type { Clock, CredentialSource, FetchedChain, StatusSource } from '../ports/index.js';
import { Refusal, Unavailable } from '../reasons/index.js';
import type { Needs, NotAccepted, PortedNumber, StepName, Verdict } from '../verification/index.js';
import type { PassportInput } from './evidence.js';
import type { InTurn } from './in-turn.js';
import type { OcspBook } from './ocsp-book.js';
import type { World } from './world.js';

export interface AcquireParts {
  readonly world: () => World;
  readonly clock: Clock;
  readonly credentials: CredentialSource;
  readonly status: StatusSource;
  readonly ocsp: OcspBook;
  readonly turns: InTurn;
}

export interface Judged {
  readonly verdict: Verdict;
  /** The path that was fetched; null where there was none to fetch, or it could not be. */
  readonly chain: readonly Uint8Array[] | null;
  /** What the verdict was made from. */
  readonly input: PassportInput;
}

/** The path, its CRLs, its responders' answers, its lists, the path again, and what the new one names: what needs still more has no end. */
const MAX_FETCHES = 8;

type StatusNeeds = Extract<Needs, { readonly kind: 'status' }>;

/** Steps whose refusal may be of the kept path alone: its origin may have another one by now (RFC 8224 section 7.4). */
const RESTS_ON_THE_PATH: ReadonlySet<StepName> = new Set([
  'verify-path',
  'check-revocation',
  'check-profile',
  'verify-signature',
  'check-claim-constraints',
  'check-authority',
]);

/**
 * The verdict on a PASSporT of an authenticated client, with whatever it points at. Verification says what it lacks; that is fetched, and all is judged
 * anew, under the world and at the time that are then: a fetch that ends after a reload is judged by what was reloaded. A refusal that rests on a path
 * that was kept is made sure of by one more fetch, so that a kept and a fetched path give the same verdict.
 * @param ported what the log knows of the number's ports, as far as it was asked
 */
export const judgeAcquiring = (parts: AcquireParts, passport: string, client: string, ported: PortedNumber | null): Promise<Judged> =>
  new Acquisition(parts, passport, client, ported).run();

class Acquisition {
  readonly #parts: AcquireParts;
  readonly #passport: string;
  readonly #client: string;
  readonly #ported: PortedNumber | null;
  readonly #lists = new Map<string, Uint8Array>();
  #url: string | null = null;
  #fetched: FetchedChain | null = null;
  #isSure = false;
  /** The path whose status was sought, and where: each once, since what was not to be had then is not to be had now. */
  #sought: { readonly path: readonly Uint8Array[] | null; readonly ocsp: boolean } | null = null;
  #responses: readonly Uint8Array[] = [];
  #parsed: NotAccepted['parsed'] = null;
  #input: PassportInput;

  constructor(parts: AcquireParts, passport: string, client: string, ported: PortedNumber | null) {
    this.#parts = parts;
    this.#passport = passport;
    this.#client = client;
    this.#ported = ported;
    this.#input = this.#nextInput();
  }

  async run(): Promise<Judged> {
    // What was submitted first is decided first, whichever thread is done first; only who waits for a fetch is overtaken.
    let verdict = await this.#parts.turns.take(this.#judge());
    for (let fetches = 0; fetches < MAX_FETCHES; fetches += 1) {
      const needs = this.#needsOf(verdict);
      if (needs === null) break;
      try {
        await this.#have(needs);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return { verdict: await this.#without(verdict, needs, error), chain: null, input: this.#input };
      }
      verdict = await this.#judge();
    }
    return { verdict, chain: this.#path, input: this.#input };
  }

  async #judge(unacquired?: Refusal): Promise<Verdict> {
    this.#input = this.#nextInput(unacquired);
    const { verifier } = this.#parts.world();
    const verdict = await verifier.verifyInPool({ ...this.#input, parsed: this.#parsed, client: { domain: this.#client } });
    if (!verdict.accepted) this.#parsed = verdict.parsed;
    return verdict;
  }

  #nextInput(unacquired?: Refusal): PassportInput {
    return {
      passport: this.#passport,
      at: this.#parts.clock.now(),
      chain: this.#fetched?.chain,
      unacquired,
      tnLists: this.#lists,
      ocsp: this.#responses,
      ported: this.#ported,
    };
  }

  #needsOf(verdict: Verdict): Needs | null {
    if (verdict.accepted) return null;
    if (verdict.needs !== null) return verdict.needs.kind === 'status' && !this.#mayBeSought(verdict.needs) ? null : verdict.needs;
    const isDoubtful =
      this.#fetched?.cached === true && !this.#isSure && verdict.family === 'refused' && RESTS_ON_THE_PATH.has(verdict.step);
    return isDoubtful && this.#url !== null ? { kind: 'chain', url: this.#url } : null;
  }

  get #path(): readonly Uint8Array[] | null {
    return this.#fetched?.chain ?? null;
  }

  async #have(needs: Needs): Promise<void> {
    const { credentials } = this.#parts;
    if (needs.kind === 'status') return await this.#seek(needs);
    if (needs.kind === 'tn-lists') {
      const lists = await Promise.all(needs.urls.map((url) => credentials.tnAuthList(url, this.#client)));
      needs.urls.forEach((url, i) => this.#lists.set(url, lists[i] ?? new Uint8Array()));
      return;
    }
    this.#url = needs.url;
    this.#isSure = this.#fetched !== null;
    this.#fetched = await credentials.chain(needs.url, this.#client, { fresh: this.#isSure });
  }

  #mayBeSought({ ocsp }: StatusNeeds): boolean {
    const sought = this.#sought?.path === this.#path ? this.#sought : null;
    return sought === null || (!sought.ocsp && ocsp.length > 0);
  }

  /** CRLs first: they tell nobody which number is in question. Responders are asked only about what has no status then. */
  async #seek({ crls, issuers, ocsp }: StatusNeeds): Promise<void> {
    const { status, ocsp: book } = this.#parts;
    const isFirst = this.#sought?.path !== this.#path;
    this.#sought = { path: this.#path, ocsp: !isFirst || crls.length === 0 };
    if (isFirst && crls.length > 0) return void (await status.learn(crls, this.#client, issuers));
    const answers = await Promise.all(ocsp.map((need) => book.answerTo(need, this.#client)));
    this.#responses = answers.filter((answer) => answer !== null);
  }

  /** The verdict where what it needs could not be had. */
  async #without(verdict: Verdict, needs: Needs, error: Refusal): Promise<Verdict> {
    if (verdict.accepted || verdict.reason !== error.reason || !(error instanceof Unavailable))
      return this.#judge(needs.kind === 'chain' ? error : undefined);
    // Nothing was decided before, and nothing is now: only when to ask again is new.
    return { ...verdict, detail: error.detail ?? null, retryAfter: error.retryAfter };
  }
}

import type { TrustPolicy } from '../../policy/index.js';
import type { Clock, ConfigurationControl, ConfigurationState, CrlsState, ReloadOutcome } from '../../ports/index.js';
import { readConfiguration, type Configuration, type ConfigurationPlaces } from './configuration.js';
import {
  crlProblems,
  feedProblems,
  feedRemarks,
  listProblems,
  listRemarks,
  makeGeneration,
  materialOf,
  type Beside,
  type FetchedMaterial,
  type Generation,
} from './generation.js';
import { unknownFeeds, type NumberingFeeds } from './numbering-feeds.js';
import { ConfigurationProblems, ProblemList } from './problems.js';
import { unknownLists, type TrustLists, type TrustListStanding } from './trust-lists.js';

/** The CRLs that are fetched, by the policy in force. */
export interface FetchedCrls {
  /** Those that count under a policy, whether or not it is in force. */
  material(policy: TrustPolicy): FetchedMaterial;
  configure(policy: TrustPolicy): void;
  state(): CrlsState;
  /** What operators should mend, in words. */
  remarks(): readonly string[];
}

export interface KeeperParts {
  readonly places: ConfigurationPlaces;
  readonly clock: Pick<Clock, 'now'>;
  readonly lists: TrustLists;
  readonly feeds: NumberingFeeds;
  readonly fetched: FetchedCrls;
  /** Puts a generation in force: synchronous and whole, so that no request sees half of it. What throws has changed nothing. */
  readonly install: (generation: Generation) => void;
  /** What besides ConfigurationProblems is the operator's to mend; anything else is a fault. */
  readonly problemsOf: (error: unknown) => unknown;
  /** What else operators should mend, in words; absent: nothing. */
  readonly remarks?: () => readonly string[];
  /** What a reload that nobody asked for came to. */
  readonly onReload: (outcome: ReloadOutcome) => void;
}

/**
 * Keeps the generation in force and makes the next one: when asked, when files change, when a trust list comes or runs out, when CRLs come.
 * Changes take turns.
 */
export class GenerationKeeper implements ConfigurationControl {
  readonly #parts: KeeperParts;
  #current: Generation;
  #since: number;
  #refused: readonly string[] = [];
  #reloads = { done: 0, refused: 0 };
  /** The last reading of the files, good or not. */
  #reading: ProblemList;
  /** How the files looked a turn ago, where that is not how they were read. */
  #unsettled: string | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param reading of the files of the first generation */
  constructor(parts: KeeperParts, first: Generation, reading: ProblemList) {
    this.#parts = parts;
    this.#current = first;
    this.#reading = reading;
    this.#since = parts.clock.now();
  }

  get current(): Generation {
    return this.#current;
  }

  state(): ConfigurationState {
    const { world, lists, feeds } = this.#current;
    return {
      versions: world.verifier.versions,
      since: this.#since,
      reloads: this.#reloads,
      refused: this.#refused,
      lists: this.#parts.lists.states(lists),
      feeds: this.#parts.feeds.states(feeds),
      crls: this.#parts.fetched.state(),
      remarks: [
        ...this.#refused.map((problem) => `not in force: ${problem}`),
        ...listRemarks(this.#current),
        ...feedRemarks(this.#current),
        ...this.#parts.fetched.remarks(),
        ...(this.#parts.remarks?.() ?? []),
      ],
    };
  }

  /** Which promise the configuration in force cannot keep now, in words for operators. */
  problems(): string[] {
    const { gaps } = this.#current;
    return [
      ...gaps,
      ...listProblems(this.#current),
      ...feedProblems(this.#current),
      ...crlProblems(this.#current, this.#parts.clock.now()),
    ];
  }

  reload(): Promise<ReloadOutcome> {
    return this.#inTurn(() => this.#reload());
  }

  /**
   * Looks at the files: what has changed and then held still for a turn is read. What is still being written is left alone, and what does not hold is
   * read again once it changes again.
   */
  async watch(): Promise<void> {
    await this.#inTurn(async () => {
      const now = await this.#reading.files.now();
      const isSettled = now === this.#unsettled;
      this.#unsettled = now === this.#reading.files.asRead ? null : now;
      if (this.#unsettled !== null && isSettled) this.#parts.onReload(await this.#reload());
    });
  }

  /** Looks after trust lists and feeds: fetches what is due, and puts in force what has come or ends what has run out. Files are not read. */
  async tendLists(): Promise<void> {
    await this.#inTurn(async () => {
      const { configuration, lists, feeds } = this.#current;
      const isFeedDue = this.#parts.feeds.isDue(feeds);
      if (!this.#parts.lists.turn(configuration.lists, lists) && !isFeedDue) return;
      const beside = await this.#beside(configuration);
      // The same anchors: what was judged under them, and is kept, still holds.
      if (isSame(lists, beside.lists) && !isFeedDue) this.#current = { ...this.#current, lists: beside.lists };
      else this.#install(this.#make(configuration, beside));
    });
  }

  /** Puts the CRLs in force that have been fetched since: one may list who signed a trust list. Files are not read. */
  async takeCrls(): Promise<void> {
    await this.#inTurn(async () => {
      const { configuration } = this.#current;
      this.#install(this.#make(configuration, await this.#beside(configuration)));
    });
  }

  async #beside(configuration: Configuration): Promise<Beside> {
    const fetched = this.#parts.fetched.material(configuration.policies.trust);
    const material = materialOf(configuration, { lists: [], fetched });
    const lists = await this.#parts.lists.judge(configuration.lists, material);
    return { lists, feeds: await this.#parts.feeds.judge(configuration.feeds, material), fetched };
  }

  #make(configuration: Configuration, beside: Beside): Generation {
    return makeGeneration(configuration, beside, this.#current.world.verifier);
  }

  async #reload(): Promise<ReloadOutcome> {
    const outcome = await this.#attempt();
    const { done, refused } = this.#reloads;
    this.#reloads = outcome.ok ? { done: done + 1, refused } : { done, refused: refused + 1 };
    this.#refused = outcome.ok ? [] : outcome.problems;
    return outcome;
  }

  async #attempt(): Promise<ReloadOutcome> {
    const list = new ProblemList(this.#reading.parsed);
    try {
      const configuration = await readConfiguration(this.#parts.places, this.#parts.clock.now(), list);
      this.#checkSuccession(configuration);
      const beside = await this.#beside(configuration);
      const unknown = [...unknownLists(configuration.lists, beside.lists), ...unknownFeeds(beside.feeds ?? [])];
      if (unknown.length > 0) return { ok: false, problems: unknown };
      this.#install(this.#make(configuration, beside));
      list.parsed.forgetUnused();
      return { ok: true };
    } catch (error) {
      const found = this.#parts.problemsOf(error);
      if (found instanceof ConfigurationProblems) return { ok: false, problems: found.problems };
      throw error;
    } finally {
      this.#reading = list;
    }
  }

  /** What may not follow upon what is in force. That the last anchor goes is allowed, and leaves the gateway unready: nobody must be trusted longer. */
  #checkSuccession({ policies, material }: Configuration): void {
    const { audience, origin } = policies.gateway;
    const before = this.#current.configuration.policies.gateway;
    const problems = [];
    if (audience !== before.audience || origin !== before.origin)
      problems.push('gateway.yaml: audience and origin belong to the log and its keys: they change with a new data directory alone');
    // A table is never meant to be empty; it looks so while it is being written.
    if (material.numbering.size === 0 && this.#current.configuration.material.numbering.size > 0)
      problems.push('numbering.csv has no row: add them');
    if (problems.length > 0) throw new ConfigurationProblems(problems);
  }

  #install(next: Generation): void {
    this.#parts.install(next);
    this.#parts.fetched.configure(next.configuration.policies.trust);
    this.#current = next;
    this.#since = this.#parts.clock.now();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

const isSame = (before: readonly TrustListStanding[], after: readonly TrustListStanding[]): boolean =>
  before.every(({ list }, i) => list?.digest === after[i]?.list?.digest);

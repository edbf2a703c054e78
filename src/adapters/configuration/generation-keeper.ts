import type { Clock, ConfigurationControl, ConfigurationState, ReloadOutcome } from '../../ports/index.js';
import { readConfiguration, type ConfigurationPlaces } from './configuration.js';
import { crlProblems, makeGeneration, type Generation } from './generation.js';
import { ConfigurationProblems } from './problems.js';

export interface KeeperParts {
  readonly places: ConfigurationPlaces;
  readonly clock: Pick<Clock, 'now'>;
  /** Puts a generation in force: synchronous and whole, so that no request sees half of it. What throws has changed nothing. */
  readonly install: (generation: Generation) => void;
  /** What besides ConfigurationProblems is the operator's to mend; anything else is a fault. */
  readonly problemsOf: (error: unknown) => unknown;
}

/** Keeps the generation in force and makes the next one. Changes take turns. */
export class GenerationKeeper implements ConfigurationControl {
  readonly #parts: KeeperParts;
  #current: Generation;
  #since: number;
  #refused: readonly string[] = [];
  #reloads = { done: 0, refused: 0 };
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: KeeperParts, first: Generation) {
    this.#parts = parts;
    this.#current = first;
    this.#since = parts.clock.now();
  }

  get current(): Generation {
    return this.#current;
  }

  state(): ConfigurationState {
    return { versions: this.#current.world.verifier.versions, since: this.#since, reloads: this.#reloads, refused: this.#refused };
  }

  /** Which promise the configuration in force cannot keep now, in words for operators. */
  problems(): string[] {
    return crlProblems(this.#current.configuration, this.#parts.clock.now());
  }

  reload(): Promise<ReloadOutcome> {
    return this.#inTurn(async () => {
      const outcome = await this.#reloadOnce();
      const { done, refused } = this.#reloads;
      this.#reloads = outcome.ok ? { done: done + 1, refused } : { done, refused: refused + 1 };
      this.#refused = outcome.ok ? [] : outcome.problems;
      return outcome;
    });
  }

  async #reloadOnce(): Promise<ReloadOutcome> {
    try {
      this.#install(await this.#next());
      return { ok: true };
    } catch (error) {
      const found = this.#parts.problemsOf(error);
      if (found instanceof ConfigurationProblems) return { ok: false, problems: found.problems };
      throw error;
    }
  }

  async #next(): Promise<Generation> {
    const configuration = await readConfiguration(this.#parts.places, this.#parts.clock.now());
    const { audience, origin } = configuration.policies.gateway;
    const before = this.#current.configuration.policies.gateway;
    if (audience !== before.audience || origin !== before.origin)
      throw new ConfigurationProblems([
        'gateway.yaml: audience and origin belong to the log and its keys: they change with a new data directory alone',
      ]);
    return makeGeneration(configuration, this.#current.world.verifier.caches);
  }

  #install(next: Generation): void {
    this.#parts.install(next);
    this.#current = next;
    this.#since = this.#parts.clock.now();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

import { outcomeOf, type Target } from './target.js';
import { Random } from '../support/mutation/random.js';

/** An input that broke its entrance. */
export interface Finding {
  readonly target: string;
  readonly input: Buffer;
  readonly error: unknown;
}

/** Mutants kept as seeds for the next: the first few that got an answer nobody had got before. */
const MAX_KEPT = 300;
const KEPT_PER_LABEL = 2;
/** A mutant may grow, but what grows at each step would soon be too long to try many. */
const MAX_GROWTH = 4;
const MIN_ROOM = 4096;

/** Runs one target's mutants; the same seed gives the same mutants. */
export class Campaign {
  readonly target: Target;
  readonly outcomes = new Map<string, number>();
  inputs = 0;
  readonly #random: Random;
  readonly #seeds: readonly Buffer[];
  readonly #kept: Buffer[] = [];
  readonly #labels = new Map<string, number>();
  readonly #room: number;

  constructor(target: Target, seed: number) {
    this.target = target;
    this.#random = new Random(seed);
    this.#seeds = target.seeds();
    this.#room = Math.max(MIN_ROOM, MAX_GROWTH * Math.max(...this.#seeds.map(({ length }) => length)));
  }

  /** How many mutants got so far that they became seeds. */
  get kept(): number {
    return this.#kept.length;
  }

  next(): Buffer {
    const random = this.#random;
    const isKept = this.#kept.length > 0 && random.once(3);
    const input = random.pick(isKept ? this.#kept : this.#seeds);
    const mutant = this.target.mutate(input, random, random.pick(this.#seeds));
    return mutant.length > this.#room ? mutant.subarray(0, this.#room) : mutant;
  }

  /** Tries an input; null: as it should be. */
  try(input: Buffer): Finding | null {
    this.inputs += 1;
    try {
      const label = this.target.run(input);
      const outcome = outcomeOf(label);
      this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
      this.#keep(label, input);
      return null;
    } catch (error) {
      return { target: this.target.name, input, error };
    }
  }

  #keep(label: string, input: Buffer): void {
    const seen = this.#labels.get(label) ?? 0;
    if (seen >= KEPT_PER_LABEL || this.#kept.length >= MAX_KEPT) return;
    this.#labels.set(label, seen + 1);
    this.#kept.push(input);
  }
}

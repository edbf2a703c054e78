import { DerError, JsonError } from '../../src/encoding/index.js';
import { Refusal } from '../../src/reasons/index.js';
import type { Random } from '../support/mutation/random.js';

/** An entrance that reads octets which a stranger wrote, and how its inputs are made wrong. */
export interface Target {
  readonly name: string;
  /** How many mutated inputs a run of the suite gives it. */
  readonly share: number;
  readonly seeds: () => readonly Buffer[];
  readonly mutate: (input: Buffer, random: Random, donor: Buffer) => Buffer;
  /**
   * `accepted`, or why not: a reason code, and after a space what else tells how far the input got. Needs nothing but the input, so that it can be run again.
   * @throws what is a finding: a fault, or what may never be accepted
   */
  readonly run: (input: Buffer) => string;
}

/** Something was accepted, or answered, that must not be. */
export class Wrong extends Error {
  override readonly name = 'Wrong';
}

export const must = (holds: boolean, what: string): void => {
  if (!holds) throw new Wrong(what);
};

/** What came of it, where all that may be thrown is what the entrance documents: Refusal, JsonError, DerError. */
export const judged = (run: () => string | void): string => {
  try {
    return run() ?? 'accepted';
  } catch (error) {
    if (error instanceof Refusal) return `${error.reason} ${String(error.position)} ${error.detail ?? ''}`;
    if (error instanceof JsonError) return error.fault;
    if (error instanceof DerError) return `no-der ${error.message}`;
    throw error;
  }
};

const SHOWN = 60;
/** `accepted` or a reason code, without what follows; long words are what inputs wrote. */
export const outcomeOf = (label: string): string => label.split(' ', 1)[0]?.slice(0, SHOWN) ?? '';

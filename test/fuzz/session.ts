import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Campaign, type Finding } from './campaign.js';
import type { FuzzOptions } from './options.js';
import type { Target } from './target.js';
import { Vigil } from './vigil.js';

/** Tells what happens, for people and for whoever reads the lines. */
export type Say = (event: string, facts: object) => void;

const PROGRESS_MS = 10_000;
/** Inputs of one target before the next has its turn: a turn is a part of its share. */
const TURN = 2000;
const LEAST_TURN = 20;
const ALL_SHARES = 1_000_000;

const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** Saves what broke something, and says how to run it again. */
export const report = ({ target, input, error }: Finding, { out, seed }: FuzzOptions, say: Say): void => {
  mkdirSync(out, { recursive: true });
  const file = join(out, createHash('sha256').update(input).digest('hex').slice(0, 16));
  writeFileSync(file, input);
  const replay = `npm run fuzz -- --replay ${file} --target '${target}'`;
  say('finding', { target, seed, file, octets: input.length, error: textOf(error), replay });
};

/** Mutants of all targets in turn, until one breaks its entrance or what was asked for is done. */
export class Session {
  readonly #options: FuzzOptions;
  readonly #say: Say;
  readonly #campaigns: readonly Campaign[];
  readonly #vigil = new Vigil();
  readonly #started = performance.now();
  readonly #dearest = { cpuMs: 0, target: '' };
  readonly #mutants = createHash('sha256');
  #inputs = 0;
  #said = this.#started;

  constructor(options: FuzzOptions, targets: readonly Target[], say: Say) {
    this.#options = options;
    this.#say = say;
    this.#campaigns = targets.map((target, i) => new Campaign(target, options.seed + i));
  }

  /** False: something was found, and is saved. */
  run(): boolean {
    let holds = true;
    while (holds && !this.#isOver()) {
      for (const campaign of this.#campaigns) {
        holds = this.#turn(campaign) && holds;
        this.#sayProgress();
      }
    }
    // The digest is the same for the same seed, targets and number of inputs.
    const mutants = this.#mutants.digest('hex').slice(0, 16);
    this.#say('end', { ...this.#facts(), mutants, findings: !holds, targets: this.#summary() });
    return holds;
  }

  #turn(campaign: Campaign): boolean {
    const count = Math.max(LEAST_TURN, Math.round((TURN * campaign.target.share * this.#campaigns.length) / ALL_SHARES));
    for (let i = 0; i < count && !this.#isOver(); i += 1) {
      const input = campaign.next();
      const { finding, cpu } = this.#vigil.watch(campaign, input);
      this.#inputs += 1;
      this.#mutants.update(input);
      if (cpu > this.#dearest.cpuMs) Object.assign(this.#dearest, { cpuMs: Math.round(cpu), target: campaign.target.name });
      if (finding === null) continue;
      report(finding, this.#options, this.#say);
      return false;
    }
    return true;
  }

  #isOver(): boolean {
    return this.#inputs >= this.#options.inputs || performance.now() - this.#started >= this.#options.seconds * 1000;
  }

  #sayProgress(): void {
    if (performance.now() - this.#said < PROGRESS_MS) return;
    this.#said = performance.now();
    this.#say('progress', this.#facts());
  }

  #facts(): object {
    const seconds = Math.round((performance.now() - this.#started) / 1000);
    return { seconds, inputs: this.#inputs, seed: this.#options.seed, dearest: this.#dearest };
  }

  #summary(): object {
    return Object.fromEntries(
      this.#campaigns.map(({ target, inputs, kept, outcomes }) => [
        target.name,
        { inputs, accepted: outcomes.get('accepted') ?? 0, outcomes: outcomes.size, kept },
      ]),
    );
  }
}

/** Runs a saved input again. False: it breaks a target still. */
export const replay = (file: string, targets: readonly Target[], say: Say): boolean => {
  const input = readFileSync(file);
  const found = targets.map((target) => {
    const { finding, cpu } = new Vigil().watch(new Campaign(target, 0), input);
    say('replay', { target: target.name, cpuMs: Math.round(cpu), error: finding === null ? null : textOf(finding.error) });
    return finding !== null;
  });
  return !found.includes(true);
};

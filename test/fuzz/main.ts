import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOSTILE_LINES } from '../support/hostile/index.js';
import { answer } from '../support/hostile/measure.js';
import { Campaign, type Finding } from './campaign.js';
import { USAGE, readOptions, type FuzzOptions } from './options.js';
import { TARGETS } from './targets/index.js';
import type { Target } from './target.js';
import { LIMITS, TooDear, Vigil, leastCpu } from './vigil.js';

/** `npm run fuzz`: mutated inputs to every entrance until one breaks it. Exit code 0: none did; 1: one did; 2: wrong usage. */

const PROGRESS_MS = 10_000;
/** Inputs of one target before the next has its turn: a turn is a part of its share. */
const TURN = 2000;

const say = (event: string, facts: object): void => void process.stdout.write(`${JSON.stringify({ event, ...facts })}\n`);

/** Saves what broke something, and says how to run it again. */
const report = ({ target, input, error }: Finding, { out, seed }: FuzzOptions): void => {
  mkdirSync(out, { recursive: true });
  const file = join(out, createHash('sha256').update(input).digest('hex').slice(0, 16));
  writeFileSync(file, input);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  say('finding', {
    target,
    seed,
    file,
    octets: input.length,
    error: text,
    replay: `npm run fuzz -- --replay ${file} --target '${target}'`,
  });
};

/** The lines that are made to be dear, held to the same bound. */
const runHostileLines = (options: FuzzOptions): boolean => {
  let [holds, dearest, name] = [true, 0, ''];
  for (const line of HOSTILE_LINES) {
    const input = line.make();
    const cpu = leastCpu(() => void answer(line.entrance, input));
    if (cpu > dearest) [dearest, name] = [cpu, line.name];
    if (cpu <= LIMITS.cpu) continue;
    holds = false;
    report({ target: `hostile line: ${line.name}`, input, error: new TooDear(`${cpu.toFixed(0)} ms of CPU`) }, options);
  }
  say('hostile lines', { lines: HOSTILE_LINES.length, dearest: name, cpuMs: Math.round(dearest) });
  return holds;
};

interface Tally {
  inputs: number;
  readonly dearest: { cpuMs: number; target: string };
}

/** One turn of a target; false: it found something. */
const turn = (campaign: Campaign, vigil: Vigil, tally: Tally, options: FuzzOptions, until: number): boolean => {
  const count = Math.max(20, Math.round((TURN * campaign.target.share * TARGETS.length) / 1_000_000));
  for (let i = 0; i < count && tally.inputs < options.inputs && performance.now() < until; i += 1) {
    const { finding, cpu } = vigil.watch(campaign, campaign.next());
    tally.inputs += 1;
    if (cpu > tally.dearest.cpuMs) Object.assign(tally.dearest, { cpuMs: Math.round(cpu), target: campaign.target.name });
    if (finding === null) continue;
    report(finding, options);
    return false;
  }
  return true;
};

const summary = (campaigns: readonly Campaign[]): object =>
  Object.fromEntries(
    campaigns.map(({ target, inputs, kept, outcomes }) => [
      target.name,
      { inputs, accepted: outcomes.get('accepted') ?? 0, outcomes: outcomes.size, kept },
    ]),
  );

const run = (options: FuzzOptions, targets: readonly Target[]): boolean => {
  const started = performance.now();
  const until = started + options.seconds * 1000;
  const campaigns = targets.map((target, i) => new Campaign(target, options.seed + i));
  const vigil = new Vigil();
  const tally: Tally = { inputs: 0, dearest: { cpuMs: 0, target: '' } };
  const facts = () => ({
    seconds: Math.round((performance.now() - started) / 1000),
    inputs: tally.inputs,
    seed: options.seed,
    dearest: tally.dearest,
  });
  let [holds, said] = [true, started];
  while (holds && tally.inputs < options.inputs && performance.now() < until) {
    for (const campaign of campaigns) {
      holds = turn(campaign, vigil, tally, options, until) && holds;
      if (performance.now() - said < PROGRESS_MS) continue;
      said = performance.now();
      say('progress', facts());
    }
  }
  say('end', { ...facts(), findings: !holds, targets: summary(campaigns) });
  return holds;
};

const replay = (file: string, targets: readonly Target[]): boolean =>
  targets.every((target) => {
    const { finding, cpu } = new Vigil().watch(new Campaign(target, 0), readFileSync(file));
    say('replay', { target: target.name, cpuMs: Math.round(cpu), error: finding?.error instanceof Error ? finding.error.stack : null });
    return finding === null;
  });

const main = (args: readonly string[]): number => {
  const options = readOptions(args);
  const targets = options === null ? [] : TARGETS.filter(({ name }) => name.includes(options.target));
  if (options === null || targets.length === 0) {
    process.stderr.write(`${USAGE}targets: ${TARGETS.map(({ name }) => name).join(', ')}\n`);
    return 2;
  }
  if (options.replay !== null) return replay(options.replay, targets) ? 0 : 1;
  const hostile = !options.hostile || options.target !== '' || runHostileLines(options);
  return run(options, targets) && hostile ? 0 : 1;
};

process.exitCode = main(process.argv.slice(2));

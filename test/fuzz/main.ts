import { HOSTILE_LINES } from '../support/hostile/index.js';
import { answer } from '../support/hostile/measure.js';
import { USAGE, readOptions, type FuzzOptions } from './options.js';
import { Session, replay, report, type Say } from './session.js';
import { TARGETS } from './targets/index.js';
import { LIMITS, TooDear, leastCpu } from './vigil.js';

/** `npm run fuzz`: mutated inputs to every entrance until one breaks it. Exit code 0: none did; 1: one did; 2: wrong usage. */

const say: Say = (event, facts) => void process.stdout.write(`${JSON.stringify({ event, ...facts })}\n`);

/** The lines that are made to be dear, held to the same bound. */
const runHostileLines = (options: FuzzOptions): boolean => {
  let [holds, dearest, name] = [true, 0, ''];
  for (const line of HOSTILE_LINES) {
    const input = line.make();
    const cpu = leastCpu(() => void answer(line.entrance, input));
    if (cpu > dearest) [dearest, name] = [cpu, line.name];
    if (cpu <= LIMITS.cpu) continue;
    holds = false;
    report({ target: `hostile line: ${line.name}`, input, error: new TooDear(`${cpu.toFixed(0)} ms of CPU`) }, options, say);
  }
  say('hostile lines', { lines: HOSTILE_LINES.length, dearest: name, cpuMs: Math.round(dearest) });
  return holds;
};

const main = (args: readonly string[]): number => {
  const options = readOptions(args);
  const targets = options === null ? [] : TARGETS.filter(({ name }) => name.includes(options.target));
  if (options === null || targets.length === 0) {
    process.stderr.write(`${USAGE}targets: ${TARGETS.map(({ name }) => name).join(', ')}\n`);
    return 2;
  }
  if (options.replay !== null) return replay(options.replay, targets, say) ? 0 : 1;
  const hostile = !options.hostile || options.target !== '' || runHostileLines(options);
  return new Session(options, targets, say).run() && hostile ? 0 : 1;
};

process.exitCode = main(process.argv.slice(2));

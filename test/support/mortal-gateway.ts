import { readFileSync, writeSync } from 'node:fs';
import { DyingFileSystem, type Death } from './dying-file-system.js';
import { live, type Plan } from './gateway-life.js';
import { TestClock, reopenPlace } from './open-gateway.js';

/*
 * A child process: lives a gateway's life and is killed at one of its writes.
 * Every answer is written to standard output at once, as one JSON line. Usage: node mortal-gateway.js DIRECTORY PLAN FATAL DEATH
 */

const say = (value: unknown): void => {
  writeSync(1, `${JSON.stringify(value)}\n`);
};

const [directory = '', planFile = '', fatal = '0', death = 'before'] = process.argv.slice(2);
const plan = JSON.parse(readFileSync(planFile, 'utf8')) as Plan;
const clock = new TestClock();
clock.ms = plan.now;
const fs = new DyingFileSystem(Number(fatal), death as Death, 'kill');
await live(reopenPlace(directory, clock), fs, plan, say);
say({ calls: fs.calls });

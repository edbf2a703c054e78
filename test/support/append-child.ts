import { writeSync } from 'node:fs';
import { openRun, runBatches } from './data-run.js';
import { faultyFileSystem } from './faulty-file-system.js';

/** Runs on a data directory until it is killed, or kills itself at one step of the disk: node append-child.js DIRECTORY [STEP]. */
const [directory = '', step] = process.argv.slice(2);
const dieAt = step === undefined ? Infinity : Number(step);
const fs = faultyFileSystem(({ number }) => {
  if (number === dieAt) process.kill(process.pid, 'SIGKILL');
  return null;
});
const data = await openRun(directory, fs);
await runBatches(data, step === undefined ? 100_000 : 6, 60, ({ committed, published }) => writeSync(1, `${committed} ${published}\n`));
await data.close();

import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { Desk, DeskAttestations, DeskFiles, nodeDisk, openSubjectKey, type Disk } from '../../src/adapters/desk/index.js';

/*
 * A child process: attests at a desk and is killed at one of the steps of the ledger's line. What was signed is written to standard output at once.
 * Usage: node mortal-attestation.js DIRECTORY append|sync before|after|never
 */

const [directory = '', fatal = '', death = ''] = process.argv.slice(2);

let armed = false;

const fatally = (name: string, path: string, work: () => void): void => {
  const isFatal = armed && name === fatal && path.endsWith('ledger.jsonl');
  if (isFatal && death === 'before') process.kill(process.pid, 'SIGKILL');
  work();
  if (isFatal && death === 'after') process.kill(process.pid, 'SIGKILL');
};

const disk: Disk = {
  ...nodeDisk,
  append: (path, octets) => fatally('append', path, () => nodeDisk.append(path, octets)),
  sync: (path) => fatally('sync', path, () => nodeDisk.sync(path)),
};

const files = new DeskFiles(directory, undefined, disk);
const sources = { now: () => Date.now(), random: randomBytes };
const subjectKey = await openSubjectKey(files, randomBytes);
const desk = new Desk(files, sources);
await desk.settle();
armed = true;
const { passport } = await new DeskAttestations({ desk, files, subjectKey, lifetime: 600, sources }).attest({
  action: 'register',
  audience: 'dp.example',
  sii: 'tel:+12025550100',
  lifetime: 600,
  ssi: 'mimi://a.example/u/alice',
  provider: 'a.example',
  consent: 'otp',
  purpose: 'consumer',
});
writeSync(1, `${passport}\n`);

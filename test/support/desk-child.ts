import { randomBytes } from 'node:crypto';
import { Desk, DeskFiles } from '../../src/adapters/desk/index.js';
import { newKeyPair } from '../../src/issuance/index.js';
import { dyingDisk, type Death } from './dying-disk.js';

/** `desk-child DIR TO TIMES FATAL DEATH`: delegates at a desk, prints each serial that was handed out, and is killed at the fatal step. */
const [, , directory = '', to = '', times = '1', fatal = '0', death = 'before'] = process.argv;
const disk = dyingDisk(Number(fatal), death as Death, () => process.kill(process.pid, 'SIGKILL'));
const desk = new Desk(new DeskFiles(directory, undefined, disk), { now: () => Date.now(), random: randomBytes });
for (let i = 0; i < Number(times); i += 1) {
  const request = { to, lifetime: 3600, subject: { own: newKeyPair() } };
  const [certificate = Buffer.alloc(0)] = await desk.delegate(request, [{ start: '12025550100', count: 1 }]);
  process.stdout.write(`${certificate.toString('base64')}\n`);
  await desk.publish();
}

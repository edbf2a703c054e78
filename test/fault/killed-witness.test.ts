import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { openWitnessDirectory, type FileSystem } from '../../src/adapters/files/index.js';
import { Witness } from '../../src/gateway/witness.js';
import { parseCheckpoint, parseVkey, verifyNote } from '../../src/log/index.js';
import { testEntry, testSigner, vkeyOf } from '../support/log-fixtures.js';
import { DyingFileSystem, type Death } from '../support/dying-file-system.js';
import { diskError, faultyFileSystem } from '../support/faulty-file-system.js';
import { reasonOfPromise } from '../support/reasons.js';
import { MemoryLog, newFolder, removeFolder } from '../support/witness-run.js';

const signer = testSigner('log.example/log');
const NAME = 'witness.example/w1';

let folder: string;
beforeEach(async () => {
  folder = await newFolder();
});
afterEach(async () => {
  await removeFolder(folder);
});

const open = async (directory: string, fs?: FileSystem) => {
  const data = await openWitnessDirectory(directory, { name: NAME, ...(fs === undefined ? {} : { fs }) });
  const witness = await Witness.open({
    signer: data.signer,
    logs: [parseVkey(vkeyOf(signer))],
    registerOf: (origin) => data.registerOf(origin),
    clock: { now: () => 1_795_500_000_000 },
  });
  return { data, witness };
};

/** Roots by size that a witness let anybody have, over all its lives. */
const seen = new Map<string, string>();

const note = (key: string, text: string, size: number): void => {
  const known = seen.get(`${key} ${size}`);
  if (known !== undefined) expect(text).toBe(known);
  seen.set(`${key} ${size}`, text);
};

const ask = async (witness: Witness, log: MemoryLog, old: number, size: number, key: string): Promise<boolean> => {
  const answer = await witness.add(Buffer.from(await log.request(old, size)));
  if (answer.outcome !== 'cosigned') return false;
  const { text } = verifyNote(log.note(size) + answer.lines, [vkeyOf(signer)]);
  note(key, text, size);
  return true;
};

/** What it shows counts as cosigned too. */
const shown = (witness: Witness, key: string): number => {
  const kept = witness.checkpoint(signer.name);
  if (kept === null) return 0;
  const text = kept.slice(0, kept.indexOf('\n\n') + 1);
  const { size } = parseCheckpoint(text);
  note(key, text, Number(size));
  return Number(size);
};

test.each<Death>(['before', 'half', 'after'])(
  'a witness that dies %s any of its writes forgets nothing that it answered, and never cosigns two roots of one size',
  async (death) => {
    let deaths = 0;
    for (let fatal = 1; ; fatal += 1) {
      const directory = join(folder, `${death}-${fatal}`);
      const key = `${death} ${fatal}`;
      const honest = new MemoryLog(signer);
      const fs = new DyingFileSystem(fatal, death, 'freeze');
      let answered = 0;
      const life = (async () => {
        const { data, witness } = await open(directory, fs);
        for (const [old, size] of [
          [0, 3],
          [3, 9],
          [9, 9],
        ] as const)
          if (await ask(witness, honest, old, size, key)) answered = size;
        await data.close();
        return true;
      })();
      const whole = await Promise.race([life, fs.dead.then(() => false)]);
      await fs.bury();
      if (whole) break;
      deaths += 1;
      // This process lives on, so its lock would be honoured.
      await removeFolder(join(directory, 'lock'));
      const { data, witness } = await open(directory);
      const known = shown(witness, key);
      expect(known).toBeGreaterThanOrEqual(answered);
      // A log that forked while the witness was down: at what it may have cosigned, another root.
      const fork = new MemoryLog(signer, (n) => testEntry(n + 1000));
      for (const size of [3, 9]) {
        const taken = await ask(witness, fork, known, size, key).catch(() => false);
        expect(taken && known > 0).toBe(false);
      }
      await data.close();
    }
    expect(deaths).toBeGreaterThan(15);
  },
);

test('a write that fails stops it until a restart has read what the disk has', async () => {
  let armed = false;
  const sick = faultyFileSystem((step) => (armed && step.operation === 'sync' ? { error: diskError('EIO')(step) } : null));
  const log = new MemoryLog(signer);
  const { data, witness } = await open(join(folder, 'sick'), sick);
  expect(await ask(witness, log, 0, 2, 'sick')).toBe(true);
  armed = true;
  expect(await reasonOfPromise(() => ask(witness, log, 2, 5, 'sick'))).toBe('log-unavailable');
  armed = false;
  expect(await reasonOfPromise(() => ask(witness, log, 2, 5, 'sick'))).toBe('log-unavailable');
  await data.close();
  const again = await open(join(folder, 'sick'));
  const known = shown(again.witness, 'sick');
  expect(await ask(again.witness, log, known, 5, 'sick')).toBe(true);
  await again.data.close();
});

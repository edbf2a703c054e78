import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CannotRun } from '../../src/cli/audit-report.js';
import { auditVerify, type VerifyOptions } from '../../src/cli/audit-verify.js';
import { cosign, encodeTlogProof, signatureLine } from '../../src/log/index.js';
import { testEntry, testSigner, vkeyOf } from '../support/log-fixtures.js';
import { reasonOfPromise } from '../support/reasons.js';
import { MemoryLog, newFolder, removeFolder } from '../support/witness-run.js';

const signer = testSigner('log.example/log');
const witness = testSigner('witness.example/w1');
let folder: string;
let proof: string;

const policy = async (text: string): Promise<VerifyOptions> => {
  const file = join(folder, 'policy');
  await writeFile(file, text);
  return { policy: file, leaf: join(folder, 'leaf') };
};

beforeAll(async () => {
  folder = await newFolder();
  proof = join(folder, 'proof');
  const note = new MemoryLog(signer).note(1);
  const { id, payload } = cosign(witness, note.slice(0, note.lastIndexOf('\n\n') + 1), 1_795_500_000n);
  await writeFile(proof, encodeTlogProof({ index: 0, proof: [], checkpoint: note + signatureLine(witness.name, id, payload) }));
  await writeFile(join(folder, 'leaf'), testEntry(0));
});

afterAll(async () => {
  await removeFolder(folder);
});

test('a proof is held to a policy file, offline', async () => {
  const log = `log ${vkeyOf(signer)}\n`;
  const held = await auditVerify(proof, await policy(`${log}witness w ${vkeyOf(witness, 4)}\nquorum w\n`));
  expect(held).toMatchObject({ code: 0, json: { holds: true, witnesses: ['witness.example/w1'] } });
  const other = `${log}witness w ${vkeyOf(testSigner('other'), 4)}\nquorum w\n`;
  expect(await reasonOfPromise(async () => auditVerify(proof, await policy(other)))).toBe('quorum-missing');
  expect((await auditVerify(proof, await policy(`${log}quorum none\n`))).code).toBe(0);
});

test('what is no policy, names no log, or stands beside keys, keeps it from being run', async () => {
  for (const text of ['quorum w\n', 'quorum none\n']) await expect(auditVerify(proof, await policy(text))).rejects.toThrow(CannotRun);
  const good = await policy(`log ${vkeyOf(signer)}\nquorum none\n`);
  await expect(auditVerify(proof, { ...good, logVkey: vkeyOf(signer) })).rejects.toThrow(CannotRun);
  expect((await auditVerify(proof, good)).code).toBe(0);
});

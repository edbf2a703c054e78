import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { AuditClient } from '../../src/client/index.js';
import { ServedGateway } from '../support/served-gateway.js';
import { Verb } from '../support/verb.js';
import { newFolder, removeFolder, trust, writeIdentity } from '../support/witness-run.js';

const gateway = new ServedGateway();
let folder: string;
let witness: Verb;
let ready: { url: string; vkey: string };

beforeAll(async () => {
  folder = await newFolder();
  await gateway.start();
  const { tlsCert, tlsKey } = await writeIdentity(folder);
  const tls = ['--tls-cert', tlsCert, '--tls-key', tlsKey];
  const log = ['--log', gateway.running.logVkey, '--name', 'witness.example/w1'];
  witness = new Verb('witness', '--data', join(folder, 'witness'), '--port', '0', ...log, ...tls, '--print-ready');
  ready = JSON.parse(await witness.says('"ready"')) as typeof ready;
  const policy = join(gateway.directory, 'pki/policies/gateway.yaml');
  const document = parse(await readFile(policy, 'utf8')) as object;
  const url = ready.url.replace('127.0.0.1', 'localhost');
  const witnesses = { quorum: 1, members: [{ vkey: ready.vkey, url, ca: trust(), internal: true }] };
  await writeFile(policy, stringify({ ...document, witnesses }));
  await gateway.killAndRestart();
}, 60_000);

afterAll(async () => {
  witness.child.kill('SIGTERM');
  await witness.exit;
  await gateway.remove();
  await removeFolder(folder);
});

test('a gateway says who witnesses it, and every proof carries the cosignature', async () => {
  const discovery = await gateway.raw().call({ method: 'GET', path: '/.well-known/mimi-discovery' });
  expect(JSON.parse(discovery.body.toString())).toMatchObject({ witnessVkeys: [ready.vkey] });
  const { logIndex } = await gateway.ap('a.example').withdraw({ sii: 'tel:+12025550100', ssi: 'mimi://a.example/u/alice' });
  const auditor = new AuditClient({
    url: gateway.running.url,
    ...gateway.tls('auditor.example'),
    logVkey: gateway.running.logVkey,
    witnesses: [ready.vkey],
    quorum: 1,
  });
  while (Number((await auditor.checkpoint()).size) <= logIndex) await wait(50);
  const { proof, index } = await auditor.proof(logIndex);
  expect(index).toBe(logIndex);
  expect(proof).toContain('\u2014 witness.example/w1 ');
  auditor.close();
  const metrics = await gateway.raw(gateway.tls('operator.example')).call({ method: 'GET', path: '/metrics' });
  const text = metrics.body.toString();
  expect(text).toMatch(/signpost_witness_cosignature_age_seconds\{witness="witness.example\/w1"\} \d/);
  expect(text).toContain('signpost_checkpoint_unwitnessed 0');
  expect(text).toContain('signpost_witness_fork{witness="witness.example/w1"} 0');
});

test('a witness policy that does not hold is not put in force, and says why', async () => {
  const policy = join(gateway.directory, 'pki/policies/gateway.yaml');
  const good = await readFile(policy, 'utf8');
  const document = parse(good) as { witnesses: { members: object[] } };
  const member = document.witnesses.members[0];
  const reload = async (witnesses: object) => {
    await writeFile(policy, stringify({ ...document, witnesses }));
    const { status, body } = await gateway.raw(gateway.tls('operator.example')).call({ method: 'POST', path: '/v1/admin/reload' });
    return { status, ...(JSON.parse(body.toString()) as { problems?: string[] }) };
  };
  expect(await reload({ quorum: 1, members: [member, { ...member, vkey: 'x' }] })).toMatchObject({
    status: 409,
    problems: [expect.stringContaining('witnesses.members.1.vkey: is no verifier key')],
  });
  expect(await reload({ quorum: 1, members: [member, { ...member }] })).toMatchObject({
    status: 409,
    problems: [expect.stringContaining('twice')],
  });
  expect((await reload({ quorum: 1, members: [member] })).status).toBe(200);
});

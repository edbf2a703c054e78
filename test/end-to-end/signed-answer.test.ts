import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkSignedAnswer, contradicts, type AnswerKeys, type SignedLookupAnswer } from '../../src/client/index.js';
import { Verb } from '../support/verb.js';
import { reasonOf } from '../support/reasons.js';
import { ServedGateway, registrationClaims, signed } from '../support/served-gateway.js';

const NUMBERS = { spc: '709J', provider: 'a.example', numbers: [{ start: '12025550100', count: 10 }] };
const LIVE = 'tel:+12025550100';
const UNKNOWN = 'tel:+12025550109';
const SSI = 'mimi://a.example/u/alice';

const served = new ServedGateway();
const policy = join(served.directory, 'pki/policies/gateway.yaml');
const policyText = readFileSync(policy, 'utf8');
const keys = (): AnswerKeys => ({ logVkey: served.running.logVkey, receiptVkey: served.running.receiptVkey });

beforeAll(async () => {
  writeFileSync(policy, policyText.replace(/^( *signed:) false$/m, '$1 true'));
  await served.start();
  await served.ap('a.example').register(signed(served.pki.hierarchy.delegate(NUMBERS), registrationClaims('12025550100', SSI)));
});
afterAll(() => served.remove());

/** Until a checkpoint covers the registration an answer carries its receipt: asked again, within seconds, the proof. */
const provenAnswer = async (as: string): Promise<SignedLookupAnswer> => {
  for (;;) {
    const answer = await served.ap(as).lookupSigned(LIVE, keys(), { view: 'consumer' });
    if (answer.entries.every(({ isProven }) => isProven)) return answer;
    await wait(50);
  }
};

describe('signed answers', () => {
  test('prove, offline, what was found and what was not, and have one size', async () => {
    const b = served.ap('b.example');
    const found = await provenAnswer('b.example');
    const none = await b.lookupSigned(UNKNOWN, keys());
    expect(found).toMatchObject({ sii: LIVE, asker: 'b.example', view: 'consumer', circle: null });
    expect(found.mappings).toMatchObject([{ ssi: SSI, logIndex: 0, default: true }]);
    expect(found.entries).toMatchObject([{ index: 0, isProven: true }]);
    expect(none).toMatchObject({ sii: UNKNOWN, mappings: [], entries: [] });
    expect(Number(none.statement.size)).toBeGreaterThanOrEqual(1);
    expect(checkSignedAnswer(found.document, keys())).toEqual(found);
    const sizes = await Promise.all([LIVE, UNKNOWN].map(async (sii) => (await raw({ sii, signed: true })).body.length));
    expect(sizes).toEqual([16_384, 16_384]);
  });

  test('name the caller that asked, and count as one lookup', async () => {
    const before = await served.ap('b.example').quota();
    await served.ap('b.example').lookupSigned('tel:+12025550108', keys());
    expect((await served.ap('b.example').quota()).used).toBe(before.used + 1);
  });

  test('are refused where anything is changed', async () => {
    const { document } = await provenAnswer('b.example');
    const changed = (change: (answer: Shape) => void): string => {
      const copy = JSON.parse(document) as Shape;
      change(copy);
      return JSON.stringify(copy);
    };
    const flip = (text: string): string => `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`;
    const cases: [string, (answer: Shape) => void][] = [
      ['commitment-failed', (one) => (one.sii = UNKNOWN)],
      ['commitment-failed', (one) => (one.mappings[0].ssi = 'mimi://a.example/u/mallory')],
      ['commitment-failed', (one) => void (one.mappings as unknown[]).pop()],
      ['commitment-failed', (one) => (one.signed.asker = 'c.example')],
      ['commitment-failed', (one) => (one.signed.view = 'all')],
      ['commitment-failed', (one) => (one.signed.nonce = flip(one.signed.nonce))],
      ['commitment-failed', (one) => (one.signed.entries[0].opening = flip(one.signed.entries[0].opening))],
      ['commitment-failed', (one) => (one.signed.entries[0].index = 1)],
      ['inclusion-failed', (one) => (one.signed.entries[0].leaf = one.signed.entries[0].leaf.replace('"gw":"s', '"gw":"t'))],
      ['malformed-proof', (one) => void (one.signed.entries as unknown[]).pop()],
      ['malformed-proof', (one) => void delete one.signed.entries[0].proof],
      ['untrusted-note', (one) => (one.signed.statement = one.signed.statement.replace('signpost/answer@v1', 'signpost/answer@v2'))],
      ['untrusted-note', (one) => (one.signed.checkpoint = one.signed.checkpoint.replace('dp.example', 'dq.example'))],
    ];
    for (const [reason, change] of cases)
      expect([reasonOf(() => checkSignedAnswer(changed(change), keys())), String(change)]).toEqual([reason, String(change)]);
    expect(
      checkSignedAnswer(
        changed(() => undefined),
        keys(),
      ).sii,
    ).toBe(LIVE);
    const { size, root } = checkSignedAnswer(document, keys()).statement;
    expect(checkSignedAnswer(document, { ...keys(), after: { size, root } }).sii).toBe(LIVE);
    for (const after of [
      { size: Number(size) + 1, root },
      { size, root: Buffer.alloc(32, 1) },
    ])
      expect(reasonOf(() => checkSignedAnswer(document, { ...keys(), after }))).toBe('consistency-failed');
    expect(reasonOf(() => checkSignedAnswer('not JSON', keys()))).toBe('malformed-proof');
    expect(reasonOf(() => checkSignedAnswer(document, { ...keys(), quorum: 1 }))).toBe('quorum-missing');
  });

  test('are refused when they were given at another time, though everything in them holds', async () => {
    const now = Date.now;
    try {
      Date.now = () => now() + 301_000;
      await expect(served.ap('b.example').lookupSigned(LIVE, keys())).rejects.toMatchObject({ reason: 'commitment-failed' });
    } finally {
      Date.now = now;
    }
    await expect(served.ap('b.example').lookupSigned(LIVE, keys())).resolves.toMatchObject({ sii: LIVE });
  });

  test('convict who says none to one and found to another', async () => {
    const [entry] = (await provenAnswer('a.example')).entries;
    if (entry === undefined) throw new Error('no entry');
    const registered = { ...entry, ssi: SSI, provider: 'a.example' };
    const honest = await served.ap('b.example').lookupSigned(LIVE, keys(), { view: 'all' });
    const silent: SignedLookupAnswer = { ...honest, mappings: [] };
    expect(contradicts(honest, registered, keys())).toBe(false);
    expect(contradicts(silent, registered, keys())).toBe(true);
    expect(contradicts({ ...silent, statement: { ...silent.statement, size: 0 } }, registered, keys())).toBe(false);
    expect(reasonOf(() => contradicts({ ...silent, sii: UNKNOWN }, registered, keys()))).toBe('commitment-failed');
  });

  test('by command: asked for, kept, and verified by another without a connection', async () => {
    const out = join(served.directory, 'answer.json');
    const place = ['--url', served.running.url, '--pki', join(served.directory, 'pki'), '--as', 'a.example'];
    const asked = [
      'ap',
      'lookup',
      LIVE,
      '--signed',
      '--log-key',
      keys().logVkey,
      '--receipt-key',
      keys().receiptVkey,
      '--out',
      out,
      ...place,
    ];
    expect((await runVerb(asked)).code).toBe(0);
    const verify = ['audit', 'verify', out, '--log-vkey', keys().logVkey, '--receipt-vkey', keys().receiptVkey, '--json'];
    const held = await runVerb(verify);
    expect([held.code, JSON.parse(held.stdout)]).toMatchObject([
      0,
      { holds: true, kind: 'answer', asker: 'a.example', entries: [{ index: 0, isProven: true }] },
    ]);
    writeFileSync(out, readFileSync(out, 'utf8').replace('u/alice', 'u/mallo'));
    expect((await runVerb(verify)).code).toBe(1);
  });

  test('are not given where policy does not say so, and only one at a time', async () => {
    const batch = await raw({ lookups: [{ sii: LIVE, signed: true }] });
    expect([batch.status, JSON.parse(batch.body.toString())]).toMatchObject([400, { reason: 'malformed-request' }]);
    writeFileSync(policy, policyText);
    await served.killAndRestart();
    await expect(served.ap('b.example').lookupSigned(LIVE, keys())).rejects.toMatchObject({ status: 403, reason: 'answers-not-signed' });
    expect((await served.ap('b.example').lookup(LIVE, { view: 'all' })).mappings).toHaveLength(1);
  });
});

interface Shape {
  sii: string;
  mappings: [{ ssi: string }];
  signed: {
    statement: string;
    nonce: string;
    asker: string;
    view: string;
    checkpoint: string;
    entries: [{ index: number; leaf: string; opening: string; proof?: string }];
  };
}

const raw = (body: unknown) =>
  served.raw(served.tls('b.example')).call({ method: 'POST', path: '/v1/lookups', type: 'application/json', body: JSON.stringify(body) });

const runVerb = async (args: readonly string[]): Promise<{ code: number | null; stdout: string }> => {
  const verb = new Verb(...args);
  const code = await verb.exit;
  return { code, stdout: verb.out.join('\n') };
};

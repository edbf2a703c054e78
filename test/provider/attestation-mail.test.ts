import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AttestationClient, Wish } from '../../src/client/index.js';
import { AttestingProvider } from '../support/attesting-provider.js';
import { reasonOfApi } from '../support/attesting.js';
import { ServedGateway } from '../support/served-gateway.js';
import { Verb } from '../support/verb.js';

const served = new ServedGateway();
const provider = new AttestingProvider(served.directory, served.pki, 'ep');
let client: AttestationClient;
const wish = (local: string, changes: Partial<Wish> = {}): Wish => ({
  sii: `mailto:${local}@post.example`,
  ssi: 'mimi://a.example/u/alice',
  purpose: 'consumer',
  ...changes,
});

beforeAll(async () => {
  await provider.open();
  await Promise.all([served.start(), provider.start()]);
  client = provider.client('a.example');
});
afterAll(async () => {
  client.close();
  await provider.close();
  await served.remove();
});

describe('a mail provider', () => {
  test('attests by a code in a mail, and a gateway accepts it', async () => {
    const { id } = await client.beginCode({ ...wish('alice'), sii: 'mailto:Alice@POST.example' });
    expect(provider.messages.at(-1)?.to).toBe('alice@post.example');
    const { passport, consent } = await client.complete(id, provider.code);
    expect(consent).toBe('otp');
    await served.ap('a.example').register(passport);
    expect((await served.ap('b.example').lookup('mailto:alice@post.example')).mappings.map(({ ssi }) => ssi)).toEqual([
      'mimi://a.example/u/alice',
    ]);
  });

  test('attests for its signed-in subscriber, and for no other address than theirs', async () => {
    const bob = wish('bob');
    const statement = (sub: string): string => provider.statement({ sub, ap: 'a.example', ssi: bob.ssi });
    const { passport, consent } = await client.attest(bob, { by: 'operator', statement: statement(bob.sii) });
    expect(consent).toBe('operator');
    await served.ap('a.example').register(passport);
    const other = client.attest(bob, { by: 'operator', statement: statement('mailto:carol@post.example') });
    expect(await reasonOfApi(other)).toBe('proof-mismatch');
  });

  test.each<[string, string, Partial<Wish>]>([
    ['an address at another domain', 'email-out-of-scope', { sii: 'mailto:alice@mail.example' }],
    ['an address at a domain below its own', 'email-out-of-scope', { sii: 'mailto:alice@sub.post.example' }],
    ['a number', 'tn-out-of-scope', { sii: 'tel:+12025550100' }],
  ])('attests nothing about %s', async (_what, reason, changes) => {
    const sent = provider.messages.length;
    expect(await reasonOfApi(client.beginCode(wish('alice', changes)))).toBe(reason);
    expect(provider.messages.length).toBe(sent);
  });

  test('has no number verification', async () => {
    expect(await reasonOfApi(client.attest(wish('alice'), { by: 'sim', accessToken: 'x' }))).toBe('proof-not-offered');
  });
});

describe('signpost ap attest', () => {
  const attest = (address: string, user: string, ...more: string[]): Verb => {
    const gateway = served.running.url.replace('127.0.0.1', 'localhost');
    const who = ['--pki', served.pki.directory, '--as', 'a.example', '--provider-url', provider.url, '--url', gateway, '--json'];
    return new Verb('ap', 'attest', address, user, ...who, ...more);
  };
  const nextCode = async (sent: number): Promise<string> => {
    for (const since = Date.now(); provider.messages.length === sent && Date.now() - since < 20_000;)
      await new Promise((resolve) => setImmediate(resolve));
    return provider.code;
  };

  test('asks for the code and registers what was attested', async () => {
    const sent = provider.messages.length;
    const verb = attest('dora@post.example', 'dora', '--register');
    for (const since = Date.now(); provider.messages.length === sent && Date.now() - since < 20_000;) await new Promise(setImmediate);
    verb.child.stdin.end(`${await nextCode(sent)}\n`);
    expect(await verb.exit).toBe(0);
    expect(JSON.parse(verb.out.join(''))).toMatchObject({ consent: 'otp', registered: { mapping: { sii: 'mailto:dora@post.example' } } });
    expect((await served.ap('b.example').lookup('mailto:dora@post.example')).mappings).toHaveLength(1);
  });

  test('exits 1 on a wrong code, and 2 when there is none or nobody to ask', async () => {
    const sent = provider.messages.length;
    const wrong = attest('emil@post.example', 'emil');
    for (const since = Date.now(); provider.messages.length === sent && Date.now() - since < 20_000;) await new Promise(setImmediate);
    const code = await nextCode(sent);
    wrong.child.stdin.end(`${code.replace(/^./, (digit) => String((Number(digit) + 1) % 10))}\n`);
    expect(await wrong.exit).toBe(1);
    expect(JSON.parse(wrong.out.join(''))).toMatchObject({ reason: 'proof-failed' });
    const silent = attest('emil@post.example', 'emil');
    silent.child.stdin.end();
    expect(await silent.exit).toBe(2);
    const nobody = new Verb('ap', 'attest', 'emil@post.example', 'emil', '--pki', served.pki.directory, '--as', 'a.example', '--json');
    expect(await nobody.exit).toBe(2);
  });
});

import { createHmac, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { ConfigurationProblems } from '../../src/adapters/configuration/index.js';
import { Desk } from '../../src/adapters/desk/index.js';
import { ApiRefusal, ApiUnavailable, type AttestationClient, type Attested, type Wish } from '../../src/client/index.js';
import { claimsIn } from '../support/attesting.js';
import { AttestingProvider } from '../support/attesting-provider.js';
import { ask } from '../support/http-site.js';
import { rejectionOf } from '../support/scripted-gateway.js';
import { ServedGateway } from '../support/served-gateway.js';
import { Verb } from '../support/verb.js';

const served = new ServedGateway();
const provider = new AttestingProvider(served.directory, served.pki);
let next = 12_025_552_000;
const freshNumber = (): string => `tel:+${(next += 1)}`;
const clients: AttestationClient[] = [];
const as = (domain: string, url?: string): AttestationClient => {
  const client = provider.client(domain, url);
  clients.push(client);
  return client;
};
const wish = (sii: string, changes: Partial<Wish> = {}): Wish => ({
  sii,
  ssi: 'mimi://a.example/u/alice',
  purpose: 'consumer',
  ...changes,
});
const statement = (sii: string, changes: Record<string, unknown> = {}): { by: 'operator'; statement: string } => ({
  by: 'operator',
  statement: provider.statement({ sub: sii, ap: 'a.example', ssi: 'mimi://a.example/u/alice', ...changes }),
});
const refusalOf = async (asked: Promise<unknown>): Promise<ApiRefusal> => {
  const error = await rejectionOf(asked);
  if (!(error instanceof ApiRefusal)) throw error;
  return error;
};
const reasonOf = async (asked: Promise<unknown>): Promise<string> => (await refusalOf(asked)).reason;
const byCode = async (sii: string, changes: Partial<Wish> = {}): Promise<Attested> => {
  const client = as('a.example');
  const { id } = await client.beginCode(wish(sii, changes));
  return client.complete(id, provider.code);
};

beforeAll(async () => {
  await Promise.all([served.start(), provider.open()]);
  await provider.start();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  served.disconnect();
});
afterAll(async () => {
  await provider.close();
  await served.remove();
});

describe('what was attested', () => {
  test('is accepted by a gateway and found by another AP', async () => {
    const sii = freshNumber();
    const { passport, consent, expires } = await byCode(sii);
    expect({ consent, expires: Date.parse(expires) }).toEqual({ consent: 'otp', expires: Number(claimsIn(passport)['exp']) * 1000 });
    expect(provider.messages.at(-1)?.to).toBe(sii.slice('tel:'.length));
    await served.ap('a.example').register(passport);
    expect((await served.ap('b.example').lookup(sii)).mappings.map(({ ssi }) => ssi)).toEqual(['mimi://a.example/u/alice']);
  });

  test('is of no use to another AP', async () => {
    const sii = freshNumber();
    const { passport } = await byCode(sii);
    expect(await reasonOf(served.ap('b.example').register(passport))).toBe('ap-mismatch');
    expect((await served.ap('b.example').lookup(sii)).mappings).toEqual([]);
    await served.ap('a.example').register(passport);
  });

  test.each(['sim', 'operator'] as const)('by %s is accepted too, with that consent', async (by) => {
    const sii = freshNumber();
    provider.tokens.set(`token-${sii.slice(5)}`, sii.slice(4));
    const proof = by === 'sim' ? { by, accessToken: `token-${sii.slice(5)}` } : statement(sii);
    const { passport, consent } = await as('a.example').attest(wish(sii), proof);
    expect({ consent, claimed: claimsIn(passport)['consent'] }).toEqual({ consent: by, claimed: by });
    await served.ap('a.example').register(passport);
  });

  test('is in the ledger, by a digest that only the desk can make', async () => {
    const sii = freshNumber();
    const before = provider.attested().length;
    const { passport } = await byCode(sii, { kind: 'service' });
    const key = readFileSync(provider.files.path('attestation.key'));
    expect(provider.attested().slice(before)).toEqual([
      {
        event: 'attested',
        at: claimsIn(passport)['iat'],
        to: 'a.example',
        subject: createHmac('sha256', key).update(sii).digest('base64url'),
        jti: claimsIn(passport)['jti'],
        consent: 'otp',
      },
    ]);
    expect({ octets: key.length, mode: statSync(provider.files.path('attestation.key')).mode & 0o777 }).toEqual({
      octets: 32,
      mode: 0o600,
    });
    expect(await new Desk(provider.files, { now: Date.now, random: (n) => Buffer.alloc(n) }).list()).not.toEqual([]);
  });

  test('is the same PASSporT for who asks twice', async () => {
    const client = as('a.example');
    const { id } = await client.beginCode(wish(freshNumber()));
    const before = provider.attested().length;
    const first = await client.complete(id, provider.code);
    expect(await client.complete(id, provider.code)).toEqual(first);
    expect(provider.attested().length).toBe(before + 1);
  });
});

describe('nothing is attested', () => {
  const signs = async (
    asking: () => Promise<unknown>,
  ): Promise<{ readonly reason: string; readonly status: number; readonly signed: number }> => {
    const before = provider.attested().length;
    const { reason, status } = await refusalOf(asking());
    return { reason, status, signed: provider.attested().length - before };
  };

  test('on a wrong code, nor on the right one after five', async () => {
    const client = as('a.example');
    const { id } = await client.beginCode(wish(freshNumber()));
    const wrong = provider.code.replace(/^./, (digit) => String((Number(digit) + 1) % 10));
    for (let n = 0; n < 5; n += 1)
      expect(await signs(() => client.complete(id, wrong))).toEqual({ reason: 'proof-failed', status: 403, signed: 0 });
    expect(await signs(() => client.complete(id, provider.code))).toEqual({ reason: 'too-many-attempts', status: 403, signed: 0 });
  });

  test('on a code that has run out', async () => {
    const client = as('a.example');
    const { id, expires } = await client.beginCode(wish(freshNumber()));
    try {
      provider.clock.ahead = Date.parse(expires) - Date.now();
      expect(await signs(() => client.complete(id, provider.code))).toMatchObject({ reason: 'proof-expired', signed: 0 });
    } finally {
      provider.clock.ahead = 0;
    }
  });

  test('for an AP that did not begin', async () => {
    const { id } = await as('a.example').beginCode(wish(freshNumber()));
    expect(await signs(() => as('b.example').complete(id, provider.code))).toEqual({ reason: 'not-found', status: 404, signed: 0 });
    expect(await signs(() => as('a.example').complete('AAAAAAAAAAAAAAAAAAAAAA', provider.code))).toMatchObject({ reason: 'not-found' });
    expect((await as('a.example').complete(id, provider.code)).consent).toBe('otp');
  });

  test('by an access token over another phone, one that nobody knows, or one that was used', async () => {
    const [sii, other] = [freshNumber(), freshNumber()];
    provider.tokens.set('other-phone', other.slice(4)).set('this-phone', sii.slice(4));
    const by = (accessToken: string) => () => as('a.example').attest(wish(sii), { by: 'sim', accessToken });
    expect(await signs(by('other-phone'))).toEqual({ reason: 'proof-failed', status: 403, signed: 0 });
    expect(await signs(by('unknown'))).toMatchObject({ reason: 'proof-failed', signed: 0 });
    await by('this-phone')();
    expect(await signs(by('this-phone'))).toEqual({ reason: 'proof-replayed', status: 409, signed: 0 });
  });

  test.each<[string, string, Record<string, unknown>]>([
    ['for another desk', 'proof-mismatch', { aud: 'https://other.example' }],
    ['for another AP', 'proof-mismatch', { ap: 'b.example' }],
    ['for another SSI', 'proof-mismatch', { ssi: 'mimi://a.example/u/mallory' }],
    ['about another number', 'proof-mismatch', { sub: 'tel:+12025550001' }],
    ['with a claim that nobody knows', 'proof-malformed', { admin: true }],
  ])('by a statement %s', async (_what, reason, changes) => {
    const sii = freshNumber();
    expect(await signs(() => as('a.example').attest(wish(sii), statement(sii, changes)))).toMatchObject({ reason, signed: 0 });
  });

  test('by a statement that was used', async () => {
    const sii = freshNumber();
    const proof = statement(sii);
    await as('a.example').attest(wish(sii), proof);
    expect(await signs(() => as('a.example').attest(wish(sii), proof))).toEqual({ reason: 'proof-replayed', status: 409, signed: 0 });
  });

  test.each<[string, string, Partial<Wish>]>([
    ['of another provider', 'tn-out-of-scope', { sii: 'tel:+13035550100' }],
    ['that is an address', 'tn-out-of-scope', { sii: 'mailto:alice@mail.example' }],
    ['for another discovery provider', 'aud-mismatch', { audience: 'other.example' }],
    ['for an SSI of another AP', 'ap-mismatch', { ssi: 'mimi://b.example/u/alice' }],
    ['of another spelling', 'malformed-request', { sii: 'tel:12025550100' }],
  ])('about a number %s', async (_what, reason, changes) => {
    const sent = provider.messages.length;
    expect(await signs(() => as('a.example').beginCode({ ...wish(freshNumber()), ...changes }))).toMatchObject({ reason, signed: 0 });
    expect(provider.messages.length).toBe(sent);
  });

  test('about a number on hold, which looks like one of another provider', async () => {
    const sii = freshNumber();
    const range = [{ start: sii.slice(5), count: 1 }];
    const desk = new Desk(provider.files, { now: Date.now, random: (n) => Buffer.alloc(n) });
    const { id } = await as('a.example').beginCode(wish(sii));
    await desk.hold(range);
    const refusals = [
      await refusalOf(as('a.example').complete(id, provider.code)),
      await refusalOf(as('a.example').beginCode(wish(sii))),
      await refusalOf(as('a.example').beginCode(wish('tel:+13035550100'))),
    ];
    expect(refusals.map(({ reason, status, detail }) => ({ reason, status, detail }))).toEqual(
      refusals.map(() => ({ reason: 'tn-out-of-scope', status: 403, detail: null })),
    );
    await desk.letGo(range);
    expect((await as('a.example').complete(id, provider.code)).consent).toBe('otp');
  });

  test('while the message hook is down; what it cannot reach is answered like what it can', async () => {
    const before = provider.attested().length;
    provider.hookStatus = 500;
    const refusal = await refusalOf(as('a.example').beginCode(wish(freshNumber())));
    expect(refusal).toBeInstanceOf(ApiUnavailable);
    expect(refusal).toMatchObject({ reason: 'proof-unavailable', status: 502, retryAfter: 5 });
    provider.hookStatus = 404;
    const unreachable = await as('a.example').beginCode(wish(freshNumber()));
    provider.hookStatus = 202;
    const reachable = await as('a.example').beginCode(wish(freshNumber()));
    expect(Object.keys(unreachable)).toEqual(Object.keys(reachable));
    expect(provider.attested().length).toBe(before);
  });

  test('for who asks too often, and the answer says when to come again', async () => {
    const sii = freshNumber();
    for (let n = 0; n < 3; n += 1) await as('a.example').beginCode(wish(sii));
    expect(await refusalOf(as('a.example').beginCode(wish(sii)))).toMatchObject({
      reason: 'too-many-proofs',
      status: 429,
      retryAfter: 1200,
    });
  });
});

const another = async (name: string): Promise<AttestingProvider> => {
  const directory = join(served.directory, name);
  mkdirSync(directory);
  const other = new AttestingProvider(directory, served.pki);
  await other.open();
  return other;
};

describe('the route', () => {
  const post = async (path: string, body: unknown, client?: { cert: string; key: string }) => {
    const reply = await ask(Number(new URL(provider.url).port), provider.ca, {
      method: 'POST',
      path,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      ...(client === undefined ? {} : { client }),
    });
    return { status: reply.status, document: JSON.parse(reply.body.toString('utf8')) as Record<string, unknown> };
  };
  const body = { sii: 'tel:+12025550100', ssi: 'mimi://a.example/u/alice', purpose: 'consumer', proof: 'otp' };

  test('is for APs with a client certificate', async () => {
    expect((await post('/v1/attestations', body)).document['reason']).toBe('client-unknown');
    expect((await post('/v1/attestations/id', { code: '12345678' })).document['reason']).toBe('client-unknown');
  });

  test.each<[string, object]>([
    ['a member that nobody knows', { ...body, provider: 'b.example' }],
    ['a purpose that there is not', { ...body, purpose: 'fun' }],
    ['no proof', { ...body, proof: undefined }],
    ['a circle that is none', { ...body, circle: 'x' }],
    ['evidence beside a code', { ...body, evidence: 'x' }],
  ])('refuses %s', async (_what, wrong) => {
    expect(await post('/v1/attestations', wrong, served.tls('a.example'))).toMatchObject({
      status: 400,
      document: { reason: 'malformed-request' },
    });
  });

  test('tells no code, and takes none that is not one', async () => {
    const { status, document } = await post('/v1/attestations', { ...body, sii: freshNumber() }, served.tls('a.example'));
    expect({ status, members: Object.keys(document) }).toEqual({ status: 202, members: ['id', 'proof', 'expires'] });
    expect(JSON.stringify(document)).not.toContain(provider.code);
    expect(await post(`/v1/attestations/${String(document['id'])}`, { code: '1234' }, served.tls('a.example'))).toMatchObject({
      status: 400,
      document: { reason: 'malformed-request' },
    });
  });

  test('is there on a desk that attests nothing, or not by this proof, and says so', async () => {
    const other = await another('other');
    const yaml = other.files.path('attestation.yaml');
    const asking = async (by: (client: AttestationClient) => Promise<unknown>): Promise<{ reason: string; status: number } | null> => {
      await other.start();
      const client = other.client('a.example');
      const answer = await by(client).then(
        () => null,
        (error: unknown) => (error instanceof ApiRefusal ? { reason: error.reason, status: error.status } : Promise.reject(error)),
      );
      client.close();
      await other.stop();
      return answer;
    };
    const code = (client: AttestationClient): Promise<unknown> => client.beginCode(wish(freshNumber()));
    expect(await asking(code)).toBeNull();
    writeFileSync(yaml, readFileSync(yaml, 'utf8').replace(/^otp.*$/m, ''));
    expect(await asking(code)).toEqual({ reason: 'proof-not-offered', status: 501 });
    rmSync(yaml);
    expect(await asking(code)).toEqual({ reason: 'proof-not-offered', status: 501 });
    await other.close();
  });
});

describe('a desk that attests', () => {
  test('does not start without all that it needs, and says all that is missing', async () => {
    const other = await another('lacking');
    for (const file of ['own.pem', 'hook.secret', 'portal.json']) rmSync(other.files.path(file));
    const { problems } = (await rejectionOf(other.start())) as ConfigurationProblems;
    expect(problems.map((problem) => problem.split(':')[0])).toEqual(
      ['hook.secret', 'portal.json', 'own.pem'].map((file) => other.files.path(file)),
    );
    await other.close();
  });

  test('is not ready, and attests nothing, once its own credential ends before a PASSporT would', async () => {
    const other = await another('ending');
    await other.start();
    const client = other.client('a.example');
    const ready = async (): Promise<number> => (await ask(Number(new URL(other.url).port), other.ca, { path: '/readyz' })).status;
    expect([await ready(), (await client.beginCode(wish(freshNumber()))).proof]).toEqual([200, 'otp']);
    other.clock.ahead = 90 * 86_400_000 - 500_000;
    expect([await ready(), await reasonOf(client.beginCode(wish(freshNumber())))]).toEqual([503, 'not-ready']);
    other.clock.ahead = 0;
    client.close();
    await other.close();
  });

  test('attests nothing by a credential of its own that it revoked', async () => {
    const other = await another('revoking');
    await other.start();
    const client = other.client('a.example');
    const { id } = await client.beginCode(wish(freshNumber()));
    const sources = { now: () => Date.now(), random: randomBytes };
    const desk = new Desk(other.files, sources);
    const [own] = (await desk.list()).filter(({ use }) => use === 'own');
    await desk.revoke({ serial: own?.serial ?? '', reason: 'keyCompromise' });
    expect(await reasonOf(client.complete(id, other.code))).toBe('not-ready');
    await desk.issueOwn(86_400);
    expect((await client.complete(id, other.code)).consent).toBe('otp');
    client.close();
    await other.close();
  });
});

describe('the log', () => {
  test('holds no number, code, SSI or PASSporT, whatever happened', () => {
    const text = provider.lines.join('\n');
    expect(provider.lines.length).toBeGreaterThan(20);
    expect(text).toContain('"attested"');
    expect(text).toContain('no usable answer about a proof');
    for (const { to, text: message } of provider.messages) {
      const code = /[0-9]{8}/.exec(message)?.[0] ?? '';
      for (const personal of [to, to.slice(1), code]) expect(text).not.toContain(personal);
    }
    expect(text).not.toMatch(/alice|mimi:|eyJ|token-|this-phone/);
  });
});

describe('np serve', () => {
  const run = (): Verb =>
    new Verb('np', 'serve', '--dir', provider.deskDir, '--tls', provider.tlsDir, '--any-ap', '--port', '0', '--print-ready');

  test('killed at any moment has signed nothing that its ledger does not know', async () => {
    await provider.stop();
    const verb = run();
    const { url } = JSON.parse(await verb.says('{"ready":true')) as { url: string };
    const client = as('a.example', url.replace('127.0.0.1', 'localhost'));
    const got: string[] = [];
    // What may be from before the server started, to the second, is refused.
    const { port } = new URL(url);
    for (const since = Date.now(); Date.now() < since + 1_000;) await ask(Number(port), provider.ca, { path: '/healthz' });
    const asking = Array.from({ length: 40 }, async () => {
      const sii = freshNumber();
      const iat = Math.floor(Date.now() / 1000) + 5;
      const { passport } = await client.attest(wish(sii), statement(sii, { iat, exp: iat + 60 }));
      got.push(passport);
      if (got.length === 5) verb.child.kill('SIGKILL');
    });
    await Promise.allSettled(asking);
    expect(await verb.exit).toBeNull();
    const known = new Set(provider.attested().map(({ jti }) => jti));
    expect(got.length).toBeGreaterThanOrEqual(5);
    expect(got.filter((passport) => !known.has(claimsIn(passport)['jti']))).toEqual([]);
    const again = run();
    await again.says('{"ready":true');
    again.child.kill('SIGTERM');
    expect(await again.exit).toBe(0);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'node:tls';
import { ApiRefusal, type ApClient, type LookupAnswer } from '../../src/client/index.js';
import { parseLeaf } from '../../src/log/index.js';
import { RedisServer, hasRedis } from '../support/redis-server.js';
import { rejectionOf } from '../support/scripted-gateway.js';
import {
  SPC,
  ServedGateway,
  digestOf,
  registrationClaims,
  releaseClaims,
  seconds,
  signed,
  tlsOf,
  type Claims,
} from '../support/served-gateway.js';

/** Rows of the acceptance list, as far as registering, withdrawing, releasing and looking up go; each by its number. */

interface Kind {
  readonly name: string;
  readonly redis: RedisServer | null;
}

const kinds: Kind[] = [{ name: 'memory', redis: null }];
if (hasRedis) kinds.push({ name: 'Redis', redis: await RedisServer.start() });

afterAll(async () => {
  for (const { redis } of kinds) await redis?.stop();
});

describe.each(kinds)('a served gateway over $name', ({ redis }) => {
  const served = new ServedGateway(redis === null ? [] : ['--store', redis.url]);
  let next = 12_025_551_000;
  const freshNumber = (): string => String((next += 1));

  const delegate = (provider: string, tn: string, variation = {}) =>
    served.pki.hierarchy.delegate({ spc: SPC, provider, numbers: [{ start: tn, count: 1 }], ...variation });
  const np = served.pki.hierarchy.npCredential(SPC);

  /** A registration signed by a credential of its own. */
  const passportFor = (provider: string, tn: string, changes: Claims = {}): string =>
    signed(delegate(provider, tn), registrationClaims(tn, `mimi://${provider}/u/alice`, changes));

  const lookUp = (tn: string, as = 'b.example'): Promise<LookupAnswer> => served.ap(as).lookup(`tel:+${tn}`);
  const foundFor = async (tn: string): Promise<string[]> => (await lookUp(tn)).mappings.map((mapping) => mapping.ssi);

  const refusalOf = async (client: ApClient, passport: string): Promise<ApiRefusal> => {
    const error = await rejectionOf(client.submit(passport));
    if (!(error instanceof ApiRefusal)) throw error;
    return error;
  };

  beforeAll(() => served.start());
  afterEach(() => served.disconnect());
  afterAll(() => served.remove());

  it('6.1 answers what was registered, and the log holds the digest of the PASSporT', async () => {
    const tn = freshNumber();
    const passport = passportFor('a.example', tn);
    const { logIndex, mapping } = await served.ap('a.example').register(passport);
    expect(mapping).toMatchObject({ sii: `tel:+${tn}`, ssi: 'mimi://a.example/u/alice', provider: 'a.example' });
    expect(await foundFor(tn)).toEqual(['mimi://a.example/u/alice']);
    expect(parseLeaf((await served.auditor().entry(logIndex)).leaf)).toMatchObject({ tok: digestOf(passport), why: 'OK' });
  });

  describe('6.2 refuses a PASSporT', () => {
    const [tn, other] = [freshNumber(), freshNumber()];
    const stranger = new ServedGateway();
    const good = (changes: Claims = {}): Claims => registrationClaims(tn, 'mimi://a.example/u/alice', changes);
    const own = delegate('a.example', tn);
    const mailbox = served.pki.hierarchy.mailbox('alice@mail.example', 'a.example');
    const withHeader = (passport: string, header: Claims): string =>
      [Buffer.from(JSON.stringify(header)).toString('base64url'), ...passport.split('.').slice(1)].join('.');
    const wrongSignature = (): string => {
      const [one, two] = [signed(own, good()).split('.'), signed(own, good()).split('.')];
      return [one[0], one[1], two[2]].join('.');
    };
    afterAll(() => stranger.remove());

    it.each<[string, string, () => string]>([
      ['of a credential for another number', 'tn-out-of-scope', () => signed(delegate('a.example', other), good())],
      ['of a certificate that has expired', 'cert-expired', () => expired()],
      ['for another discovery provider', 'aud-mismatch', () => signed(own, good({ aud: 'other.example' }))],
      ['of another AP', 'ap-mismatch', () => passportFor('b.example', tn)],
      ['with alg none', 'alg-not-allowed', () => withHeader(signed(own, good()), { alg: 'none', ppt: 'mimi', typ: 'passport', x5c: [] })],
      ['with a signature of other octets', 'bad-signature', wrongSignature],
      ['of a mailbox for a number', 'authority-type-mismatch', () => signed(mailbox, good())],
      ['from the future', 'future-iat', () => signed(own, good({ iat: seconds() + 120, exp: seconds() + 300 }))],
      ['that has run out', 'expired-token', () => signed(own, good({ iat: seconds() - 400, exp: seconds() - 100 }))],
      ['under a root that nobody here trusts', 'untrusted-chain', () => signed(untrusted(), good())],
      ['under a root that only calls itself ours', 'untrusted-chain', () => signed(foreign(), good())],
      ['without consent', 'claim-missing', () => signed(own, good({ consent: undefined }))],
      ['with a claim that the profile does not know', 'claim-not-allowed', () => signed(own, good({ attest: 'A' }))],
    ])('%s: %s', async (_what, reason, passport) => {
      const refusal = await refusalOf(served.ap('a.example'), passport());
      expect({ reason: refusal.reason, logged: refusal.logIndex !== null }).toEqual({ reason, logged: true });
      expect(refusal.status).toBeGreaterThanOrEqual(400);
      expect(refusal.status).toBeLessThan(500);
      expect(parseLeaf((await served.auditor().entry(Number(refusal.logIndex))).leaf).why).toBe(reason);
      expect(await foundFor(tn)).toEqual([]);
    });

    const expired = (): string => signed(delegate('a.example', tn, { notBefore: seconds() - 900, lifetime: 600 }), good());
    const untrusted = () => delegate('a.example', tn, { issuer: served.pki.hierarchy.authority('tls-ca') });
    const foreign = () => stranger.pki.hierarchy.delegate({ spc: SPC, provider: 'a.example', numbers: [{ start: tn, count: 1 }] });

    it('and accepts its sound twin once; after a withdrawal it is a replay', async () => {
      const passport = signed(own, good());
      const client = served.ap('a.example');
      const first = await client.register(passport);
      expect(await foundFor(tn)).toEqual(['mimi://a.example/u/alice']);
      expect(await client.register(passport)).toEqual({ ...first, first: false });
      await client.withdraw({ sii: `tel:+${tn}`, ssi: 'mimi://a.example/u/alice' });
      expect((await refusalOf(client, passport)).reason).toBe('jti-replay');
      expect(await foundFor(tn)).toEqual([]);
    });
  });

  it('7.1 takes numbers in their one form alone', async () => {
    const tn = freshNumber();
    const client = served.ap('a.example');
    await client.register(passportFor('a.example', tn));
    expect((await lookUp(tn)).sii).toBe(`tel:+${tn}`);
    for (const sii of [`tel:00${tn}`, `tel:${tn}`, `tel:+${tn} `, 'tel:+1-202-555-0100', `+${tn}`]) {
      expect(await rejectionOf(client.lookup(sii))).toMatchObject({ status: 400, reason: 'malformed-request' });
    }
    const plus = signed(delegate('a.example', tn), registrationClaims(tn, 'mimi://a.example/u/alice', { orig: { tn: `+${tn}` } }));
    expect((await refusalOf(client, plus)).reason).toBe('non-canonical-tn');
  });

  it('7.2 tells a service number from a person', async () => {
    const tn = freshNumber();
    await served.ap('a.example').register(passportFor('a.example', tn, { kind: 'service' }));
    expect((await lookUp(tn)).mappings).toMatchObject([{ kind: 'service', purpose: 'consumer' }]);
  });

  it('7.3 takes an address from its own e-mail provider, and folds it at lookup', async () => {
    const uri = 'mailto:alice.liddell@mail.example';
    const claims = (): Claims => registrationClaims('', 'mimi://a.example/u/alice', { orig: { uri } });
    const client = served.ap('a.example');
    expect((await refusalOf(client, signed(served.pki.hierarchy.ep('other.example'), claims()))).reason).toBe('email-out-of-scope');
    await client.register(signed(served.pki.hierarchy.ep('mail.example'), claims()));
    const folded = await served.ap('b.example').lookup('mailto:Alice.Liddell@MAIL.example');
    expect({ sii: folded.sii, ssis: folded.mappings.map(({ ssi }) => ssi) }).toEqual({ sii: uri, ssis: ['mimi://a.example/u/alice'] });
  });

  it('8.1 answers nobody in the shape and size of somebody', async () => {
    const [known, unknown, gone] = [freshNumber(), freshNumber(), freshNumber()];
    const client = served.ap('a.example');
    for (const tn of [known, gone]) await client.register(passportFor('a.example', tn));
    await client.withdraw({ sii: `tel:+${gone}`, ssi: 'mimi://a.example/u/alice' });
    const raw = served.raw(served.tls('b.example'));
    const ask = (tn: string) =>
      raw.call({ method: 'POST', path: '/v1/lookups', type: 'application/json', body: JSON.stringify({ sii: `tel:+${tn}` }) });
    const answers = await Promise.all([known, unknown, gone, '491701234567'].map(ask));
    expect(new Set(answers.map(({ status, type, body }) => `${status} ${type} ${body.length}`)).size).toBe(1);
    const parsed = answers.map(({ body }) => JSON.parse(body.toString()) as LookupAnswer);
    expect(parsed.map(({ mappings }) => mappings.length)).toEqual([1, 0, 0, 0]);
    expect(new Set(parsed.map((answer) => Object.keys(answer).sort().join())).size).toBe(1);
  });

  it('8.2 makes the only AP the default', async () => {
    const tn = freshNumber();
    await served.ap('a.example').register(passportFor('a.example', tn));
    expect((await lookUp(tn)).mappings).toMatchObject([{ provider: 'a.example', default: true }]);
  });

  it('8.3 lists every AP, keeps the first as the default, and passes it on when that one leaves', async () => {
    const tn = freshNumber();
    const [a, b] = [served.ap('a.example'), served.ap('b.example')];
    await a.register(passportFor('a.example', tn));
    await b.register(passportFor('b.example', tn));
    await b.register(passportFor('b.example', tn, { iat: seconds() + 1, exp: seconds() + 300 }));
    const both = new Map((await lookUp(tn)).mappings.map((mapping) => [mapping.provider, mapping.default]));
    expect(both).toEqual(new Map(Object.entries({ 'a.example': true, 'b.example': false })));
    await a.withdraw({ sii: `tel:+${tn}`, ssi: 'mimi://a.example/u/alice' });
    expect((await lookUp(tn)).mappings).toMatchObject([{ provider: 'b.example', default: true }]);
  });

  it('11.1 forgets a released number at once, and takes no credential from before the release', async () => {
    const tn = freshNumber();
    const before = delegate('a.example', tn);
    const register = (iat = seconds()): string =>
      signed(before, registrationClaims(tn, 'mimi://a.example/u/alice', { iat, exp: iat + 300 }));
    const [a, b] = [served.ap('a.example'), served.ap('b.example')];
    const first = register();
    await a.register(first);
    await b.register(passportFor('b.example', tn));
    await served.np('np1.example').release(signed(np, releaseClaims(tn)));
    expect(await foundFor(tn)).toEqual([]);
    expect((await refusalOf(a, first)).reason).toBe('jti-replay');
    expect((await refusalOf(a, register(seconds() + 1))).reason).toBe('credential-predates-assignment');
    expect(await foundFor(tn)).toEqual([]);
  });

  it('11.1 takes a credential that the NP issued after the release', async () => {
    const tn = freshNumber();
    const client = served.ap('a.example');
    await client.register(passportFor('a.example', tn));
    await served.np('np1.example').release(signed(np, releaseClaims(tn, { iat: seconds() - 2 })));
    await client.register(passportFor('a.example', tn, { iat: seconds() + 1, exp: seconds() + 300 }));
    expect(await foundFor(tn)).toEqual(['mimi://a.example/u/alice']);
  });

  it('11.1 lets nobody but the NP of record release', async () => {
    const tn = freshNumber();
    await served.ap('a.example').register(passportFor('a.example', tn));
    const foreign = signed(served.pki.hierarchy.npCredential('505X'), releaseClaims(tn));
    expect((await rejectionOf(served.np('np2.example').release(foreign))) as ApiRefusal).toMatchObject({ status: 403 });
    const delegated = signed(delegate('a.example', tn), releaseClaims(tn));
    expect((await refusalOf(served.ap('a.example'), delegated)).status).toBe(403);
    expect(await foundFor(tn)).toEqual(['mimi://a.example/u/alice']);
  });

  it('12.1 shows a registration to the very next lookup', async () => {
    for (let i = 0; i < 10; i += 1) {
      const tn = freshNumber();
      await served.ap('a.example').register(passportFor('a.example', tn));
      expect(await foundFor(tn)).toEqual(['mimi://a.example/u/alice']);
      served.disconnect();
    }
  });

  it('14.1 never lets a malicious AP take over: stolen, out of range, raced, revoked, from before a release', async () => {
    const [tn, foreign] = [freshNumber(), freshNumber()];
    const [a, evil] = [served.ap('a.example'), served.ap('b.example')];
    const passport = passportFor('a.example', tn);
    await a.register(passport);
    const attack = signed(delegate('b.example', foreign), registrationClaims(tn, 'mimi://b.example/u/trap'));
    expect((await refusalOf(evil, passport)).reason).toBe('ap-mismatch');
    expect((await refusalOf(evil, attack)).reason).toBe('tn-out-of-scope');
    const racers = Array.from({ length: 50 }, () =>
      signed(delegate('b.example', foreign), registrationClaims(tn, 'mimi://b.example/u/trap')),
    );
    const refusals = await Promise.all(racers.map((racer) => refusalOf(evil, racer)));
    expect(new Set(refusals.map(({ reason }) => reason))).toEqual(new Set(['tn-out-of-scope']));
    expect(refusals.every(({ logIndex }) => logIndex !== null)).toBe(true);
    expect(await foundFor(tn)).toEqual(['mimi://a.example/u/alice']);
  });

  it('14.1 gives one PASSporT one effect, however many present it at once', async () => {
    const tn = freshNumber();
    const passport = passportFor('a.example', tn);
    const client = served.ap('a.example');
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.register(passport)));
    expect(answers.filter(({ first }) => first)).toHaveLength(1);
    expect(new Set(answers.map(({ logIndex, receipt }) => `${logIndex} ${receipt}`)).size).toBe(1);
  });

  it('14.2 maps nobody without a credential over the number, and what an NP signs cannot be denied', async () => {
    const tn = freshNumber();
    const evil = served.ap('b.example');
    const theirs = served.pki.hierarchy.delegate({ spc: SPC, provider: 'a.example', numbers: [{ start: tn, count: 1 }] });
    const asserted = signed(theirs, registrationClaims(tn, 'mimi://b.example/u/trap'));
    expect((await refusalOf(evil, asserted)).status).toBe(403);
    expect(await foundFor(tn)).toEqual([]);
    const { logIndex } = await evil.register(signed(np, registrationClaims(tn, 'mimi://b.example/u/trap')));
    expect(parseLeaf((await served.auditor().entry(logIndex)).leaf).np).toMatchObject({ spc: SPC });
  });

  describe('18.1 knows every client by its certificate:', () => {
    const post = (tls: Parameters<typeof served.raw>[0]) =>
      served.raw(tls).call({ method: 'POST', path: '/v1/lookups', type: 'application/json', body: '{"sii":"tel:+12025550100"}' });
    const reasonOf = (body: Buffer): unknown => (JSON.parse(body.toString()) as { reason?: unknown }).reason;

    it('one that is onboarded is answered', async () => {
      expect((await post(served.tls('a.example'))).status).toBe(200);
    });

    it.each([
      ['none', () => ({})],
      ['of a domain that is not onboarded', () => served.tls('nobody.example')],
      ['of another authority', () => tlsOf(new ServedGateway().pki.hierarchy.tlsClient('a.example'), served.ca)],
    ])('%s is client-unknown', async (_what, tls) => {
      const { ca: _ca, ...own } = { ca: '', ...tls() };
      const { status, body } = await post(own);
      expect({ status, reason: reasonOf(body) }).toEqual({ status: 401, reason: 'client-unknown' });
    });

    it('and speaks TLS 1.3 alone', async () => {
      const { hostname, port } = new URL(served.running.url);
      const spoken = (maxVersion: 'TLSv1.2' | 'TLSv1.3') =>
        new Promise((resolve) => {
          const socket = connect({ host: hostname, port: Number(port), ca: served.ca, servername: 'localhost', maxVersion }, () => {
            resolve(socket.getProtocol());
            socket.destroy();
          });
          socket.on('error', () => resolve('refused'));
        });
      expect([await spoken('TLSv1.3'), await spoken('TLSv1.2')]).toEqual(['TLSv1.3', 'refused']);
    });
  });

  it('lets an auditor prove every decision, and that the log only grows', async () => {
    const tn = freshNumber();
    const auditor = served.auditor();
    const accepted = await served.ap('a.example').register(passportFor('a.example', tn));
    const refused = await refusalOf(served.ap('b.example'), passportFor('a.example', tn));
    const older = await published(accepted.logIndex);
    for (const index of [accepted.logIndex, Number(refused.logIndex)]) {
      await published(index);
      expect((await auditor.proof(index)).index).toBe(index);
    }
    expect(await auditor.consistent(older, await auditor.checkpoint())).toBe(true);
  });

  /** The first checkpoint that covers an entry; one is published each second. */
  const published = async (index: number) => {
    for (;;) {
      const checkpoint = await served.auditor().checkpoint();
      if (Number(checkpoint.size) > index) return checkpoint;
    }
  };

  it('after kill -9 answers as before, gives retries their first answer, and continues the same log', async () => {
    const [kept, left, released] = [freshNumber(), freshNumber(), freshNumber()];
    const a = served.ap('a.example');
    const passport = passportFor('a.example', kept);
    const first = await a.register(passport);
    for (const tn of [left, released]) await a.register(passportFor('a.example', tn));
    const before = await published(first.logIndex);
    await a.withdraw({ sii: `tel:+${left}`, ssi: 'mimi://a.example/u/alice' });
    await served.np('np1.example').release(signed(np, releaseClaims(released)));
    const answers = await Promise.all([kept, left, released].map((tn) => lookUp(tn)));

    await served.killAndRestart();

    const again = await Promise.all([kept, left, released].map((tn) => lookUp(tn)));
    expect(again.map(({ mappings }) => mappings)).toEqual(answers.map(({ mappings }) => mappings));
    expect(await served.ap('a.example').register(passport)).toEqual({ ...first, first: false });
    expect(await served.auditor().consistent(before, await served.auditor().checkpoint())).toBe(true);
    expect((await served.auditor().proof(first.logIndex)).index).toBe(first.logIndex);
  });

  it('14.1 refuses a delegate that the NP has revoked, once the CRL is read', async () => {
    const tn = freshNumber();
    const evil = delegate('b.example', tn);
    const trap = (): string => signed(evil, registrationClaims(tn, 'mimi://b.example/u/trap'));
    served.pki.hierarchy.revoke(evil.path[0] ?? Buffer.alloc(0), served.pki.hierarchy.authority(`np-${SPC}`), 'keyCompromise');
    served.pki.publishRevocations();
    await served.killAndRestart();
    expect((await refusalOf(served.ap('b.example'), trap())).reason).toBe('cert-revoked');
    await served.ap('a.example').register(passportFor('a.example', tn));
    expect(await foundFor(tn)).toEqual(['mimi://a.example/u/alice']);
  });

  it('stops in order when it is asked to', async () => {
    served.disconnect();
    expect(await served.running.stop()).toBe(0);
  });
});

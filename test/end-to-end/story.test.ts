import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiRefusal, type ApClient, type LookupAnswer } from '../../src/client/index.js';
import { RedisServer, hasRedis } from '../support/redis-server.js';
import { rejectionOf } from '../support/scripted-gateway.js';
import { SPC, ServedGateway, registrationClaims, releaseClaims, signed, type Claims } from '../support/served-gateway.js';

/** What auditors prove, and what a killed gateway remembers. The rows of the acceptance list are in test/acceptance. */

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

  const refusalOf = async (client: ApClient, passport: string): Promise<ApiRefusal> => {
    const error = await rejectionOf(client.submit(passport));
    if (!(error instanceof ApiRefusal)) throw error;
    return error;
  };

  beforeAll(() => served.start());
  afterEach(() => served.disconnect());
  afterAll(() => served.remove());

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
      await wait(50);
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

  it('stops in order when it is asked to', async () => {
    served.disconnect();
    expect(await served.running.stop()).toBe(0);
  });
});

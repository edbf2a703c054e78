import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { RedisMappingStore } from '../../src/adapters/redis/index.js';
import type { Submission } from '../../src/gateway/index.js';
import { NumberingPlan } from '../../src/numbering/index.js';
import { parseLeaf } from '../../src/log/index.js';
import {
  AUDIENCE,
  B,
  NP1,
  NP2,
  delegateFor,
  makePlace,
  makeWorld,
  registration,
  release,
  sharedNumber,
  sign,
  withdrawal,
  type OpenOptions,
  type Place,
} from '../support/open-gateway.js';
import { FROM, OF_FROM, OF_TO, OPERATOR, OTT, TO, delegateOfTo, port, registrationOfTo } from '../support/porting.js';
import { RedisServer, hasRedis } from '../support/redis-server.js';
import { SweptGateway } from '../support/swept-gateway.js';

const DAY = 86_400;

let base: Place;
let place: Place;
let swept: SweptGateway;

beforeAll(async () => {
  base = await makePlace();
});

const tn = sharedNumber(1);
const submit = (passport: string, client: typeof OTT): Promise<Submission> => swept.submit(passport, client);
const reasonOf = (submission: Submission): string => (submission.outcome === 'accepted' ? 'accepted' : submission.reason);
const judge = async (passport: string, client: typeof OTT): Promise<string> => reasonOf(await submit(passport, client));
const answerOf = (submission: Submission) => {
  if (submission.outcome !== 'accepted') throw new Error(`refused with ${submission.reason}`);
  return submission.answer;
};
const advance = (seconds = 1): void => place.clock.advance(seconds);
const effectiveIn = (seconds: number): number => place.clock.seconds + seconds;

/** An AP that the losing NP operates, and one that nobody does. */
const register = async (): Promise<void> => {
  advance();
  answerOf(await submit(registration(place, tn, { provider: OF_FROM.domain }), OF_FROM));
  answerOf(await submit(registration(place, tn, { provider: OTT.domain }), OTT));
  advance();
};

/** Both NPs say so; the moment. */
const agree = async (seconds: number): Promise<number> => {
  const effective = effectiveIn(seconds);
  answerOf(await submit(port(place, tn, FROM, effective), NP1));
  answerOf(await submit(port(place, tn, TO, effective), NP2));
  return effective;
};

const suites: readonly (readonly [string, boolean])[] = [
  ['in memory', true],
  ['in Redis', false],
];

describe.each(suites)('a port, with subjects %s', (_, isVolatile) => {
  (isVolatile || hasRedis ? describe : describe.skip)('through the gateway', () => {
    let server: RedisServer | null = null;
    let epoch = 0;

    const options = async (): Promise<OpenOptions> =>
      server === null
        ? {}
        : {
            store: await RedisMappingStore.open({ url: server.url, deadline: 20_000 }),
            storeIsVolatile: false,
            epoch: (epoch += 1),
          };

    beforeEach(async () => {
      server = isVolatile ? null : await RedisServer.start();
      place = { ...base, dataDir: join(await mkdtemp(join(tmpdir(), 'signpost-ported-')), 'data') };
      swept = await SweptGateway.open(place, await options());
      advance();
    });

    afterEach(async () => {
      await swept.close();
      await server?.stop();
    });

    test('waits for the other word, comes at its moment through restarts, and the store is the fold of the log all along', async () => {
      await register();
      const effective = effectiveIn(3600);
      answerOf(await submit(port(place, tn, FROM, effective), NP1));
      await swept.restart(await options());
      const half = port(place, tn, TO, effective);
      const { action, logIndex } = answerOf(await submit(half, NP2));
      const { leaf } = await swept.gateway.entry(logIndex);
      expect([action, parseLeaf(leaf)]).toMatchObject(['port', { k: 'accept', act: 'port', np: { spc: TO }, map: null }]);
      await swept.expectWhole();
      await swept.gateway.snapshot();
      await swept.restart(await options());
      advance(effective - place.clock.seconds - 1);
      expect(await swept.resolved(tn)).toEqual([OF_FROM.domain, OTT.domain]);
      advance();
      expect(await swept.resolved(tn)).toEqual([OTT.domain]);
      await swept.restart(await options());
      expect(await swept.resolved(tn)).toEqual([OTT.domain]);
      await swept.expectWhole();
      advance(30 * DAY);
      expect(await swept.resolved(tn)).toEqual([]);
      await swept.expectWhole();
    });

    test('gives the number to its new provider, and to no credential of before', async () => {
      await register();
      const early = delegateOfTo(place, OF_TO.domain, tn);
      const old = delegateFor(place, OTT.domain, tn);
      expect(await judge(registrationOfTo(place, tn, OF_TO.domain, early), OF_TO)).toBe('tn-out-of-scope');
      const effective = await agree(60);
      expect(await judge(registration(place, tn, { provider: OTT.domain, credential: old }), OTT)).toBe('accepted');
      advance(effective - place.clock.seconds + 1);
      expect(await judge(registration(place, tn, { provider: OTT.domain }), OTT)).toBe('tn-out-of-scope');
      expect(await judge(release(place, tn), NP1)).toBe('tn-out-of-scope');
      expect(await judge(registrationOfTo(place, tn, OF_TO.domain, early), OF_TO)).toBe('credential-predates-assignment');
      expect(await judge(registrationOfTo(place, tn, OF_TO.domain), OF_TO)).toBe('accepted');
      expect(await swept.resolved(tn)).toEqual([OTT.domain, OF_TO.domain]);
      await swept.expectWhole();
      advance();
      expect(await judge(release(place, tn, TO), NP2)).toBe('accepted');
      expect(await swept.resolved(tn)).toEqual([]);
    });

    test('lets the new provider’s APs register ahead, unread and said to be pending, and switches in one step', async () => {
      await register();
      const effective = await agree(60);
      const passport = registrationOfTo(place, tn, OF_TO.domain);
      const first = answerOf(await submit(passport, OF_TO));
      expect(first).toMatchObject({ pending: true, mapping: { ssi: 'mimi://b.example/u/new' } });
      expect(await submit(passport, OF_TO)).toEqual({ outcome: 'accepted', first: false, answer: first });
      await swept.restart(await options());
      expect(await swept.resolved(tn)).toEqual([OF_FROM.domain, OTT.domain]);
      advance(effective - place.clock.seconds);
      expect(await swept.resolved(tn)).toEqual([OTT.domain, OF_TO.domain]);
      expect(await submit(passport, OF_TO)).toEqual({ outcome: 'accepted', first: false, answer: first });
      await swept.expectWhole();
      const late = registrationOfTo(place, tn, OTT.domain);
      expect(await judge(late, OTT)).toBe('credential-predates-assignment');
    });
  });
});

describe('a port', () => {
  beforeEach(async () => {
    place = { ...base, dataDir: join(await mkdtemp(join(tmpdir(), 'signpost-ported-')), 'data') };
    swept = await SweptGateway.open(place);
    advance();
  });

  afterEach(() => swept.close());

  test("is the numbering authority's to say alone, through an NP that it concerns or an operator, and nobody else", async () => {
    await register();
    const passport = port(place, tn, null, effectiveIn(60));
    for (const client of [OF_FROM, B, OTT]) expect(await judge(passport, client)).toBe('ap-mismatch');
    expect(await judge(passport, { ...NP2, spc: '606Y' })).toBe('ap-mismatch');
    expect(await judge(passport, OPERATOR)).toBe('accepted');
    for (const client of [NP1, NP2]) {
      advance();
      expect(await judge(port(place, tn, null, effectiveIn(61)), client)).toBe('accepted');
    }
    expect(await judge(port(place, tn, FROM, effectiveIn(63)), NP2)).toBe('ap-mismatch');
    advance(61);
    expect(await swept.resolved(tn)).toEqual([OTT.domain]);
    await swept.expectWhole();
  });

  test('answers a retry as long as what it did stands, and refuses it after', async () => {
    const effective = effectiveIn(60);
    const half = port(place, tn, FROM, effective);
    const first = answerOf(await submit(half, NP1));
    const repeat = { outcome: 'accepted', first: false, answer: first };
    expect(await submit(half, NP1)).toEqual(repeat);
    answerOf(await submit(port(place, tn, TO, effective), NP2));
    expect(await submit(half, NP1)).toEqual(repeat);
    advance();
    answerOf(await submit(port(place, tn, null, effective + 5), NP1));
    expect(await judge(half, NP1)).toBe('jti-replay');
  });

  test.each([
    ['a day and more ago', -DAY - 1, 'claim-value'],
    ['just now', -1, 'accepted'],
    ['in 90 days and more', 90 * DAY + 1, 'claim-value'],
  ])('that comes %s', async (_, seconds, outcome) => {
    const submission = await submit(port(place, tn, null, effectiveIn(seconds)), NP1);
    expect(reasonOf(submission)).toBe(outcome);
    expect('step' in submission ? submission.step : null).toBe(outcome === 'accepted' ? null : 'check-order');
  });

  test('of before a later import of numbering data loses, of after it wins', async () => {
    const effective = await agree(10);
    advance(20);
    const rowSince = (validFrom: number) => [
      { spc: FROM, start: '12025550000', count: 10_000, validFrom: null },
      { spc: TO, start: '13035550000', count: 1, validFrom: null },
      { spc: FROM, start: tn, count: 1, validFrom: validFrom * 1000 },
    ];
    const under = async (validFrom: number): Promise<string[]> => {
      const world = await makeWorld(place, (material) => ({ ...material, numbering: NumberingPlan.of(rowSince(validFrom)) }));
      swept.gateway.setWorld(world);
      advance();
      const user = sign(place, place.pki.hierarchy.npCredential(TO), releaseOf());
      const other = sign(place, place.pki.hierarchy.npCredential(FROM), releaseOf());
      return [await judge(user, NP2), await judge(other, NP1)];
    };
    const releaseOf = () => ({ action: 'release', audience: AUDIENCE, sii: `tel:+${tn}`, lifetime: 600 }) as const;
    expect(await under(effective - 1)).toEqual(['accepted', 'tn-out-of-scope']);
    expect(await under(effective)).toEqual(['accepted', 'tn-out-of-scope']);
    expect(await under(effective + 1)).toEqual(['tn-out-of-scope', 'accepted']);
  });

  test('to a provider that numbering data do not know makes it the provider of record all the same', async () => {
    const world = await makeWorld(place, (material) => ({
      ...material,
      numbering: NumberingPlan.of([{ spc: FROM, start: '12025550000', count: 10_000, validFrom: null }]),
    }));
    swept.gateway.setWorld(world);
    expect(await judge(registrationOfTo(place, tn, OF_TO.domain), OF_TO)).toBe('spc-unknown');
    const effective = await agree(10);
    expect(answerOf(await submit(registrationOfTo(place, tn, OF_TO.domain), OF_TO)).pending).toBe(true);
    advance(effective - place.clock.seconds + 1);
    const answer = answerOf(await submit(registrationOfTo(place, tn, OF_TO.domain), OF_TO));
    expect(answer.pending).toBeUndefined();
  });

  test('moves one number and no other', async () => {
    const effective = await agree(10);
    const other = sharedNumber(2);
    advance(effective - place.clock.seconds + 1);
    expect(await judge(registrationOfTo(place, other, OF_TO.domain), OF_TO)).toBe('tn-out-of-scope');
    expect(await judge(registration(place, other, { provider: OTT.domain }), OTT)).toBe('accepted');
  });

  test('that has not come loses what was registered ahead with its credential', async () => {
    await register();
    const effective = await agree(60);
    const [stolen, kept] = [delegateOfTo(place, OF_TO.domain, tn), delegateOfTo(place, OTT.domain, tn)];
    answerOf(await submit(registrationOfTo(place, tn, OF_TO.domain, stolen), OF_TO));
    answerOf(await submit(registrationOfTo(place, tn, OTT.domain, kept), OTT));
    const { hierarchy } = place.pki;
    hierarchy.revoke(stolen.path[0] ?? Buffer.of(), hierarchy.authority(`np-${TO}`), 'keyCompromise');
    await swept.sweep();
    expect(await swept.fell()).toMatchObject([{ k: 'revoke', fell: { eff: 'removed', n: 1 } }]);
    advance(effective - place.clock.seconds);
    expect(await swept.resolved(tn)).toEqual([OTT.domain]);
    await swept.expectWhole();
  });

  test('leaves giving up and withdrawing to who may', async () => {
    await register();
    await agree(60);
    const credential = delegateOfTo(place, OF_TO.domain, tn);
    answerOf(await submit(registrationOfTo(place, tn, OF_TO.domain, credential), OF_TO));
    advance();
    expect(await judge(withdrawal(place, tn, credential, 'new', OF_TO.domain), OF_TO)).toBe('tn-out-of-scope');
    await swept.gateway.withdraw({ sii: `tel:+${tn}`, ssi: 'mimi://b.example/u/new' }, OF_TO);
    advance(60);
    expect(await swept.resolved(tn)).toEqual([OTT.domain]);
    await swept.expectWhole();
  });

  test('judges again what was judged before it came and is committed after', async () => {
    await register();
    const effective = await agree(60);
    const passports = [registration(place, tn, { provider: OF_FROM.domain }), registrationOfTo(place, tn, OF_TO.domain)];
    advance(effective - place.clock.seconds - 1);
    // The sequencer's turn comes when the port has: who was of record at the judgement is no longer.
    const judged = [submit(passports[0] ?? '', OF_FROM), submit(passports[1] ?? '', OF_TO)];
    advance(2);
    expect((await Promise.all(judged)).map(reasonOf)).toEqual(['tn-out-of-scope', 'credential-predates-assignment']);
    expect(await swept.resolved(tn)).toEqual([OTT.domain]);
  });
});

describe('what has run out', () => {
  beforeEach(async () => {
    place = { ...base, dataDir: join(await mkdtemp(join(tmpdir(), 'signpost-expired-')), 'data') };
    swept = await SweptGateway.open(place);
    advance();
  });

  afterEach(() => swept.close());

  const leaves = async (kind: string) => {
    const found = [];
    for await (const { record } of swept.opened.data.wal.read(0)) found.push(parseLeaf(record.leaf));
    return found.filter(({ k }) => k === kind);
  };
  const stored = async (): Promise<number> => [...(await swept.packed()).values()].reduce((octets, hex) => octets + hex.length / 2, 0);

  test('leaves the store with a leaf that names nobody, once, and the fold is the same', async () => {
    for (const n of [1, 2, 3]) answerOf(await submit(registration(place, sharedNumber(n), { provider: OTT.domain }), OTT));
    advance(15 * DAY);
    answerOf(await submit(registration(place, sharedNumber(4), { provider: OTT.domain }), OTT));
    expect(await swept.gateway.expireMappings()).toBe(0);
    expect(await leaves('expire')).toEqual([]);
    advance(15 * DAY);
    const before = await stored();
    expect(await swept.gateway.expireMappings()).toBe(3);
    expect(await stored()).toBeLessThan(before);
    expect(await leaves('expire')).toMatchObject([
      { why: 'OK', act: null, ap: null, np: null, tok: null, sii: null, map: null, fell: { eff: 'expired', n: 3, crl: null, rsn: null } },
    ]);
    expect(await swept.gateway.expireMappings()).toBe(0);
    expect(await leaves('expire')).toHaveLength(1);
    expect(await swept.resolved(sharedNumber(4))).toEqual([OTT.domain]);
    await swept.expectWhole();
    await swept.restart();
    await swept.expectWhole();
  });

  test('by the grace period of a port leaves the store too, and the port is settled there', async () => {
    await register();
    await agree(60);
    advance(60 + 14 * DAY - 1);
    expect(await swept.resolved(tn)).toEqual([OTT.domain]);
    expect(await swept.gateway.expireMappings()).toBe(0);
    advance(1);
    expect(await swept.resolved(tn)).toEqual([]);
    expect(await swept.gateway.expireMappings()).toBe(1);
    await swept.expectWhole();
    expect(await swept.gateway.expireMappings()).toBe(0);
    expect(await judge(release(place, tn), NP1)).toBe('tn-out-of-scope');
  });
});

import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LookupAnswer } from '../../src/client/index.js';
import type { Reply } from '../support/http-site.js';
import { OTHER_SPC, AcceptanceBed, BIZ, OTT, RCS, STORES, jsonOf, refusalOf } from '../support/acceptance-bed.js';
import { SPC, registrationClaims, releaseClaims, seconds, signed, type Claims } from '../support/served-gateway.js';

/* Rows 8.1 to 9.1, R3, R5 and R6: what a lookup is answered, and what it is not. */

const circleOf = (code: Uint8Array): string => createHash('sha256').update(code).digest('base64url');

/** Everything of an answer that a caller can compare: the octets, and the header fields but for those that count. */
const seen = ({ status, headers, body }: Reply): unknown => {
  const { date: _date, 'x-request-id': id, ratelimit, 'ratelimit-policy': policy, ...rest } = headers;
  return { status, rest, names: [typeof id, typeof ratelimit, typeof policy], idWidth: id?.length, size: body.length };
};

describe.each(STORES)('a gateway over %s', (store) => {
  let bed: AcceptanceBed;

  beforeAll(async () => {
    bed = await AcceptanceBed.open(store, {
      policy: (policy) => ({ ...policy, quota: { ...(policy['quota'] as object), base: 100_000 } }),
    });
  });
  afterAll(() => bed.close());

  const ask = (tn: string, as = RCS, how: Claims = {}): Promise<Reply> =>
    bed.call(as, 'POST', '/v1/lookups', { sii: `tel:+${tn}`, ...how });
  const release = (tn: string): Promise<unknown> =>
    bed.served.np('np1.example').release(signed(bed.served.pki.hierarchy.npCredential(SPC), releaseClaims(tn)));
  /** What one provider says of a number is in order of its iat. */
  const later = (by: number): number => seconds() + by;
  const withdraw = (provider: string, tn: string) => bed.as(provider).withdraw({ sii: `tel:+${tn}`, ssi: `mimi://${provider}/u/alice` });
  const prefer = (tn: string, preference: Record<string, string>, spc = SPC): string =>
    signed(
      bed.served.pki.hierarchy.npCredential(spc),
      registrationClaims(tn, `mimi://${RCS}/u/alice`, { action: 'prefer', preference, purpose: undefined }),
    );

  test('8.1 nobody, somebody who left and somebody are answered in one shape and one size', async () => {
    const [live, released, withdrawn] = [bed.fresh(), bed.fresh(), bed.fresh()];
    for (const tn of [live, released, withdrawn]) await bed.register(OTT, tn);
    await release(released);
    await withdraw(OTT, withdrawn);
    const kinds = [live, released, withdrawn, bed.fresh(), '4915112345678'];
    const replies = await Promise.all(Array.from({ length: 200 }, (_, i) => ask(kinds[i % kinds.length] as string)));
    const shapes = replies.map(({ headers: { 'cache-control': cache = '', ...headers }, ...reply }) => ({
      ...(seen({ ...reply, headers }) as object),
      cache: cache.replace(/\d/g, '0'),
    }));
    expect(new Set(shapes.map((shape) => JSON.stringify(shape))).size).toBe(1);
    const documents = replies.map((reply) => jsonOf(reply) as unknown as LookupAnswer);
    expect(documents.map(({ mappings }) => mappings.length)).toEqual(documents.map((_, i) => (i % kinds.length === 0 ? 1 : 0)));
    expect(new Set(documents.map((answer) => Object.keys(answer).join())).size).toBe(1);
    expect(new Set(documents.filter((_, i) => i % kinds.length !== 0).map(({ ttl }) => ttl)).size).toBe(1);
  });

  test('8.2 the only provider is the default', async () => {
    const tn = bed.fresh();
    await bed.register(OTT, tn);
    expect(await bed.found(tn)).toEqual([`${OTT} *`]);
  });

  test('8.3 every provider is listed, one is the default, and only the user’s preference moves it', async () => {
    const tn = bed.fresh();
    await bed.register(OTT, tn);
    await bed.register(RCS, tn);
    await bed.register(RCS, tn, { iat: later(1) });
    expect(await bed.found(tn)).toEqual([`${OTT} *`, RCS]);
    expect(await refusalOf(bed.served.np('np2.example').submit(prefer(tn, { default: RCS }, OTHER_SPC)))).toMatchObject({ status: 403 });
    expect((await refusalOf(bed.as(RCS).submit(prefer(tn, { default: 'c.example' })))).reason).toBe('preference-without-mapping');
    expect(await bed.found(tn)).toEqual([`${OTT} *`, RCS]);
    await bed.as(RCS).prefer(prefer(tn, { default: RCS }));
    expect(await bed.found(tn)).toEqual([OTT, `${RCS} *`]);
    await bed.register(OTT, tn, { iat: later(1) });
    expect(await bed.found(tn)).toEqual([OTT, `${RCS} *`]);
    await withdraw(RCS, tn);
    expect(await bed.found(tn)).toEqual([`${OTT} *`]);
  });

  describe('8.4', () => {
    const reasonFor = async (reply: Promise<Reply>): Promise<unknown> => {
      const { status, body } = await reply;
      return status === 200 ? 'answered' : [status, (JSON.parse(body.toString()) as { reason: string }).reason];
    };
    let alice: string;

    beforeAll(async () => {
      alice = bed.fresh();
      await bed.register(OTT, alice);
      await bed.register(BIZ, alice, { purpose: 'business' });
    });

    test('each class of AP is answered with its own, and under policy `all` with both where it asks, tagged', async () => {
      expect([await bed.found(alice, BIZ), await bed.found(alice, RCS)]).toEqual([[`${BIZ} *`], [`${OTT} *`]]);
      for (const as of [RCS, BIZ]) {
        expect((await bed.lookup(alice, as, { view: 'all' })).mappings.map(({ provider, purpose }) => [provider, purpose])).toEqual([
          [OTT, 'consumer'],
          [BIZ, 'business'],
        ]);
      }
      expect(await bed.found(alice, RCS, { view: 'business' })).toEqual([`${BIZ} *`]);
    });

    test('under policy `filtered` a view that is not its own is refused to an AP, alone and in a batch, and costs nothing', async () => {
      await bed.govern((policy) => ({ ...policy, lookup: { ...(policy['lookup'] as object), views: 'filtered' } }));
      const fresh = bed.fresh();
      const before = (await bed.as(RCS).quota()).used;
      for (const view of ['business', 'all']) {
        expect(await reasonFor(ask(fresh, RCS, { view }))).toEqual([403, 'view-not-allowed']);
        const batch = { lookups: [{ sii: `tel:+${fresh}` }, { sii: `tel:+${alice}`, view }] };
        expect(await reasonFor(bed.call(RCS, 'POST', '/v1/lookups', batch))).toEqual([403, 'view-not-allowed']);
      }
      expect(await reasonFor(ask(fresh, BIZ, { view: 'consumer' }))).toEqual([403, 'view-not-allowed']);
      expect((await bed.as(RCS).quota()).used).toBe(before);
      expect(await bed.found(alice, RCS, { view: 'consumer' })).toEqual([`${OTT} *`]);
      expect(await bed.found(alice, BIZ, { view: 'business' })).toEqual([`${BIZ} *`]);
      expect(await bed.found(alice, 'auditor.example')).toEqual([`${OTT} *`, BIZ]);
      await bed.govern((policy) => ({ ...policy, lookup: { ...(policy['lookup'] as object), views: 'all' } }));
      expect(await reasonFor(ask(fresh, RCS, { view: 'business' }))).toBe('answered');
    });
  });

  test('8.5 a circle is seen by its code alone, and a wrong code sees what no code sees, to the octet', async () => {
    const tn = bed.fresh();
    const [friends, family, wrong] = [randomBytes(32), randomBytes(32), randomBytes(32)].map(circleOf) as [string, string, string];
    await bed.register(BIZ, tn);
    await bed.register(OTT, tn, { circle: friends });
    await bed.register(RCS, tn, { circle: family });
    const asker = BIZ;
    const view = 'consumer' as const;
    expect(await bed.found(tn, asker, { view })).toEqual([`${BIZ} *`]);
    expect(await bed.found(tn, asker, { view, circle: friends })).toEqual([BIZ, `${OTT} *`]);
    expect(await bed.found(tn, asker, { view, circle: family })).toEqual([BIZ, `${RCS} *`]);
    const [without, other] = [await ask(tn, asker, { view }), await ask(tn, asker, { view, circle: wrong })];
    expect([seen(other), other.body.equals(without.body)]).toEqual([seen(without), true]);
  });

  test('9.1 every answer has a ttl, its Cache-Control agrees, and nothing that could change the answer comes before its end', async () => {
    const [held, miss] = [bed.fresh(), bed.fresh()];
    await bed.register(OTT, held);
    const ttls = async (): Promise<number[]> => {
      const replies = [await ask(held), await ask(miss)];
      for (const reply of replies) {
        const maxAge = Number(/^private, max-age=(\d+)$/.exec(reply.headers['cache-control'] ?? '')?.[1]);
        expect(maxAge).toBe(jsonOf(reply)['ttl']);
      }
      const { mappings, ttl } = jsonOf(replies[0] as Reply) as unknown as LookupAnswer;
      expect(Date.now() + ttl * 1000).toBeLessThanOrEqual(Date.parse(mappings[0]?.expires ?? ''));
      return replies.map((reply) => jsonOf(reply)['ttl'] as number);
    };
    expect(await ttls()).toEqual([3600, 60]);
    await bed.govern((policy) => ({ ...policy, lookup: { ttlSeconds: 120, negativeTtlSeconds: 5 } }));
    expect(await ttls()).toEqual([120, 5]);
  });

  test('R3 who asks for all views is answered with all', async () => {
    const tn = bed.fresh();
    for (const provider of [OTT, RCS]) await bed.register(provider, tn);
    await bed.register(BIZ, tn, { purpose: 'business' });
    for (const as of [OTT, 'auditor.example']) expect(await bed.found(tn, as, { view: 'all' })).toEqual([`${OTT} *`, RCS, BIZ]);
  });

  test('R5 a number with mappings that a caller may not see is like a number with none, but to the owner', async () => {
    const [hidden, none] = [bed.fresh(), bed.fresh()];
    const circle = circleOf(randomBytes(32));
    await bed.register(OTT, hidden, { circle });
    const [a, b] = [await ask(hidden), await ask(none)];
    expect(seen(a)).toEqual(seen(b));
    expect({ ...jsonOf(a), sii: '' }).toEqual({ ...jsonOf(b), sii: '' });
    const used = async (as: string): Promise<number> => (await bed.as(as).quota()).used;
    const before = [await used(OTT), await used(BIZ)] as const;
    // The owner's own number is free, and names the entry of the log; another's is counted, and does not.
    expect((await bed.lookup(hidden, OTT, { circle })).mappings[0]?.logIndex).toEqual(expect.any(Number));
    expect((await bed.lookup(hidden, BIZ, { view: 'consumer', circle })).mappings[0]).not.toHaveProperty('logIndex');
    expect([await used(OTT), await used(BIZ)]).toEqual([before[0], before[1] + 1]);
  });

  test('R6 a request names nobody who asks: what is not documented is refused', async () => {
    const tn = bed.fresh();
    for (const member of ['from', 'sender', 'user', 'caller', 'onBehalfOf', 'requestor']) {
      const named = { sii: `tel:+${tn}`, [member]: 'mimi://b.example/u/bob' };
      for (const body of [named, { lookups: [named] }, { lookups: [{ sii: `tel:+${tn}` }], [member]: 'bob' }]) {
        const reply = await bed.call(RCS, 'POST', '/v1/lookups', body);
        expect([reply.status, jsonOf(reply)['reason']]).toEqual([400, 'malformed-request']);
      }
    }
    const document = jsonOf(await bed.call(null, 'GET', '/openapi.json')) as { paths: Record<string, Record<string, unknown>> };
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path)) as {
      requestBody?: { content: Record<string, unknown> };
    }[];
    const objects = operations.flatMap(({ requestBody }) => closedness(requestBody?.content['application/json']));
    expect(objects.length).toBeGreaterThan(4);
    expect(objects.filter((closed) => !closed)).toEqual([]);
  });

  /** Of each object in a schema whether it is closed. */
  const closedness = (schema: unknown): boolean[] => {
    if (typeof schema !== 'object' || schema === null) return [];
    const own =
      'type' in schema && schema.type === 'object' ? ['additionalProperties' in schema && schema.additionalProperties === false] : [];
    return [...own, ...Object.values(schema).flatMap(closedness)];
  };
});

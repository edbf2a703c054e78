import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AcceptanceBed, OTT, STORES, jsonOf } from '../support/acceptance-bed.js';

const BLOCK = { start: '12025556000', count: 300 };

describe.each(STORES)('a gateway over %s', (store) => {
  let bed: AcceptanceBed;

  beforeAll(async () => {
    bed = await AcceptanceBed.open(store);
  });
  afterAll(() => bed.close());

  test('6.3 one credential over a block makes every number of it resolvable by a stream, and coverage tells of it, rounded', async () => {
    const credential = bed.delegate(OTT, BLOCK.start, {}, BLOCK.count);
    const numbers = Array.from({ length: BLOCK.count }, (_, i) => String(Number(BLOCK.start) + i));
    const passports = numbers.map((tn) => bed.registration(OTT, tn, {}, credential));
    const statuses = new Set<number>();
    for await (const { status } of bed.as(OTT).import(passports)) statuses.add(status);
    expect([...statuses]).toEqual([201]);
    const [first, last] = [numbers[0] ?? '', numbers.at(-1) ?? ''];
    expect(await Promise.all([first, last].map((tn) => bed.found(tn)))).toEqual([[`${OTT} *`], [`${OTT} *`]]);
    expect(await bed.found(String(Number(last) + 1))).toEqual([]);
    expect(jsonOf(await bed.call(OTT, 'GET', '/v1/coverage'))).toMatchObject({ coverage: [{ code: '1', siis: 300 }] });
    expect((await bed.call(null, 'GET', '/v1/coverage')).status).toBe(401);
  });
});

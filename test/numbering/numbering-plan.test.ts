import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { NumberingPlan, NumberingTable, documentsOfPlan, planOfDocuments, type NumberingRow } from '../../src/numbering/index.js';
import { SweptPlan } from '../support/swept-numbering.js';

describe('numbering data', () => {
  const row = (spc: string, start: string, count: number, validFrom: number | null = null): NumberingRow => ({
    spc,
    start,
    count,
    validFrom,
  });
  const holder = (rows: readonly NumberingRow[], tn: string, at = 0) => {
    const found = NumberingPlan.of(rows).holderOf(tn, at);
    return found.status === 'held' ? found.spc : found.status;
  };

  test('finds the holder of the first and the last number, and nobody beside them', () => {
    const rows = [row('A', '12025550100', 100), row('B', '12025550300', 1), row('C', '4930', 1)];
    expect(
      ['12025550099', '12025550100', '12025550199', '12025550200', '12025550300', '4930', '04930', '49300'].map((tn) => holder(rows, tn)),
    ).toEqual(['nobody', 'A', 'A', 'nobody', 'B', 'C', 'nobody', 'nobody']);
  });

  test('lets the latest validFrom that has come win', () => {
    const rows = [row('A', '1000', 100), row('B', '1050', 10, 500)];
    expect([holder(rows, '1050', 499), holder(rows, '1050', 500), holder(rows, '1060', 500)]).toEqual(['A', 'B', 'A']);
  });

  test('calls a number unusable where two providers have it from one moment, or its row overflows', () => {
    const rows = [row('A', '1000', 100), row('B', '1099', 10), row('A', '1000', 5), row('C', '9990', 11)];
    expect(['1000', '1098', '1099', '1100', '9990', '9999'].map((tn) => holder(rows, tn))).toEqual([
      'A',
      'A',
      'unusable',
      'B',
      'unusable',
      'unusable',
    ]);
    expect(holder([row('C', '9990', 10)], '9999')).toBe('C');
  });

  test('agrees with a search through all rows', () => {
    const rows = fc.array(
      fc.record({
        spc: fc.constantFrom('A', 'B', 'C'),
        start: fc.integer({ min: 100, max: 999 }).map(String),
        count: fc.integer({ min: 1, max: 60 }),
        validFrom: fc.constantFrom(null, 5, 9),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(rows, fc.integer({ min: 100, max: 999 }), fc.integer({ min: 0, max: 10 }), (all, number, at) => {
        const over = all.filter(
          ({ start, count, validFrom }) => (validFrom ?? -1) <= at && number >= Number(start) && number < Number(start) + count,
        );
        const latest = over.filter(({ validFrom }) => (validFrom ?? -1) === Math.max(...over.map((one) => one.validFrom ?? -1)));
        const spcs = new Set(latest.map(({ spc }) => spc));
        const isBroken = over.some(({ start, count }) => Number(start) + count > 1000);
        const expected = over.length === 0 ? 'nobody' : isBroken || spcs.size > 1 ? 'unusable' : [...spcs][0];
        expect(holder(all, String(number), at)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  test('has a version that is of the rows and not of their order', () => {
    const [a, b] = [row('A', '1000', 100), row('B', '2000', 100)];
    expect(NumberingPlan.of([a, b]).version).toBe(NumberingPlan.of([b, a]).version);
    expect(NumberingPlan.of([a]).version).not.toBe(NumberingPlan.of([row('A', '1000', 101)]).version);
  });

  const spcs = fc.constantFrom('A', 'B', 'C');
  const validFroms = fc.constantFrom(null, 5, 9);
  const block = fc.record({
    spc: spcs,
    start: fc.integer({ min: 1, max: 1300 }).map(String),
    count: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 400 })),
    validFrom: validFroms,
  });
  const rowsOf = fc.array(block, { maxLength: 30 });

  test('finds what a sweep over the ends of all rows finds, in one table and in several', () => {
    fc.assert(
      fc.property(rowsOf, fc.array(fc.nat({ max: 2 }), { minLength: 30 }), fc.integer({ min: 0, max: 10 }), (rows, parts, at) => {
        const swept = new SweptPlan(rows);
        const tables = [0, 1, 2].map((part) => NumberingTable.of(rows.filter((_, i) => parts[i] === part)));
        const plans = [NumberingPlan.of(rows), new NumberingPlan(tables), NumberingPlan.of(rows.toReversed())];
        const numbers = rows.flatMap(({ start, count }) => [-1, 0, count - 1, count].map((by) => Number(start) + by)).map(String);
        for (const tn of numbers) {
          const [found, ...others] = plans.map((plan) => plan.holderOf(tn, at));
          expect(withoutRow(found)).toEqual(withoutRow(swept.holderOf(tn, at)));
          for (const other of others) expect(other).toEqual(found);
          if (found?.status === 'held') expect(rows).toContainEqual(found.row);
        }
        for (const spc of ['A', 'B', 'C', 'D']) for (const plan of plans) expect(plan.knows(spc)).toBe(swept.knows(spc));
        for (const { spc, start } of rows)
          for (const count of [1, 7, 400])
            for (const plan of plans) expect(plan.holdsAll(spc, { start, count }, at)).toBe(swept.holdsAll(spc, { start, count }, at));
      }),
      { numRuns: 300 },
    );
  });

  test('takes rows in any order, among them many that begin at one number', () => {
    const rows = Array.from({ length: 5000 }, (_, i) => row('ABCD'[i % 4] ?? '', String(12025550000 + ((i * 7919) % 997)), 1 + (i % 3), i));
    const swept = new SweptPlan(rows);
    const plan = NumberingPlan.of(rows);
    for (let i = 0; i < 1000; i += 1) {
      const tn = String(12025549999 + i);
      expect(withoutRow(plan.holderOf(tn, 4000))).toEqual(withoutRow(swept.holderOf(tn, 4000)));
    }
    expect(plan.version).toBe(NumberingPlan.of(rows.toReversed()).version);
  });

  test('finds numbers of every length among so many that nodes of the search end between them', () => {
    const rows = Array.from({ length: 15 }, (_, i) => i + 1).flatMap((length) =>
      Array.from({ length: Math.min(8, 10 ** (length - 1)) * 40 }, (_, i) => {
        const first = 10 ** (length - 1);
        // Up to the last number of the length, and some rows past it.
        const start = i % 7 === 0 ? first * 10 - 1 - (i % 5) : first + ((i * 7919) % Math.min(9 * first, 5000));
        return row('ABC'[i % 3] ?? '', String(Math.max(first, start)), i % 2 === 0 ? 1 : 1 + (i % 90), i % 4 === 0 ? null : i);
      }),
    );
    const [swept, plan] = [new SweptPlan(rows), NumberingPlan.of(rows)];
    const said = (all: Pick<NumberingPlan, 'holderOf'>): string[] =>
      rows.flatMap(({ start, count }) =>
        [-1, 0, 1, count - 1, count].flatMap((by) =>
          [150, 1000].map((at) => JSON.stringify(withoutRow(all.holderOf(String(Number(start) + by), at)))),
        ),
      );
    expect(said(plan)).toEqual(said(swept));
    expect(['', '1x', '1e3', '1'.repeat(16)].map((tn) => plan.holderOf(tn, 1000).status)).toEqual(Array(4).fill('nobody'));
  });

  test('says of what text its digest is', () => {
    // docs/log-format.md: 709J, 12025550000, 1,000 of them, since ever.
    const octets = Buffer.alloc(28);
    octets.writeDoubleBE(112025550000, 0);
    octets.writeDoubleBE(1000, 8);
    octets.writeDoubleBE(-Infinity, 16);
    octets.writeUInt32BE(4, 24);
    const digest = createHash('sha256').update(octets).update('709J').digest('hex');
    const table = NumberingTable.of([row('709J', '12025550000', 1000)]);
    expect(table.digest).toBe(digest);
    expect(new NumberingPlan([table]).version).toBe(createHash('sha256').update(`${digest}\n`).digest('hex'));
  });

  test('gives its rows back', () => {
    fc.assert(
      fc.property(rowsOf, (rows) => {
        const back = [...NumberingTable.of(rows).rows()];
        const texts = (all: readonly NumberingRow[]): string[] => all.map((one) => JSON.stringify(one)).sort();
        expect(texts(back)).toEqual(texts(rows));
      }),
    );
  });
});

const withoutRow = (holder: object | undefined): object => ({ ...holder, row: null });

describe('the documents of a plan', () => {
  const table = NumberingTable.of([{ spc: '709J', start: '12025550000', count: 1000, validFrom: 5 }]);
  const plans: [string, NumberingPlan][] = [
    ['rows', new NumberingPlan([table])],
    ['a silent feed', new NumberingPlan([table], { codes: new Set(['1', '44']), silent: new Set(['44']) })],
    ['a silent feed below another', new NumberingPlan([table], { codes: new Set(['1', '1202']), silent: new Set(['1']) })],
    ['a silent feed over the rows', new NumberingPlan([table], { codes: new Set(['1']), silent: new Set(['1']) })],
  ];

  test.each(plans)('make it again: %s', async (_, plan) => {
    const kept = new Map(
      [...documentsOfPlan(plan)].map((one) => [one.digest, Buffer.concat([...one.pieces()].map((piece) => Buffer.from(piece)))]),
    );
    const again = await planOfDocuments(plan.document, (digest) => Promise.resolve(kept.get(digest) ?? Buffer.alloc(0)));
    expect([again.version, kept.get(plan.version)?.toString()]).toEqual([plan.version, plan.document]);
    for (const tn of ['12025550001', '12035550001', '441234', '4930']) expect(again.holderOf(tn, 9)).toEqual(plan.holderOf(tn, 9));
  });

  test('differ where who is silent differs', () => {
    expect(new Set(plans.map(([, plan]) => plan.version)).size).toBe(plans.length);
    expect(plans.map(([, plan]) => plan.holderOf('12025550001', 9).status)).toEqual(['held', 'held', 'held', 'unusable']);
  });
});

test('a table of very many providers has a digest, and its octets', () => {
  const rows = Array.from({ length: 150_000 }, (_, i) => ({ spc: `P${i}`, start: String(1_000_000 + i), count: 1, validFrom: null }));
  const table = NumberingTable.of(rows);
  const octets = [...table.pieces()].reduce((sum, piece) => sum + piece.length, 0);
  expect([table.size, octets]).toEqual([150_000, rows.reduce((sum, { spc }) => sum + 28 + spc.length, 0)]);
});

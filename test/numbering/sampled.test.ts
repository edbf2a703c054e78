import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { SampledColumn, firstOfBoth } from '../../src/numbering/sampled.js';

const firstAtLeast = (values: readonly number[], value: number): number => {
  const first = values.findIndex((one) => one >= value);
  return first < 0 ? values.length : first;
};
const columnOf = (values: readonly number[]): SampledColumn => new SampledColumn(Float64Array.from(values));
const evenUpTo = (length: number): number[] => Array.from({ length }, (_, i) => 2 * i);

describe('a sampled column', () => {
  test.each([0, 1, 2, 31, 32, 33, 63, 64, 65, 1023, 1024, 1025, 1055, 1056, 1057])(
    'of %d values finds each and what lies between',
    (length) => {
      const values = evenUpTo(length);
      const column = columnOf(values);
      for (let value = -1; value <= 2 * length + 1; value += 1)
        expect([value, column.firstAtLeast(value)]).toEqual([value, Math.min(length, Math.max(0, Math.ceil(value / 2)))]);
      for (const [value, place] of [
        [-Infinity, 0],
        [Infinity, length],
        [NaN, 0],
      ] as const)
        expect(column.firstAtLeast(value)).toBe(place);
    },
  );

  test('of three levels finds what is at the borders of its nodes', () => {
    const length = 32 ** 3 + 33;
    const column = columnOf(evenUpTo(length));
    for (let node = 0; node < length; node += 32)
      for (let i = Math.max(0, node - 1); i < Math.min(length, node + 2); i += 1)
        expect([column.firstAtLeast(2 * i - 1), column.firstAtLeast(2 * i), column.firstAtLeast(2 * i + 1)]).toEqual([i, i, i + 1]);
  });

  test('finds the first of values that are alike, over as many nodes as they fill', () => {
    const runs = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 3 }), fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 300 }))),
      {
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(runs, runs, (some, others) => {
        const [a, b] = [some, others].map((all) => {
          let value = 0;
          return all.flatMap(([step, times]) => Array.from<number>({ length: times }).fill((value += step)));
        }) as [number[], number[]];
        const [columnA, columnB] = [columnOf(a), columnOf(b)];
        const top = Math.max(a.at(-1) ?? 0, b.at(-1) ?? 0) + 1;
        const values = Array.from({ length: top + 1 }, (_, value) => value);
        expect(values.map((value) => columnA.firstAtLeast(value))).toEqual(values.map((value) => firstAtLeast(a, value)));
        expect(values.map((value) => firstOfBoth(columnA, value, columnB, value + 1))).toEqual(
          values.map((value) => ({ inA: firstAtLeast(a, value), inB: firstAtLeast(b, value + 1) })),
        );
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    [0, 0],
    [0, 40_000],
    [40_000, 0],
    [20, 40_000],
    [40_000, 1100],
    [33, 32],
  ])('of %d values is searched together with one of %d', (lengthA, lengthB) => {
    const [a, b] = [columnOf(evenUpTo(lengthA)), columnOf(evenUpTo(lengthB))];
    for (let value = -1; value < 90_000; value += 997)
      expect(firstOfBoth(a, value, b, value + 1)).toEqual({ inA: a.firstAtLeast(value), inB: b.firstAtLeast(value + 1) });
  });
});

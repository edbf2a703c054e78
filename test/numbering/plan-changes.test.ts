import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { NumberingPlan, NumberingTable, changesBetween, type HeldChange, type NumberingRow } from '../../src/numbering/index.js';

const rows = fc.array(
  fc.record({
    spc: fc.constantFrom('A', 'B', 'C'),
    start: fc.integer({ min: 90, max: 130 }).map(String),
    count: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 20 })),
    validFrom: fc.constantFrom(null, 5, 9),
  }),
  { maxLength: 12 },
);

/** Every number that a row may have, one by one. */
const counted = (before: NumberingPlan, after: NumberingPlan, at: number): HeldChange[] => {
  const spcOf = (plan: NumberingPlan, tn: string): string | null => {
    const holder = plan.holderOf(tn, at);
    return holder.status === 'held' ? holder.spc : null;
  };
  return ['A', 'B', 'C'].flatMap((spc) => {
    let [gained, lost] = [0, 0];
    for (let number = 89; number < 152; number += 1) {
      const [old, next] = [spcOf(before, String(number)), spcOf(after, String(number))];
      if (old !== next && old === spc) lost += 1;
      if (old !== next && next === spc) gained += 1;
    }
    return gained + lost === 0 ? [] : [{ spc, gained, lost }];
  });
};

describe('changes between two plans', () => {
  test('are those that counting number by number finds', () => {
    fc.assert(
      fc.property(rows, rows, rows, fc.integer({ min: 0, max: 10 }), (shared, old, next, at) => {
        const table = (all: readonly NumberingRow[]): NumberingTable => NumberingTable.of(all);
        const pairs = [
          [new NumberingPlan([table([...shared, ...old])]), new NumberingPlan([table([...next, ...shared])])],
          [new NumberingPlan([table(shared), table(old)]), new NumberingPlan([table(shared), table(next)])],
          [new NumberingPlan([table(shared)]), new NumberingPlan([table(shared), table(next)])],
        ] as const;
        for (const [before, after] of pairs) expect(changesBetween(before, after, at)).toEqual(counted(before, after, at));
      }),
      { numRuns: 100 },
    );
  });
});

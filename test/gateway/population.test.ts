import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Population } from '../../src/gateway/population.js';
import { partitionOf, type SubjectId } from '../../src/ports/index.js';
import { packSubject, type Subject } from '../../src/registry/index.js';
import { Unavailable } from '../../src/reasons/index.js';
import { DAY, after, registering } from '../support/registry-fixtures.js';

const NOW = (DAY + 1000) * 1000;
const PROVIDERS = ['a.example', 'b.example', 'c.example'];

/** A subject with mappings of these providers. */
const subjectWith = (providers: readonly string[]): Subject | null =>
  providers.length === 0 ? null : after(...providers.map((provider) => registering(provider, DAY)));

const SUBJECTS = [[], ['a.example'], ['b.example'], ['a.example', 'b.example'], ['c.example', 'a.example']].map(subjectWith);
/** Five subjects in three partitions. */
const IDS = ['\x00\x00', '\x00\x01', '\x10\x00', '\x10\x01', '\x20\x00'].map((head, i) => `${head}${String(i).padStart(14, '0')}`);

const countsOf = (population: Population): number[] => PROVIDERS.map((provider) => population.of(provider, NOW));

describe('a count beside commits', () => {
  const change = fc.record({ id: fc.nat(IDS.length - 1), to: fc.nat(SUBJECTS.length - 1) });
  const start = fc.array(fc.nat(SUBJECTS.length - 1), { minLength: IDS.length, maxLength: IDS.length });
  const between = fc.array(fc.array(change, { maxLength: 3 }), { minLength: 12, maxLength: 12 });

  test('comes to what a count of the store comes to, whenever they happen and however early a partition was read', async () => {
    const property = fc.asyncProperty(start, between, fc.boolean(), async (first, turns, readsAhead) => {
      const stored = new Map(IDS.map((id, i) => [id, SUBJECTS[first[i] ?? 0] ?? null]));
      const population = new Population(false);
      let turn = 0;
      const commit = (): void => {
        for (const { id: at, to } of turns[turn++] ?? []) {
          const id = IDS[at] as SubjectId;
          const next = SUBJECTS[to] ?? null;
          population.change(id, stored.get(id) ?? null, next);
          stored.set(id, next);
        }
      };
      const listed = (ids: readonly SubjectId[]) =>
        ids.flatMap((id) => {
          const subject = stored.get(id) ?? null;
          return subject === null ? [] : [[id, packSubject(subject)] as const];
        });
      const partitions = [...new Set(IDS.map(partitionOf))].map((one) => IDS.filter((id) => partitionOf(id) === one));
      await population.begin({
        async *entries() {
          let ahead = readsAhead ? partitions.map(listed) : [];
          for (const [at, ids] of partitions.entries()) {
            commit();
            const entries = ahead[at] ?? listed(ids);
            for (const entry of entries) {
              commit();
              yield entry;
            }
          }
          ahead = [];
        },
      });
      commit();
      expect(population.isWhole).toBe(true);
      const recount = await Population.count({
        async *entries() {
          for (const ids of partitions) yield* listed(ids);
        },
      });
      expect(countsOf(population)).toEqual(countsOf(recount));
    });
    await fc.assert(property, { numRuns: 500 });
  });

  test('is begun again after a store that was away, and ends when it is told to', async () => {
    const population = new Population(false);
    const [id = ''] = IDS;
    const packed = packSubject(subjectWith(['a.example']) as Subject);
    let away = true;
    const store = {
      async *entries() {
        yield [id, packed] as const;
        if (away) throw new Unavailable('store-unavailable');
      },
    };
    await expect(population.begin(store)).rejects.toMatchObject({ reason: 'store-unavailable' });
    expect(population.isWhole).toBe(false);
    away = false;
    await population.begin(store);
    expect([population.isWhole, population.of('a.example', NOW)]).toEqual([true, 1]);
    const stopped = new Population(false);
    await stopped.stop();
    await expect(stopped.begin(store)).rejects.toMatchObject({ reason: 'draining' });
    expect(stopped.isWhole).toBe(false);
  });
});

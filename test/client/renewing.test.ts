import { describe, expect, test } from '@jest/globals';
import { dueAt, keepRenewed, type Validity } from '../../src/client/index.js';

const HOUR = 3600;
const DAY = 86_400;

/** A world whose time passes only while somebody waits; `renewals` answer one after the other, and the last ends the run. */
const run = async (
  first: Validity,
  renewals: ReadonlyArray<Validity | Error>,
): Promise<{ at: number[]; failed: unknown[]; waits: number[] }> => {
  let now = first.notBefore * 1000;
  const stop = new AbortController();
  const told = { at: [] as number[], failed: [] as unknown[], waits: [] as number[] };
  const parts = {
    now: () => now,
    wait: (ms: number) => {
      told.waits.push(ms);
      now += ms;
      return Promise.resolve();
    },
    renew: () => {
      const next = renewals[told.at.length];
      told.at.push(now / 1000 - first.notBefore);
      if (told.at.length === renewals.length) stop.abort();
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next ?? first);
    },
    onFailure: (error: unknown) => void told.failed.push(error),
  };
  await keepRenewed(first, parts, stop.signal);
  return told;
};

describe('a credential that is kept renewed', () => {
  const first = { notBefore: 0, notAfter: DAY };

  test('is due at half of its life', () => {
    expect(dueAt({ notBefore: 100, notAfter: 300 })).toBe(200_000);
  });

  test('is renewed then, and its follower at half of its own', async () => {
    const second = { notBefore: DAY / 2, notAfter: DAY / 2 + DAY };
    const { at, failed, waits } = await run(first, [second, first]);
    expect([at, failed]).toEqual([[DAY / 2, DAY], []]);
    // A clock that steps is noticed within the hour.
    expect(Math.max(...waits)).toBe(HOUR * 1000);
  });

  test('is asked for again after a failure, some twenty times in what is left and no more than once a minute', async () => {
    const error = new Error('refused');
    const { at, failed } = await run(first, [error, error, { notBefore: DAY, notAfter: 2 * DAY }]);
    expect(failed).toEqual([error, error]);
    expect(at).toEqual([DAY / 2, DAY / 2 + DAY / 40, DAY / 2 + DAY / 40 + (DAY / 2 - DAY / 40) / 20]);
    const short = await run({ notBefore: 0, notAfter: 120 }, [error, error, error]);
    expect(short.at).toEqual([60, 120, 180]);
  });

  test('is not asked for without end when what comes is due already', async () => {
    const { at } = await run(first, [first, first, first]);
    expect(at).toEqual([DAY / 2, DAY / 2 + 60, DAY / 2 + 120]);
  });

  test('is left alone once the signal is given', async () => {
    const stop = new AbortController();
    stop.abort();
    const renew = (): Promise<Validity> => Promise.reject(new Error('asked'));
    const parts = { now: () => DAY * 1000, wait: () => Promise.resolve(), renew, onFailure: (error: unknown) => expect(error).toBeNull() };
    await expect(keepRenewed(first, parts, stop.signal)).resolves.toBeUndefined();
  });
});

import { describe, expect, test } from '@jest/globals';
import { systemClock, threadWaker } from '../../src/adapters/system/index.js';

/** The times of the next wakes, and a waker. */
const start = () => {
  const listeners: ((at: number) => void)[] = [];
  const woken: number[] = [];
  const waker = threadWaker(() => {
    const at = systemClock.monotonic();
    woken.push(at);
    listeners.shift()?.(at);
  });
  return { waker, woken, next: () => new Promise<number>((resolve) => listeners.push(resolve)) };
};

describe('a thread that wakes', () => {
  test('not sooner than asked, again and again', async () => {
    const { waker, woken, next } = start();
    for (let i = 0; i < 20; i += 1) {
      const since = systemClock.monotonic();
      const at = next();
      waker.after(i / 8);
      expect((await at) - since).toBeGreaterThanOrEqual(i / 8);
    }
    expect(woken).toHaveLength(20);
    await waker.end();
  });

  test('a wait takes the place of the one before, sooner or later', async () => {
    const { waker, woken, next } = start();
    const sooner = next();
    waker.after(3_600_000);
    waker.after(1);
    await sooner;
    const later = next();
    waker.after(3_600_000);
    const since = systemClock.monotonic();
    waker.after(2);
    expect((await later) - since).toBeGreaterThanOrEqual(2);
    expect(woken).toHaveLength(2);
    await waker.end();
  });

  test('ends while it waits, and where it never began', async () => {
    const { waker, woken } = start();
    waker.after(3_600_000);
    await waker.end();
    expect(woken).toEqual([]);
    await start().waker.end();
  });
});

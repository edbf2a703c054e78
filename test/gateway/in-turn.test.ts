import { describe, expect, test } from '@jest/globals';
import { InTurn } from '../../src/gateway/in-turn.js';

describe('what is taken in turn', () => {
  test('comes out in the order in which it was begun, whatever ends first', async () => {
    const turns = new InTurn();
    const ends: ((value: number) => void)[] = [];
    const came: number[] = [];
    const all = Array.from({ length: 5 }, () =>
      turns.take(new Promise<number>((resolve) => ends.push(resolve))).then((value) => came.push(value)),
    );
    for (const i of [4, 2, 0, 3, 1]) ends[i]?.(i);
    await Promise.all(all);
    expect(came).toEqual([0, 1, 2, 3, 4]);
  });

  test('holds nobody up by its failure, and says it to who took it alone', async () => {
    const turns = new InTurn();
    const failing = turns.take(Promise.reject(new Error('broken')));
    const next = turns.take(Promise.resolve(7));
    await expect(failing).rejects.toThrow('broken');
    await expect(next).resolves.toBe(7);
  });
});

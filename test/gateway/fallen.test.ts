import { describe, expect, test } from '@jest/globals';
import { fallenSince } from '../../src/gateway/index.js';

const marked = (count: number) => ({ effect: 'marked', reason: 'cert-revoked', count }) as const;
const removed = (count: number) => ({ effect: 'removed', reason: 'cert-revoked', count }) as const;

describe('what fell since it was told of last', () => {
  test('is all of it at first, and then what is new alone', () => {
    expect(fallenSince([], [marked(2)])).toEqual([marked(2)]);
    expect(fallenSince([marked(2)], [marked(2), removed(1)])).toEqual([removed(1)]);
    expect(fallenSince([marked(2), removed(1)], [marked(5), removed(1)])).toEqual([marked(3)]);
    expect(fallenSince([marked(5), removed(1)], [marked(5), removed(1)])).toEqual([]);
  });
});

import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Nonces } from '../../../src/issuance/acme/nonces.js';
import { reasonOf } from '../../support/reasons.js';

describe('nonces under a flood', () => {
  test('keep their number bounded, refuse what is as old as what was forgotten, and serve who comes next', () => {
    let now = 1_000_000;
    const nonces = new Nonces(randomBytes, () => now, 4);
    const issue = (): string => {
      now += 1;
      return nonces.issue();
    };
    const spend = (nonce: string): string | null => reasonOf(() => nonces.spend(nonce));
    const old = issue();
    const flood = Array.from({ length: 4 }, issue);
    const young = issue();
    for (const nonce of flood) expect(spend(nonce)).toBeNull();
    // The fifth makes room: the older half goes, and with it whatever is as old.
    const fifth = issue();
    expect(spend(fifth)).toBeNull();
    expect(spend(old)).toBe('bad-nonce');
    for (const nonce of [...flood, fifth]) expect(spend(nonce)).toBe('bad-nonce');
    expect([spend(young), spend(young)]).toEqual([null, 'bad-nonce']);
    for (let i = 0; i < 100; i += 1) {
      const nonce = issue();
      expect([spend(nonce), spend(nonce)]).toEqual([null, 'bad-nonce']);
    }
  });
});

import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  emptySubject,
  packSubject,
  packedProviders,
  providersOf,
  unpackSubject,
  type Mapping,
  type Subject,
} from '../../src/registry/index.js';
import { Unavailable } from '../../src/reasons/index.js';
import { DAY } from '../support/registry-fixtures.js';

const provider = fc.nat(20).map((n) => `ap${n}.example`);
const mapping = fc
  .record({
    provider,
    user: fc.constantFrom('alice', 'a', 'x'.repeat(60)),
    purpose: fc.constantFrom('consumer' as const, 'business' as const),
    circle: fc.constantFrom(null, Buffer.alloc(32, 7).toString('base64url')),
    behind: fc.nat(300),
    expires: fc.integer({ min: DAY - 1_000_000, max: DAY + 3_000_000 }),
    attest: fc.boolean(),
    operator: fc.constantFrom(null, '709J', '505X'),
  })
  .map(({ behind, ...given }): Mapping => ({
    ...given,
    kind: 'user',
    firstIndex: 1000 - behind,
    leafIndex: 1000 - Math.floor(behind / 2),
    credential: 'ab'.repeat(16),
    authority: '709J',
  }));
const subject = fc
  .record({
    mappings: fc.array(mapping, { maxLength: 6 }),
    marks: fc.uniqueArray(provider, { maxLength: 6 }),
    fence: fc.constantFrom(0, DAY),
    record: fc.constantFrom(null, { spc: '505X', since: DAY }),
  })
  .map(({ mappings, marks, fence, record }): Subject => ({
    ...emptySubject(3),
    mappings,
    order: marks.map((name, at) => ({ provider: name, iat: DAY + at, jti: at % 2 === 0 ? '' : 'A'.repeat(22) })),
    fence,
    record,
    leafIndex: 1000,
  }));

const told = (packed: Uint8Array): Map<string, number> => {
  const all = new Map<string, number>();
  packedProviders(packed, (name, until) => {
    if (all.has(name)) throw new Error('told twice');
    all.set(name, until);
  });
  return all;
};

describe('until when each provider has a mapping', () => {
  test('is read from the packed form as from the subject', () => {
    fc.assert(
      fc.property(subject, (one) => {
        const packed = packSubject(one);
        expect(told(packed)).toEqual(providersOf(one));
        expect(told(packed)).toEqual(providersOf(unpackSubject(packed)));
      }),
    );
  });

  test('is not read from what is cut off, or of another version', () => {
    const [one] = fc.sample(mapping, { numRuns: 1, seed: 7 });
    const packed = packSubject({ ...emptySubject(3), mappings: one === undefined ? [] : [one], leafIndex: 1000 });
    expect(() => told(packed.subarray(0, 20))).toThrow(Unavailable);
    expect(() => told(Uint8Array.from(packed, (octet, at) => (at === 0 ? octet | 0x70 : octet)))).toThrow(Unavailable);
    expect(providersOf(null).size).toBe(0);
  });
});

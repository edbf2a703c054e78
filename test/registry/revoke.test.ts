import { describe, expect, test } from '@jest/globals';
import { registrationOf, resolve, transition, type RegistryEvent, type RevokeEvent, type Subject } from '../../src/registry/index.js';
import {
  CIRCLE,
  DAY,
  after,
  contextAt,
  reasonOf,
  registering,
  releasing,
  revoking,
  subjectOf,
  withdrawing,
} from '../support/registry-fixtures.js';

const A = 'a.example';
const B = 'b.example';
const MONTH = 30 * 86_400;
const GRACE = 14 * 86_400;

const applyAt = (subject: Subject | null, event: RegistryEvent | RevokeEvent, at = DAY + 500, index = 50): Subject =>
  subjectOf(transition(subject, event, contextAt(at, index)));
const judge = (subject: Subject | null, event: RegistryEvent | RevokeEvent, at = DAY + 500): string =>
  reasonOf(transition(subject, event, contextAt(at, 50)));
const leaves = (subject: Subject): number[] => subject.mappings.map((mapping) => mapping.leafIndex);

/** Registered at the leaves 0, 1 and 2, the first at DAY + 100. */
const three = after(registering(A, DAY), registering(B, DAY), registering(A, DAY + 1, { circle: CIRCLE }));

describe('revoke', () => {
  test('removes the mappings of the registrations that fall, and no other', () => {
    expect(leaves(applyAt(three, revoking('removed', [1])))).toEqual([0, 2]);
    expect(leaves(applyAt(three, revoking('removed', [0, 1, 2, 77])))).toEqual([]);
    expect(applyAt(three, revoking('removed', [1])).leafIndex).toBe(50);
  });

  test('leaves alone what was registered again since', () => {
    const again = applyAt(three, registering(A, DAY + 2), DAY + 400, 9);
    expect(leaves(again)).toEqual([9, 1, 2]);
    expect(judge(again, revoking('removed', [0]))).toBe('superseded');
    expect(leaves(applyAt(again, revoking('removed', [0, 2])))).toEqual([9, 1]);
  });

  test('that finds nothing left is superseded, and makes no subject', () => {
    expect(judge(null, revoking('removed', [0]))).toBe('superseded');
    expect(judge(three, revoking('removed', [3]))).toBe('superseded');
    expect(judge(three, revoking('removed', [0]), DAY + 100 + MONTH)).toBe('superseded');
    expect(judge(three, revoking('removed', [0]), DAY + 99 + MONTH)).toBe('applied');
  });

  test('clears the preferences that name the provider, unless another mapping of it stays', () => {
    const subject: Subject = { ...three, preference: { default: A, business: B } };
    expect(applyAt(subject, revoking('removed', [0])).preference).toEqual({ default: A, business: B });
    expect(applyAt(subject, revoking('removed', [0, 2])).preference).toEqual({ business: B });
    expect(applyAt(subject, revoking('removed', [0, 1, 2])).preference).toBeNull();
    expect(applyAt(subject, revoking('marked', [0, 1, 2])).preference).toEqual({ default: A, business: B });
  });

  test('keeps order marks and fence: what was superseded is superseded still', () => {
    const released = applyAt(after(registering(A, DAY)), releasing(DAY + 1));
    const held = { ...three, fence: released.fence };
    const left = applyAt(held, revoking('removed', [0, 1, 2]));
    expect([left.order, left.fence]).toEqual([held.order, held.fence]);
    expect(judge(applyAt(three, revoking('removed', [0, 1, 2])), registering(A, DAY))).toBe('superseded');
    expect(judge(applyAt(three, revoking('removed', [0, 1, 2])), withdrawing(A, DAY))).toBe('superseded');
  });

  test('ends the first answer of a register that it removed, not of one that it marked', () => {
    expect(registrationOf(applyAt(three, revoking('removed', [0])), 0)).toBeUndefined();
    expect(registrationOf(applyAt(three, revoking('marked', [0])), 0)).toMatchObject({ provider: A });
  });

  test.each(['trust', 'revocation', 'policy'] as const)('asks to judge again when the %s version has moved', (name) => {
    const { versions } = contextAt(DAY, 1);
    const moved = contextAt(DAY, 1, { versions: { ...versions, [name]: 'ff' } });
    expect(transition(three, revoking('removed', [0]), moved).outcome).toBe('moved');
    expect(transition(three, revoking('removed', [0]), contextAt(DAY, 1, { providerOfRecord: () => null })).outcome).toBe('applied');
  });
});

describe('a marked mapping', () => {
  const marked = applyAt(three, revoking('marked', [0]));

  test('stays and resolves until the grace period ends, and no longer', () => {
    expect(marked.mappings[0]).toMatchObject({ leafIndex: 0, firstIndex: 0, attest: true, expires: DAY + GRACE });
    expect(marked.mappings.slice(1)).toEqual(three.mappings.slice(1));
    const shown = (now: number) =>
      resolve(marked, { view: 'consumer', circle: null, now, maxTtl: 10 * 86_400, negativeTtl: 30 }).mappings.map((one) => one.provider);
    expect(shown((DAY + GRACE) * 1000 - 1)).toEqual([A, B]);
    expect(shown((DAY + GRACE) * 1000)).toEqual([B]);
  });

  test('gives no answer a ttl beyond its new end', () => {
    const query = { view: 'all', circle: null, maxTtl: MONTH, negativeTtl: 30 } as const;
    expect(resolve(marked, { ...query, now: (DAY + GRACE - 60) * 1000 }).ttlSeconds).toBe(60);
    expect(resolve(three, { ...query, now: (DAY + GRACE - 60) * 1000 }).ttlSeconds).toBeGreaterThan(60);
  });

  test('never lives longer than it would have', () => {
    const late = applyAt(three, revoking('marked', [0], DAY + 2 * MONTH));
    expect(late.mappings[0]).toMatchObject({ attest: true, expires: three.mappings[0]?.expires });
  });

  test('is marked once: a second mark does not move its end, a removal still removes it', () => {
    expect(judge(marked, revoking('marked', [0], DAY + 600))).toBe('superseded');
    const both = applyAt(marked, revoking('marked', [0, 1], DAY + 600), DAY + 510, 51);
    expect(both.mappings.map((one) => one.expires)).toEqual([DAY + GRACE, DAY + 600, three.mappings[2]?.expires]);
    expect(leaves(applyAt(marked, revoking('removed', [0])))).toEqual([1, 2]);
  });

  test('is as any other once it is registered again', () => {
    const again = applyAt(marked, registering(A, DAY + 2), DAY + 700, 51);
    expect(again.mappings[0]).toMatchObject({ leafIndex: 51, firstIndex: 0, attest: false, expires: DAY + 700 + MONTH });
    expect(again.mappings.slice(1)).toEqual(three.mappings.slice(1));
  });
});

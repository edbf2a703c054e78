import { describe, expect, test } from '@jest/globals';
import { packSubject, preferenceStands, transition, unpackSubject, type RegistryEvent, type Subject } from '../../src/registry/index.js';
import {
  DAY,
  after,
  contextAt,
  delegate,
  jti,
  preferring,
  reasonOf,
  registering,
  releasing,
  subjectOf,
  withdrawing,
} from '../support/registry-fixtures.js';

const A = 'a.example';
const B = 'b.example';
const C = 'c.example';

const both = after(registering(A, DAY), registering(B, DAY));
const judge = (subject: Subject | null, event: RegistryEvent): string => reasonOf(transition(subject, event, contextAt(DAY + 500, 50)));
const apply = (subject: Subject | null, event: RegistryEvent): Subject => subjectOf(transition(subject, event, contextAt(DAY + 500, 50)));

describe('prefer', () => {
  test('sets the defaults that it names and leaves the others, and no mapping', () => {
    const first = apply(both, preferring(A, DAY + 1, { default: B, consumer: A }));
    expect(first.preference).toEqual({ default: B, consumer: A });
    const second = apply(first, preferring(A, DAY + 2, { consumer: B }));
    expect(second.preference).toEqual({ default: B, consumer: B });
    expect(second.mappings).toEqual(both.mappings);
    expect(second.leafIndex).toBe(50);
  });

  test('names and is presented by providers that have a mapping alone', () => {
    expect(judge(both, preferring(A, DAY + 1, { default: B }))).toBe('applied');
    expect(judge(both, preferring(A, DAY + 1, { default: B, business: C }))).toBe('preference-without-mapping');
    expect(judge(both, preferring(C, DAY + 1, { default: B }))).toBe('preference-without-mapping');
    expect(judge(null, preferring(A, DAY + 1, { default: A }))).toBe('preference-without-mapping');
    const expired = transition(both, preferring(A, DAY + 1, { default: B }), contextAt(DAY + 40 * 86_400, 50));
    expect(reasonOf(expired)).toBe('preference-without-mapping');
  });

  test('is ordered against prefers of any signer, not against registrations', () => {
    const preferred = apply(both, preferring(A, DAY + 10, { default: B }, { jti: jti(5) }));
    expect(judge(preferred, preferring(B, DAY + 9, { default: A }))).toBe('superseded');
    expect(judge(preferred, preferring(B, DAY + 10, { default: A }, { jti: jti(5) }))).toBe('superseded');
    expect(judge(preferred, preferring(B, DAY + 10, { default: A }, { jti: jti(6) }))).toBe('applied');
    expect(judge(preferred, registering(A, DAY + 5))).toBe('applied');
    expect(judge(apply(both, registering(A, DAY + 20)), preferring(A, DAY + 10, { default: B }))).toBe('applied');
  });

  test('must come from the assignment after the fence', () => {
    const again = { signer: delegate(A, DAY + 21), iat: DAY + 22 };
    const released = after(registering(A, DAY), releasing(DAY + 20), registering(A, DAY + 22, again));
    expect(judge(released, preferring(A, DAY + 23, { default: A }))).toBe('credential-predates-assignment');
    expect(judge(released, preferring(A, DAY + 20, { default: A }, { signer: again.signer }))).toBe('credential-predates-assignment');
    expect(judge(released, preferring(A, DAY + 23, { default: A }, { signer: again.signer }))).toBe('applied');
  });

  test('outlives neither the last mapping that it names nor a release, and its order outlives both', () => {
    const preferred = apply(both, preferring(A, DAY + 10, { default: B, consumer: A }));
    const withdrawn = apply(preferred, withdrawing(B, DAY + 11));
    expect(withdrawn.preference).toEqual({ consumer: A });
    const back = apply(withdrawn, registering(B, DAY + 12));
    expect(back.preference).toEqual({ consumer: A });
    expect(judge(back, preferring(A, DAY + 10, { default: B }))).toBe('superseded');
    expect(apply(preferred, releasing(DAY + 30)).preference).toBeNull();
  });

  test('of an SSI that is not the provider’s is refused', () => {
    expect(judge(both, preferring(A, DAY + 1, { default: B }, { ssi: `mimi://${B}/u/alice` }))).toBe('ap-mismatch');
  });

  test('stands until another comes or what it set is taken away', () => {
    const event = preferring(A, DAY + 10, { default: B });
    const preferred = apply(both, event);
    const stands = (subject: Subject): boolean => preferenceStands(subject, event.jti, event.preference);
    expect(stands(preferred)).toBe(true);
    expect(stands(apply(preferred, registering(A, DAY + 11)))).toBe(true);
    expect(stands(apply(preferred, preferring(A, DAY + 11, { consumer: A }, { jti: jti(9) })))).toBe(false);
    expect(stands(apply(preferred, withdrawing(B, DAY + 11)))).toBe(false);
    expect(preferenceStands(null, event.jti, event.preference)).toBe(false);
  });

  test('survives packing', () => {
    const preferred = apply(both, preferring(A, DAY + 10, { default: B }));
    expect(unpackSubject(packSubject(preferred))).toEqual(preferred);
  });
});

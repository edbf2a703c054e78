import { describe, expect, test } from '@jest/globals';
import { resolve, type ResolveQuery, type Subject } from '../../src/registry/index.js';
import { CIRCLE, DAY, OTHER_CIRCLE, after, registering } from '../support/registry-fixtures.js';

const A = 'a.example';
const B = 'b.example';
const C = 'c.example';

const ask = (subject: Subject | null, more: Partial<ResolveQuery> = {}) =>
  resolve(subject, { view: 'all', circle: null, now: (DAY + 200) * 1000, maxTtl: 300, negativeTtl: 30, ...more });
const shown = (subject: Subject | null, more: Partial<ResolveQuery> = {}): string[] =>
  ask(subject, more).mappings.map((mapping) => mapping.ssi);
const chosen = (subject: Subject | null, more: Partial<ResolveQuery> = {}): string[] =>
  ask(subject, more)
    .mappings.filter((mapping) => mapping.default)
    .map((mapping) => mapping.provider);

describe('what is shown', () => {
  test('nothing for no subject, an empty one and a foreign circle: the same answer', () => {
    const hidden = after(registering(A, DAY, { circle: CIRCLE }));
    for (const [subject, circle] of [
      [null, null],
      [null, CIRCLE],
      [hidden, null],
      [hidden, OTHER_CIRCLE],
    ] as const) {
      expect(ask(subject, { circle })).toEqual({ mappings: [], ttlSeconds: 30 });
    }
    expect(shown(hidden, { circle: CIRCLE })).toEqual([`mimi://${A}/u/alice`]);
  });

  test('by purpose: a view shows its own, all shows both', () => {
    const subject = after(registering(A, DAY), registering(B, DAY, { purpose: 'business' }));
    expect(shown(subject, { view: 'consumer' })).toEqual([`mimi://${A}/u/alice`]);
    expect(shown(subject, { view: 'business' })).toEqual([`mimi://${B}/u/alice`]);
    expect(shown(subject)).toEqual([`mimi://${A}/u/alice`, `mimi://${B}/u/alice`]);
  });

  test('a wrong circle answers exactly as no circle', () => {
    const subject = after(registering(A, DAY), registering(B, DAY, { circle: CIRCLE }));
    expect(ask(subject, { circle: OTHER_CIRCLE })).toEqual(ask(subject));
    expect(shown(subject, { circle: CIRCLE })).toHaveLength(2);
  });

  test('until the second of its expiry, and the ttl never reaches past it', () => {
    const subject = after(registering(A, DAY), registering(B, DAY));
    const expires = subject.mappings[0]?.expires ?? 0;
    expect(ask(subject, { now: (expires - 5) * 1000 - 1 })).toMatchObject({ ttlSeconds: 5 });
    expect(ask(subject, { now: expires * 1000 - 1 })).toMatchObject({ ttlSeconds: 0, mappings: [{ provider: A }, { provider: B }] });
    expect(shown(subject, { now: expires * 1000 })).toEqual([`mimi://${B}/u/alice`]);
    expect(ask(subject, { now: (expires + 1) * 1000 })).toEqual({ mappings: [], ttlSeconds: 30 });
    expect(ask(subject)).toMatchObject({ ttlSeconds: 300 });
  });
});

describe('the default', () => {
  const subject = after(registering(B, DAY), registering(A, DAY), registering(C, DAY, { purpose: 'business' }));

  test('is the one first registered, and a refresh or a newcomer does not move it', () => {
    expect(chosen(subject)).toEqual([B]);
    expect(chosen(after(registering(B, DAY), registering(A, DAY), registering(B, DAY + 1)))).toEqual([B]);
  });

  test("follows the preference of the view's purpose, then the overall one", () => {
    const preferring: Subject = { ...subject, preference: { default: C, consumer: A } };
    expect(chosen(preferring)).toEqual([C]);
    expect(chosen(preferring, { view: 'consumer' })).toEqual([A]);
    expect(chosen(preferring, { view: 'business' })).toEqual([C]);
  });

  test('falls back where the preferred provider is not shown', () => {
    expect(chosen({ ...subject, preference: { default: C, consumer: 'gone.example' } }, { view: 'consumer' })).toEqual([B]);
    expect(chosen({ ...subject, preference: { default: A, consumer: 'gone.example' } }, { view: 'consumer' })).toEqual([A]);
  });

  test("is among the circle's matches when one matched", () => {
    const circled = after(registering(A, DAY), registering(B, DAY, { circle: CIRCLE }), registering(C, DAY, { circle: OTHER_CIRCLE }));
    expect(chosen(circled)).toEqual([A]);
    expect(chosen(circled, { circle: CIRCLE })).toEqual([B]);
    expect(chosen(circled, { circle: OTHER_CIRCLE })).toEqual([C]);
  });

  test('of one leaf index is decided by provider', () => {
    const same: Subject = { ...subject, mappings: subject.mappings.map((mapping) => ({ ...mapping, firstIndex: 1 })) };
    expect(chosen(same)).toEqual([A]);
  });
});

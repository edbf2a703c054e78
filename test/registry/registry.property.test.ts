import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  MAPPINGS_PER_SUBJECT,
  ORDER_MARKS_PER_SUBJECT,
  packSubject,
  resolve,
  transition,
  unpackSubject,
  type RegistryEvent,
  type RevokeEvent,
  type Subject,
  type Transition,
} from '../../src/registry/index.js';
import { Unavailable } from '../../src/reasons/index.js';
import {
  CIRCLE,
  DAY,
  OTHER_CIRCLE,
  contextAt,
  delegate,
  givingUp,
  jti,
  numberProvider,
  preferring,
  registering,
  releasing,
  revoking,
  withdrawing,
} from '../support/registry-fixtures.js';
import { NaiveRegistry } from '../support/naive-registry.js';

/** An event as of the second and index at which it arrives: what is signed lies some seconds back, or a few ahead. */
type Draw = (at: number, index: number) => RegistryEvent | RevokeEvent;

const provider = fc.constantFrom('a.example', 'b.example', 'c.example');
const offset = fc.integer({ min: -20, max: 4 });
const common = {
  provider,
  iat: offset,
  assigned: offset,
  own: fc.boolean(),
  id: fc.integer({ min: 1, max: 3 }).map(jti),
  user: fc.constantFrom('alice', 'bob'),
};
const purpose = fc.constantFrom('consumer' as const, 'business' as const);
const kind = fc.constantFrom('user' as const, 'service' as const);
const circle = fc.constantFrom(null, CIRCLE, OTHER_CIRCLE);

const signedPart = (draw: { provider: string; iat: number; assigned: number; own: boolean; id: string; user: string }, at: number) => {
  const iat = at + draw.iat;
  const assigned = Math.min(iat, at + draw.assigned);
  const signer = draw.own ? numberProvider(iat) : delegate(draw.provider, assigned);
  return { iat, jti: draw.id, ssi: `mimi://${draw.provider}/u/${draw.user}`, signer };
};

const register = fc.record({ ...common, purpose, circle, kind }).map((draw): Draw => (at) => {
  const { iat, ...part } = signedPart(draw, at);
  return registering(draw.provider, iat, { ...part, purpose: draw.purpose, circle: draw.circle, kind: draw.kind });
});
const withdraw = fc.record(common).map((draw): Draw => (at) => {
  const { iat, ...part } = signedPart(draw, at);
  return withdrawing(draw.provider, iat, part);
});
const wish = fc.record({ default: provider, consumer: provider, business: provider }, { requiredKeys: [] });
const prefer = fc.record({ ...common, wish }).map((draw): Draw => (at) => {
  const { iat, ...part } = signedPart(draw, at);
  return preferring(draw.provider, iat, draw.wish, part);
});
const release = offset.map(
  (iat): Draw =>
    (at) =>
      releasing(at + iat),
);
const giveUp = provider.map(
  (name): Draw =>
    () =>
      givingUp(name),
);
/** Some of the last registrations fall; the grace period is shorter than a mapping lives, so that it counts. */
const revoke = fc
  .record({
    effect: fc.constantFrom('removed' as const, 'marked' as const),
    back: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 6 }),
  })
  .map(
    ({ effect, back }): Draw =>
      (at, index) =>
        revoking(
          effect,
          back.map((distance) => index - distance),
          at + 20,
        ),
  );
const event = fc.oneof(
  { weight: 12, arbitrary: register },
  { weight: 3, arbitrary: withdraw },
  { weight: 4, arbitrary: prefer },
  { weight: 1, arbitrary: release },
  { weight: 1, arbitrary: giveUp },
  { weight: 2, arbitrary: revoke },
);
const pause = fc.oneof({ weight: 20, arbitrary: fc.nat(6) }, { weight: 1, arbitrary: fc.nat(90) });
const history = fc.array(fc.record({ event, pause }), { maxLength: 60 });

/** A mapping lives 60 s here, so that histories meet expiry. */
const LIFETIME = 60;

interface Step {
  readonly before: Subject | null;
  readonly event: RegistryEvent | RevokeEvent;
  readonly outcome: string;
  readonly subject: Subject | null;
  readonly at: number;
  readonly index: number;
}

const run = (steps: readonly { readonly event: Draw; readonly pause: number }[]): Step[] => {
  const done: Step[] = [];
  let subject: Subject | null = null;
  let at = DAY;
  for (const [index, step] of steps.entries()) {
    at += step.pause;
    const arrived = step.event(at, index);
    const made: Transition = transition(subject, arrived, contextAt(at, index, { mappingLifetime: LIFETIME }));
    const next: Subject | null = made.outcome === 'applied' ? made.subject : subject;
    const outcome = made.outcome === 'refused' ? made.reason : made.outcome;
    done.push({ before: subject, event: arrived, outcome, subject: next, at, index });
    subject = next;
  }
  return done;
};

describe('any history of events', () => {
  test('is judged and folded exactly as by a second model written from DESIGN section 7 alone', () => {
    const property = fc.property(history, (steps) => {
      const model = new NaiveRegistry(LIFETIME);
      for (const { event: next, outcome, subject, at, index } of run(steps)) {
        expect(outcome).toBe(model.take(next, at, index));
        for (const view of ['consumer', 'business', 'all'] as const) {
          for (const code of [null, CIRCLE]) {
            const shown = resolve(subject, { view, circle: code, now: at * 1000, maxTtl: 300, negativeTtl: 30 });
            expect(shown.mappings.map((mapping) => [mapping.ssi, mapping.purpose, mapping.kind, mapping.default])).toEqual(
              model.lookup(view, code, at),
            );
          }
        }
      }
    });
    fc.assert(property, { numRuns: 250 });
  });

  test('shows a mapping only after an accepted register of it later than the last release', () => {
    const property = fc.property(history, (steps) => {
      const done = run(steps);
      for (const { subject, at, index } of done) {
        const past = done.slice(0, index + 1).filter((step) => step.outcome === 'applied');
        const fence = past.findLastIndex((step) => step.event.type === 'release');
        for (const mapping of resolve(subject, { view: 'all', circle: CIRCLE, now: at * 1000, maxTtl: 300, negativeTtl: 30 }).mappings) {
          const cause = past.slice(fence + 1).some(({ event: next }) => {
            if (next.type !== 'register' || next.ssi !== mapping.ssi) return false;
            const released = past[fence]?.event;
            return released?.type !== 'release' || (next.iat > released.iat && next.signer.assignedAfter > released.iat);
          });
          expect(cause).toBe(true);
        }
      }
    });
    fc.assert(property, { numRuns: 250 });
  });

  test('has exactly one default wherever it shows anything, whatever the preference, and a ttl within every shown expiry', () => {
    const preference = fc.option(fc.record({ default: provider, consumer: provider, business: provider }, { requiredKeys: [] }));
    const property = fc.property(
      history,
      preference,
      circle,
      fc.constantFrom('consumer', 'business', 'all'),
      (steps, wanted, code, view) => {
        const last = run(steps).at(-1);
        const subject = last?.subject ? { ...last.subject, preference: wanted } : null;
        const now = (last?.at ?? DAY) * 1000 + 1;
        const { mappings, ttlSeconds } = resolve(subject, { view, circle: code, now, maxTtl: 300, negativeTtl: 30 });
        expect(mappings.filter((mapping) => mapping.default)).toHaveLength(mappings.length > 0 ? 1 : 0);
        for (const mapping of mappings) expect(now + ttlSeconds * 1000).toBeLessThanOrEqual(mapping.expires * 1000);
        expect(ttlSeconds).toBeGreaterThanOrEqual(0);
      },
    );
    fc.assert(property, { numRuns: 250 });
  });

  test("never touches another provider's mapping but by release or expiry, and refusals change nothing", () => {
    const property = fc.property(history, (steps) => {
      for (const { before, event: next, outcome, subject, at } of run(steps)) {
        if (outcome !== 'applied') expect(subject).toBe(before);
        if (next.type === 'release' || next.type === 'revoke') continue;
        const foreign = (one: Subject | null) =>
          one?.mappings.filter((mapping) => mapping.provider !== next.provider && mapping.expires > at) ?? [];
        expect(foreign(subject)).toEqual(foreign(before));
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  test('touches no mapping but those of the registrations that fall, and lets none live longer', () => {
    const property = fc.property(history, (steps) => {
      for (const { before, event: next, outcome, subject, at } of run(steps)) {
        if (next.type !== 'revoke' || outcome !== 'applied') continue;
        const live = (before?.mappings ?? []).filter((mapping) => mapping.expires > at);
        const meant = live.filter((mapping) => next.registrations.has(mapping.leafIndex));
        const others = (one: Subject | null) => one?.mappings.filter((mapping) => !next.registrations.has(mapping.leafIndex)) ?? [];
        expect(others(subject)).toEqual(live.filter((mapping) => !meant.includes(mapping)));
        const left = subject?.mappings.filter((mapping) => next.registrations.has(mapping.leafIndex)) ?? [];
        expect(left.length).toBe(next.effect === 'removed' ? 0 : meant.length);
        for (const [place, mapping] of left.entries()) {
          expect(mapping).toEqual({ ...meant[place], attest: true, expires: mapping.expires });
          expect(mapping.expires).toBeLessThanOrEqual(meant[place]?.expires ?? 0);
        }
        expect([subject?.order, subject?.fence]).toEqual([before?.order, before?.fence]);
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  test('packs into octets and back, and the same events give the same octets', () => {
    const property = fc.property(history, (steps) => {
      const [one, two] = [run(steps), run(steps)];
      for (const [place, { subject }] of one.entries()) {
        if (subject === null) continue;
        const packed = packSubject(subject);
        expect(unpackSubject(packed)).toEqual(subject);
        expect(packed).toEqual(packSubject(two[place]?.subject ?? subject));
      }
    });
    fc.assert(property, { numRuns: 200 });
  });
});

const text = (min: number, max: number) =>
  fc.string({ minLength: min, maxLength: max, unit: fc.constantFrom('a', 'b', 'X', 'Z', '0', '9', '-', '_') });
const hex = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((octets) => Buffer.from(octets).toString('hex'));
const count = fc.oneof(fc.nat(300), fc.nat(2 ** 31 - 1), fc.maxSafeNat());
const time = fc.oneof(
  fc.nat(300),
  fc.nat(1000).map((later) => DAY + later),
  fc.nat(2 ** 40),
);
const anyProvider = fc.oneof(provider, text(1, 80));

const anySubject: fc.Arbitrary<Subject> = fc
  .record({
    keySlot: count,
    fence: time,
    quarantined: fc.boolean(),
    order: fc.uniqueArray(fc.record({ provider: anyProvider, iat: time, jti: fc.oneof(fc.constant(''), text(22, 128)) }), {
      selector: (mark) => mark.provider,
      maxLength: 30,
    }),
    preference: fc.option(fc.record({ default: anyProvider, consumer: anyProvider, business: anyProvider }, { requiredKeys: [] })),
    leafIndex: fc.integer({ min: 10_000, max: Number.MAX_SAFE_INTEGER }),
    drawn: fc.array(
      fc.record({
        provider: anyProvider,
        user: text(1, 60),
        purpose,
        kind,
        circle: fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 }).map((octets) => Buffer.from(octets).toString('base64url'))),
        back: fc.nat(5_000),
        earlier: fc.nat(5_000),
        expires: time,
        attest: fc.boolean(),
        credential: hex,
        authority: fc.oneof(text(1, 4), anyProvider),
      }),
      { maxLength: 32 },
    ),
  })
  .map(({ drawn, ...rest }) => ({
    ...rest,
    mappings: drawn.map(({ back, earlier, ...mapping }) => ({
      ...mapping,
      leafIndex: rest.leafIndex - back,
      firstIndex: rest.leafIndex - back - earlier,
    })),
  }));

describe('the packed form', () => {
  const reasonOf = (octets: Uint8Array): string => {
    try {
      unpackSubject(octets);
      return 'taken';
    } catch (error) {
      return error instanceof Unavailable ? error.reason : String(error);
    }
  };

  test('is undone exactly, for any subject', () => {
    fc.assert(
      fc.property(anySubject, (subject) => expect(unpackSubject(packSubject(subject))).toEqual(subject)),
      { numRuns: 250 },
    );
  });

  test("of a cut, a lengthened or another version's record is unavailable", () => {
    const property = fc.property(anySubject, fc.nat(), (subject, place) => {
      const packed = packSubject(subject);
      expect(reasonOf(packed.subarray(0, place % packed.length))).toBe('store-unavailable');
      expect(reasonOf(Buffer.concat([packed, Buffer.alloc(1)]))).toBe('store-unavailable');
      expect(reasonOf(Buffer.concat([Buffer.from([(packed[0] ?? 0) ^ 0x30]), packed.subarray(1)]))).toBe('store-unavailable');
    });
    fc.assert(property, { numRuns: 300 });
  });

  test('of any octets is a subject or unavailable, never a fault', () => {
    const octets = fc.uint8Array({ maxLength: 120 }).map((rest) => Uint8Array.from([0x20 | ((rest[0] ?? 0) & 15), ...rest]));
    fc.assert(
      fc.property(octets, (some) => expect(['taken', 'store-unavailable']).toContain(reasonOf(some))),
      { numRuns: 1_500 },
    );
  });

  test('takes at most 32 KB for the largest subject there can be', () => {
    const long = (number: number): string => `${number}`.padEnd(84, 'x');
    const order = Array.from({ length: ORDER_MARKS_PER_SUBJECT }, (_, number) => ({
      provider: long(number),
      iat: 0,
      jti: 'x'.repeat(125),
    }));
    const mapping = { user: 'u'.repeat(84), purpose: 'business', kind: 'service', circle: CIRCLE, credential: '0'.repeat(32) } as const;
    const times = { firstIndex: 1, leafIndex: 2 ** 40, expires: DAY, attest: true, authority: 'y'.repeat(253) };
    const mappings = Array.from({ length: MAPPINGS_PER_SUBJECT }, (_, number) => ({ ...mapping, ...times, provider: long(number + 32) }));
    const subject = { keySlot: 1e9, fence: DAY, quarantined: false, preference: null, leafIndex: 2 ** 41, order, mappings };
    expect(unpackSubject(packSubject(subject))).toEqual(subject);
    expect(packSubject(subject).length).toBeLessThan(32_768);
  });

  test('takes at most 80 octets for an ordinary subject of one mapping', () => {
    const made = transition(
      null,
      registering('chat.example', DAY, { signer: delegate('chat.example', DAY - 9) }),
      contextAt(DAY + 2, 900_000, { keySlot: 900_000 }),
    );
    expect(made.outcome === 'applied' ? packSubject(made.subject).length : 0).toBeLessThanOrEqual(80);
    expect(made.outcome === 'applied' ? packSubject(made.subject).length : 0).toBeGreaterThan(40);
  });
});

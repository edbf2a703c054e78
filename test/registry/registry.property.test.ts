import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  MAPPINGS_PER_SUBJECT,
  ORDER_MARKS_PER_SUBJECT,
  asOf,
  packSubject,
  resolve,
  transition,
  unpackSubject,
  type RegistryEvent,
  type SweepEvent,
  type Subject,
  type Transition,
} from '../../src/registry/index.js';
import { Unavailable } from '../../src/reasons/index.js';
import {
  CIRCLE,
  DAY,
  JUDGED_UNDER,
  OTHER_CIRCLE,
  contextAt,
  delegate,
  expiring,
  givingUp,
  jti,
  numberProvider,
  porting,
  preferring,
  registering,
  releasing,
  revoking,
  withdrawing,
} from '../support/registry-fixtures.js';
import { NaiveRegistry } from '../support/naive-registry.js';

/** What whoever judged it knew: who holds the number, and the agreed port. */
interface Known {
  readonly holder: string;
  readonly agreed: { readonly to: string; readonly effective: number } | null;
}

/** An event as of the second and index at which it arrives: what is signed lies some seconds back, or a few ahead. */
type Draw = (at: number, index: number, known: Known) => RegistryEvent | SweepEvent;

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

const signedPart = (
  draw: { provider: string; iat: number; assigned: number; own: boolean; id: string; user: string },
  at: number,
  spc: string,
) => {
  const iat = at + draw.iat;
  const assigned = Math.min(iat, at + draw.assigned);
  const signer = { ...(draw.own ? numberProvider(iat) : delegate(draw.provider, assigned)), spc };
  return { iat, jti: draw.id, ssi: `mimi://${draw.provider}/u/${draw.user}`, signer };
};

/** Now and then what was known has moved since. */
const stale = fc.oneof({ weight: 30, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom('709J', 'B') });
const judged = ({ holder }: Known, old: string | null) => ({ ...JUDGED_UNDER, providerOfRecord: old ?? holder });

const operator = fc.constantFrom(null, '709J', 'B', 'C');
const register = fc
  .record({ ...common, purpose, circle, kind, operator, ahead: fc.boolean(), stale })
  .map((draw): Draw => (at, _, known) => {
    // Ahead of a port, by a path of its receiver; else by one of the provider of record.
    const agreed = draw.ahead ? known.agreed : null;
    const underPort = agreed === null ? null : { to: agreed.to, effective: agreed.effective };
    const { iat, ...part } = signedPart(draw, at, agreed?.to ?? known.holder);
    const judgedUnder = { ...judged(known, draw.stale), underPort };
    return registering(draw.provider, iat, {
      ...part,
      judgedUnder,
      purpose: draw.purpose,
      circle: draw.circle,
      kind: draw.kind,
      operator: draw.operator,
    });
  });
const withdraw = fc.record({ ...common, stale }).map((draw): Draw => (at, _, known) => {
  const { iat, ...part } = signedPart(draw, at, known.holder);
  return withdrawing(draw.provider, iat, { ...part, judgedUnder: judged(known, draw.stale) });
});
const wish = fc.record({ default: provider, consumer: provider, business: provider }, { requiredKeys: [] });
const prefer = fc.record({ ...common, wish }).map((draw): Draw => (at, _, known) => {
  const { iat, ...part } = signedPart(draw, at, known.holder);
  return preferring(draw.provider, iat, draw.wish, { ...part, judgedUnder: judged(known, null) });
});
const release = offset.map(
  (iat): Draw =>
    (at, _, known) =>
      releasing(at + iat, { judgedUnder: judged(known, null) }),
);
/** Few moments, so that two providers often mean the same. The pair time and the grace period are short, so that they count. */
const port = fc
  .record({
    iat: offset,
    id: fc.integer({ min: 1, max: 3 }).map(jti),
    by: fc.constantFrom('from', 'to', 'to', 'authority'),
    to: fc.constantFrom('B', 'C', 'D', 'E', 'F'),
    moment: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(0, 30, 30) }, { weight: 1, arbitrary: fc.constantFrom(-90_000, 9_000_000) }),
  })
  .map(({ iat, id, by, to: drawn, moment }): Draw => (at, _, known) => {
    const from = known.holder;
    const to = drawn === from ? '709J' : drawn;
    const signed = at + iat;
    const own = numberProvider(signed);
    const signer =
      by === 'authority' ? { ...own, kind: 'numbering-authority' as const, spc: null } : { ...own, spc: by === 'from' ? from : to };
    const effective = Math.floor(at / 30) * 30 + moment;
    const terms = { from, pairBy: signed + 40, attestBy: effective + 25 };
    return porting(to, effective, signed, { ...terms, jti: id, signer, judgedUnder: judged(known, null) });
  });
const expire = fc.integer({ min: 1, max: 40 }).map(
  (most): Draw =>
    (_, index) =>
      expiring(Array.from({ length: most }, (__, back) => index - back - 1)),
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
  { weight: 5, arbitrary: port },
  { weight: 1, arbitrary: expire },
);
const pause = fc.oneof({ weight: 20, arbitrary: fc.nat(6) }, { weight: 1, arbitrary: fc.nat(90) });
const history = fc.array(fc.record({ event, pause }), { maxLength: 60 });
/** Ports above all: agreed, waited for, run into, replaced. */
const portedHistory = fc.array(
  fc.record({
    event: fc.oneof(
      { weight: 5, arbitrary: event },
      { weight: 4, arbitrary: register },
      { weight: 6, arbitrary: port },
      { weight: 1, arbitrary: expire },
    ),
    pause: fc.oneof({ weight: 9, arbitrary: fc.nat(9) }, { weight: 1, arbitrary: fc.nat(70) }),
  }),
  { minLength: 15, maxLength: 50, size: 'max' },
);

/** A mapping lives 60 s here, so that histories meet expiry. */
const LIFETIME = 60;

interface Step {
  readonly before: Subject | null;
  readonly event: RegistryEvent | SweepEvent;
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
    const now: Subject | null = subject === null ? null : asOf(subject, at * 1000);
    const arrived = step.event(at, index, { holder: now?.record?.spc ?? '709J', agreed: now?.port ?? null });
    const context = contextAt(at, index, { mappingLifetime: LIFETIME, providerOfRecord: (ported) => ported?.spc ?? '709J' });
    const made: Transition = transition(subject, arrived, context);
    const next: Subject | null = made.outcome === 'applied' ? made.subject : subject;
    const outcome = made.outcome === 'refused' ? made.reason : made.outcome;
    done.push({ before: subject, event: arrived, outcome, subject: next, at, index });
    subject = next;
  }
  return done;
};

/** The event met a port that no event had met before. */
const wasPorted = (before: Subject | null, at: number): boolean => before?.port !== null && (before?.port?.effective ?? Infinity) <= at;

describe('any history of events', () => {
  test('is judged and folded exactly as by a second model written from DESIGN section 7 alone', () => {
    const property = fc.property(fc.oneof(history, portedHistory), (steps) => {
      const model = new NaiveRegistry(LIFETIME);
      for (const { event: next, outcome, subject, at, index } of run(steps)) {
        expect([index, outcome]).toEqual([index, model.take(next, at, index)]);
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

  test('changes no answer, be it empty, within its ttl', () => {
    const property = fc.property(fc.oneof(history, portedHistory), fc.integer({ min: 0, max: 60 }), (steps, later) => {
      const last = run(steps).at(-1);
      const query = { view: 'all', circle: CIRCLE, maxTtl: 300, negativeTtl: 300 } as const;
      const now = ((last?.at ?? DAY) + later) * 1000;
      const answer = resolve(last?.subject ?? null, { ...query, now });
      const at = (ms: number) =>
        resolve(last?.subject ?? null, { ...query, now: ms }).mappings.map((mapping) => [mapping.ssi, mapping.default]);
      expect(at(now + answer.ttlSeconds * 1000 - 1)).toEqual(at(now));
    });
    fc.assert(property, { numRuns: 300 });
  });

  test("never touches another provider's mapping but by release, port or expiry, and refusals change nothing", () => {
    const property = fc.property(history, (steps) => {
      for (const { before, event: next, outcome, subject, at } of run(steps)) {
        if (outcome !== 'applied') expect(subject).toBe(before);
        if (!('provider' in next) || wasPorted(before, at)) continue;
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
        if (wasPorted(before, at)) continue;
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

const spc = fc.oneof(fc.constantFrom('709J', 'B'), text(1, 20));
const anyJti = fc.oneof(fc.constant(''), text(22, 128));

const drawnMapping = fc.record({
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
  operator: fc.option(spc, { freq: 2 }),
});
type Drawn = typeof drawnMapping extends fc.Arbitrary<infer T> ? T : never;

/** Some have nothing to do with ports: they are packed otherwise. */
const anyPorts = fc.record({
  record: fc.option(fc.record({ spc, since: time }), { freq: 1 }),
  port: fc.option(fc.record({ from: spc, to: spc, effective: time, attestBy: time, pending: fc.array(drawnMapping, { maxLength: 5 }) }), {
    freq: 1,
  }),
  halves: fc.oneof(
    fc.constant([]),
    fc.array(
      fc.record({
        by: fc.constantFrom('from' as const, 'to' as const, 'authority' as const),
        from: spc,
        to: spc,
        effective: time,
        iat: time,
        until: time,
        jti: anyJti,
      }),
      { maxLength: 5 },
    ),
  ),
});

const anySubject: fc.Arbitrary<Subject> = fc
  .record({
    keySlot: count,
    fence: time,
    quarantined: fc.boolean(),
    order: fc.uniqueArray(fc.record({ provider: anyProvider, iat: time, jti: anyJti }), {
      selector: (mark) => mark.provider,
      maxLength: 30,
    }),
    preference: fc.option(fc.record({ default: anyProvider, consumer: anyProvider, business: anyProvider }, { requiredKeys: [] })),
    leafIndex: fc.integer({ min: 10_000, max: Number.MAX_SAFE_INTEGER }),
    ports: anyPorts,
    isPlain: fc.boolean(),
    drawn: fc.array(drawnMapping, { maxLength: 32 }),
  })
  .map(({ drawn, ports, isPlain, ...rest }) => {
    const placed = ({ back, earlier, operator: by, ...mapping }: Drawn) => ({
      ...mapping,
      operator: isPlain ? null : by,
      leafIndex: rest.leafIndex - back,
      firstIndex: rest.leafIndex - back - earlier,
    });
    const mappings = drawn.map(placed);
    if (isPlain) return { ...rest, mappings, record: null, port: null, halves: [] };
    const port = ports.port === null ? null : { ...ports.port, pending: ports.port.pending.map(placed) };
    return { ...rest, mappings, ...ports, port };
  });

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
    const octets = fc
      .uint8Array({ maxLength: 120 })
      .map((rest) => Uint8Array.from([((rest[1] ?? 0) & 1 ? 0x30 : 0x20) | ((rest[0] ?? 0) & 15), ...rest]));
    fc.assert(
      fc.property(octets, (some) => expect(['taken', 'store-unavailable']).toContain(reasonOf(some))),
      { numRuns: 1_500 },
    );
  });

  test('takes at most 40 KB for the largest subject there can be', () => {
    const long = (number: number): string => `${number}`.padEnd(84, 'x');
    const order = Array.from({ length: ORDER_MARKS_PER_SUBJECT }, (_, number) => ({
      provider: long(number),
      iat: 0,
      jti: 'x'.repeat(125),
    }));
    const spcs = { from: '7'.repeat(20), to: '8'.repeat(20) };
    const mapping = { user: 'u'.repeat(84), purpose: 'business', kind: 'service', circle: CIRCLE, credential: '0'.repeat(32) } as const;
    const times = { firstIndex: 1, leafIndex: 2 ** 40, expires: DAY, attest: true, authority: 'y'.repeat(253), operator: spcs.from };
    const mappings = Array.from({ length: MAPPINGS_PER_SUBJECT }, (_, number) => ({ ...mapping, ...times, provider: long(number + 32) }));
    // As many pending ones: each in the place of one that it will replace.
    const pending = mappings.map((one) => ({ ...one, authority: spcs.to }));
    const halves = Array.from({ length: 5 }, () => ({ by: 'to' as const, ...spcs, effective: 0, iat: 0, until: 0, jti: 'x'.repeat(125) }));
    const ported = { record: { spc: spcs.from, since: 1 }, port: { ...spcs, effective: 2 ** 40, attestBy: 2 ** 40, pending }, halves };
    const subject = { keySlot: 1e9, fence: DAY, quarantined: false, preference: null, leafIndex: 2 ** 41, order, mappings, ...ported };
    expect(unpackSubject(packSubject(subject))).toEqual(subject);
    expect(packSubject(subject).length).toBeLessThan(40_960);
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

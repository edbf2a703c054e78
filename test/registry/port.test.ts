import { describe, expect, test } from '@jest/globals';
import {
  ORDER_MARKS_PER_SUBJECT,
  asOf,
  packSubject,
  portStands,
  registrationOf,
  resolve,
  transition,
  unpackSubject,
  wasPending,
  type RegisterEvent,
  type RegistryEvent,
  type Subject,
  type SweepEvent,
} from '../../src/registry/index.js';
import type { PortedRecord } from '../../src/verification/verdict.js';
import {
  DAY,
  JUDGED_UNDER,
  after,
  contextAt,
  delegate,
  expiring,
  givingUp,
  jti,
  numberProvider,
  porting,
  preferring,
  reasonOf,
  registering,
  releasing,
  revoking,
  subjectOf,
  withdrawing,
} from '../support/registry-fixtures.js';

const A = 'a.example';
const B = 'b.example';
const OWN = 'own.example';
const FROM = '709J';
const TO = '505X';
const NOW = DAY + 500;
const HOURS = 3600;
const DAYS = 86_400;
/** When the port of these tests comes. */
const COMES = NOW + DAYS;
const GRACE = COMES + 14 * DAYS;

const providerOfRecord = (ported: PortedRecord | null): string => ported?.spc ?? FROM;
const at = (time: number, index: number) => contextAt(time, index, { providerOfRecord });
const apply = (subject: Subject | null, event: RegistryEvent | SweepEvent, time = NOW, index = 50): Subject =>
  subjectOf(transition(subject, event, at(time, index)));
const judge = (subject: Subject | null, event: RegistryEvent | SweepEvent, time = NOW, index = 50): string =>
  reasonOf(transition(subject, event, at(time, index)));

const byReceiver = (to: string, effective: number, iat: number, more: object = {}) =>
  porting(to, effective, iat, { signer: { ...numberProvider(iat), spc: to }, ...more });
const byAuthority = (to: string, effective: number, iat: number, more: object = {}) =>
  porting(to, effective, iat, { signer: { ...numberProvider(iat), kind: 'numbering-authority', spc: null }, ...more });
const agree = (subject: Subject | null, effective = COMES, to = TO): Subject =>
  apply(apply(subject, porting(to, effective, NOW - 20)), byReceiver(to, effective, NOW - 10), NOW, 51);

/** By a path of the receiver, ahead of the port. */
const ahead = (provider: string, iat: number, more: Partial<RegisterEvent> = {}): RegisterEvent =>
  registering(provider, iat, {
    signer: { ...delegate(provider, DAY - 1000), spc: TO },
    judgedUnder: { ...JUDGED_UNDER, underPort: { to: TO, effective: COMES } },
    ssi: `mimi://${provider}/u/new`,
    ...more,
  });
/** Judged once the port has come. */
const afterwards = { judgedUnder: { ...JUDGED_UNDER, providerOfRecord: TO } };

const answer = (subject: Subject | null, time: number) =>
  resolve(subject, { view: 'all', circle: null, now: time * 1000, maxTtl: 365 * DAYS, negativeTtl: 30 });
const shown = (subject: Subject | null, time: number): string[] =>
  answer(subject, time).mappings.map(({ ssi, default: isDefault }) => `${ssi.slice('mimi://'.length)}${isDefault ? ' *' : ''}`);

/** An AP on its own, and one that the losing NP operates, which was first. */
const held = after(registering(OWN, DAY, { operator: FROM }), registering(A, DAY));

describe('a port', () => {
  test("of one NP's word changes nothing, of both NPs' is agreed, whoever is first", () => {
    const one = apply(held, porting(TO, COMES, NOW - 20));
    expect(one.port).toBeNull();
    expect(shown(one, COMES)).toEqual(shown(held, COMES));
    const other = apply(held, byReceiver(TO, COMES, NOW - 20));
    expect(other.port).toBeNull();
    for (const agreed of [apply(one, byReceiver(TO, COMES, NOW), NOW, 51), apply(other, porting(TO, COMES, NOW), NOW, 51)])
      expect(agreed.port).toEqual({ from: FROM, to: TO, effective: COMES, attestBy: GRACE, pending: [] });
  });

  test.each([
    ['receiver', 'C', COMES],
    ['moment', TO, COMES + 1],
  ])('is not agreed where they mean another %s', (_, to, effective) => {
    expect(apply(apply(held, porting(TO, COMES, NOW)), byReceiver(to, effective, NOW)).port).toBeNull();
  });

  test("is not agreed by one NP's word said twice, nor by the word of whom it does not concern", () => {
    expect(apply(apply(held, porting(TO, COMES, NOW - 1)), porting(TO, COMES, NOW)).port).toBeNull();
    const third = porting(TO, COMES, NOW, { signer: { ...numberProvider(NOW), spc: 'C' } });
    const bound = porting(TO, COMES, NOW, { signer: delegate(A, NOW) });
    for (const event of [third, bound]) expect(judge(held, event)).toBe('action-not-authorised');
  });

  test("of the numbering authority's word alone is agreed", () => {
    expect(apply(held, byAuthority(TO, COMES, NOW)).port).toMatchObject({ from: FROM, to: TO, effective: COMES });
  });

  test('waits for the other word as long as policy says, from when the first was signed', () => {
    const one = apply(held, porting(TO, COMES, NOW));
    const end = NOW + 72 * HOURS;
    const late = COMES + 10 * DAYS;
    const waits = apply(held, porting(TO, late, NOW));
    expect(apply(waits, byReceiver(TO, late, end - 1), end - 1, 51).port).not.toBeNull();
    expect(apply(waits, byReceiver(TO, late, end), end, 51).port).toBeNull();
    expect(apply(one, byReceiver(TO, COMES, NOW + 1), NOW + 1, 51).port).not.toBeNull();
  });

  test.each([
    ['more than a day ago', NOW - DAYS - 1, 'claim-value'],
    ['a day ago', NOW - DAYS, 'applied'],
    ['90 days ahead', NOW + 90 * DAYS, 'applied'],
    ['more than 90 days ahead', NOW + 90 * DAYS + 1, 'claim-value'],
  ])('that comes %s', (_, effective, outcome) => {
    expect(judge(held, porting(TO, effective, NOW))).toBe(outcome);
    expect(judge(held, byAuthority(TO, effective, NOW))).toBe(outcome);
  });

  test('takes the place of one that was agreed and has not come, and what was pending under that falls', () => {
    const first = apply(agree(held), ahead(B, NOW), NOW, 52);
    expect(first.port?.pending).toHaveLength(1);
    const second = apply(first, byAuthority('C', COMES + 5, NOW), NOW, 53);
    expect(second.port).toEqual({ from: FROM, to: 'C', effective: COMES + 5, attestBy: GRACE + 5, pending: [] });
    expect(asOf(second, (COMES + 5) * 1000).record).toEqual({ spc: 'C', since: COMES + 5 });
  });

  test('is superseded by the same agreement, by a later word of the same party, and by a later port', () => {
    const agreed = agree(held);
    expect(judge(agreed, porting(TO, COMES, NOW))).toBe('superseded');
    expect(judge(agreed, byAuthority(TO, COMES, NOW))).toBe('superseded');
    for (const [iat, number, outcome] of [
      [NOW - 20, 5, 'superseded'],
      [NOW - 20, 4, 'superseded'],
      [NOW - 21, 9, 'superseded'],
      [NOW - 20, 6, 'applied'],
      [NOW - 19, 1, 'applied'],
    ] as const)
      expect(judge(agreed, porting('C', COMES, iat, { jti: jti(number) }))).toBe(outcome);
    const back = (effective: number) =>
      porting(FROM, effective, COMES + 60, { from: TO, signer: { ...numberProvider(COMES + 60), spc: TO }, ...afterwards });
    expect(judge(agreed, back(COMES), COMES + 90)).toBe('superseded');
    expect(judge(agreed, back(COMES + 1), COMES + 90)).toBe('applied');
  });

  test('pairs with no word that was said before the last agreement', () => {
    const waiting = apply(apply(held, porting('C', COMES, NOW - 9)), byAuthority(TO, COMES, NOW - 5), NOW, 51);
    const late = apply(waiting, byReceiver('C', COMES, NOW), NOW, 52);
    expect(late.port).toMatchObject({ to: TO });
    expect(apply(late, porting('C', COMES, NOW), NOW, 53).port).toMatchObject({ to: 'C' });
  });

  test('has at most three would-be receivers, the last that said so', () => {
    const all = ['B', 'C', 'D', 'E'].reduce<Subject>((subject, to, n) => apply(subject, byReceiver(to, COMES, NOW), NOW, 50 + n), held);
    expect(all.halves.map(({ to }) => to)).toEqual(['C', 'D', 'E']);
    expect(apply(all, porting('B', COMES, NOW), NOW, 60).port).toBeNull();
    expect(apply(all, porting('C', COMES, NOW), NOW, 60).port).not.toBeNull();
  });

  test('asks to judge again where the provider of record has moved meanwhile', () => {
    expect(judge(agree(held), porting('C', COMES + DAYS, COMES), COMES)).toBe('moved');
    expect(judge(agree(held), porting('C', COMES + DAYS, COMES - 1), COMES - 1)).toBe('applied');
  });
});

describe('at the moment of a port', () => {
  const agreed = agree(held);

  test('mappings of APs that the losing NP operates go, all others stay to be registered again within the grace period', () => {
    expect(shown(agreed, COMES - 1)).toEqual(['own.example/u/alice *', 'a.example/u/alice']);
    expect(shown(agreed, COMES)).toEqual(['a.example/u/alice *']);
    const ported = asOf(agreed, COMES * 1000);
    expect(ported).toMatchObject({ record: { spc: TO, since: COMES }, port: null, fence: COMES });
    expect(ported.mappings).toEqual([{ ...held.mappings[1], attest: true, expires: GRACE }]);
    expect(shown(agreed, GRACE - 1)).toEqual(['a.example/u/alice *']);
    expect(shown(agreed, GRACE)).toEqual([]);
  });

  test('nothing lives longer than it would have', () => {
    const expires = held.mappings[1]?.expires ?? 0;
    const late = agree(held, expires - 60);
    expect(asOf(late, (expires - 60) * 1000).mappings.map((one) => one.expires)).toEqual([expires]);
    expect(shown(late, expires)).toEqual([]);
  });

  test('preferences for what goes are cleared', () => {
    const wish = apply(held, preferring(OWN, NOW, { default: OWN, business: A }));
    expect(asOf(agree(wish), COMES * 1000).preference).toEqual({ business: A });
  });

  test('no answer from before is kept beyond it, but a miss tells nothing of it', () => {
    expect(answer(agreed, COMES - 60).ttlSeconds).toBe(60);
    expect(answer(agreed, COMES).ttlSeconds).toBe(GRACE - COMES);
    const missed = agree(null);
    expect(answer(missed, COMES - 10).ttlSeconds).toBe(30);
    expect(answer(apply(missed, ahead(B, NOW), NOW, 52), COMES - 10).ttlSeconds).toBe(10);
  });

  test('every credential of before has no say, and the new provider has from then on', () => {
    const old = { ...afterwards, signer: { ...delegate(B, COMES), spc: TO } };
    const later = { ...afterwards, signer: { ...delegate(B, COMES + 1), spc: TO } };
    for (const event of [registering, withdrawing]) {
      expect(judge(agreed, event(B, COMES + 60, old), COMES + 60)).toBe('credential-predates-assignment');
      expect(judge(agreed, event(B, COMES + 60, later), COMES + 60)).toBe('applied');
    }
    const release = (iat: number) => releasing(iat, { ...afterwards, signer: { ...numberProvider(iat), spc: TO } });
    expect(judge(agreed, release(COMES), COMES + 60)).toBe('superseded');
    expect(judge(agreed, release(COMES + 1), COMES + 60)).toBe('applied');
    expect(judge(agreed, registering(B, COMES + 60), COMES + 60)).toBe('moved');
    expect(judge(agreed, registering(B, COMES - 1), COMES - 1)).toBe('applied');
  });

  test('the same is stored whenever the next event comes, and reading stores nothing', () => {
    const settled = asOf(agreed, COMES * 1000);
    expect(apply(agreed, givingUp(B), COMES + 60, 60)).toEqual({
      ...settled,
      order: [...settled.order, { provider: B, iat: COMES + 60, jti: '' }],
      leafIndex: 60,
    });
    expect(asOf(asOf(agreed, (COMES - 1) * 1000), COMES * 1000)).toEqual(settled);
  });

  test('a port of the past day has come already', () => {
    expect(agree(held, NOW - HOURS)).toMatchObject({ record: { spc: TO, since: NOW - HOURS }, port: null, fence: NOW - HOURS });
  });
});

describe('a register ahead of a port', () => {
  const agreed = agree(held);

  test('is unread until the port, goes live in the same moment, and takes the place of its like without moving the default', () => {
    const subject = apply(apply(agreed, ahead(B, NOW), NOW, 52), ahead(A, NOW), NOW, 53);
    expect(shown(subject, COMES - 1)).toEqual(['own.example/u/alice *', 'a.example/u/alice']);
    expect(shown(subject, COMES)).toEqual(['a.example/u/new *', 'b.example/u/new']);
    expect(asOf(subject, COMES * 1000).mappings).toMatchObject([
      { provider: A, firstIndex: 1, leafIndex: 53, attest: false, authority: TO },
      { provider: B, firstIndex: 52, leafIndex: 52, attest: false },
    ]);
  });

  test('of the AP that the gaining NP operates switches in one step with that of the losing', () => {
    const rcs = agree(after(registering(OWN, DAY, { operator: FROM })));
    const subject = apply(rcs, ahead(B, NOW, { operator: TO }), NOW, 52);
    for (const time of [COMES - 60, COMES - 1]) expect(shown(subject, time)).toEqual(['own.example/u/alice *']);
    for (const time of [COMES, COMES + 60]) expect(shown(subject, time)).toEqual(['b.example/u/new *']);
  });

  test("is not kept out by that port's fence, but by one of before, and by what is later", () => {
    expect(judge(agreed, ahead(B, NOW))).toBe('applied');
    const released = apply(agreed, releasing(NOW - 5), NOW, 52);
    expect(judge(released, ahead(B, NOW))).toBe('credential-predates-assignment');
    expect(judge(released, ahead(B, NOW, { signer: { ...delegate(B, NOW - 4), spc: TO } }))).toBe('applied');
    const twice = apply(agreed, ahead(B, NOW), NOW, 52);
    expect(judge(twice, ahead(B, NOW))).toBe('superseded');
    expect(judge(twice, ahead(B, NOW + 1))).toBe('applied');
  });

  test.each([
    ['was replaced', byAuthority('C', COMES, NOW)],
    ['was agreed anew for another moment', byAuthority(TO, COMES + 1, NOW)],
  ])('asks to judge again when its port %s', (_, event) => {
    expect(judge(apply(agreed, event, NOW, 52), ahead(B, NOW))).toBe('moved');
    expect(judge(agreed, ahead(B, NOW))).toBe('applied');
  });

  test('asks to judge again when its port has come, or none is agreed', () => {
    expect(judge(agreed, ahead(B, NOW), COMES)).toBe('moved');
    expect(judge(held, ahead(B, NOW))).toBe('moved');
    expect(judge(agreed, ahead(B, NOW), COMES - 1)).toBe('applied');
  });

  test('counts among the mappings of its provider, in one place with its like', () => {
    const four = [0, 1, 2, 3].reduce<Subject>(
      (subject, n) => apply(subject, registering(A, NOW + n, { circle: Buffer.alloc(32, n).toString('base64url') }), NOW, 60 + n),
      agree(null),
    );
    expect(judge(four, ahead(A, NOW + 9))).toBe('mapping-limit');
    expect(judge(four, ahead(A, NOW + 9, { circle: Buffer.alloc(32, 3).toString('base64url') }))).toBe('applied');
  });

  test('is withdrawn, released and revoked as any other', () => {
    const subject = apply(agreed, ahead(B, NOW), NOW, 52);
    expect(subject.port?.pending).toHaveLength(1);
    expect(apply(subject, { ...givingUp(B), ssi: `mimi://${B}/u/new` } as RegistryEvent).port?.pending).toEqual([]);
    expect(apply(subject, givingUp(A)).port?.pending).toHaveLength(1);
    expect(apply(subject, releasing(NOW))).toMatchObject({ port: { to: TO, pending: [] }, mappings: [], halves: [] });
    expect(apply(subject, revoking('removed', [52])).port?.pending).toEqual([]);
    expect(apply(subject, revoking('marked', [52], COMES + 5)).port?.pending).toMatchObject([{ attest: true, expires: COMES + 5 }]);
  });

  test('that has run out by then does not go live', () => {
    const late = NOW + 40 * DAYS;
    const far = agree(held, late);
    const event = ahead(B, NOW, { judgedUnder: { ...JUDGED_UNDER, underPort: { to: TO, effective: late } } });
    expect(shown(apply(far, event, NOW, 52), late)).toEqual([]);
    expect(shown(apply(far, event, NOW + 20 * DAYS, 52), late)).toEqual(['b.example/u/new *']);
  });

  test('in the place of what had run out by then is a newcomer', () => {
    const expires = held.mappings[0]?.expires ?? 0;
    const late = expires + 60;
    const far = agree(apply(held, registering(B, NOW), NOW, 50), late);
    const event = ahead(A, NOW, { judgedUnder: { ...JUDGED_UNDER, underPort: { to: TO, effective: late } } });
    const subject = apply(far, event, NOW + 20 * DAYS, 52);
    expect(shown(subject, late)).toEqual(['b.example/u/alice *', 'a.example/u/new']);
    expect(shown(apply(agree(apply(held, registering(B, NOW), NOW, 50)), ahead(A, NOW), NOW, 52), COMES)).toEqual([
      'a.example/u/new *',
      'b.example/u/alice',
    ]);
  });

  test('keeps its order mark, however many providers come and go', () => {
    const far = NOW + 20 * DAYS;
    const event = ahead(B, NOW, { judgedUnder: { ...JUDGED_UNDER, underPort: { to: TO, effective: far } } });
    const pending = apply(agree(null, far), event, NOW, 52);
    const full = Array.from({ length: ORDER_MARKS_PER_SUBJECT - 1 }, (_, n) => withdrawing(`p${n}.example`, NOW + 1)).reduce<Subject>(
      (subject, one, n) => apply(subject, one, NOW + 5, 60 + n),
      pending,
    );
    const marks = (subject: Subject) => subject.order.map(({ provider }) => provider);
    const later = NOW + 3 * DAYS;
    expect(marks(apply(full, registering(A, later), later, 200))).toEqual([B, A]);
    expect(
      marks(
        apply(apply(full, { ...givingUp(B), ssi: `mimi://${B}/u/new` } as RegistryEvent, NOW + 6, 199), registering(A, later), later, 200),
      ),
    ).toEqual([A]);
  });

  test('ends a quarantine when it goes live, not before', () => {
    const released = agree(apply(held, releasing(NOW - 30)), COMES);
    const subject = apply(released, ahead(B, NOW, { signer: { ...delegate(B, NOW - 4), spc: TO } }), NOW, 52);
    expect([subject.quarantined, asOf(subject, COMES * 1000).quarantined]).toEqual([true, false]);
    expect(asOf(released, COMES * 1000).quarantined).toBe(true);
  });
});

describe('whether an effect stands', () => {
  const terms = { from: FROM, to: TO, effective: COMES };

  test('of a port: while its word waits, its port is agreed, or was the last', () => {
    const one = apply(held, porting(TO, COMES, NOW));
    expect(portStands(one, terms, jti(5), NOW)).toBe(true);
    expect(portStands(one, terms, jti(6), NOW)).toBe(false);
    expect(portStands(one, terms, jti(5), NOW + 72 * HOURS)).toBe(false);
    const agreed = agree(held);
    expect(portStands(agreed, terms, jti(9), NOW)).toBe(true);
    expect(portStands(asOf(agreed, COMES * 1000), terms, jti(9), COMES)).toBe(true);
    const replaced = apply(agreed, byAuthority('C', COMES, NOW), NOW, 52);
    expect(portStands(replaced, terms, jti(5), NOW)).toBe(false);
    expect(portStands(replaced, { ...terms, to: 'C' }, jti(5), NOW)).toBe(true);
  });

  test('of a register ahead of a port: pending or live, and known to have been pending', () => {
    const subject = apply(agree(held), ahead(B, NOW), NOW, 52);
    for (const time of [NOW, COMES]) {
      const now = asOf(subject, time * 1000);
      const mapping = registrationOf(now, 52);
      if (mapping === undefined) throw new Error('it is not there');
      expect(wasPending(now, mapping, NOW)).toBe(true);
    }
    const ported = asOf(subject, COMES * 1000);
    const [stayed] = ported.mappings;
    if (stayed === undefined) throw new Error('it is not there');
    expect(wasPending(ported, stayed, DAY)).toBe(false);
  });
});

describe('expire', () => {
  const expires = held.mappings[0]?.expires ?? 0;

  test('takes what has run out from the store, and nothing that lives', () => {
    const later = apply(held, registering(B, NOW), NOW, 50);
    expect(judge(later, expiring([0, 1]), expires - 1)).toBe('superseded');
    const left = apply(later, expiring([0, 1]), expires + 5, 60);
    expect(left).toMatchObject({ mappings: [{ provider: B }], leafIndex: 60 });
    expect(left.order).toEqual(later.order);
    expect(judge(left, expiring([0, 1]), expires + 5)).toBe('superseded');
    expect(judge(null, expiring([0, 1]), expires + 5)).toBe('superseded');
  });

  test('settles a port whose grace period is over, and forgets what ran out before it or pending', () => {
    const agreed = apply(agree(held), ahead(B, NOW), NOW, 52);
    expect(judge(agreed, expiring([1]), GRACE - 1)).toBe('superseded');
    const left = apply(agreed, expiring([1]), GRACE, 60);
    expect(left).toMatchObject({ mappings: [{ provider: B }], record: { spc: TO, since: COMES }, port: null });
    const late = agree(held, expires + DAYS);
    expect(apply(late, expiring([0, 1]), expires + 1, 60)).toMatchObject({ mappings: [], port: { to: TO } });
    expect(apply(late, expiring([0]), expires + DAYS, 60)).toMatchObject({ mappings: [], record: { spc: TO } });
  });
});

describe('the packed form', () => {
  test('costs an ordinary subject nothing, and one octet for an AP that the NP of record operates beside the ports', () => {
    const plain = after(registering(A, DAY));
    const operated = after(registering(A, DAY, { operator: FROM }));
    const foreign = after(registering(A, DAY, { operator: TO }));
    expect(packSubject(operated).length - packSubject(plain).length).toBe(2);
    expect(packSubject(foreign).length - packSubject(plain).length).toBe(7);
    for (const subject of [plain, operated, foreign, apply(agree(held), ahead(B, NOW), NOW, 52)])
      expect(unpackSubject(packSubject(subject))).toEqual(subject);
  });
});

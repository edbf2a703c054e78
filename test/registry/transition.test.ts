import { describe, expect, test } from '@jest/globals';
import {
  MAPPINGS_PER_SUBJECT,
  ORDER_MARKS_PER_SUBJECT,
  ORDER_MARK_MEMORY,
  asOf,
  registrationOf,
  releaseStands,
  transition,
  withdrawalStands,
  type RegistryEvent,
  type Subject,
} from '../../src/registry/index.js';
import {
  CIRCLE,
  DAY,
  OTHER_CIRCLE,
  SII,
  after,
  contextAt,
  delegate,
  givingUp,
  jti,
  numberProvider,
  reasonOf,
  registering,
  releasing,
  subjectOf,
  withdrawing,
} from '../support/registry-fixtures.js';

const A = 'a.example';
const B = 'b.example';

const judge = (subject: Subject | null, event: RegistryEvent, at = DAY + 500, index = 50): string =>
  reasonOf(transition(subject, event, contextAt(at, index)));
const apply = (subject: Subject | null, event: RegistryEvent, at = DAY + 500, index = 50): Subject =>
  subjectOf(transition(subject, event, contextAt(at, index)));
const providers = (subject: Subject): string[] => subject.mappings.map((mapping) => mapping.provider);

describe('what an event was judged under', () => {
  test.each(['trust', 'revocation', 'numbering', 'policy'] as const)('asks to judge again when the %s version has moved', (name) => {
    const { versions } = contextAt(DAY, 1);
    const context = contextAt(DAY, 1, { versions: { ...versions, [name]: 'ff' } });
    expect(transition(null, registering(A, DAY), context).outcome).toBe('moved');
    expect(transition(null, registering(A, DAY), contextAt(DAY, 1)).outcome).toBe('applied');
  });

  test('asks to judge again when the provider of record has moved, and leaves giving up alone', () => {
    const context = contextAt(DAY, 1, { providerOfRecord: () => null });
    for (const event of [registering(A, DAY), withdrawing(A, DAY), releasing(DAY)])
      expect(transition(null, event, context).outcome).toBe('moved');
    expect(transition(null, givingUp(A), context).outcome).toBe('applied');
  });
});

describe('register', () => {
  test('makes a subject with one mapping, under the key slot given', () => {
    const subject = apply(null, registering(A, DAY));
    expect(subject).toMatchObject({ keySlot: 7, fence: 0, quarantined: false, leafIndex: 50 });
    expect(subject.mappings).toEqual([
      {
        provider: A,
        user: 'alice',
        purpose: 'consumer',
        kind: 'user',
        circle: null,
        firstIndex: 50,
        leafIndex: 50,
        expires: DAY + 500 + 30 * 86_400,
        attest: false,
        credential: Buffer.from(delegate(A, DAY - 1000).fingerprints[0] ?? [])
          .toString('hex')
          .slice(0, 32),
        authority: '709J',
        operator: null,
      },
    ]);
  });

  test('refreshes its own mapping in place, with another SSI and kind, and stays the first registered', () => {
    const before = after(registering(A, DAY), registering(B, DAY));
    const subject = apply(before, registering(A, DAY + 1, { ssi: `mimi://${A}/u/bob`, kind: 'service' }));
    expect(subject.mappings[0]).toMatchObject({ user: 'bob', kind: 'service', firstIndex: 0, leafIndex: 50 });
    expect(subject.mappings[1]).toEqual(before.mappings[1]);
  });

  test('keeps purposes and circles apart, up to four of one provider', () => {
    const four = after(
      registering(A, DAY),
      registering(A, DAY + 1, { purpose: 'business' }),
      registering(A, DAY + 2, { circle: CIRCLE }),
      registering(A, DAY + 3, { circle: OTHER_CIRCLE }),
    );
    expect(four.mappings).toHaveLength(4);
    expect(judge(four, registering(A, DAY + 4, { purpose: 'business', circle: CIRCLE }))).toBe('mapping-limit');
    expect(judge(four, registering(A, DAY + 4, { circle: CIRCLE }))).toBe('applied');
    expect(judge(four, registering(B, DAY + 4))).toBe('applied');
  });

  test('takes 32 mappings in all, and a refresh when full', () => {
    const events = Array.from({ length: MAPPINGS_PER_SUBJECT }, (_, number) => registering(`p${number}.example`, DAY + number));
    const full = after(...events);
    expect(full.mappings).toHaveLength(32);
    expect(judge(full, registering(A, DAY + 99))).toBe('mapping-limit');
    expect(judge(full, registering('p0.example', DAY + 99))).toBe('applied');
  });

  test('drops what has run out first: it neither counts nor comes back as first registered', () => {
    const before: Subject = { ...after(registering(A, DAY), registering(B, DAY)), preference: { default: A, consumer: B } };
    const expiry = before.mappings[0]?.expires ?? 0;
    const inTime = apply(before, registering(A, DAY + 9), expiry - 1, 60);
    expect(inTime.mappings.map((mapping) => mapping.firstIndex)).toEqual([0, 1]);
    const late = apply(before, registering(A, DAY + 9), expiry, 60);
    expect(late.mappings.map((mapping) => [mapping.provider, mapping.firstIndex])).toEqual([
      [B, 1],
      [A, 60],
    ]);
    expect(late.preference).toEqual({ consumer: B });
  });

  test.each([
    ['an SSI of another provider', { ssi: `mimi://${B}/u/alice` }, 'ap-mismatch'],
    ['an SSI without a user', { ssi: `mimi://${A}/u/` }, 'ap-mismatch'],
    ['a signer of no provider', { signer: { ...delegate(A, DAY - 1000), spc: null } }, 'action-not-authorised'],
    ['a signer without a path', { signer: { ...delegate(A, DAY - 1000), fingerprints: [] } }, 'untrusted-chain'],
  ] as const)('refuses %s, whatever the pipeline let through', (_, flaw, reason) => {
    expect(judge(null, registering(A, DAY, flaw))).toBe(reason);
  });
});

describe('order', () => {
  test.each([
    ['an older second', DAY - 1, 9, 'superseded'],
    ['the same second and an older jti', DAY, 1, 'superseded'],
    ['the same second and the same jti', DAY, 5, 'superseded'],
    ['the same second and a later jti', DAY, 6, 'applied'],
    ['a later second and an older jti', DAY + 1, 1, 'applied'],
  ])('of one provider: %s', (_, iat, number, outcome) => {
    for (const subject of [after(registering(A, DAY, { jti: jti(5) })), after(withdrawing(A, DAY, { jti: jti(5) }))]) {
      expect(judge(subject, registering(A, iat, { jti: jti(number) }))).toBe(outcome);
      expect(judge(subject, withdrawing(A, iat, { jti: jti(number) }))).toBe(outcome);
      expect(judge(subject, withdrawing(A, iat, { jti: jti(number), signer: numberProvider(iat) }))).toBe(outcome);
      expect(judge(subject, registering(B, iat, { jti: jti(number) }))).toBe('applied');
    }
  });

  test('outlives removal and expiry, but refused events leave no mark', () => {
    const gone = after(registering(A, DAY + 5), withdrawing(A, DAY + 6));
    expect(gone.mappings).toEqual([]);
    expect(judge(gone, registering(A, DAY + 5, { jti: jti(9) }))).toBe('superseded');
    expect(judge(after(registering(A, DAY + 5)), registering(A, DAY + 5), DAY + 90 * 86_400)).toBe('superseded');
    const subject = after(releasing(DAY));
    expect(judge(subject, registering(A, DAY + 60))).toBe('credential-predates-assignment');
    expect(judge(subject, registering(A, DAY + 50, { signer: delegate(A, DAY + 1) }))).toBe('applied');
  });

  test('a withdrawal by connection ends its whole second, and the last iat when that is ahead', () => {
    const second = DAY + 500;
    const gone = apply(after(registering(A, DAY)), givingUp(A), second);
    expect(judge(gone, registering(A, second, { jti: jti(999) }))).toBe('superseded');
    expect(judge(gone, registering(A, second + 1))).toBe('applied');
    const ahead = apply(after(registering(A, second + 20)), givingUp(A), second);
    expect(judge(ahead, registering(A, second + 20, { jti: jti(999) }))).toBe('superseded');
    expect(judge(ahead, registering(A, second + 21))).toBe('applied');
  });

  test("is bounded: forgets what guards against nothing, then connections', and refuses before it forgets more", () => {
    const many = Array.from({ length: ORDER_MARKS_PER_SUBJECT }, (_, number) => withdrawing(`p${number}.example`, DAY + number));
    const full = after(...many);
    expect(full.order).toHaveLength(ORDER_MARKS_PER_SUBJECT);
    expect(judge(full, registering(A, DAY + 90))).toBe('mapping-limit');
    expect(judge(full, withdrawing(A, DAY + 90))).toBe('mapping-limit');
    expect(apply(full, givingUp(A)).order).toEqual(full.order);
    expect(judge(full, registering('p3.example', DAY + 90))).toBe('applied');
    const later = apply(full, registering(A, DAY + 90), DAY + 31 + ORDER_MARK_MEMORY);
    expect(later.order.map((mark) => mark.provider)).toEqual([...many.slice(32).map((event) => event.provider), A]);
    const mapped = after(registering(B, DAY), ...many.slice(1));
    expect(apply(mapped, registering(A, DAY + 90), DAY + 999 + ORDER_MARK_MEMORY).order.map((mark) => mark.provider)).toEqual([B, A]);
    const rejoined = apply({ ...mapped, order: mapped.order.with(0, { provider: B, iat: DAY, jti: '' }) }, registering(B, DAY + 90));
    expect(judge({ ...rejoined, order: rejoined.order.with(0, { provider: B, iat: DAY, jti: '' }) }, registering(A, DAY + 90))).toBe(
      'mapping-limit',
    );
    const given = apply({ ...full, order: full.order.slice(1) }, givingUp(B));
    expect(apply(given, registering(A, DAY + 90)).order.map((mark) => mark.provider)).not.toContain(B);
  });
});

describe('withdraw', () => {
  test('removes every mapping of that provider and SSI, and nothing else', () => {
    const subject = after(
      registering(A, DAY),
      registering(A, DAY + 1, { purpose: 'business' }),
      registering(A, DAY + 2, { circle: CIRCLE }),
      registering(A, DAY + 3, { circle: OTHER_CIRCLE, ssi: `mimi://${A}/u/bob` }),
      registering(B, DAY, { ssi: `mimi://${B}/u/alice` }),
    );
    for (const event of [withdrawing(A, DAY + 4), givingUp(A)]) {
      const left = apply(subject, event);
      expect(left.mappings.map((mapping) => [mapping.provider, mapping.user])).toEqual([
        [A, 'bob'],
        [B, 'alice'],
      ]);
    }
  });

  test("of an SSI that is not the provider's removes nothing", () => {
    const subject = after(registering(A, DAY), registering(B, DAY));
    const confused = { type: 'withdraw-by-connection', sii: SII, provider: A, ssi: `mimi://${B}/u/alice` } as const;
    expect(providers(apply(subject, confused))).toEqual([A, B]);
    expect(providers(apply(subject, { ...confused, ssi: `mimi://${A}/u/alice` }))).toEqual([B]);
  });

  test('clears the preferences that name the provider, unless another mapping of it stays', () => {
    const both = after(registering(A, DAY), registering(A, DAY + 1, { circle: CIRCLE, ssi: `mimi://${A}/u/bob` }), registering(B, DAY));
    const subject: Subject = { ...both, preference: { default: A, business: B } };
    const one = apply(subject, withdrawing(A, DAY + 4));
    expect(one.preference).toEqual({ default: A, business: B });
    const none = apply(one, withdrawing(A, DAY + 5, { ssi: `mimi://${A}/u/bob` }));
    expect(none.preference).toEqual({ business: B });
    expect(apply(none, givingUp(B)).preference).toBeNull();
  });

  test('is accepted when there is none, and still keeps an older register out', () => {
    for (const subject of [apply(null, withdrawing(A, DAY + 400)), apply(null, givingUp(A))]) {
      expect(subject).toMatchObject({ keySlot: 7, mappings: [], leafIndex: 50 });
      expect(judge(subject, registering(A, DAY + 300))).toBe('superseded');
    }
  });
});

describe('release', () => {
  const held: Subject = { ...after(registering(A, DAY), registering(B, DAY + 50)), preference: { default: A } };
  const released = apply(held, releasing(DAY + 10));

  test('removes all mappings and preferences, those registered after it was signed too, and quarantines', () => {
    expect(released).toMatchObject({ mappings: [], preference: null, fence: DAY + 10, quarantined: true, keySlot: 7, leafIndex: 50 });
  });

  test.each([
    ['before the fence', DAY + 9, 'credential-predates-assignment'],
    ['in the second of the fence', DAY + 10, 'credential-predates-assignment'],
    ['after the fence', DAY + 11, 'applied'],
  ])('a delegate assigned %s', (_, assigned, outcome) => {
    expect(judge(released, registering(A, DAY + 90, { signer: delegate(A, assigned) }))).toBe(outcome);
    expect(judge(released, withdrawing(A, DAY + 90, { signer: delegate(A, assigned) }))).toBe(outcome);
  });

  test.each([
    ['in the second of the fence', DAY + 10, 'credential-predates-assignment'],
    ['after the fence', DAY + 11, 'applied'],
  ])("the NP's own signature %s", (_, iat, outcome) => {
    expect(judge(released, registering(A, iat, { jti: jti(99), signer: numberProvider(iat) }))).toBe(outcome);
    expect(judge(released, withdrawing(A, iat, { jti: jti(99), signer: numberProvider(iat) }))).toBe(outcome);
  });

  test('a PASSporT that is older than the fence under a credential that is not: no belt without braces', () => {
    const signer = delegate(A, DAY + 11);
    expect(judge(released, registering(A, DAY + 10, { signer }))).toBe('credential-predates-assignment');
    expect(judge(released, registering(A, DAY + 11, { signer }))).toBe('applied');
  });

  test('the first register that clears the fence ends the quarantine, and the fence stays', () => {
    const reborn = apply(released, registering(A, DAY + 90, { signer: delegate(A, DAY + 11) }));
    expect(reborn).toMatchObject({ quarantined: false, fence: DAY + 10 });
    expect(judge(reborn, registering(B, DAY + 91))).toBe('credential-predates-assignment');
    expect(apply(released, withdrawing(A, DAY + 90, { signer: delegate(A, DAY + 11) })).quarantined).toBe(true);
    expect(apply(released, givingUp(A)).quarantined).toBe(true);
  });

  test('an older release is superseded, a later one moves the fence', () => {
    expect(judge(released, releasing(DAY + 10, { jti: jti(99) }))).toBe('superseded');
    expect(judge(released, releasing(DAY + 9))).toBe('superseded');
    expect(apply(released, releasing(DAY + 11)).fence).toBe(DAY + 11);
  });

  test('forgets the marks that the fence covers, and keeps a later withdrawal by connection', () => {
    const given = apply(after(registering(A, DAY), registering(B, DAY + 5)), givingUp(A), DAY + 300);
    expect(apply(given, releasing(DAY + 300), DAY + 301).order).toEqual([]);
    const subject = apply(given, releasing(DAY + 200), DAY + 301);
    expect(subject.order).toEqual([{ provider: A, iat: DAY + 300, jti: '' }]);
    expect(judge(subject, registering(A, DAY + 300, { signer: delegate(A, DAY + 201) }))).toBe('superseded');
    expect(judge(subject, registering(A, DAY + 301, { signer: delegate(A, DAY + 201) }))).toBe('applied');
  });

  test('of a number never seen sets the fence all the same', () => {
    const subject = apply(null, releasing(DAY + 10));
    expect(subject).toMatchObject({ keySlot: 7, fence: DAY + 10, quarantined: true });
    expect(judge(subject, registering(A, DAY + 90))).toBe('credential-predates-assignment');
  });
});

describe('whether an effect stands', () => {
  test('of a register: until refresh, removal or expiry', () => {
    const subject = apply(null, registering(A, DAY));
    expect(registrationOf(subject, 50)).toBe(subject.mappings[0]);
    expect(registrationOf(asOf(subject, (subject.mappings[0]?.expires ?? 0) * 1000), 50)).toBeUndefined();
    expect(registrationOf(apply(subject, registering(A, DAY + 1), DAY + 501, 51), 50)).toBeUndefined();
    expect(registrationOf(apply(subject, withdrawing(A, DAY + 1)), 50)).toBeUndefined();
    expect(registrationOf(null, 50)).toBeUndefined();
  });

  test('of a withdraw: until that SSI is back', () => {
    const subject = after(registering(A, DAY));
    expect(withdrawalStands(subject, A, `mimi://${A}/u/alice`)).toBe(false);
    expect(withdrawalStands(subject, A, `mimi://${A}/u/bob`)).toBe(true);
    expect(withdrawalStands(null, A, `mimi://${A}/u/alice`)).toBe(true);
  });

  test('of a release: until the next register or release', () => {
    const subject = after(releasing(DAY));
    expect(releaseStands(subject, DAY)).toBe(true);
    expect(releaseStands(subject, DAY + 1)).toBe(false);
    expect(releaseStands(apply(subject, registering(A, DAY + 9, { signer: delegate(A, DAY + 1) })), DAY)).toBe(false);
    expect(releaseStands(null, 0)).toBe(false);
    expect(providers(subject)).toEqual([]);
  });
});

import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  ATTESTATION_LIMITS,
  AttestationDesk,
  DEFAULT_MESSAGE,
  PROOF_LIFETIME,
  messageFault,
  messageOf,
  type AttestationParts,
  type AttestationRequest,
  type Begun,
} from '../../src/issuance/attestation/index.js';
import { Rate } from '../../src/issuance/attestation/rate.js';
import { newCode } from '../../src/issuance/attestation/code.js';
import type { SubscriberProof } from '../../src/ports/index.js';
import { Refusal, Unavailable, refuse } from '../../src/reasons/index.js';
import { MemoryDesk, StoppedClock, claimsIn } from '../support/attesting.js';
import { reasonOfPromise } from '../support/reasons.js';

const SII = 'tel:+12025550100';
const OTHER = 'tel:+12025550101';
const HOUR = 3_600_000;

let clock: StoppedClock;
let desk: MemoryDesk;
let sent: { readonly sii: string; readonly text: string; readonly id: string }[];

const code: SubscriberProof = { consent: 'otp', send: async (sii, text, id) => void sent.push({ sii, text, id }) };
const portal: SubscriberProof = {
  consent: 'operator',
  verify: async (_wish, evidence) => (evidence === 'good' ? undefined : refuse('proof-failed')),
};
const attestations = (changes: Partial<AttestationParts> = {}): AttestationDesk =>
  new AttestationDesk({
    desk,
    proofs: [code, portal],
    message: DEFAULT_MESSAGE,
    audiences: ['dp.example'],
    lifetime: 600,
    clock,
    random: randomBytes,
    ...changes,
  });
const request = (changes: Partial<AttestationRequest> = {}): AttestationRequest => ({
  sii: SII,
  ssi: 'mimi://a.example/u/alice',
  purpose: 'consumer',
  proof: 'otp',
  ...changes,
});
const sentCode = (): string => /[0-9]{8}/.exec(sent.at(-1)?.text ?? '')?.[0] ?? '';
const wrongCode = (): string => String((Number(sentCode()) + 1) % 10 ** 8).padStart(8, '0');
const idOf = (begun: Begun): string => (begun.state === 'pending' ? begun.id : '');
const begin = async (at: AttestationDesk, changes: Partial<AttestationRequest> = {}, client = 'a.example'): Promise<string> =>
  idOf(await at.begin(client, request(changes)));

beforeEach(() => {
  clock = new StoppedClock();
  desk = new MemoryDesk(clock, [SII, OTHER]);
  sent = [];
});

describe('an attestation by code', () => {
  test('signs for the AP that asked, with what was asked and how it was agreed to', async () => {
    const at = attestations();
    const circle = randomBytes(32).toString('base64url');
    const id = await begin(at, { kind: 'service', circle, purpose: 'business' });
    const { passport, consent, expires } = await at.complete('a.example', id, sentCode());
    expect(claimsIn(passport)).toMatchObject({
      action: 'register',
      aud: 'dp.example',
      orig: { tn: '12025550100' },
      dest: { uri: ['mimi://a.example/u/alice'] },
      provider: 'a.example',
      consent: 'otp',
      purpose: 'business',
      kind: 'service',
      circle,
    });
    expect({ consent, expires }).toEqual({ consent: 'otp', expires: Number(claimsIn(passport)['exp']) * 1000 });
  });

  test('tells the subscriber who asks, for which user and purpose', async () => {
    await begin(attestations(), { kind: 'service' });
    expect(sent).toHaveLength(1);
    for (const told of ['a.example', 'alice', 'consumer service', sentCode()]) expect(sent[0]?.text).toContain(told);
  });

  test('gives the same PASSporT again while it lives, also to two that ask at once, and nothing afterwards', async () => {
    const at = attestations();
    const id = await begin(at);
    const [one, two] = await Promise.all([at.complete('a.example', id, sentCode()), at.complete('a.example', id, sentCode())]);
    expect(two).toEqual(one);
    clock.ms = one.expires - 1;
    expect(await at.complete('a.example', id, sentCode())).toEqual(one);
    expect(await reasonOfPromise(() => at.complete('a.example', id, wrongCode()))).toBe('proof-failed');
    clock.ms = one.expires;
    expect(await reasonOfPromise(() => at.complete('a.example', id, sentCode()))).toBe('not-found');
    expect(desk.attested).toHaveLength(1);
  });

  test('takes the right code after four wrong ones, and none after five', async () => {
    const at = attestations();
    for (const [wrong, last] of [
      [4, null],
      [5, 'too-many-attempts'],
    ] as const) {
      const id = await begin(at);
      for (let n = 0; n < wrong; n += 1)
        expect(await reasonOfPromise(() => at.complete('a.example', id, wrongCode()))).toBe('proof-failed');
      expect(await reasonOfPromise(() => at.complete('a.example', id, sentCode()))).toBe(last);
    }
    expect(desk.attested).toHaveLength(1);
  });

  test('ends after ten minutes, and is forgotten after ten more', async () => {
    const at = attestations();
    const [early, late] = [await begin(at), sentCode()];
    clock.ms += PROOF_LIFETIME - 1;
    expect(await reasonOfPromise(() => at.complete('a.example', early, late))).toBeNull();
    const id = await begin(at);
    clock.ms += PROOF_LIFETIME;
    expect(await reasonOfPromise(() => at.complete('a.example', id, sentCode()))).toBe('proof-expired');
    clock.ms += PROOF_LIFETIME;
    expect(await reasonOfPromise(() => at.complete('a.example', id, sentCode()))).toBe('not-found');
  });

  test('is there for nobody but the AP that began it, and wrong codes of others do not count', async () => {
    const at = attestations();
    const id = await begin(at);
    for (let n = 0; n < 6; n += 1) expect(await reasonOfPromise(() => at.complete('b.example', id, sentCode()))).toBe('not-found');
    expect(await reasonOfPromise(() => at.complete('a.example', 'unknown', sentCode()))).toBe('not-found');
    expect(await reasonOfPromise(() => at.complete('a.example', id, sentCode()))).toBeNull();
  });

  test('keeps the code good when the ledger could not be written, and signs nothing', async () => {
    const at = attestations();
    const id = await begin(at);
    desk.failing = true;
    expect(await reasonOfPromise(() => at.complete('a.example', id, sentCode()))).toBe('log-unavailable');
    desk.failing = false;
    expect(await reasonOfPromise(() => at.complete('a.example', id, sentCode()))).toBeNull();
    expect(desk.attested).toHaveLength(1);
  });

  test('leaves nothing pending when the code could not be sent', async () => {
    let id = '';
    const failing: SubscriberProof = {
      consent: 'otp',
      send: async (...message) => {
        id = message[2];
        refuse('proof-unavailable');
      },
    };
    const at = attestations({ proofs: [failing] });
    expect(await reasonOfPromise(() => begin(at))).toBe('proof-unavailable');
    expect(await reasonOfPromise(() => at.complete('a.example', id, '00000000'))).toBe('not-found');
  });
});

describe('an attestation by evidence', () => {
  test('signs at once, and only if the evidence holds', async () => {
    const at = attestations();
    const begun = await at.begin('a.example', request({ proof: 'operator', evidence: 'good' }));
    expect(begun).toMatchObject({ state: 'attested', consent: 'operator' });
    expect(await reasonOfPromise(() => at.begin('a.example', request({ proof: 'operator', evidence: 'bad' })))).toBe('proof-failed');
    expect(desk.attested.map(({ consent }) => consent)).toEqual(['operator']);
  });
});

describe('an attestation is refused', () => {
  test.each<[string, string, Partial<AttestationRequest>]>([
    ['for an SSI of another AP', 'ap-mismatch', { ssi: 'mimi://b.example/u/alice' }],
    ['for a number of another provider', 'tn-out-of-scope', { sii: 'tel:+12025559999' }],
    ['for another discovery provider', 'aud-mismatch', { audience: 'other.example' }],
    ['by a proof that is not offered', 'proof-not-offered', { proof: 'sim', evidence: 'good' }],
    ['by evidence that is not there', 'malformed-request', { proof: 'operator' }],
    ['by a code with evidence beside it', 'malformed-request', { evidence: 'good' }],
  ])('%s', async (_what, reason, changes) => {
    expect(await reasonOfPromise(() => attestations().begin('a.example', request(changes)))).toBe(reason);
    expect({ sent, attested: desk.attested }).toEqual({ sent: [], attested: [] });
  });

  test('when the desk signs for several discovery providers and none is named; the twin names one', async () => {
    const at = attestations({ audiences: ['dp.example', 'dq.example'] });
    expect(await reasonOfPromise(() => begin(at))).toBe('malformed-request');
    expect(await reasonOfPromise(() => begin(at, { audience: 'dq.example' }))).toBeNull();
  });
});

describe('the limits', () => {
  const refusalOf = async (call: () => Promise<unknown>): Promise<Refusal> => {
    try {
      await call();
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
    throw new Error('not refused');
  };

  test('let three codes an hour go to a number for one AP, six in all, and say when there is another', async () => {
    const at = attestations();
    const from = (client: string) => () => begin(at, { ssi: `mimi://${client}/u/alice` }, client);
    for (let n = 0; n < 3; n += 1) await from('a.example')();
    const refusal = await refusalOf(from('a.example'));
    expect(refusal).toMatchObject({ reason: 'too-many-proofs', retryAfter: 1200 });
    expect(refusal).toBeInstanceOf(Unavailable);
    await begin(at, { sii: OTHER });
    for (let n = 0; n < 3; n += 1) await from('b.example')();
    expect((await refusalOf(from('c.example'))).reason).toBe('too-many-proofs');
    clock.ms += HOUR / 3;
    await from('a.example')();
    expect(sent.filter(({ sii }) => sii === SII)).toHaveLength(7);
  });

  test('count what an AP begins, whatever comes of it', async () => {
    const at = attestations({ limits: { ...ATTESTATION_LIMITS, perClient: { perHour: 60, burst: 2 } } });
    for (let n = 0; n < 2; n += 1) expect(await reasonOfPromise(() => begin(at, { sii: 'tel:+12025559999' }))).toBe('tn-out-of-scope');
    expect(await refusalOf(() => begin(at))).toMatchObject({ reason: 'too-many-proofs', retryAfter: 60 });
    expect(await reasonOfPromise(() => begin(at, { ssi: 'mimi://b.example/u/alice' }, 'b.example'))).toBeNull();
    clock.ms += 60_000;
    expect(await reasonOfPromise(() => begin(at))).toBeNull();
  });

  test('look at no code of an AP that gave too many wrong ones lately, and hold nobody else', async () => {
    const at = attestations({ limits: { ...ATTESTATION_LIMITS, wrongCodes: { perHour: 60, burst: 2 } } });
    const id = await begin(at);
    const right = sentCode();
    for (let n = 0; n < 2; n += 1) expect(await reasonOfPromise(() => at.complete('a.example', id, wrongCode()))).toBe('proof-failed');
    expect(await refusalOf(() => at.complete('a.example', id, right))).toMatchObject({ reason: 'too-many-proofs', retryAfter: 60 });
    const others = await begin(at, { ssi: 'mimi://b.example/u/alice' }, 'b.example');
    expect(await reasonOfPromise(() => at.complete('b.example', others, sentCode()))).toBeNull();
    clock.ms += 60_000;
    expect(await reasonOfPromise(() => at.complete('a.example', id, right))).toBeNull();
  });

  test.each([
    ['in all', { inAll: 1, perClient: 9, perSii: 9 }, 'overloaded', {}, 'b.example'],
    ['of one AP', { inAll: 9, perClient: 1, perSii: 9 }, 'too-many-proofs', { sii: OTHER }, 'a.example'],
    ['of one number', { inAll: 9, perClient: 9, perSii: 1 }, 'too-many-proofs', {}, 'b.example'],
  ])('bound the codes that are out, %s; one that is used or runs out makes room', async (_what, pending, reason, changes, client) => {
    const many = { perHour: 99, burst: 99 };
    const at = attestations({ limits: { ...ATTESTATION_LIMITS, codesPerClient: many, codesPerSii: many, pending } });

    const another = (): Promise<string> => begin(at, { ssi: `mimi://${client}/u/alice`, ...changes }, client);
    const id = await begin(at);
    const first = sentCode();
    expect(await refusalOf(another)).toMatchObject({ reason, retryAfter: 600 });
    await at.complete('a.example', id, first);
    expect(await reasonOfPromise(another)).toBeNull();
    expect(await reasonOfPromise(another)).toBe(reason);
    clock.ms += PROOF_LIFETIME;
    expect(await reasonOfPromise(another)).toBeNull();
  });

  test('forget a key only when it would be as new, and refuse the next one while none can be forgotten', () => {
    const rate = new Rate({ perHour: 1, burst: 1 }, 2);
    expect([rate.take('a', 0), rate.take('b', 0), rate.take('c', 0) > 0, rate.take('a', HOUR - 1)]).toEqual([0, 0, true, 1]);
    expect([rate.take('c', HOUR), rate.take('a', HOUR)]).toEqual([0, 0]);
  });
});

describe('a code', () => {
  test('is drawn evenly: what 32 bits hold beyond a whole number of codes is drawn again', () => {
    const drawn = ['ffffffff', 'fa56ea00', 'fa56e9ff', '00000007'].map((hex) => Buffer.from(hex, 'hex'));
    const random = (): Uint8Array => drawn.shift() ?? Buffer.alloc(4);
    expect([newCode(random), newCode(random)]).toEqual(['99999999', '00000007']);
  });
});

describe('a template', () => {
  test.each<[string, boolean]>([
    [DEFAULT_MESSAGE, true],
    ['{provider} {user} {purpose} {code}\n\n@{provider} #{code}', true],
    ['{provider} {user} {code}', false],
    ['{provider} {user} {purpose} {code} {number}', false],
    [`{provider} {user} {purpose} {code}${'.'.repeat(640)}`, false],
    ['{provider} {user} {purpose} {code}\u0007', false],
  ])('%j: %s', (template, good) => {
    expect(messageFault(template) === null).toBe(good);
  });

  test('shows a domain as people read it and as it is, and takes no placeholder from a value', () => {
    const wish = { sii: SII, ssi: 'mimi://xn--bcher-kva.example/u/code', provider: 'xn--bcher-kva.example' } as const;
    const text = messageOf('{provider}|{user}|{purpose}|{code}', { ...wish, purpose: 'business', kind: 'user', circle: null }, '12345678');
    expect(text).toBe('bücher.example (xn--bcher-kva.example)|code|business|12345678');
  });
});

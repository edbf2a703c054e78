import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { ApiRefusal } from '../../src/client/index.js';
import { SPC, registrationClaims, releaseClaims, seconds, signed, type Claims } from '../support/served-gateway.js';
import { AcceptanceBed, EVIL, OTHER_SPC, OTT, RCS, STORES, refusalOf } from '../support/acceptance-bed.js';

/* Rows 14.1, 14.2 and R10: what a malicious AP, and an NP that helps it, can and cannot do. */

jest.setTimeout(240_000);

const RACERS = 1000;

describe.each(STORES)('a gateway over %s', (store) => {
  let bed: AcceptanceBed;

  beforeAll(async () => {
    bed = await AcceptanceBed.open(store);
    await bed.onboard(EVIL, { kind: 'ap', class: 'consumer' });
  });
  afterAll(() => bed.close());

  const np = (spc = SPC) => bed.served.pki.hierarchy.npCredential(spc);
  const withdrawal = (tn: string, provider: string, changes: Claims = {}): Claims =>
    registrationClaims(tn, `mimi://${provider}/u/alice`, { action: 'withdraw', consent: undefined, purpose: undefined, ...changes });

  /** Held by OTT: whatever is tried, lookups find it alone. */
  const expectRefused = async (tn: string, passport: string, reason: string, found = [`${OTT} *`]): Promise<ApiRefusal> => {
    const refusal = await refusalOf(bed.as(EVIL).submit(passport));
    expect({ reason: refusal.reason, leaf: (await bed.leaf(refusal.logIndex)).why }).toEqual({ reason, leaf: reason });
    expect(await bed.found(tn)).toEqual(found);
    return refusal;
  };

  test('14.1 replaying what a provider signed for another AP', async () => {
    const tn = bed.fresh();
    const passport = bed.registration(OTT, tn);
    await bed.as(OTT).register(passport);
    const { logIndex } = await expectRefused(tn, passport, 'ap-mismatch');
    expect(await bed.prove(logIndex as number)).toMatchObject({ k: 'reject', ap: EVIL, why: 'ap-mismatch' });
  });

  test('14.1 an own credential over other numbers, alone and 1,000 at once', async () => {
    const tn = bed.fresh();
    await bed.register(OTT, tn);
    const own = bed.delegate(EVIL, bed.fresh());
    const attack = (): string => bed.registration(EVIL, tn, {}, own);
    await expectRefused(tn, attack(), 'tn-out-of-scope');
    const outcomes: string[] = [];
    const indices = new Set<number | null>();
    for await (const { status, reason, logIndex } of bed.as(EVIL).import(Array.from({ length: RACERS }, attack))) {
      outcomes.push(`${status} ${reason}`);
      indices.add(logIndex ?? null);
    }
    expect(new Set(outcomes)).toEqual(new Set(['403 tn-out-of-scope']));
    // Each attempt is an entry of its own.
    expect([outcomes.length, indices.size, indices.has(null)]).toEqual([RACERS, RACERS, false]);
    expect(await bed.leaf(Math.max(...([...indices] as number[])))).toMatchObject({ k: 'reject', why: 'tn-out-of-scope' });
    expect(await bed.found(tn)).toEqual([`${OTT} *`]);
  });

  test('14.1 one PASSporT has one effect, however many connections present it at once', async () => {
    const tn = bed.fresh();
    const passport = bed.registration(OTT, tn);
    const answers = await Promise.all(Array.from({ length: 100 }, () => bed.as(OTT).register(passport)));
    expect(answers.filter(({ first }) => first)).toHaveLength(1);
    expect(new Set(answers.map(({ logIndex, receipt }) => `${logIndex} ${receipt}`)).size).toBe(1);
  });

  test("14.1 the losing provider's credential after a port", async () => {
    const tn = bed.fresh();
    await bed.register(OTT, tn);
    const donor = bed.delegate(EVIL, tn);
    const effective = seconds() + 1;
    for (const [spc, domain] of [
      [SPC, 'np1.example'],
      [OTHER_SPC, 'np2.example'],
    ] as const)
      await bed.served.np(domain).port(signed(np(spc), releaseClaims(tn, { action: 'port', from: SPC, to: OTHER_SPC, effective })));
    await bed.until(effective);
    await expectRefused(tn, bed.registration(EVIL, tn, {}, donor), 'tn-out-of-scope');
    await expectRefused(tn, bed.registration(EVIL, tn), 'tn-out-of-scope');
  });

  test('14.1 a delegate that its provider has revoked', async () => {
    const tn = bed.fresh();
    await bed.register(OTT, tn);
    const { hierarchy } = bed.served.pki;
    const credential = bed.delegate(EVIL, tn);
    hierarchy.revoke(credential.path[0] ?? Buffer.alloc(0), hierarchy.authority(`np-${SPC}`), 'keyCompromise');
    bed.served.pki.publishRevocations();
    await bed.reload();
    await expectRefused(tn, bed.registration(EVIL, tn, {}, credential), 'cert-revoked');
  });

  test('14.1 a credential over the number adds a mapping, and moves no default; the own entry is looked at for free', async () => {
    const tn = bed.fresh();
    const { logIndex } = await bed.register(OTT, tn);
    await bed.register(EVIL, tn);
    expect(await bed.found(tn)).toEqual([`${OTT} *`, EVIL]);
    const before = (await bed.as(OTT).quota()).used;
    const own = (await bed.lookup(tn, OTT)).mappings.find(({ provider }) => provider === OTT);
    expect([own?.default, own?.logIndex, (await bed.as(OTT).quota()).used]).toEqual([true, logIndex, before]);
    const asOthersSee = (await bed.lookup(tn, RCS)).mappings.find(({ provider }) => provider === OTT);
    expect({ ...asOthersSee, logIndex }).toEqual(own);
  });

  test('14.2 nobody becomes discoverable by the word of an AP, or without consent', async () => {
    const tn = bed.fresh();
    const nobody: string[] = [];
    const trap = (changes: Claims = {}): Claims => registrationClaims(tn, `mimi://${EVIL}/u/trap`, changes);
    await expectRefused(tn, signed(bed.delegate(EVIL, bed.fresh()), trap()), 'tn-out-of-scope', nobody);
    await expectRefused(tn, signed(bed.delegate(OTT, tn), trap()), 'claim-constraint', nobody);
    await expectRefused(
      tn,
      signed(bed.served.pki.hierarchy.mailbox('alice@mail.example', EVIL), trap()),
      'authority-type-mismatch',
      nobody,
    );
    await expectRefused(tn, signed(bed.delegate(EVIL, tn), trap({ consent: undefined })), 'claim-missing', nobody);
  });

  test('14.2 consent that an AP states for itself does not reach the minimum that policy sets', async () => {
    const tn = bed.fresh();
    await bed.govern((policy) => ({ ...policy, consent: { minimum: 'otp' } }));
    await expectRefused(tn, bed.registration(EVIL, tn, { consent: 'operator' }), 'consent-too-weak', []);
    await bed.as(OTT).register(signed(np(), registrationClaims(tn, `mimi://${OTT}/u/alice`, { consent: 'operator' })));
    expect(await bed.found(tn)).toEqual([`${OTT} *`]);
    await bed.govern((policy) => ({ ...policy, consent: { minimum: 'app' } }));
  });

  test('14.2 what an NP signs for a trap stands in the log for good, with its name', async () => {
    const tn = bed.fresh();
    const { logIndex } = await bed.as(EVIL).register(signed(np(), registrationClaims(tn, `mimi://${EVIL}/u/trap`)));
    const before = await bed.prove(logIndex);
    expect(before).toMatchObject({ k: 'accept', ap: EVIL, np: { spc: SPC } });
    await bed.as(EVIL).withdraw({ sii: `tel:+${tn}`, ssi: `mimi://${EVIL}/u/trap` });
    expect(await bed.found(tn)).toEqual([]);
    expect(await bed.prove(logIndex)).toEqual(before);
  });

  test('R10 a mapping is removed by its own AP, its provider, or nobody', async () => {
    const tn = bed.fresh();
    await bed.register(OTT, tn);
    const ssi = `mimi://${OTT}/u/alice`;
    expect(await refusalOf(bed.as(EVIL).withdraw({ sii: `tel:+${tn}`, ssi }))).toMatchObject({ status: 403, reason: 'ap-mismatch' });
    expect(await bed.found(tn)).toEqual([`${OTT} *`]);
    await expectRefused(tn, signed(bed.delegate(EVIL, tn), withdrawal(tn, OTT)), 'claim-constraint');
    await expectRefused(tn, signed(bed.delegate(OTT, tn), withdrawal(tn, OTT)), 'ap-mismatch');
    const foreign = bed.served.np('np2.example');
    for (const claims of [withdrawal(tn, OTT), releaseClaims(tn)])
      expect((await refusalOf(foreign.submit(signed(np(OTHER_SPC), claims)))).status).toBe(403);
    expect((await refusalOf(bed.as(OTT).submit(signed(bed.delegate(OTT, tn), releaseClaims(tn))))).status).toBe(403);
    expect(await bed.found(tn)).toEqual([`${OTT} *`]);
    await bed.served.np('np1.example').withdraw(signed(np(), withdrawal(tn, OTT, { iat: seconds() + 1 })));
    expect(await bed.found(tn)).toEqual([]);
    await bed.register(OTT, tn, { iat: seconds() + 2 });
    await bed.as(OTT).withdraw({ sii: `tel:+${tn}`, ssi });
    expect(await bed.found(tn)).toEqual([]);
  });
});

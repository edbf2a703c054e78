import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { SPC, releaseClaims, seconds, signed } from '../support/served-gateway.js';
import { AcceptanceBed, OTHER_SPC, OTT, RCS, STORES, refusalOf } from '../support/acceptance-bed.js';

/* Rows 11.1 and 12.1: who had a number does not keep it, and who has it now claims it at once. */

jest.setTimeout(240_000);

const REGISTRATIONS = 1000;
const AT_ONCE = 4;

describe.each(STORES)('a gateway over %s', (store) => {
  let bed: AcceptanceBed;

  beforeAll(async () => {
    bed = await AcceptanceBed.open(store, { policy: (policy) => ({ ...policy, quota: { ...(policy['quota'] as object), base: 10_000 } }) });
  });
  afterAll(() => bed.close());

  const np = (spc = SPC) => bed.served.pki.hierarchy.npCredential(spc);

  test('11.1 a released number is found by nobody from then on, and nothing from before the release brings it back', async () => {
    const tn = bed.fresh();
    const before = bed.delegate(OTT, tn);
    const passport = bed.registration(OTT, tn, {}, before);
    await bed.as(OTT).register(passport);
    await bed.register(RCS, tn);
    await bed.served.np('np1.example').release(signed(np(), releaseClaims(tn)));
    expect(await bed.found(tn)).toEqual([]);
    expect((await refusalOf(bed.as(OTT).submit(passport))).reason).toBe('jti-replay');
    expect((await refusalOf(bed.register(OTT, tn, { iat: seconds() + 1 }, before))).reason).toBe('credential-predates-assignment');
    for (const as of [OTT, RCS, 'auditor.example']) expect(await bed.found(tn, as, { view: 'all' })).toEqual([]);
  });

  test('11.1 nobody but the provider of record releases a number', async () => {
    const tn = bed.fresh();
    await bed.register(OTT, tn);
    const foreign = signed(np(OTHER_SPC), releaseClaims(tn));
    expect(await refusalOf(bed.served.np('np2.example').release(foreign))).toMatchObject({ status: 403, reason: 'tn-out-of-scope' });
    const delegated = signed(bed.delegate(OTT, tn), releaseClaims(tn));
    expect(await refusalOf(bed.as(OTT).submit(delegated))).toMatchObject({ status: 403 });
    expect(await bed.found(tn)).toEqual([`${OTT} *`]);
  });

  test('12.1 the first lookup after a registration finds it, within a second of its being sent, 1,000 times', async () => {
    const numbers = Array.from({ length: REGISTRATIONS }, () => bed.fresh());
    const credential = bed.delegate(OTT, numbers[0] as string, {}, REGISTRATIONS);
    const waits: number[] = [];
    const missed: string[] = [];
    const claim = async (): Promise<void> => {
      for (let tn = numbers.pop(); tn !== undefined; tn = numbers.pop()) {
        const passport = bed.registration(OTT, tn, {}, credential);
        const sent = performance.now();
        await bed.as(OTT).register(passport);
        if ((await bed.found(tn)).join() !== `${OTT} *`) missed.push(tn);
        waits.push(performance.now() - sent);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, claim));
    expect([waits.length, missed]).toEqual([REGISTRATIONS, []]);
    expect(waits.toSorted((a, b) => a - b)[Math.floor(REGISTRATIONS * 0.99)]).toBeLessThan(1000);
  });

  test('12.1 a released number is claimed anew by a credential of a later second, and by none of the same or before', async () => {
    const tn = bed.fresh();
    const before = bed.delegate(RCS, tn);
    await bed.register(OTT, tn);
    const released = seconds();
    const same = bed.delegate(RCS, tn, { notBefore: released });
    await bed.served.np('np1.example').release(signed(np(), releaseClaims(tn, { iat: released })));
    expect(await bed.found(tn)).toEqual([]);
    await bed.until(released + 1);
    for (const credential of [before, same]) {
      expect((await refusalOf(bed.register(RCS, tn, {}, credential))).reason).toBe('credential-predates-assignment');
      expect(await bed.found(tn)).toEqual([]);
    }
    await bed.register(RCS, tn);
    expect(await bed.found(tn)).toEqual([`${RCS} *`]);
  });
});

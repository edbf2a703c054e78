import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { registrationClaims, signed } from '../support/served-gateway.js';
import { AcceptanceBed, OTT, RCS, STORES, refusalOf } from '../support/acceptance-bed.js';

/* Rows 7.1 to 7.3: mobile, landline and service numbers, and addresses. */

const TOLL_FREE = '18005550100';

describe.each(STORES)('a gateway over %s', (store) => {
  let bed: AcceptanceBed;

  beforeAll(async () => {
    bed = await AcceptanceBed.open(store, { numbering: `709J,${TOLL_FREE},100,\n` });
  });
  afterAll(() => bed.close());

  test('7.1 a number has one form, everywhere, and no other is taken for it', async () => {
    const tn = bed.fresh();
    await bed.register(OTT, tn);
    expect(await bed.lookup(tn)).toMatchObject({ sii: `tel:+${tn}`, mappings: [{ provider: OTT }] });
    expect(await bed.as(RCS).lookup('tel:+4915112345678')).toMatchObject({ sii: 'tel:+4915112345678', mappings: [] });
    const others = [
      `tel:00${tn}`,
      `tel:${tn}`,
      `+${tn}`,
      tn,
      `tel:+${tn} `,
      'tel:+1-202-555-0100',
      'tel:+1 202 555 0100',
      'tel:004915112345678',
    ];
    const before = (await bed.as(RCS).quota()).used;
    for (const sii of [...others, `tel:+${tn};phone-context=+1`, `tel:+${tn.replace('2', '２')}`, 'tel:+0123456789', 'tel:+123456'])
      expect(await refusalOf(bed.as(RCS).lookup(sii))).toMatchObject({ status: 400, reason: 'malformed-request' });
    expect((await bed.as(RCS).quota()).used).toBe(before);
    for (const spelled of [`+${tn}`, `00${tn}`, `${tn} `]) {
      const passport = signed(bed.delegate(OTT, tn), registrationClaims(tn, 'mimi://a.example/u/alice', { orig: { tn: spelled } }));
      expect((await refusalOf(bed.as(OTT).submit(passport))).reason).toBe('non-canonical-tn');
    }
  });

  test('7.2 a toll-free number is registered as a service, and told from a person', async () => {
    const person = bed.fresh();
    await bed.register(OTT, TOLL_FREE, { kind: 'service' });
    await bed.register(OTT, person);
    expect((await bed.lookup(TOLL_FREE)).mappings).toMatchObject([{ kind: 'service', purpose: 'consumer', default: true }]);
    expect((await bed.lookup(person)).mappings).toMatchObject([{ kind: 'user' }]);
  });

  test("7.3 an address is its domain's e-mail provider's to map, and a lookup folds it", async () => {
    const uri = 'mailto:alice.liddell@mail.example';
    const by = (domain: string, of = uri): string =>
      signed(bed.served.pki.hierarchy.ep(domain), registrationClaims('', 'mimi://a.example/u/alice', { orig: { uri: of } }));
    expect(await refusalOf(bed.as(OTT).submit(by('other.example')))).toMatchObject({ status: 403, reason: 'email-out-of-scope' });
    expect((await bed.as(RCS).lookup(uri)).mappings).toEqual([]);
    await bed.as(OTT).register(by('mail.example'));
    for (const spelled of [uri, 'mailto:Alice.Liddell@MAIL.Example']) {
      const { sii, mappings } = await bed.as(RCS).lookup(spelled);
      expect([sii, mappings.map(({ ssi }) => ssi)]).toEqual([uri, ['mimi://a.example/u/alice']]);
    }
    expect((await refusalOf(bed.as(OTT).submit(by('mail.example', 'mailto:Bob@mail.example')))).reason).toBe('non-canonical-uri');
  });

  test('7.3 an internationalised domain is one domain, however it is written', async () => {
    const uri = 'mailto:alice@xn--mnchen-3ya.example';
    const passport = signed(
      bed.served.pki.hierarchy.ep('xn--mnchen-3ya.example'),
      registrationClaims('', 'mimi://a.example/u/alice', { orig: { uri } }),
    );
    await bed.as(OTT).register(passport);
    for (const spelled of [uri, 'mailto:alice@münchen.example', 'mailto:Alice@MÜNCHEN.example'])
      expect(await bed.as(RCS).lookup(spelled)).toMatchObject({ sii: uri, mappings: [{ provider: OTT }] });
    // A Cyrillic letter among Latin ones is another name.
    expect((await refusalOf(bed.as(RCS).lookup('mailto:alice@mаil.example'))).status).toBe(400);
  });
});

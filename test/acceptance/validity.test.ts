import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SPC, ServedGateway, digestOf, registrationClaims, seconds, signed, type Claims } from '../support/served-gateway.js';
import { AcceptanceBed, OTT, RCS, STORES, refusalOf } from '../support/acceptance-bed.js';

/* Rows 6.1 and 6.2: a mapping is what an accepted PASSporT said, and only what a good one says is accepted. */

describe.each(STORES)('a gateway over %s', (store) => {
  let bed: AcceptanceBed;

  beforeAll(async () => {
    bed = await AcceptanceBed.open(store);
  });
  afterAll(() => bed.close());

  test('6.1 an SII resolves to the id that was registered, alone and in a batch, and the log holds the digest of the PASSporT', async () => {
    const tn = bed.fresh();
    const passport = bed.registration(OTT, tn);
    const { logIndex, mapping } = await bed.as(OTT).register(passport);
    const ssi = 'mimi://a.example/u/alice';
    expect(mapping).toMatchObject({ sii: `tel:+${tn}`, ssi, provider: OTT });
    const alone = await bed.lookup(tn);
    expect(alone.mappings).toMatchObject([{ ssi, provider: OTT }]);
    expect(await bed.as(RCS).lookupMany([{ sii: `tel:+${bed.fresh()}` }, { sii: `tel:+${tn}` }])).toMatchObject([
      { mappings: [] },
      { mappings: [{ ssi }] },
    ]);
    expect(await bed.leaf(logIndex)).toMatchObject({ k: 'accept', tok: digestOf(passport), why: 'OK' });
  });

  describe('6.2', () => {
    const other = new ServedGateway();
    let tn: string;
    let own: ReturnType<AcceptanceBed['delegate']>;
    const good = (changes: Claims = {}): Claims => registrationClaims(tn, 'mimi://a.example/u/alice', changes);

    beforeAll(() => {
      tn = bed.fresh();
      own = bed.delegate(OTT, tn);
    });
    afterAll(() => other.remove());

    const withHeader = (passport: string, changes: Claims): string => {
      const [header = '', ...rest] = passport.split('.');
      const known = JSON.parse(Buffer.from(header, 'base64url').toString()) as Claims;
      return [Buffer.from(JSON.stringify({ ...known, ...changes })).toString('base64url'), ...rest].join('.');
    };
    const wrongSignature = (): string => {
      const [one, two] = [signed(own, good()).split('.'), signed(own, good()).split('.')];
      return [one[0], one[1], two[2]].join('.');
    };
    const revoked = async (): Promise<string> => {
      const { hierarchy } = bed.served.pki;
      const credential = bed.delegate(OTT, tn);
      hierarchy.revoke(credential.path[0] ?? Buffer.alloc(0), hierarchy.authority(`np-${SPC}`), 'keyCompromise');
      bed.served.pki.publishRevocations();
      await bed.reload();
      return signed(credential, good());
    };
    /** Its jti was spent on another number. */
    const replayed = async (): Promise<string> => {
      const elsewhere = bed.fresh();
      const credential = bed.served.pki.hierarchy.delegate({
        spc: SPC,
        provider: OTT,
        numbers: [
          { start: tn, count: 1 },
          { start: elsewhere, count: 1 },
        ],
      });
      const jti = Buffer.alloc(16, 9).toString('base64url');
      await bed.register(OTT, elsewhere, { jti }, credential);
      return signed(credential, good({ jti }));
    };
    const underForeignRoot = () => other.pki.hierarchy.delegate({ spc: SPC, provider: OTT, numbers: [{ start: tn, count: 1 }] });

    const MUTATED: readonly (readonly [string, string, () => string | Promise<string>])[] = [
      ['a credential over another number', 'tn-out-of-scope', () => signed(bed.delegate(OTT, bed.fresh()), good())],
      ['an expired end-entity', 'cert-expired', () => signed(bed.delegate(OTT, tn, { notBefore: seconds() - 900, lifetime: 600 }), good())],
      ['a revoked end-entity', 'cert-revoked', revoked],
      ['another audience', 'aud-mismatch', () => signed(own, good({ aud: 'other.example' }))],
      ['a replayed jti', 'jti-conflict', replayed],
      ["another AP's PASSporT", 'ap-mismatch', () => bed.registration(RCS, tn)],
      ['alg none', 'alg-not-allowed', () => withHeader(signed(own, good()), { alg: 'none' })],
      ['a bad signature', 'bad-signature', wrongSignature],
      [
        "a mailbox's credential for a number",
        'authority-type-mismatch',
        () => signed(bed.served.pki.hierarchy.mailbox('alice@mail.example', OTT), good()),
      ],
      ['a future iat', 'future-iat', () => signed(own, good({ iat: seconds() + 120, exp: seconds() + 300 }))],
      ['a path to an unknown root', 'untrusted-chain', () => signed(underForeignRoot(), good())],
      ['ppt shaken, with attestation B', 'unsupported-ppt', () => withHeader(signed(own, good({ attest: 'B' })), { ppt: 'shaken' })],
    ];

    test('twelve mutated PASSporTs are refused, each for its own reason and on the log, and nobody is found; their twin is accepted', async () => {
      const reasons: string[] = [];
      for (const [what, reason, make] of MUTATED) {
        const refusal = await refusalOf(bed.as(OTT).submit(await make()));
        expect({ what, reason: refusal.reason, client: refusal.status >= 400 && refusal.status < 500 }).toEqual({
          what,
          reason,
          client: true,
        });
        expect(await bed.leaf(refusal.logIndex)).toMatchObject({ k: 'reject', why: reason });
        expect(await bed.found(tn)).toEqual([]);
        reasons.push(refusal.reason);
      }
      expect(new Set(reasons).size).toBe(12);
      const passport = signed(own, good());
      const first = await bed.as(OTT).register(passport);
      expect(await bed.found(tn)).toEqual([`${OTT} *`]);
      expect(await bed.as(OTT).register(passport)).toEqual({ ...first, first: false });
      await bed.as(OTT).withdraw({ sii: `tel:+${tn}`, ssi: 'mimi://a.example/u/alice' });
      expect((await refusalOf(bed.as(OTT).submit(passport))).reason).toBe('jti-replay');
      expect(await bed.found(tn)).toEqual([]);
    });

    test.each([
      ['has run out', 'expired-token', () => signed(own, good({ iat: seconds() - 400, exp: seconds() - 100 }))],
      ['has no consent', 'claim-missing', () => signed(own, good({ consent: undefined }))],
      ['has a claim that the profile does not know', 'claim-not-allowed', () => signed(own, good({ attest: 'A' }))],
      [
        'is under a CA of another purpose',
        'untrusted-chain',
        () => signed(bed.delegate(OTT, tn, { issuer: bed.served.pki.hierarchy.authority('tls-ca') }), good()),
      ],
    ])('a PASSporT that %s is refused: %s', async (_what, reason, make) => {
      expect((await refusalOf(bed.as(OTT).submit(make()))).reason).toBe(reason);
      expect(await bed.found(tn)).toEqual([]);
    });
  });
});

import { sign, type KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { encodeSequence, encodeTlv, readChildren, readWhole, wholeOf } from '../../src/encoding/index.js';
import {
  OID,
  crlDistributionPoint,
  extendedKeyUsage,
  newKeyPair,
  subjectAltName,
  type RevocationReason,
  type RevokedEntry,
} from '../../src/issuance/index.js';
import { Refusal } from '../../src/reasons/index.js';
import { Verifier, type CredentialOrigin, type Fall, type Material, type Scope } from '../../src/verification/index.js';
import { checkScope, coverageOf, scopeNameOf } from '../../src/verification/scope.js';
import { worstOf } from '../../src/verification/fall.js';
import { Authorizer } from '../../src/policy/index.js';
import { DAY, NOW, fitting, lineOf, type Scene } from '../support/misfits/index.js';
import { added, authority, certify, endEntity, nameOf } from '../support/misfits/link.js';
import { changed, listOf, sceneOf } from '../support/misfits/scene.js';
import { CEDAR, CEDAR_SCHEMA, MAILBOX, POLICY, caseOf, materialOf, unwrap, type CaseOptions } from '../support/passport-bench.js';

/** What the gateway remembers of an accepted PASSporT's credential. */
const originOf = (options: CaseOptions): CredentialOrigin => {
  const { input, material } = caseOf(options);
  const verdict = new Verifier(material).verify(input);
  if (!verdict.accepted) throw new Error(verdict.reason);
  return verdict.verified.origin;
};

const standing = (origin: CredentialOrigin, material: Material, at = NOW, sii?: string | null): Fall | 'ask' | null =>
  new Verifier(material).standingOf(origin.class, at * 1000).of(origin.serial, sii);

/** `removed cert-revoked`, `stands` or `ask`. */
const told = (fall: Fall | 'ask' | null): string => (fall === null ? 'stands' : fall === 'ask' ? 'ask' : `${fall.effect} ${fall.reason}`);

const scene = fitting.enterprise();
const line = lineOf('enterprise', scene);
const origin = originOf({ scene, line });
const linkAt = (place: number) => scene.links[place] ?? authority('none');
/** The material with the list of the CA at `place` in place of its own. */
const withList = (place: number, ...entries: RevokedEntry[]): Material => withCrl(place, listOf(linkAt(place), { entries }));
const withCrl = (place: number, crl: Buffer): Material => ({ ...materialOf(line), crls: line.crls.with(place, crl) });
const entryOf = (place: number, reason?: RevocationReason, invalidSince?: number): RevokedEntry => ({
  serial: linkAt(place).serial,
  revokedAt: NOW - 3600,
  ...(reason === undefined ? {} : { reason }),
  ...(invalidSince === undefined ? {} : { invalidSince }),
});

/** A CRL with other content under a signature of the same key. */
const resigned = (crl: Buffer, change: (tbs: Buffer) => Buffer, { privateKey }: { readonly privateKey: KeyObject }): Buffer => {
  const [tbs, algorithm] = readChildren(crl, readWhole(crl, 0x30)).map((part) => wholeOf(crl, part));
  if (tbs === undefined || algorithm === undefined) throw new Error('no CRL');
  const whole = change(Buffer.from(tbs));
  return encodeSequence(whole, algorithm, encodeTlv(0x03, Buffer.of(0), sign('sha256', whole, privateKey)));
};

/** Puts another month into a time, wherever it is written. */
const retimed = (octets: Buffer, seconds: number, month: string): Buffer => {
  const digits = new Date(seconds * 1000).toISOString().replace(/[-:T]/g, '').slice(2, 14);
  const text = octets.toString('latin1');
  if (!text.includes(`${digits}Z`)) throw new Error('no such time');
  return Buffer.from(text.replaceAll(`${digits}Z`, `${digits.slice(0, 2)}${month}${digits.slice(4)}Z`), 'latin1');
};

describe('a credential', () => {
  test('stands under what it was accepted under, and when certificates and CRLs have run out', () => {
    expect(standing(origin, materialOf(line))).toBeNull();
    expect(standing(origin, materialOf(line), NOW + 2000 * DAY)).toBeNull();
    expect(standing(origin, { ...materialOf(line), crls: [] })).toBeNull();
  });

  test.each<readonly [RevocationReason, string]>([
    ['unspecified', 'removed'],
    ['keyCompromise', 'removed'],
    ['cACompromise', 'removed'],
    ['privilegeWithdrawn', 'removed'],
    ['affiliationChanged', 'marked'],
    ['superseded', 'marked'],
    ['cessationOfOperation', 'marked'],
    ['certificateHold', 'marked'],
  ])('that is revoked for %s: what it registered is %s', (reason, effect) => {
    const fall = standing(origin, withList(2, entryOf(3, reason)));
    expect(told(fall)).toBe(`${effect} cert-revoked`);
    expect(fall).toMatchObject({ since: null, crlReason: reason === 'unspecified' ? 'none' : reason });
    const other = { ...entryOf(3, reason), serial: Buffer.from('5101', 'hex') };
    expect(standing(origin, withList(2, other))).toBeNull();
  });

  test('falls with each CA above it, by the CRL of the one above that', () => {
    expect(told(standing(origin, withList(0, entryOf(1, 'cACompromise'))))).toBe('removed cert-revoked');
    expect(told(standing(origin, withList(1, entryOf(2, 'superseded'))))).toBe('marked cert-revoked');
    // The same serial number in another issuer's list is another certificate.
    expect(standing(origin, withList(0, entryOf(3, 'keyCompromise')))).toBeNull();
  });

  test('tells since when its key was in wrong hands, and spares what it registered before', () => {
    expect(standing(origin, withList(2, entryOf(3, 'keyCompromise', NOW - DAY)))).toMatchObject({ effect: 'removed', since: NOW - DAY });
    expect(standing(origin, withList(2, entryOf(3, 'superseded', NOW - DAY)))).toMatchObject({ effect: 'marked', since: null });
  });

  describe('listed under a time that is none', () => {
    const { key } = linkAt(2);
    const listed = (change: Parameters<typeof resigned>[1], ...entry: Parameters<typeof entryOf>): Material =>
      withCrl(2, resigned(listOf(linkAt(2), { entries: [entryOf(...entry)] }), change, key));
    const noMonth = (tbs: Buffer): Buffer => retimed(tbs, NOW - 3600, '13');

    test.each<readonly [RevocationReason, string]>([
      ['keyCompromise', 'removed'],
      ['superseded', 'marked'],
    ])('falls as under any other, for %s: %s', (reason, effect) => {
      const material = listed(noMonth, 3, reason);
      expect(told(standing(origin, material))).toBe(`${effect} cert-revoked`);
      expect(standing({ ...origin, serial: Buffer.from('5101', 'hex') }, material)).toBeNull();
      // Nor is anything accepted by it meanwhile.
      expect(new Verifier(material).verify(caseOf({ scene, line }).input).reason).toBe('malformed-crl');
    });

    test('spares nothing for an invalidity date that is none', () => {
      const material = (month: string): Material => listed((tbs) => retimed(tbs, NOW - 2 * DAY, month), 3, 'keyCompromise', NOW - 2 * DAY);
      const month = new Date((NOW - 2 * DAY) * 1000).toISOString().slice(5, 7);
      expect(standing(origin, material(month))).toMatchObject({ effect: 'removed', since: NOW - 2 * DAY });
      expect(standing(origin, material('00'))).toMatchObject({ effect: 'removed', since: null });
    });

    test('falls with a CA above it', () => {
      const crl = resigned(listOf(linkAt(1), { entries: [entryOf(2, 'cACompromise')] }), noMonth, linkAt(1).key);
      expect(told(standing(origin, withCrl(1, crl)))).toBe('removed cert-revoked');
    });
  });

  test.each<readonly [string, () => Material]>([
    ['that has run out', () => withCrl(2, listOf(linkAt(2), { entries: [entryOf(3)], nextUpdate: NOW }))],
    ['that is not yet in force', () => withCrl(2, listOf(linkAt(2), { entries: [entryOf(3)], thisUpdate: NOW + 1 }))],
    ['that another CA signed', () => withCrl(2, listOf({ ...linkAt(2), key: newKeyPair() }, { entries: [entryOf(3)] }))],
    ['of another distribution point', () => withCrl(2, listOf(linkAt(2), { entries: [entryOf(3)], url: 'http://crl.example/b.crl' }))],
    [
      'of a profile that reads none',
      () => ({ ...withList(2, entryOf(3)), policy: { ...POLICY, revocation: { ...POLICY.revocation, delegate: 'off' } } }),
    ],
  ])('listed in a CRL %s stands', (_, material) => {
    expect(standing(origin, material())).toBeNull();
    expect(told(standing(origin, withList(2, entryOf(3))))).toBe('removed cert-revoked');
  });

  test('is found in the CRL of the distribution point that it names', () => {
    const url = 'http://crl.example/a.crl';
    const named = changed(scene, -1, (link) => added(link, crlDistributionPoint({ url })));
    const own = lineOf('named', named);
    const crls = own.crls.with(2, listOf(linkAt(2), { url }));
    const pointed = originOf({ scene: named, line: { ...own, crls } });
    const entries = [{ ...entryOf(3), serial: named.links[3]?.serial ?? Buffer.alloc(0) }];
    const listed = (place: string): Material => ({
      ...materialOf(own),
      crls: own.crls.with(2, listOf(linkAt(2), { url: place, entries })),
    });
    expect(told(standing(pointed, listed(url)))).toBe('removed cert-revoked');
    expect(standing(pointed, listed('http://crl.example/b.crl'))).toBeNull();
  });

  test('is found in an indirect CRL that serves its point, where policy lets one of its profile', () => {
    const url = 'http://crl.example/a.crl';
    const named = changed(scene, -1, (link) => added(link, crlDistributionPoint({ url })));
    const own = lineOf('served', named);
    const pa = authority('PA');
    const [endEntityLink, issuer] = [named.links.at(-1), named.links.at(-2)];
    if (endEntityLink === undefined || issuer === undefined) throw new Error('no path');
    const entries = [{ serial: endEntityLink.serial, revokedAt: NOW - 3600, issuer: nameOf(issuer) }];
    const served = (profiles: readonly ('delegate' | 'shaken')[], listed: boolean): Material => ({
      ...materialOf(own),
      crls: [...own.crls.slice(0, -1), listOf(pa, { url, indirect: true, entries: listed ? entries : [] })],
      crlAnchors: [certify(pa, pa)],
      policy: { ...POLICY, revocation: { ...POLICY.revocation, crlAnchorsServePoints: [...profiles] } },
    });
    const { input } = caseOf({ scene: named, line: own });
    const verdict = new Verifier(served(['delegate'], false)).verify(input);
    const pointed = verdict.accepted ? verdict.verified.origin : null;
    if (pointed === null) throw new Error('not accepted');
    expect(new Verifier(served(['delegate'], true)).verify(input).reason).toBe('cert-revoked');
    expect(told(standing(pointed, served(['delegate'], true)))).toBe('removed cert-revoked');
    expect(standing(pointed, served(['delegate'], false))).toBeNull();
    expect(standing(pointed, served(['shaken'], true))).toBeNull();
  });

  test('whose CAs this build cannot read is marked, not removed', () => {
    const broken = { ...origin, class: { ...origin.class, authorities: [Buffer.of(0x30, 0x00)] } };
    expect(told(standing(broken, materialOf(line)))).toBe('marked malformed-cert');
  });
});

/** The anchor's certificate made anew, with its name and key unless changed. */
const renewedRoot = (of: Scene, change: Partial<ReturnType<typeof authority>> = {}): Buffer => {
  const root = { ...(of.links[0] ?? authority('none')), serial: Buffer.from('51ff', 'hex'), notBefore: NOW - 1, ...change };
  return certify(root, root);
};
const anchored = (profile: Material['anchors'][number]['profile'], certificate: Uint8Array, speaksFor: Scope = 'any'): Material => ({
  ...materialOf(line),
  anchors: [{ profile, certificate, speaksFor }],
});

describe('the anchor', () => {
  const [own = Buffer.alloc(0)] = line.anchors;

  test('that is taken away takes all with it, and so does one that stays for another profile alone', () => {
    expect(told(standing(origin, { ...materialOf(line), anchors: [] }))).toBe('removed untrusted-chain');
    expect(told(standing(origin, anchored('shaken', own)))).toBe('removed untrusted-chain');
    expect(standing(origin, anchored('delegate', own))).toBeNull();
  });

  test('that is renewed under its key marks: the CAs lead to the new one as well', () => {
    expect(told(standing(origin, anchored('delegate', renewedRoot(scene))))).toBe('marked untrusted-chain');
    expect(told(standing(origin, anchored('delegate', renewedRoot(scene), [])))).toBe('removed anchor-out-of-scope');
    const both = anchored('delegate', renewedRoot(scene));
    expect(standing(origin, { ...both, anchors: [...both.anchors, ...anchored('delegate', own).anchors] })).toBeNull();
  });

  test('with its name and another key is another', () => {
    expect(told(standing(origin, anchored('delegate', renewedRoot(scene, { key: newKeyPair() }))))).toBe('removed untrusted-chain');
  });

  test('that is renewed when its CAs have run out still vouches for them as they were', () => {
    const later = NOW + 1500 * DAY;
    expect(told(standing(origin, anchored('delegate', renewedRoot(scene)), later))).toBe('marked untrusted-chain');
  });

  test('of a credential without CAs between is known again by name and key', () => {
    const direct = sceneOf('email', authority('Mail Root'), endEntity('EP', subjectAltName([{ dns: fitting.MAIL_DOMAIN }])));
    const mail = originOf({ scene: direct, claims: MAILBOX });
    expect(mail.class.authorities).toEqual([]);
    expect(told(standing(mail, anchored('email', renewedRoot(direct))))).toBe('marked untrusted-chain');
    expect(told(standing(mail, anchored('email', renewedRoot(direct, { key: newKeyPair() }))))).toBe('removed untrusted-chain');
    expect(told(standing(mail, anchored('email', renewedRoot(direct), ['other.example'])))).toBe('removed anchor-out-of-scope');
  });

  test('that is renewed has its CRLs read', () => {
    const renewed = anchored('delegate', renewedRoot(scene));
    expect(told(standing(origin, { ...renewed, crls: withList(2, entryOf(3)).crls }))).toBe('removed cert-revoked');
  });
});

describe('a trust list that is not in force', () => {
  const silent = (material: Material): Material => ({ ...material, anchors: [], silent: ['delegate'] });

  test('says nothing of what was registered under its anchors', () => {
    expect(standing(origin, silent(materialOf(line)))).toBeNull();
    expect(standing(origin, silent(materialOf(line)), NOW, 'tel:+12025550100')).toBeNull();
    expect(told(standing(origin, { ...silent(materialOf(line)), silent: ['shaken'] }))).toBe('removed untrusted-chain');
    // Nor of one that was renewed meanwhile: it may be in the list as well.
    expect(standing(origin, { ...anchored('delegate', renewedRoot(scene)), silent: ['delegate'] })).toBeNull();
  });

  test('hides no CRL of the CAs below, and no scope of an anchor that is there', () => {
    expect(told(standing(origin, silent(withList(2, entryOf(3, 'keyCompromise')))))).toBe('removed cert-revoked');
    expect(told(standing(origin, silent(withList(1, entryOf(2, 'superseded')))))).toBe('marked cert-revoked');
    const [own = Buffer.alloc(0)] = line.anchors;
    expect(told(standing(origin, { ...anchored('delegate', own, []), silent: ['delegate'] }))).toBe('removed anchor-out-of-scope');
  });
});

describe('the scope of the anchor', () => {
  const speaking = (speaksFor: Scope, ...others: Scope[]): Material => {
    const [certificate = Buffer.alloc(0)] = line.anchors;
    const root = (n: number): Buffer => renewedRoot(scene, { commonName: `other ${n}`, key: newKeyPair() });
    return {
      ...materialOf(line),
      anchors: [
        { profile: 'delegate', certificate, speaksFor },
        ...others.map((scope, n) => ({ profile: 'delegate' as const, certificate: root(n), speaksFor: scope })),
      ],
    };
  };
  const american = originOf({ scene, line, speaksFor: ['1'] });

  test.each<readonly [string, string, () => Material]>([
    ['still covers the calling code', 'stands', () => speaking(['1', '44'])],
    ['is widened to any', 'stands', () => speaking('any')],
    ['no longer covers it', 'removed anchor-out-of-scope', () => speaking(['44'])],
    ['covers nothing', 'removed anchor-out-of-scope', () => speaking([])],
    ['lost a longer code to another anchor', 'ask', () => speaking(['1'], ['1202'])],
    ['lost the code that matters', 'ask', () => speaking(['1'], ['1202555'])],
    ['has the longer codes too', 'stands', () => speaking(['1', '1202'], ['1202'])],
    ['shares the profile with a code that no number of it begins with', 'stands', () => speaking(['1'], ['44'])],
  ])('that %s: %s', (_, expected, material) => {
    expect(told(standing(american, material()))).toBe(expected);
  });

  test('is asked for each number where it depends on that', () => {
    const material = speaking(['1'], ['1202']);
    expect(standing(american, material, NOW, 'tel:+13035550100')).toBeNull();
    expect(told(standing(american, material, NOW, 'tel:+12025550100'))).toBe('removed anchor-out-of-scope');
    // Who can no longer be known has nobody to speak for them.
    expect(told(standing(american, material, NOW, null))).toBe('removed anchor-out-of-scope');
    expect(told(standing(origin, speaking(['1'])))).toBe('ask');
    expect(standing(origin, speaking(['1']), NOW, 'tel:+12025550100')).toBeNull();
  });

  test('need not be asked for where the credential is removed anyway', () => {
    const crls = withList(2, entryOf(3, 'keyCompromise')).crls;
    expect(told(standing(american, { ...speaking(['1'], ['1202']), crls }))).toBe('removed cert-revoked');
    const dated = withList(2, entryOf(3, 'keyCompromise', NOW)).crls;
    expect(told(standing(american, { ...speaking(['1'], ['1202']), crls: dated }))).toBe('ask');
  });

  test('of mail is the domain, and no other', () => {
    const mail = originOf({ scene: fitting.mailbox(), claims: MAILBOX });
    const [certificate = Buffer.alloc(0)] = lineOf('mail', fitting.mailbox()).anchors;
    const toldOf = (speaksFor: Scope): string =>
      told(standing(mail, { ...materialOf(line), anchors: [{ profile: 'email', certificate, speaksFor }] }));
    expect(toldOf([fitting.MAIL_DOMAIN])).toBe('stands');
    expect(toldOf(['other.example'])).toBe('removed anchor-out-of-scope');
  });

  test('remembered by calling code says what asking for every number would', () => {
    const code = fc.stringMatching(/^[12]{1,3}$/);
    const property = fc.property(fc.uniqueArray(code), fc.uniqueArray(code), fc.uniqueArray(code), (before, now, others) => {
      const names = new Set([...now, ...others]);
      const numbers = Array.from(
        { length: 81 },
        (_, n) => `tel:+${Array.from(n.toString(3).padStart(4, '0'), (digit) => Number(digit) + 1).join('')}`,
      );
      for (const name of new Set(numbers.map((sii) => scopeNameOf(sii, new Set(before))))) {
        const ofName = numbers.filter((sii) => scopeNameOf(sii, new Set(before)) === name);
        const answers = new Set(ofName.map((sii) => holds(() => checkScope('delegate', now, names, sii))));
        const coverage = coverageOf('delegate', now, names, name);
        // Numbers that the names do not tell apart may make it ask in vain; it must never answer wrongly.
        if (coverage === 'all') expect([...answers]).toEqual([true]);
        if (coverage === 'none') expect([...answers]).toEqual([false]);
        if (answers.size > 1) expect(coverage).toBe('some');
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});

const holds = (check: () => void): boolean => {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};

describe('policy', () => {
  const policed = (of: typeof line, policy: CaseOptions['policy']): Material => materialOf(of, { policy: policy ?? {} });

  test('that no longer takes an extended key usage marks', () => {
    const usage = '1.3.6.1.4.1.99999.1';
    const used = changed(scene, -1, (link) => added(link, extendedKeyUsage(usage)));
    const own = lineOf('usage', used);
    const profiles = { ...POLICY.profiles, extendedKeyUsages: [usage] };
    const usedOrigin = originOf({ scene: used, line: own, policy: { profiles } });
    expect(standing(usedOrigin, policed(own, { profiles }))).toBeNull();
    expect(told(standing(usedOrigin, policed(own, {})))).toBe('marked bad-eku');
  });

  test('that no longer takes a certificate policy of shaken marks', () => {
    const own = lineOf('shaken', fitting.shaken());
    const shaken = originOf({ scene: fitting.shaken(), line: own });
    expect(standing(shaken, policed(own, {}))).toBeNull();
    const profiles = { ...POLICY.profiles, shakenPolicies: [`${OID.shakenPolicy}.9`] };
    expect(told(standing(shaken, policed(own, { profiles })))).toBe('marked bad-policy');
  });

  test('that raises a finding marks what has it, and nothing else', () => {
    const short = changed(scene, -1, (link) => ({ ...link, serial: Buffer.of(0x51, 0x02) }));
    const own = lineOf('short', short);
    const off = originOf({ scene: short, line: own });
    expect([off.class.findings, origin.class.findings]).toEqual([
      expect.arrayContaining(['short-serial']),
      expect.not.arrayContaining(['short-serial']),
    ]);
    const raised = { profiles: { ...POLICY.profiles, raise: ['short-serial' as const] } };
    expect(standing(off, policed(own, {}))).toBeNull();
    expect(told(standing(off, policed(own, raised)))).toBe('marked profile-violation');
    expect(standing(origin, policed(line, raised))).toBeNull();
  });

  test('that lets such a credential register nothing marks', () => {
    const without = CEDAR.replace(/@id\("delegate-registers-and-withdraws-its-own"\)[^]*?;\n/, '');
    expect(without).not.toBe(CEDAR);
    const authorizer = unwrap(Authorizer.load(without, CEDAR_SCHEMA));
    expect(told(standing(origin, { ...materialOf(line), authorizer }))).toBe('marked action-not-authorised');
    const own = lineOf('np', fitting.provider());
    expect(standing(originOf({ scene: fitting.provider(), line: own }), { ...materialOf(own), authorizer })).toBeNull();
  });

  test('that asks for more consent than the credential can state marks', () => {
    expect(told(standing(origin, policed(line, { consent: { minimum: 'otp' } })))).toBe('marked consent-too-weak');
    const own = lineOf('np', fitting.provider());
    const np = originOf({ scene: fitting.provider(), line: own });
    expect(standing(np, policed(own, { consent: { minimum: 'operator' } }))).toBeNull();
  });

  test('about revocation modes changes nothing but whether CRLs are read', () => {
    for (const mode of ['off', 'when-named', 'required'] as const)
      expect(standing(origin, policed(line, { revocation: { ...POLICY.revocation, delegate: mode } }))).toBeNull();
  });
});

describe('of several falls the worst counts', () => {
  const fall = (effect: Fall['effect'], since: number | null, reason: Fall['reason'] = 'cert-revoked'): Fall => ({
    effect,
    since,
    reason,
    crl: null,
    crlReason: null,
  });

  test('removed before marked, everything before what came later, the earlier date before the later; of equals the first', () => {
    const ladder = [fall('removed', null), fall('removed', 100), fall('removed', 200), fall('marked', null)];
    fc.assert(
      fc.property(fc.shuffledSubarray(ladder, { minLength: 1 }), (some) => {
        expect(worstOf([null, ...some, null])).toBe(ladder.find((one) => some.includes(one)));
      }),
    );
    expect(worstOf([fall('marked', null, 'bad-eku'), fall('marked', null)])).toMatchObject({ reason: 'bad-eku' });
    expect(worstOf([null])).toBeNull();
  });

  test('a superseded CA does not save a credential whose key was stolen', () => {
    const crls = line.crls.with(1, listOf(linkAt(1), { entries: [entryOf(2, 'superseded')] }));
    expect(told(standing(origin, { ...materialOf(line), crls }))).toBe('marked cert-revoked');
    const both = crls.with(2, listOf(linkAt(2), { entries: [entryOf(3, 'keyCompromise')] }));
    expect(told(standing(origin, { ...materialOf(line), crls: both }))).toBe('removed cert-revoked');
  });
});

import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { issueCa, issueRoot, newKeyPair, subjectName, type IssuedCredential } from '../../../src/issuance/index.js';
import { parseCertificate } from '../../../src/x509/index.js';
import { Key, bodyOf, newJti, reasonIn, tnValue, typeIn, type AcmeCaller, type Got, type Json } from '../../support/acme-client.js';
import { AcmePlace, RANGE, SPC, x5cOf } from '../../support/acme-place.js';

let place: AcmePlace;
let caller: AcmeCaller;
beforeAll(async () => {
  place = await new AcmePlace().open({ ordersPerHour: 10_000, pendingOrders: 10_000, failedChallengesPerHour: 10_000 });
  caller = await place.enrolled();
});
beforeEach(() => {
  caller.nonce = null;
});

/** What a fresh order comes to when its challenge is answered so. */
const answered = async (payload: Json, by: AcmeCaller = caller): Promise<{ challenge: Got; order: Json }> => {
  const made = await place.order(by);
  const challenge = await by.post(await place.challengeOf(by, bodyOf(made)), payload);
  return { challenge, order: await by.read(made.headers.get('location') ?? '') };
};

/** Reason and type of the challenge's error, and what became of the order; null for a good token. */
const outcome = async (tkauth: string): Promise<unknown> => {
  const { challenge, order } = await answered({ tkauth });
  const { status, error } = bodyOf(challenge) as { status: string; error?: Json };
  if (status === 'valid' && order['status'] === 'ready') return null;
  expect([status, order['status'], order['error']]).toEqual(['invalid', 'invalid', error]);
  return [error?.['reason'], String(error?.['type']).replace('urn:ietf:params:acme:error:', '')];
};

const good = (changes: Parameters<AcmePlace['token']>[1] = {}): Promise<string> => place.token(caller.key, changes);

describe('an authority token', () => {
  test('that is good makes the order ready, under either name of the response', async () => {
    expect(await outcome(await good())).toBeNull();
    const { challenge, order } = await answered({ atc: await good() });
    expect([bodyOf(challenge)['status'], order['status']]).toEqual(['valid', 'ready']);
  });

  test('is asked for under exactly one name; anything else leaves the challenge as it was', async () => {
    const token = await good();
    for (const payload of [{}, { tkauth: token, atc: token }, { tkauth: 7 }]) {
      const { challenge, order } = await answered(payload);
      expect([reasonIn(challenge), order['status']]).toEqual(['malformed-request', 'pending']);
    }
  });
});

describe('step 1: atc and the token around it', () => {
  const changes: ReadonlyArray<readonly [string, Parameters<AcmePlace['token']>[1]]> = [
    ['no exp', { claims: { exp: undefined } }],
    ['a fractional exp', { claims: { exp: 1.5 } }],
    ['no jti', { claims: { jti: undefined } }],
    ['no atc', { claims: { atc: undefined } }],
    ['no fingerprint', { atc: { fingerprint: undefined } }],
    ['no tkvalue', { atc: { tkvalue: undefined } }],
    ['a ca that is no boolean', { atc: { ca: 'true' } }],
    ['a member of atc that nobody knows', { atc: { scope: 'all' } }],
    ['another typ', { header: { typ: 'passport' } }],
    ['neither x5c nor x5u', { header: { x5c: undefined } }],
    ['both', { header: { x5u: 'https://authority.example/cert' } }],
    ['an x5c that is no list', { header: { x5c: 'AAAA' } }],
    ['a key of its own choice', { header: { kid: 'mine' } }],
  ];
  test.each(changes)('refuses %s', async (_, change) => {
    expect(await outcome(await good(change))).toEqual(['authority-token-malformed', 'malformed']);
  });

  test('refuses what is no compact JWT of strict JSON', async () => {
    const [header = '', payload = '', signature = ''] = (await good()).split('.');
    const twice = Buffer.from(`{"exp":9,${Buffer.from(payload, 'base64url').toString('utf8').slice(1)}`).toString('base64url');
    const texts = [
      '',
      'a.b',
      `${header}.${payload}.${signature}.x`,
      `${header}.${payload}=.${signature}`,
      `${header}.${twice}.${signature}`,
    ];
    for (const text of texts) expect(await outcome(text)).toEqual(['authority-token-malformed', 'malformed']);
  });
});

describe('steps 2 and 3: the credential of a trusted token authority', () => {
  const url = 'https://authority.example/cert.pem';
  const byUrl = (x5u: string): Promise<string> => good({ header: { x5c: undefined, x5u } });
  const untrusted = ['token-authority-untrusted', 'unauthorized'];

  test('is fetched by https and judged like one in x5c', async () => {
    place.chains.set(url, place.own.path);
    expect(await outcome(await byUrl(url))).toBeNull();
    expect(place.fetched).toContain(url);
  });

  test('is not fetched from anywhere but https', async () => {
    const before = place.fetched.length;
    for (const x5u of ['http://authority.example/cert.pem', 'https://127.0.0.1/cert.pem', 'https://authority.example:9/c'])
      expect(await outcome(await byUrl(x5u))).toEqual(['x5u-not-allowed', 'unauthorized']);
    expect(place.fetched.length).toBe(before);
  });

  test('that cannot be had now decides nothing', async () => {
    const { challenge, order } = await answered({ tkauth: await byUrl('https://authority.example/gone.pem') });
    expect([reasonIn(challenge), typeIn(challenge), order['status']]).toEqual(['credential-unavailable', 'connection', 'pending']);
  });

  test('is refused from an anchor that nobody trusts', async () => {
    const terms = { random: (n: number) => new Uint8Array(n).fill(7), notBefore: place.now, notAfter: place.now + 86_400 };
    const root = issueRoot(newKeyPair(), { subject: subjectName({ commonName: 'Delegate Root' }) }, terms);
    const ca = issueCa(root, newKeyPair(), { subject: subjectName({ commonName: 'NP CA 709J' }), numbers: [{ spc: SPC }] }, terms);
    const impostor = place.credential({ subject: subjectName({ commonName: 'Example NP' }), numbers: [{ spc: SPC }] }, ca);
    expect(await outcome(await good({ signer: impostor }))).toEqual(untrusted);
    place.chains.set(url, impostor.path);
    expect(await outcome(await byUrl(url))).toEqual(untrusted);
  });

  test('is refused from another holder below the same anchor, and from an AP that could grant itself', async () => {
    const subject = subjectName({ commonName: 'someone' });
    const range = { start: RANGE[0], count: RANGE[1] };
    const delegate = place.credential({ subject, numbers: [range], binding: { provider: 'a.example' } });
    const withSpc = place.credential({ subject, numbers: [{ spc: SPC }], binding: { provider: 'a.example' } });
    const terms = { random: (n: number) => new Uint8Array(n).fill(9), notBefore: place.now, notAfter: place.now + 86_400 };
    const otherCa = issueCa(
      place.root,
      newKeyPair(),
      { subject: subjectName({ commonName: 'NP CA 505X' }), numbers: [{ spc: '505X' }] },
      terms,
    );
    const otherNp = place.credential({ subject, numbers: [{ spc: '505X' }] }, otherCa);
    for (const signer of [delegate, withSpc]) expect(await outcome(await good({ signer }))).toEqual(untrusted);
    place.trusted = place.trusted.map((trust) => ({ ...trust, revocation: 'off' }));
    expect(await outcome(await good({ signer: otherNp }))).toEqual(untrusted);
  });

  test('is refused once it is revoked, run out, or without its path', async () => {
    const [before] = place.trusted;
    if (before === undefined) throw new Error('none is trusted');
    place.trusted = [{ ...before, revocation: 'required' }];
    expect(await outcome(await good())).toBeNull();
    const { serial } = parseCertificate(place.own.path[0] ?? Buffer.alloc(0));
    place.trusted = [{ ...before, revocation: 'required', crls: [place.crl(place.root), place.crl(place.ca, [serial])] }];
    expect(await outcome(await good())).toEqual(untrusted);
    place.trusted = [before];
    const short = place.credential({ subject: subjectName({ commonName: 'Example NP' }), numbers: [{ spc: SPC }] }, place.ca, 60);
    expect(await outcome(await good({ signer: short }))).toBeNull();
    place.now += 61;
    expect(await outcome(await good({ signer: short }))).toEqual(untrusted);
    expect(await outcome(await good({ header: { x5c: x5cOf(place.own.path.slice(0, 1)) } }))).toEqual(untrusted);
  });

  test('is judged up to an anchor in it: what stands above vouches for it to others', async () => {
    const { trusted } = place;
    place.trusted = trusted.map((trust) => ({ ...trust, anchors: [place.ca.certificate] }));
    const whole = [...place.own.path, place.root.certificate];
    expect(await outcome(await good({ header: { x5c: x5cOf(whole) } }))).toBeNull();
    expect(await outcome(await good())).toBeNull();
    place.trusted = trusted.map((trust) => ({
      ...trust,
      anchors: [place.credential({ subject: subjectName({ commonName: 'x' }) }).path[0] ?? Buffer.alloc(0)],
    }));
    expect(await outcome(await good({ header: { x5c: x5cOf(whole) } }))).toEqual(untrusted);
    place.trusted = trusted;
  });

  test('is refused where none is trusted', async () => {
    const { trusted } = place;
    place.trusted = [];
    expect(await outcome(await good())).toEqual(untrusted);
    place.trusted = trusted;
  });
});

describe('step 4: the signature', () => {
  test('must be by the key of the credential', async () => {
    const other = place.credential({ subject: subjectName({ commonName: 'Example NP' }), numbers: [{ spc: SPC }] });
    expect(await outcome(await good({ signer: other }))).toBeNull();
    const mixed = await good({ signer: other, header: { x5c: x5cOf(place.own.path) } });
    expect(await outcome(mixed)).toEqual(['authority-token-signature', 'unauthorized']);
  });

  test('must be over these claims', async () => {
    const [header, , signature] = (await good()).split('.');
    const [, payload] = (await good()).split('.');
    expect(await outcome([header, payload, signature].join('.'))).toEqual(['authority-token-signature', 'unauthorized']);
  });
});

describe('steps 5 to 8', () => {
  test('5: tktype is TNAuthList, in this spelling', async () => {
    for (const tktype of ['TnAuthList', 'JWTClaimConstraints'])
      expect(await outcome(await good({ atc: { tktype } }))).toEqual(['authority-token-type', 'incorrectResponse']);
  });

  test('6: tkvalue is the identifier of the order, no less and no more', async () => {
    const others = [tnValue('12025550100'), tnValue(['12025550100', 99]), tnValue(RANGE, '12025550300'), tnValue(SPC)];
    for (const tkvalue of others)
      expect(await outcome(await good({ atc: { tkvalue } }))).toEqual(['authority-token-value', 'incorrectResponse']);
  });

  test('7: it is valid now', async () => {
    const { now } = place;
    const wrong: Json[] = [{ exp: now }, { exp: now - 1 }, { iat: now + 31 }, { nbf: now + 31 }, { iat: now + 20, exp: now + 20 }];
    for (const claims of wrong) expect(await outcome(await good({ claims }))).toEqual(['authority-token-expired', 'unauthorized']);
    const right: Json[] = [{ exp: now + 1 }, { iat: now + 30 }, { nbf: now + 30 }, { iat: now - 5, nbf: now - 5 }];
    for (const claims of right) expect(await outcome(await good({ claims }))).toBeNull();
  });

  test('7: it is used once: for no other order, of this account or another', async () => {
    const token = await good();
    expect(await outcome(token)).toBeNull();
    expect(await outcome(token)).toEqual(['authority-token-replayed', 'unauthorized']);
    // Others that came in between have not made it forgotten.
    expect(await outcome(await good())).toBeNull();
    expect(await outcome(token)).toEqual(['authority-token-replayed', 'unauthorized']);
    const jti = newJti();
    expect(await outcome(await good({ claims: { jti } }))).toBeNull();
    expect(await outcome(await good({ claims: { jti, exp: place.now + 300 } }))).toEqual(['authority-token-replayed', 'unauthorized']);
  });

  test('7: it is not spent by who is refused with it', async () => {
    const token = await good();
    const thief = await place.enrolled();
    const { challenge } = await answered({ tkauth: token }, thief);
    expect((bodyOf(challenge)['error'] as Json)['reason']).toBe('authority-token-fingerprint');
    expect(await outcome(token)).toBeNull();
  });

  test('8: the fingerprint is that of the account key', async () => {
    const other = await Key.make();
    const wrong = [other.fingerprint, caller.key.fingerprint.toLowerCase(), caller.key.spkiFingerprint, 'SHA256'];
    for (const fingerprint of wrong)
      expect(await outcome(await good({ atc: { fingerprint } }))).toEqual(['authority-token-fingerprint', 'incorrectResponse']);
  });

  test('8: an authority of deployed tooling may print it over SPKI, and then so alone', async () => {
    const name = { dns: 'authority.example' };
    const terms = { random: (n: number) => new Uint8Array(n).fill(5), notBefore: place.now, notAfter: place.now + 86_400 };
    const root = issueRoot(newKeyPair(), { subject: subjectName({ commonName: 'Token Root' }) }, terms);
    const content = { subject: subjectName({ commonName: 'authority' }), names: [name] };
    const signer: IssuedCredential = place.credential(content, root);
    const trust = { name, anchors: [root.certificate], crls: [], profile: 'rfc5280', revocation: 'off', fingerprint: 'spki' } as const;
    place.trusted = [...place.trusted, trust];
    expect(await outcome(await good({ signer, atc: { fingerprint: caller.key.spkiFingerprint } }))).toBeNull();
    expect(await outcome(await good({ signer }))).toEqual(['authority-token-fingerprint', 'incorrectResponse']);
    const elsewhere = place.credential({ ...content, names: [{ dns: 'other.example' }] }, root);
    const token = await good({ signer: elsewhere, atc: { fingerprint: caller.key.spkiFingerprint } });
    expect(await outcome(token)).toEqual(['token-authority-untrusted', 'unauthorized']);
  });
});

describe('a challenge', () => {
  test('takes one answer', async () => {
    const made = await place.order(caller);
    const url = await place.challengeOf(caller, bodyOf(made));
    expect(bodyOf(await caller.post(url, { tkauth: 'a.b.c' }))['status']).toBe('invalid');
    expect(reasonIn(await caller.post(url, { tkauth: await good() }))).toBe('authorization-closed');
    expect(bodyOf(await caller.post(url, ''))['status']).toBe('invalid');
  });

  test('is answered by its own account alone', async () => {
    const other = await place.enrolled();
    const made = await place.order(caller);
    const url = await place.challengeOf(caller, bodyOf(made));
    expect(reasonIn(await other.post(url, { tkauth: await place.token(other.key) }))).toBe('account-mismatch');
    expect(reasonIn(await other.post(url, ''))).toBe('account-mismatch');
    expect(bodyOf(await caller.post(url, { tkauth: await good() }))['status']).toBe('valid');
  });

  test('is closed when the authorization was given up', async () => {
    const made = bodyOf(await place.order(caller));
    const url = await place.challengeOf(caller, made);
    const authorization = (made['authorizations'] as string[])[0] ?? '';
    expect(bodyOf(await caller.post(authorization, { status: 'deactivated' }))['status']).toBe('deactivated');
    expect(reasonIn(await caller.post(url, { tkauth: await good() }))).toBe('authorization-closed');
    expect(reasonIn(await caller.post(authorization, { status: 'deactivated' }))).toBe('authorization-closed');
  });

  test('waits when too many failed', async () => {
    const strict = await new AcmePlace().open({ failedChallengesPerHour: 1 });
    const client = await strict.enrolled();
    await client.post(await strict.challengeOf(client, bodyOf(await strict.order(client))), { tkauth: 'a.b.c' });
    const url = await strict.challengeOf(client, bodyOf(await strict.order(client)));
    const refused = await client.post(url, { tkauth: await strict.token(client.key) });
    expect([reasonIn(refused), refused.headers.get('retry-after')]).toEqual(['rate-limited', '3600']);
    strict.now += 3601;
    client.nonce = null;
    expect(bodyOf(await client.post(url, { tkauth: await strict.token(client.key) }))['status']).toBe('valid');
  });
});

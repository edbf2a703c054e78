import { X509Certificate } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { parseCsrTemplate, type CsrTemplate } from '../../../src/issuance/acme/index.js';
import { reasonOf } from '../../support/reasons.js';
import {
  AcmeCaller,
  Key,
  bodyOf,
  opensslCsr,
  reasonIn,
  tnExtension,
  tnValue,
  typeIn,
  type Got,
  type Json,
} from '../../support/acme-client.js';
import { AcmePlace, LIST, ORIGIN, RANGE, VALUE } from '../../support/acme-place.js';

const HOUR = 3600;
const DAY = 86_400;
let place: AcmePlace;
let caller: AcmeCaller;
beforeEach(async () => {
  place = await new AcmePlace().open();
  caller = await place.enrolled();
});

const fault = (got: Got): unknown => (got.status < 400 ? null : [reasonIn(got), typeIn(got), got.status]);
const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
const pass = (seconds: number): void => {
  place.now += seconds;
  caller.nonce = null;
};

describe('revocation', () => {
  const revoke = (by: AcmeCaller, pem: string, more: Json = {}): Promise<Got> =>
    by.post(by.url('revokeCert'), { certificate: new X509Certificate(pem).raw.toString('base64url'), ...more });

  test('is by the account that ordered it', async () => {
    const { pem } = await place.issued(caller);
    expect((await revoke(caller, pem, { reason: 1 })).status).toBe(200);
    expect(place.desk.revoked).toEqual([{ serial: new X509Certificate(pem).serialNumber.toLowerCase(), reason: 'keyCompromise' }]);
    expect(fault(await revoke(caller, pem))).toEqual(['already-revoked', 'alreadyRevoked', 400]);
    const { pem: byCommand } = await place.issued(caller);
    place.desk.revoked.push({ serial: new X509Certificate(byCommand).serialNumber.toLowerCase(), reason: 'superseded' });
    expect(reasonIn(await revoke(caller, byCommand))).toBe('already-revoked');
  });

  test('is by whoever has its key, and by no other key', async () => {
    const { pem, key } = await place.issued(caller);
    const finder = await place.caller();
    expect(fault(await revoke(finder, pem))).toEqual(['revocation-not-allowed', 'unauthorized', 403]);
    finder.key = key;
    expect((await revoke(finder, pem)).status).toBe(200);
  });

  test('is by another account of whoever is authorized for the same list, and by no other account', async () => {
    const { pem } = await place.issued(caller);
    const other = await place.enrolled();
    expect(reasonIn(await revoke(other, pem))).toBe('revocation-not-allowed');
    await place.ready(other, {}, { tkvalue: tnValue('12025550100') }, tnValue('12025550100'));
    expect(reasonIn(await revoke(other, pem))).toBe('revocation-not-allowed');
    await place.ready(other);
    expect((await revoke(other, pem)).status).toBe(200);
  });

  test('is not by another AP, which may be granted the same numbers and has not this certificate', async () => {
    const { pem } = await place.issued(caller);
    place.grant('b.example', [{ start: RANGE[0], count: RANGE[1] }]);
    const other = await place.enrolled('b.example');
    await place.ready(other);
    expect(fault(await revoke(other, pem))).toEqual(['revocation-not-allowed', 'unauthorized', 403]);
    expect(place.desk.revoked).toEqual([]);
    const { pem: own } = await place.issued(other);
    expect((await revoke(other, own)).status).toBe(200);
  });

  test('is refused for a reason that a holder may not give, and for what was not issued here', async () => {
    const { pem } = await place.issued(caller);
    for (const reason of [2, 6, 7, 8, 99])
      expect(fault(await revoke(caller, pem, { reason }))).toEqual(['revocation-reason', 'badRevocationReason', 400]);
    const elsewhere = await new AcmePlace().open();
    const foreign = await elsewhere.issued(await elsewhere.enrolled());
    expect(reasonIn(await revoke(caller, foreign.pem))).toBe('not-found');
    expect(reasonIn(await caller.post(caller.url('revokeCert'), { certificate: 'MAA' }))).toBe('malformed-request');
    // The serial of one that was issued, in a certificate that was not.
    const forged = Buffer.from(new X509Certificate(pem).raw);
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    expect(reasonIn(await caller.post(caller.url('revokeCert'), { certificate: forged.toString('base64url') }))).toBe('not-found');
    expect(place.desk.revoked).toEqual([]);
    expect((await revoke(caller, pem, { reason: 0 })).status).toBe(200);
  });
});

describe('auto-renewal', () => {
  const renewal = (more: Json = {}): Json => ({ 'auto-renewal': { 'end-date': at(place.now + 10 * DAY), lifetime: DAY, ...more } });

  test('is asked for in the terms of RFC 8739, and not beside notBefore or notAfter', async () => {
    const { now } = place;
    expect(caller.directory['meta']).toMatchObject({ 'auto-renewal': { 'min-lifetime': HOUR, 'max-duration': 365 * DAY } });
    expect(bodyOf(await place.order(caller, renewal()))['auto-renewal']).toMatchObject({ lifetime: DAY, 'allow-certificate-get': false });
    for (const times of [{ notBefore: at(now + 60) }, { notAfter: at(now + DAY) }])
      expect(fault(await place.order(caller, { ...renewal(), ...times }))).toEqual(['malformed-request', 'malformed', 400]);
    const wrong: Json[] = [
      { 'end-date': at(now) },
      { 'end-date': at(now + 366 * DAY) },
      { 'start-date': at(now - 1) },
      // It would be issued long before it begins, and outlive what was granted.
      { 'start-date': at(now + DAY + 1) },
      { lifetime: HOUR - 1 },
      { lifetime: 8 * DAY },
      // It would backdate every certificate.
      { 'lifetime-adjust': 60 },
    ];
    for (const one of wrong) expect(fault(await place.order(caller, renewal(one)))).toEqual(['validity-not-allowed', 'malformed', 400]);
  });

  test('follows a certificate at half of its life, not before, until its end', async () => {
    const { order, pem } = await place.issued(caller, renewal({ 'end-date': at(place.now + DAY + HOUR) }));
    const url = String(order['star-certificate']);
    expect([order['certificate'], order['x5u']]).toEqual([undefined, undefined]);
    pass(DAY / 2 - 1);
    expect((await place.server.turn()).renewed).toEqual([]);
    pass(1);
    expect((await place.server.turn()).renewed).toHaveLength(1);
    expect((await place.server.turn()).renewed).toEqual([]);
    const next = await caller.post(url, '');
    const [before, after] = [new X509Certificate(pem), new X509Certificate(next.text)];
    expect(after.serialNumber).not.toBe(before.serialNumber);
    expect(after.publicKey.equals(before.publicKey)).toBe(true);
    // RFC 8739 section 3.3: HTTP dates; the last one ends with the order.
    expect(next.headers.get('cert-not-before')).toBe(new Date(place.now * 1000).toUTCString());
    expect(next.headers.get('cert-not-after')).toBe(new Date((place.now + DAY / 2 + HOUR) * 1000).toUTCString());
    pass(DAY / 2);
    expect((await place.server.turn()).renewed).toEqual([]);
    pass(HOUR);
    expect(fault(await caller.post(url, ''))).toEqual(['auto-renewal-expired', 'autoRenewalExpired', 403]);
  });

  test('is fetched by anybody only where the order says so', async () => {
    const open = await place.issued(caller, renewal({ 'allow-certificate-get': true }));
    const closed = await place.issued(caller, renewal());
    const got = await place.transport({ method: 'GET', url: String(open.order['star-certificate']) });
    expect([got.status, got.text]).toEqual([200, open.pem]);
    expect(reasonIn(await place.transport({ method: 'GET', url: String(closed.order['star-certificate']) }))).toBe('not-found');
    const other = await place.enrolled();
    expect(reasonIn(await other.post(String(closed.order['star-certificate']), ''))).toBe('account-mismatch');
  });

  test('begins no earlier than it was asked to', async () => {
    const { pem } = await place.issued(caller, renewal({ 'start-date': at(place.now + HOUR) }));
    expect(Date.parse(new X509Certificate(pem).validFrom) / 1000).toBe(place.now + HOUR);
    pass(DAY / 2);
    expect((await place.server.turn()).renewed).toEqual([]);
    pass(HOUR);
    expect((await place.server.turn()).renewed).toHaveLength(1);
  });

  test('is canceled by its account, and by nothing but its account', async () => {
    const { order, url } = await place.issued(caller, renewal({ 'allow-certificate-get': true }));
    const other = await place.enrolled();
    expect(reasonIn(await other.post(url, { status: 'canceled' }))).toBe('account-mismatch');
    expect(reasonIn(await caller.post(url, { status: 'valid' }))).toBe('malformed-request');
    expect(bodyOf(await caller.post(url, { status: 'canceled' }))['status']).toBe('canceled');
    const star = String(order['star-certificate']);
    expect(fault(await caller.post(star, ''))).toEqual(['auto-renewal-canceled', 'autoRenewalCanceled', 403]);
    expect(reasonIn(await place.transport({ method: 'GET', url: star }))).toBe('auto-renewal-canceled');
    pass(DAY);
    expect(await place.server.turn()).toEqual({ renewed: [], canceled: [], failed: [] });
    expect(fault(await caller.post(url, { status: 'canceled' }))).toEqual([
      'auto-renewal-cancellation',
      'autoRenewalCancellationInvalid',
      400,
    ]);
    const { url: plain } = await place.issued(caller);
    expect(reasonIn(await caller.post(plain, { status: 'canceled' }))).toBe('auto-renewal-cancellation');
  });

  test('ends with the grant: within two lifetimes nothing is left that is valid', async () => {
    const { order, url } = await place.issued(caller, renewal());
    const star = String(order['star-certificate']);
    pass(DAY / 2);
    await place.server.turn();
    const last = new X509Certificate((await caller.post(star, '')).text);
    const taken = place.now;
    place.desk.grants.delete('a.example');
    pass(DAY / 2);
    expect((await place.server.turn()).canceled).toHaveLength(1);
    expect((await caller.read(url))['status']).toBe('canceled');
    expect(reasonIn(await caller.post(star, ''))).toBe('auto-renewal-canceled');
    expect(Date.parse(last.validTo) / 1000).toBeLessThanOrEqual(taken + 2 * DAY);
    // For good: what is granted again is ordered again.
    place.grant('a.example', [{ start: RANGE[0], count: RANGE[1] }]);
    pass(DAY);
    expect(await place.server.turn()).toEqual({ renewed: [], canceled: [], failed: [] });
  });

  test('ends with the account, and outlives a desk that cannot be had', async () => {
    await place.issued(caller, renewal());
    pass(DAY / 2);
    place.desk.isBusy = true;
    expect((await place.server.turn()).failed).toMatchObject([{ reason: 'overloaded' }]);
    place.desk.isBusy = false;
    expect((await place.server.turn()).renewed).toHaveLength(1);
    await caller.post(caller.kid ?? '', { status: 'deactivated' });
    pass(DAY / 2);
    expect((await place.server.turn()).canceled).toHaveLength(1);
  });

  test('ends when the provider revoked what it renews', async () => {
    const { pem } = await place.issued(caller, renewal());
    const { pem: other } = await place.issued(caller, renewal());
    place.desk.revoked.push({ serial: new X509Certificate(pem).serialNumber.toLowerCase(), reason: 'keyCompromise' });
    pass(DAY / 2);
    const { canceled, renewed } = await place.server.turn();
    expect([canceled.length, renewed.length]).toEqual([1, 1]);
    expect(new X509Certificate(other).serialNumber).not.toBe(new X509Certificate(pem).serialNumber);
  });

  test('ends when the provider revoked the one before the last, which lives on beside it under the same key', async () => {
    const { pem, order } = await place.issued(caller, renewal());
    pass(DAY / 2);
    expect((await place.server.turn()).renewed).toHaveLength(1);
    place.desk.revoked.push({ serial: new X509Certificate(pem).serialNumber.toLowerCase(), reason: 'keyCompromise' });
    pass(DAY / 2);
    expect(await place.server.turn()).toMatchObject({ renewed: [], canceled: [String(order['star-certificate']).split('/').pop()] });
  });

  test('is not revoked but canceled', async () => {
    const { pem } = await place.issued(caller, renewal());
    const certificate = new X509Certificate(pem).raw.toString('base64url');
    const refused = await caller.post(caller.url('revokeCert'), { certificate });
    expect(fault(refused)).toEqual(['auto-renewal-revocation', 'autoRenewalRevocationNotSupported', 403]);
  });

  test('gives no CA', async () => {
    place.grant('a.example', [{ start: RANGE[0], count: RANGE[1] }], true);
    const { order } = await place.ready(caller, renewal(), { ca: true });
    const csr = await place.csr(undefined, 'basicConstraints = critical,CA:TRUE');
    expect(reasonIn(await caller.post(String(order['finalize']), { csr }))).toBe('csr-extension-not-allowed');
  });

  test('goes on after a restart as if there had been none', async () => {
    const { order } = await place.issued(caller, renewal());
    pass(DAY / 2);
    await place.open();
    expect((await place.server.turn()).renewed).toHaveLength(1);
    expect((await caller.post(String(order['star-certificate']), '')).status).toBe(200);
  });
});

describe('a delegation', () => {
  const keyTypes = [{ PublicKeyType: 'id-ecPublicKey', namedCurve: 'secp256r1', SignatureType: 'ecdsa-with-SHA256' }];
  const template: Json = {
    keyTypes,
    subject: { commonName: 'ap', organization: '**', country: '*' },
    extensions: { TNAuthList: VALUE, keyUsage: ['digitalSignature'] },
  };
  const url = `${ORIGIN}/acme/delegation/d1`;
  const csr = async (subject: string, ...extensions: string[]): Promise<string> =>
    (await opensslCsr({ subject, extensions: [tnExtension(LIST), ...extensions] })).toString('base64url');
  const usage = 'keyUsage = critical,digitalSignature';

  beforeEach(() => {
    place.delegations.splice(0, 1, { id: 'd1', domain: 'a.example', template: parseCsrTemplate(template) });
  });

  test('is listed for its AP alone', async () => {
    expect(await caller.read(`${caller.kid}/delegations`)).toEqual({ delegations: [url] });
    expect(await caller.read(url)).toEqual({ 'csr-template': template });
    const other = await place.enrolled('b.example');
    expect(await other.read(`${other.kid}/delegations`)).toEqual({ delegations: [] });
    expect(fault(await other.post(url, ''))).toEqual(['delegation-unknown', 'unknownDelegation', 403]);
  });

  test('makes an order ready without a challenge, and a certificate that anybody may fetch', async () => {
    const made = bodyOf(await place.order(caller, { delegation: url, 'allow-certificate-get': true }));
    expect(made).toMatchObject({ status: 'ready', authorizations: [], delegation: url, 'allow-certificate-get': true });
    const done = bodyOf(await caller.post(String(made['finalize']), { csr: await csr('/CN=ap/O=A/C=US', usage) }));
    expect(done['status']).toBe('valid');
    expect((await place.transport({ method: 'GET', url: String(done['certificate']) })).status).toBe(200);
    const { order } = await place.issued(caller);
    expect(reasonIn(await place.transport({ method: 'GET', url: String(order['certificate']) }))).toBe('not-found');
  });

  test('is for the list of its template, within what is granted, and for no other AP', async () => {
    expect(reasonIn(await place.order(caller, { delegation: url }, tnValue('12025550100')))).toBe('not-granted');
    expect(reasonIn(await place.order(caller, { delegation: `${url}x` }))).toBe('delegation-unknown');
    place.grant('b.example', [{ start: RANGE[0], count: RANGE[1] }]);
    const other = await place.enrolled('b.example');
    expect(fault(await place.order(other, { delegation: url }))).toEqual(['delegation-unknown', 'unknownDelegation', 403]);
    place.desk.grants.delete('a.example');
    expect(reasonIn(await place.order(caller, { delegation: url }))).toBe('not-granted');
  });

  test('holds the request to its template', async () => {
    const { finalize } = bodyOf(await place.order(caller, { delegation: url })) as { finalize: string };
    const mismatches = ['/CN=ap', '/CN=other/O=A', '/O=A', '/CN=ap/O=A/OU=x', '/CN=ap/O=A/O=B', '/CN=ap/O=A/serialNumber=1'];
    for (const subject of mismatches) {
      const refused = await caller.post(finalize, { csr: await csr(subject, usage) });
      expect([subject, fault(refused)]).toEqual([subject, ['csr-template-mismatch', 'badCSR', 400]]);
    }
    expect(reasonIn(await caller.post(finalize, { csr: await csr('/CN=ap/O=A') }))).toBe('csr-template-mismatch');
    expect(reasonIn(await caller.post(finalize, { csr: await csr('/CN=ap/O=A', 'keyUsage = critical,keyCertSign') }))).toBe(
      'csr-template-mismatch',
    );
    expect(reasonIn(await caller.post(finalize, { csr: await csr('/CN=ap/O=A', usage, 'subjectAltName = DNS:a.example') }))).toBe(
      'csr-extension-not-allowed',
    );
    expect(reasonIn(await caller.post(finalize, { csr: await csr('/CN=ap/O=A', usage, 'basicConstraints = critical,CA:TRUE') }))).toBe(
      'authority-token-ca',
    );
    expect((await caller.post(finalize, { csr: await csr('/CN=ap/O=A', usage) })).status).toBe(200);
  });

  test('that is taken back ends its orders, and what is renewed under it', async () => {
    const renewal = { 'auto-renewal': { 'end-date': at(place.now + 10 * DAY), lifetime: DAY } };
    const open = bodyOf(await place.order(caller, { delegation: url }));
    const renewed = bodyOf(await place.order(caller, { delegation: url, ...renewal }));
    await caller.post(String(renewed['finalize']), { csr: await csr('/CN=ap/O=A', usage) });
    place.delegations.length = 0;
    expect(reasonIn(await caller.post(String(open['finalize']), { csr: await csr('/CN=ap/O=A', usage) }))).toBe('delegation-unknown');
    pass(DAY / 2);
    expect((await place.server.turn()).canceled).toHaveLength(1);
  });

  test('is not made of a template that asks for what this desk does not give', () => {
    const wrong: unknown[] = [
      { ...template, keyTypes: [] },
      { ...template, keyTypes: [{ PublicKeyType: 'rsaEncryption', PublicKeyLength: 2048, SignatureType: 'sha256WithRSAEncryption' }] },
      { ...template, extensions: { TNAuthList: VALUE, extendedKeyUsage: ['serverAuth'] } },
      { ...template, extensions: {} },
      { ...template, more: 1 },
    ];
    for (const one of wrong) expect(reasonOf(() => parseCsrTemplate(one))).toBe('malformed-request');
    expect(reasonOf(() => parseCsrTemplate({ ...template, extensions: { TNAuthList: 'MAA' } }))).toBe('identifier-malformed');
    const parsed: CsrTemplate = parseCsrTemplate(template);
    expect(parsed.extensions.TNAuthList).toBe(VALUE);
  });
});

describe('the token authority', () => {
  const url = `${ORIGIN}/at/account/a.example/token`;
  const wish = (more: Json = {}): Json => ({
    tktype: 'TNAuthList',
    tkvalue: VALUE,
    ca: false,
    fingerprint: caller.key.fingerprint,
    ...more,
  });
  const ask = (body: unknown, client: string | null = 'a.example'): Promise<Got> => {
    place.client = client;
    return place.transport({ method: 'POST', url, type: 'application/json', body: JSON.stringify(body) });
  };

  test('gives one AP only so many an hour, by whichever way it asks, and leaves those of others alone', async () => {
    const strict = await new AcmePlace().open({ tokensPerHour: 2 });
    strict.grant('b.example', [{ start: RANGE[0], count: RANGE[1] }]);
    const [client, other] = [await strict.enrolled(), await strict.enrolled('b.example')];
    const sign = (by: AcmeCaller, domain: string): Promise<Got> => by.post(`${ORIGIN}/at/account/${domain}/token`, { atc: wish() });
    strict.client = 'a.example';
    const body = JSON.stringify({ atc: wish() });
    expect((await strict.transport({ method: 'POST', url, type: 'application/json', body })).status).toBe(200);
    expect((await sign(client, 'a.example')).status).toBe(200);
    const lines = strict.journal.entries.length;
    expect(fault(await sign(client, 'a.example'))).toEqual(['rate-limited', 'rateLimited', 429]);
    expect(strict.journal.entries).toHaveLength(lines);
    expect((await sign(other, 'b.example')).status).toBe(200);
    strict.now += HOUR;
    client.nonce = null;
    expect((await sign(client, 'a.example')).status).toBe(200);
  });

  test('gives an AP a token for what it is granted, in either spelling, by certificate or by account', async () => {
    const bySigned = await caller.post(url, { atc: wish() });
    for (const got of [await ask({ atc: wish() }), await ask(wish()), bySigned]) {
      expect(got.status).toBe(200);
      const order = bodyOf(await place.order(caller));
      const { token } = bodyOf(got) as { token: string };
      const { exp = 0 } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as { exp?: number };
      expect(exp - place.now).toBeLessThanOrEqual(600);
      expect(bodyOf(await caller.post(await place.challengeOf(caller, order), { tkauth: token }))['status']).toBe('valid');
    }
  });

  test('refuses with 403 whoever is not the AP of the URL', async () => {
    for (const client of [null, 'b.example']) expect(fault(await ask(wish(), client))).toEqual(['account-mismatch', 'unauthorized', 403]);
    const other = await place.enrolled('b.example');
    expect(fault(await other.post(url, { atc: wish() }))).toEqual(['account-mismatch', 'unauthorized', 403]);
    // A certificate of the right AP does not stand for a wrong signature.
    place.client = 'a.example';
    expect(reasonIn(await caller.post(url, { atc: wish() }, { key: await Key.make() }))).toBe('jws-signature-wrong');
  });

  test('refuses with 403 what is not granted now, a CA among it', async () => {
    const notGranted = ['not-granted', 'rejectedIdentifier', 403];
    expect(fault(await ask(wish({ tkvalue: tnValue(['12025550100', 101]) })))).toEqual(notGranted);
    expect(fault(await ask(wish({ ca: true })))).toEqual(notGranted);
    place.grant('a.example', [{ start: RANGE[0], count: RANGE[1] }], true);
    expect((await ask(wish({ ca: true }))).status).toBe(200);
    place.desk.grants.delete('a.example');
    expect(fault(await ask(wish()))).toEqual(notGranted);
  });

  test('refuses what is no such request', async () => {
    const wrong = [
      {},
      wish({ tktype: 'TnAuthList' }),
      wish({ fingerprint: 'SHA256 00' }),
      wish({ ca: 'no' }),
      wish({ exp: 1 }),
      { atc: wish(), ca: true },
    ];
    for (const body of wrong) expect(fault(await ask(body))).toEqual(['malformed-request', 'malformed', 400]);
    expect(reasonIn(await ask(wish({ tkvalue: 'MAA' })))).toBe('identifier-malformed');
  });
});

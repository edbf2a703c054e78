import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { parseCertificate } from '../../../src/x509/index.js';
import { decodePem } from '../../../src/encoding/index.js';
import {
  Key,
  bodyOf,
  opensslCsr,
  reasonIn,
  tnExtension,
  tnListDer,
  tnValue,
  typeIn,
  type AcmeCaller,
  type Got,
  type Json,
} from '../../support/acme-client.js';
import { AcmePlace, LIST, RANGE, SPC, VALUE } from '../../support/acme-place.js';

const DAY = 86_400;
let place: AcmePlace;
let caller: AcmeCaller;
beforeAll(async () => {
  place = await new AcmePlace().open({ ordersPerHour: 10_000, pendingOrders: 10_000 });
  caller = await place.enrolled();
});
beforeEach(() => {
  caller.nonce = null;
});

const fault = (got: Got): unknown => (got.status < 400 ? null : [reasonIn(got), typeIn(got), got.status]);
const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
const validityOf = (pem: string): readonly number[] => {
  const { notBefore, notAfter } = parseCertificate(decodePem(pem)[0]?.der ?? Buffer.alloc(0));
  return [notBefore - place.now, notAfter - place.now];
};

describe('an order', () => {
  const ordered = (identifiers: unknown, more: Json = {}): Promise<Got> => caller.post(caller.url('newOrder'), { identifiers, ...more });
  const list = (value: string): Json => ({ type: 'TNAuthList', value });

  test('is for one TNAuthList within what is granted', async () => {
    const within = [VALUE, tnValue('12025550100'), tnValue('12025550199'), tnValue(['12025550110', 5], '12025550150')];
    for (const value of within) expect(fault(await ordered([list(value)]))).toBeNull();
    expect(fault(await ordered([list(VALUE), list(tnValue('12025550100'))]))).toEqual(['malformed-request', 'malformed', 400]);
    for (const identifiers of [[], 'x', [{ type: 'TNAuthList' }]]) expect(reasonIn(await ordered(identifiers))).toBe('malformed-request');
  });

  test('is refused beyond what is granted, and beside it', async () => {
    const beyond = [
      tnValue('12025550099'),
      tnValue('12025550200'),
      tnValue(['12025550100', 101]),
      tnValue('120255501000'),
      tnValue(RANGE, SPC),
    ];
    for (const value of beyond) expect(fault(await ordered([list(value)]))).toEqual(['not-granted', 'rejectedIdentifier', 403]);
  });

  test('never has an SPC, which is the provider’s own', async () => {
    for (const value of [tnValue(SPC), tnValue('505X'), tnValue(SPC, '12025550100')])
      expect(fault(await ordered([list(value)]))).toEqual(['not-granted', 'rejectedIdentifier', 403]);
  });

  test('is for no longer than the grant allows, and gets no more where it does not say', async () => {
    place.grant('short.example', [{ start: RANGE[0], count: RANGE[1] }], false, 3600);
    const client = await place.enrolled('short.example');
    expect(fault(await place.order(client, { notAfter: at(place.now + 3601) }))).toEqual(['not-granted', 'rejectedIdentifier', 403]);
    expect(fault(await place.order(client, { notAfter: at(place.now + 3600) }))).toBeNull();
    expect(validityOf((await place.issued(client)).pem)).toEqual([0, 3600]);
  });

  test('is refused to an AP that was granted nothing, or nothing any more', async () => {
    const client = await place.enrolled('nobody.example');
    expect(fault(await place.order(client))).toEqual(['not-granted', 'rejectedIdentifier', 403]);
    place.grant('nobody.example', [{ start: RANGE[0], count: RANGE[1] }]);
    expect(fault(await place.order(client))).toBeNull();
    place.desk.grants.delete('nobody.example');
    expect(reasonIn(await place.order(client))).toBe('not-granted');
  });

  test('is refused with a list that is none, or another spelling of one', async () => {
    const implicit = Buffer.from(tnListDer('12025550100'));
    implicit[2] = 0x82;
    const wrong = [
      '',
      'no base64!',
      `${VALUE}=`,
      implicit.toString('base64url'),
      Buffer.concat([LIST, Buffer.from([0])]).toString('base64url'),
      'MAA',
    ];
    for (const value of wrong) expect(fault(await ordered([list(value)]))).toEqual(['identifier-malformed', 'malformed', 400]);
  });

  test('has one spelling for the same numbers: sorted and merged', async () => {
    const others = [
      tnValue('12025550101', '12025550100'),
      tnValue('12025550100', '12025550101'),
      tnValue('12025550100', '12025550100'),
      tnValue(['12025550100', 10], ['12025550105', 10]),
    ];
    for (const value of others) expect(fault(await ordered([list(value)]))).toEqual(['identifier-malformed', 'malformed', 400]);
    expect(fault(await ordered([list(tnValue(['12025550100', 2]))]))).toBeNull();
  });

  test('is told what is wrong with each of several identifiers', async () => {
    const dns = { type: 'dns', value: 'a.example' };
    expect(fault(await ordered([dns]))).toEqual(['identifier-not-supported', 'unsupportedIdentifier', 400]);
    const refused = bodyOf(await ordered([dns, list(tnValue('12025550200')), list(VALUE)]));
    expect(refused['type']).toBe('urn:ietf:params:acme:error:compound');
    expect(refused['subproblems']).toMatchObject([
      { type: 'urn:ietf:params:acme:error:unsupportedIdentifier', reason: 'identifier-not-supported', identifier: dns },
      { type: 'urn:ietf:params:acme:error:rejectedIdentifier', reason: 'not-granted' },
    ]);
  });

  test('is never for a time that has passed, nor for longer than is given', async () => {
    const { now } = place;
    const wrong: Json[] = [
      { notBefore: at(now - 1) },
      { notAfter: at(now) },
      { notBefore: at(now + 60), notAfter: at(now + 60) },
      { notAfter: at(now + 91 * DAY) },
      { notBefore: at(now + 91 * DAY) },
    ];
    for (const times of wrong) expect(fault(await place.order(caller, times))).toEqual(['validity-not-allowed', 'malformed', 400]);
    expect(reasonIn(await place.order(caller, { notBefore: '2026-11-24' }))).toBe('malformed-request');
    for (const times of [{ notBefore: at(now) }, { notAfter: at(now + 90 * DAY) }])
      expect(fault(await place.order(caller, times))).toBeNull();
  });

  test('gives the times that it was for, or from the moment of issuing on', async () => {
    const { now } = place;
    expect(validityOf((await place.issued(caller)).pem)).toEqual([0, DAY]);
    const ahead = await place.issued(caller, { notBefore: at(now + 60), notAfter: at(now + 3600) });
    expect(validityOf(ahead.pem)).toEqual([60, 3600]);
    const { order } = await place.ready(caller, { notBefore: at(now + 60), notAfter: at(now + 3600) });
    place.now += 120;
    const done = bodyOf(await caller.post(String(order['finalize']), { csr: await place.csr() }));
    expect(validityOf((await caller.post(String(done['certificate']), '')).text)).toEqual([0, 3480]);
    const late = await place.ready(caller, { notAfter: at(place.now + 60) });
    place.now += 61;
    expect(reasonIn(await caller.post(String(late.order['finalize']), { csr: await place.csr() }))).toBe('validity-not-allowed');
  });

  test('is not for later what a grant’s longest lifetime is too short for: what is granted is judged to the end, not from the beginning', async () => {
    const strict = await new AcmePlace().open();
    strict.grant('a.example', [{ start: RANGE[0], count: RANGE[1] }], false, DAY);
    const client = await strict.enrolled();
    const { now } = strict;
    const [lead, end] = [{ notBefore: at(now + DAY) }, { notAfter: at(now + DAY + 1) }];
    for (const times of [end, { ...lead, ...end }, { notBefore: at(now + DAY + 1) }])
      expect(fault(await strict.order(client, times))).toEqual(['not-granted', 'rejectedIdentifier', 403]);
    const renewal = { 'start-date': at(now + 1), 'end-date': at(now + 10 * DAY), lifetime: DAY };
    expect(reasonIn(await strict.order(client, { 'auto-renewal': renewal }))).toBe('not-granted');
    expect(fault(await strict.order(client, { 'auto-renewal': { ...renewal, lifetime: DAY - 1 } }))).toBeNull();
    // Without an end it has the usual one, which is judged when it is issued.
    const { order } = await strict.ready(client, { notBefore: at(now + 60) });
    const csr = await strict.csr();
    expect(reasonIn(await client.post(String(order['finalize']), { csr }))).toBe('not-granted');
    strict.now += 60;
    expect((await client.post(String(order['finalize']), { csr })).status).toBe(200);
    expect(fault(await strict.order(client, { notBefore: at(strict.now + 60), notAfter: at(strict.now + DAY) }))).toBeNull();
  });

  test('runs out', async () => {
    const made = await place.order(caller);
    const { order, url } = await place.ready(caller);
    place.now += DAY;
    caller.nonce = null;
    expect((await caller.read(url))['status']).toBe('invalid');
    expect((await caller.read((order['authorizations'] as string[])[0] ?? ''))['status']).toBe('expired');
    expect((await caller.read(made.headers.get('location') ?? ''))['status']).toBe('invalid');
    expect(reasonIn(await caller.post(String(order['finalize']), { csr: await place.csr() }))).toBe('order-not-ready');
  });

  test('is invalid once its authorization was given up', async () => {
    const { order, url } = await place.ready(caller);
    await caller.post((order['authorizations'] as string[])[0] ?? '', { status: 'deactivated' });
    expect((await caller.read(url))['status']).toBe('invalid');
    expect(reasonIn(await caller.post(String(order['finalize']), { csr: await place.csr() }))).toBe('order-not-ready');
  });

  test('is seen, finalized and its certificate fetched by its own account alone', async () => {
    const other = await place.enrolled();
    const { order, url } = await place.ready(caller);
    for (const at of [url, (order['authorizations'] as string[])[0] ?? ''])
      expect(reasonIn(await other.post(at, ''))).toBe('account-mismatch');
    expect(reasonIn(await other.post(String(order['finalize']), { csr: await place.csr() }))).toBe('account-mismatch');
    const done = bodyOf(await caller.post(String(order['finalize']), { csr: await place.csr() }));
    expect(reasonIn(await other.post(String(done['certificate']), ''))).toBe('account-mismatch');
    expect((await caller.post(String(done['certificate']), '')).status).toBe(200);
    expect(reasonIn(await caller.post(`${url}x`, ''))).toBe('not-found');
    // POST-as-GET is empty; an object is another request.
    expect(reasonIn(await caller.post(String(done['certificate']), {}))).toBe('malformed-request');
  });

  test('waits when there are too many, in an hour or open at once', async () => {
    const strict = await new AcmePlace().open({ ordersPerHour: 3, pendingOrders: 2 });
    const client = await strict.enrolled();
    await strict.order(client);
    await strict.ready(client);
    expect(fault(await strict.order(client))).toEqual(['rate-limited', 'rateLimited', 429]);
    const orders = (await client.read(`${client.kid}/orders`))['orders'] as string[];
    const open = await client.read(orders[0] ?? '');
    await client.post((open['authorizations'] as string[])[0] ?? '', { status: 'deactivated' });
    strict.now += 1200;
    expect(fault(await strict.order(client))).toBeNull();
    const refused = await strict.order(client);
    expect([reasonIn(refused), Number(refused.headers.get('retry-after'))]).toEqual(['rate-limited', 2400]);
  });
});

describe('finalize', () => {
  const csr = async (extensions: readonly string[], more: { key?: Key; pem?: string; digest?: string } = {}): Promise<string> =>
    (await opensslCsr({ ...more, extensions })).toString('base64url');
  const finalized = async (text: string, atc: Json = {}): Promise<Got> => {
    const { order } = await place.ready(caller, {}, atc);
    return await caller.post(String(order['finalize']), { csr: text });
  };
  const refused = async (text: string, atc: Json = {}): Promise<unknown> => {
    const got = await finalized(text, atc);
    return got.status < 400 ? null : [reasonIn(got), typeIn(got)];
  };

  test('takes a request for the list alone, and for no CA', async () => {
    expect(await refused(await csr([tnExtension(LIST)]))).toBeNull();
    expect(await refused(await csr([tnExtension(LIST), 'basicConstraints = critical,CA:FALSE']))).toBeNull();
  });

  test('refuses another list, a longer one, none, two, or a critical one', async () => {
    const mismatch = ['csr-identifier-mismatch', 'badCSR'];
    expect(await refused(await csr([tnExtension(tnListDer('12025550100'))]))).toEqual(mismatch);
    expect(await refused(await csr([tnExtension(tnListDer(RANGE, '12025550200'))]))).toEqual(mismatch);
    expect(await refused(await csr([]))).toEqual(mismatch);
    expect(await refused(await csr([tnExtension(LIST).replace('DER', 'critical,DER')]))).toEqual(mismatch);
  });

  test('refuses whatever else is asked for', async () => {
    const others = [
      'subjectAltName = DNS:a.example',
      'keyUsage = keyCertSign',
      'basicConstraints = critical,CA:TRUE,pathlen:3',
      '1.2.3.4 = DER:0500',
    ];
    for (const other of others)
      expect(await refused(await csr([tnExtension(LIST), other]))).toEqual(['csr-extension-not-allowed', 'badCSR']);
  });

  test('refuses an extension that stands twice, of which two readers would take one each', async () => {
    const twice = await csr([tnExtension(LIST), '2.5.29.19 = critical,DER:3000', 'basicConstraints = critical,CA:TRUE']);
    expect(await refused(twice)).toEqual(['csr-extension-not-allowed', 'badCSR']);
  });

  test('refuses another kind of key, the account’s own, and a request that is not signed with its key', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(await refused(await csr([tnExtension(LIST)], { pem, digest: 'sha384' }))).toEqual(['csr-key-not-allowed', 'badCSR']);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(await refused(await csr([tnExtension(LIST)], { pem: rsa }))).toEqual(['csr-key-not-allowed', 'badCSR']);
    expect(await refused(await csr([tnExtension(LIST)], { key: caller.key }))).toEqual(['csr-key-of-account', 'badCSR']);
    const broken = await opensslCsr({ extensions: [tnExtension(LIST)] });
    // In the name, which is signed.
    broken[broken.indexOf('ap')] = 'A'.charCodeAt(0);
    expect(await refused(broken.toString('base64url'))).toEqual(['csr-signature-wrong', 'badCSR']);
  });

  test('refuses what is no request', async () => {
    for (const text of ['', 'MAA', '!', (await csr([tnExtension(LIST)])).slice(0, -4)]) {
      expect(await refused(text)).toEqual(['csr-malformed', 'badCSR']);
    }
    const { order } = await place.ready(caller);
    expect(reasonIn(await caller.post(String(order['finalize']), {}))).toBe('malformed-request');
  });

  test('leaves a refused order ready for a better request', async () => {
    const { order, url } = await place.ready(caller);
    expect(reasonIn(await caller.post(String(order['finalize']), { csr: await csr([]) }))).toBe('csr-identifier-mismatch');
    expect((await caller.read(url))['status']).toBe('ready');
    expect((await caller.post(String(order['finalize']), { csr: await place.csr() })).status).toBe(200);
    expect(reasonIn(await caller.post(String(order['finalize']), { csr: await place.csr() }))).toBe('order-not-ready');
  });

  test('is refused before the challenge is met', async () => {
    const order = bodyOf(await place.order(caller));
    expect(fault(await caller.post(String(order['finalize']), { csr: await place.csr() }))).toEqual([
      'order-not-ready',
      'orderNotReady',
      403,
    ]);
  });

  test('step 9: gives a CA only by a token that grants one, and then nothing else', async () => {
    const asCa = await csr([tnExtension(LIST), 'basicConstraints = critical,CA:TRUE']);
    place.grant('a.example', [{ start: RANGE[0], count: RANGE[1] }], true);
    expect(await refused(asCa)).toEqual(['authority-token-ca', 'badCSR']);
    expect(await refused(await csr([tnExtension(LIST)]), { ca: true })).toEqual(['authority-token-ca', 'badCSR']);
    const done = bodyOf(await finalized(asCa, { ca: true }));
    const [leaf] = decodePem((await caller.post(String(done['certificate']), '')).text);
    expect(parseCertificate(leaf?.der ?? Buffer.alloc(0)).basicConstraints?.ca).toBe(true);
    place.grant('a.example', [{ start: RANGE[0], count: RANGE[1] }], false);
    // Whatever a token says, the provider does not grant it now.
    expect(await refused(asCa, { ca: true })).toEqual(['not-granted', 'rejectedIdentifier']);
  });

  test('gives only what is granted at that moment', async () => {
    const { order } = await place.ready(caller);
    place.grant('a.example', [{ start: '12025550150', count: 50 }]);
    expect(reasonIn(await caller.post(String(order['finalize']), { csr: await place.csr() }))).toBe('not-granted');
    place.grant('a.example', [{ start: RANGE[0], count: RANGE[1] }]);
    expect((await caller.post(String(order['finalize']), { csr: await place.csr() })).status).toBe(200);
  });

  test('says when the desk cannot be had, and issues later', async () => {
    const { order } = await place.ready(caller);
    place.desk.isBusy = true;
    const busy = await caller.post(String(order['finalize']), { csr: await place.csr() });
    expect([fault(busy), busy.headers.has('retry-after')]).toEqual([['overloaded', 'serverInternal', 503], true]);
    place.desk.isBusy = false;
    expect((await caller.post(String(order['finalize']), { csr: await place.csr() })).status).toBe(200);
  });
});

import { createPublicKey, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { AcmeClient, AcmeRefusal, ApiUnavailable, UnexpectedAnswer } from '../../src/client/index.js';
import { newKeyPair, type KeyPair } from '../../src/issuance/index.js';
import { parseCertificate } from '../../src/x509/index.js';
import { joseToken, newJti } from '../support/acme-client.js';
import { AcmeHost } from '../support/acme-host.js';
import { RANGE, VALUE, x5cOf } from '../support/acme-place.js';

const DAY = 86_400;
const NUMBERS = [{ start: RANGE[0], count: RANGE[1] }];
const host = new AcmeHost();
const { place } = host;
const open: AcmeClient[] = [];

const client = (accountKey: KeyPair = newKeyPair(), account?: string): AcmeClient => {
  const url = `${place.origin}/acme/directory`;
  const made = new AcmeClient({ url, ca: host.tls.ca, accountKey: accountKey.privateKey, ...(account === undefined ? {} : { account }) });
  open.push(made);
  return made;
};
const enrolled = async (accountKey?: KeyPair): Promise<AcmeClient> => {
  const made = client(accountKey);
  await made.enrol(place.print('a.example'), { contact: ['mailto:ops@a.example'] });
  return made;
};
const refusal = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    await work;
    return null;
  } catch (error) {
    if (error instanceof AcmeRefusal) return [error.reason, error.type, error.status];
    throw error;
  }
};

beforeAll(() => host.open());
beforeEach(() => place.grant('a.example', NUMBERS));
afterAll(async () => {
  for (const one of open) one.close();
  await host.close();
});

describe('an AP’s ACME client', () => {
  test('enrols with the printed key, obtains a credential for its own key, and revokes it', async () => {
    const made = await enrolled();
    const key = newKeyPair();
    const got = await made.obtain({ numbers: NUMBERS }, key);
    expect(got.path).toHaveLength(2);
    expect([got.notBefore, got.notAfter, got.star]).toEqual([place.now, place.now + DAY, null]);
    const [leaf = Buffer.alloc(0)] = got.path;
    expect(new X509Certificate(leaf).publicKey.equals(createPublicKey(key.privateKey))).toBe(true);
    await made.revoke(leaf, 1);
    expect(await refusal(made.revoke(leaf))).toEqual(['already-revoked', 'alreadyRevoked', 400]);
  });

  test('finds its account again by its key', async () => {
    const key = newKeyPair();
    const first = await enrolled(key);
    const second = client(key);
    expect(await second.enrol(place.print('a.example'))).toBe(first.account);
  });

  test('tells a refusal by its reason, at whatever step it comes', async () => {
    const stranger = client();
    expect(await refusal(stranger.enrol({ kid: newJti(), key: 'AAAA' }))).toEqual(['binding-wrong', 'unauthorized', 403]);
    const made = await enrolled();
    expect(await refusal(made.obtain({ numbers: [{ start: '12025550300', count: 1 }] }, newKeyPair()))).toEqual([
      'not-granted',
      'rejectedIdentifier',
      403,
    ]);
    expect(await refusal(made.obtain({ numbers: NUMBERS }, newKeyPair(), () => Promise.resolve('a.b.c')))).toEqual([
      'authority-token-malformed',
      'malformed',
      400,
    ]);
    await made.obtain({ numbers: NUMBERS }, newKeyPair());
  });

  test('answers a challenge with a token from elsewhere where it is told to', async () => {
    const made = await enrolled();
    const pem = place.own.key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const got = await made.obtain({ numbers: NUMBERS }, newKeyPair(), ({ value, fingerprint }) =>
      joseToken({
        pem,
        header: { alg: 'ES256', typ: 'JWT', x5c: x5cOf(place.own.path) },
        claims: { exp: place.now + 60, jti: newJti(), atc: { tktype: 'TNAuthList', tkvalue: value, ca: false, fingerprint } },
      }),
    );
    expect(got.path).toHaveLength(2);
  });

  test('tries once more when its nonce was too old', async () => {
    const made = await enrolled();
    place.now += 2 * 3600;
    expect((await made.obtain({ numbers: NUMBERS }, newKeyPair())).notBefore).toBe(place.now);
  });

  test('tells an outage from a refusal', async () => {
    const made = await enrolled();
    place.desk.isBusy = true;
    await expect(made.obtain({ numbers: NUMBERS }, newKeyPair())).rejects.toBeInstanceOf(ApiUnavailable);
    place.desk.isBusy = false;
    await made.obtain({ numbers: NUMBERS }, newKeyPair());
  });

  test('lets the provider renew, fetches what is newest, and cancels', async () => {
    const made = await enrolled();
    const key = newKeyPair();
    const got = await made.obtain({ numbers: NUMBERS, renewal: { lifetime: DAY, end: (place.now + 10 * DAY) * 1000 } }, key);
    place.now += DAY / 2;
    await place.server.turn();
    const next = await made.fetch(got.star ?? '', key, Buffer.from(VALUE, 'base64url'));
    expect(next.notBefore).toBe(place.now);
    await made.cancelRenewal(got.order);
    expect(await refusal(made.fetch(got.star ?? '', key, Buffer.from(VALUE, 'base64url')))).toEqual([
      'auto-renewal-canceled',
      'autoRenewalCanceled',
      403,
    ]);
  });

  test('goes on under another account key', async () => {
    const key = newKeyPair();
    const next = newKeyPair();
    const made = await enrolled(key);
    await made.changeKey(next.privateKey);
    expect(await refusal(client(key, made.account ?? '').obtain({ numbers: NUMBERS }, newKeyPair()))).toEqual([
      'jws-signature-wrong',
      'unauthorized',
      401,
    ]);
    await client(next, made.account ?? '').obtain({ numbers: NUMBERS }, newKeyPair());
  });

  test('takes no path that does not hold together', async () => {
    const made = await enrolled();
    const issue = place.desk.issue.bind(place.desk);
    const spy = jest
      .spyOn(place.desk, 'issue')
      .mockImplementation(async (order) => [...(await issue(order)).slice(0, 1), place.root.certificate]);
    await expect(made.obtain({ numbers: NUMBERS }, newKeyPair())).rejects.toBeInstanceOf(UnexpectedAnswer);
    spy.mockRestore();
    await made.obtain({ numbers: NUMBERS }, newKeyPair());
  });

  test('takes no certificate for another key or other numbers, and signs nothing for another server', async () => {
    const made = await enrolled();
    const key = newKeyPair();
    const got = await made.obtain({ numbers: NUMBERS, renewal: { lifetime: DAY, end: (place.now + DAY) * 1000 } }, key);
    const url = got.star ?? '';
    const value = Buffer.from(VALUE, 'base64url');
    await expect(made.fetch(url, newKeyPair(), value)).rejects.toBeInstanceOf(UnexpectedAnswer);
    await expect(made.fetch(url, key, value.subarray(1))).rejects.toBeInstanceOf(UnexpectedAnswer);
    await expect(made.fetch('https://elsewhere.example/acme/star/1', key, value)).rejects.toBeInstanceOf(UnexpectedAnswer);
    expect(parseCertificate((await made.fetch(url, key, value)).path[0] ?? value).notAfter).toBe(got.notAfter);
  });
});

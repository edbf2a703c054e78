import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  issueEndEntity,
  issueRevocationList,
  newKeyPair,
  pathOf,
  subjectName,
  type IssuedCredential,
  type RevokedEntry,
} from '../../src/issuance/index.js';
import type { GatewayHandle } from '../../src/main.js';
import { parseCertificate } from '../../src/x509/index.js';
import { OutsideGateway, TN, reasonOf, until } from '../support/outside-gateway.js';

const HOST = 'crl.sti.example';
const PLACE = `https://${HOST}/np.crl`;
const DAY = 86_400;

const outside = new OutsideGateway();
beforeAll(() => outside.open(HOST));
afterEach(() => outside.rest());
afterAll(() => outside.close());

const seconds = (): number => Math.floor(Date.now() / 1000);
const credential = ((): IssuedCredential => {
  const key = newKeyPair();
  const from = seconds() - 60;
  const parts = {
    subject: subjectName({ commonName: 'delegate' }),
    numbers: [{ tn: TN }],
    binding: { provider: 'a.example' },
    crl: { url: PLACE },
  };
  const certificate = issueEndEntity(outside.np, key.spki, parts, { random: randomBytes, notBefore: from, notAfter: from + 30 * DAY });
  return { path: pathOf(certificate, outside.np), key };
})();
const [endEntity = Buffer.alloc(0)] = credential.path;
const entry: RevokedEntry = { serial: parseCertificate(endEntity).serial, revokedAt: seconds() - 30 };

/** Has the host serve a CRL; null: none. */
const serve = (number: number | null, entries: readonly RevokedEntry[] = [], lifetime = DAY): void => {
  if (number === null) return void (outside.answer = null);
  const times = { thisUpdate: seconds() - 60 + number, nextUpdate: seconds() + lifetime };
  const crl = issueRevocationList(outside.np, { number, ...times, entries, url: PLACE });
  outside.answer = (_, response) => void response.end(crl);
};
const submit = (handle: GatewayHandle, passport = outside.passport(credential)) => outside.submit(handle, passport);
const outcome = async (handle: GatewayHandle, passport?: string): Promise<unknown> => {
  const reply = await submit(handle, passport);
  return reply.status < 300 ? reply.status : reasonOf(reply);
};

describe('a distribution point that a certificate names', () => {
  const start = (host = HOST): Promise<GatewayHandle> => outside.start(outside.pkiWith({ crlHosts: `[${host}]` }));

  test('is asked once, and the registration accepted in the same request', async () => {
    serve(1);
    const handle = await start();
    expect(await outcome(handle)).toBe(201);
    // A later second: a PASSporT of the same one might be ordered before.
    outside.ahead = 1;
    expect(await outcome(handle)).toBe(201);
    expect(outside.asked).toEqual(['/np.crl']);
  });

  test('that lists the certificate has it refused', async () => {
    serve(1, [entry]);
    const reply = await submit(await start());
    expect([reply.status, reasonOf(reply)]).toEqual([403, 'cert-revoked']);
  });

  test('that does not answer leaves the registration undecided, to be tried again', async () => {
    const handle = await start();
    const reply = await submit(handle);
    expect([reply.status, reasonOf(reply), Number(reply.headers['retry-after']) > 0]).toEqual([503, 'status-unavailable', true]);
    expect(handle.gateway.logSize).toBe(0);
    serve(1);
    outside.ahead = 60;
    expect(await outcome(handle)).toBe(201);
  });

  test('of a host that policy does not name is not asked', async () => {
    serve(1);
    expect(await outcome(await start('other.sti.example'))).toBe('status-unavailable');
    expect(outside.asked).toEqual([]);
  });

  test('is not asked for a PASSporT that its certificate did not sign', async () => {
    serve(1);
    const handle = await start();
    const signed = outside.passport(credential);
    const forged = `${signed.slice(0, signed.lastIndexOf('.') + 1)}${Buffer.alloc(64, 1).toString('base64url')}`;
    expect(await outcome(handle, forged)).toBe('status-unavailable');
    expect(outside.asked).toEqual([]);
    expect(await outcome(handle, signed)).toBe(201);
  });
});

describe('a CRL of crlSources', () => {
  const pki = (): string => {
    const copy = outside.pkiWith({ crlSources: `[{ url: "${PLACE}", everyMinutes: 10 }]`, crlSigners: '[np.pem]' });
    for (const name of readdirSync(join(copy, 'crls'))) if (!name.includes('delegate')) rmSync(join(copy, 'crls', name));
    return copy;
  };
  /** What is kept is saved first, and then in force. */
  const isInForce = (handle: GatewayHandle): boolean => handle.configuration.state().versions.revocation !== outside.atStart;
  const started = async (): Promise<GatewayHandle> => {
    const handle = await outside.start(pki());
    await until(() => isInForce(handle));
    return handle;
  };

  test('is fetched at the start, and again in time: what it newly revokes is refused at once', async () => {
    serve(1);
    const handle = await started();
    expect(await outcome(handle)).toBe(201);
    const { versions } = handle.configuration.state();
    serve(2, [entry]);
    outside.ahead = 11 * 60;
    await outside.tend();
    await until(() => handle.configuration.state().versions.revocation !== versions.revocation);
    expect(await outcome(handle)).toBe('cert-revoked');
  });

  test('is not let go back, and operators are told', async () => {
    serve(2, [entry]);
    const handle = await started();
    serve(1);
    outside.ahead = 11 * 60;
    await outside.tend();
    await until(() => handle.configuration.state().crls.fetches['rollback'] === 1);
    expect(handle.configuration.state().remarks.join()).toMatch(/rollback/);
    expect(await outcome(handle)).toBe('cert-revoked');
  });

  test('that has run out decides nothing more, and accepts nobody', async () => {
    serve(1, [], 3600);
    const handle = await started();
    serve(null);
    outside.ahead = 3601;
    expect(await outcome(handle)).toBe('status-unavailable');
    outside.ahead = 3500;
    expect(await outcome(handle)).toBe(201);
  });

  test('is missed in readiness until it is there, and from a restart on is there at once', async () => {
    const place = pki();
    for (const name of readdirSync(join(place, 'crls'))) rmSync(join(place, 'crls', name));
    const data = join(outside.directory, 'data-kept');
    const handle = await outside.start(place, data);
    expect(await outside.isReady(handle)).toBe(false);
    serve(1);
    outside.ahead = 60;
    await outside.tend();
    await until(() => outside.isReady(handle));
    await outside.rest();
    const again = await outside.start(place, data);
    expect(await outside.isReady(again)).toBe(true);
    expect(existsSync(join(data, 'crls'))).toBe(true);
  });
});

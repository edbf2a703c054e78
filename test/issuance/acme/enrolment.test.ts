import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodePem } from '../../../src/encoding/index.js';
import { verifyPath } from '../../../src/verification/index.js';
import { claimConstraintsOf, parseCertificate, permittedValuesOf } from '../../../src/x509/index.js';
import { bodyOf, reasonIn, type AcmeCaller, type Json } from '../../support/acme-client.js';
import { AcmePlace, LIST, ORIGIN, START, VALUE } from '../../support/acme-place.js';

const folder = mkdtempSync(join(tmpdir(), 'acme-enrolment-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a client of another make', () => {
  let place: AcmePlace;
  let caller: AcmeCaller;
  beforeAll(async () => {
    place = await new AcmePlace().open();
    caller = await place.caller();
  });

  test('makes its account with the key that the provider printed', async () => {
    const made = await caller.enrol(place.print('a.example'));
    expect(made.status).toBe(201);
    expect(bodyOf(made)).toMatchObject({ status: 'valid', orders: `${caller.kid}/orders`, delegations: `${caller.kid}/delegations` });
    const again = await place.caller();
    again.key = caller.key;
    const found = await again.post(again.url('newAccount'), { onlyReturnExisting: true });
    expect([found.status, found.headers.get('location')]).toEqual([200, caller.kid]);
  });

  test('is led from order to challenge, from challenge to certificate', async () => {
    const made = await place.order(caller);
    const order = bodyOf(made);
    expect([made.status, order['status'], order['identifiers']]).toEqual([201, 'pending', [{ type: 'TNAuthList', value: VALUE }]]);
    const authorization = await caller.read((order['authorizations'] as string[])[0] ?? '');
    const challenge = (authorization['challenges'] as Json[])[0] ?? {};
    expect([authorization['status'], challenge]).toMatchObject([
      'pending',
      { type: 'tkauth-01', 'tkauth-type': 'atc', 'token-authority': `${ORIGIN}/at/account/a.example/token`, status: 'pending' },
    ]);
    const answered = await caller.post(String(challenge['url']), { tkauth: await place.token(caller.key) });
    expect(bodyOf(answered)).toMatchObject({ status: 'valid', validated: new Date(START * 1000).toISOString().replace('.000Z', 'Z') });
    expect(answered.headers.get('link')).toBe(`<${(order['authorizations'] as string[])[0] ?? ''}>;rel="up"`);
    const url = made.headers.get('location') ?? '';
    expect((await caller.read(url))['status']).toBe('ready');
    const final = bodyOf(await caller.post(String(order['finalize']), { csr: await place.csr() }));
    expect(final['status']).toBe('valid');
    const chain = await caller.post(String(final['certificate']), '');
    expect(chain.headers.get('content-type')).toBe('application/pem-certificate-chain');
    const open = await place.transport({ method: 'GET', url: String(final['x5u']) });
    expect([open.status, open.text]).toEqual([200, chain.text]);
    expect(await caller.read(`${caller.kid}/orders`)).toEqual({ orders: [url] });
  });

  test('gets what verifiers accept: the ordered list, bound to its own domain, from now on', async () => {
    const { pem, key } = await place.issued(caller);
    const path = decodePem(pem).map(({ der }) => der);
    expect(path).toHaveLength(2);
    const answer = verifyPath({
      id: 'issued',
      path,
      anchors: [place.root.certificate],
      crls: [place.crl(place.root), place.crl(place.ca)],
      at: new Date(place.now * 1000).toISOString(),
      profile: 'delegate',
      revocation: 'required',
    });
    expect(answer).toEqual({ id: 'issued', accepted: true, reason: null, position: null });
    const certificate = parseCertificate(path[0] ?? Buffer.alloc(0));
    expect(Buffer.from(certificate.extensions.get('1.3.6.1.5.5.7.1.26')?.value ?? []).equals(LIST)).toBe(true);
    expect(permittedValuesOf(claimConstraintsOf(certificate) ?? ({ form: 'enhanced' } as never), 'provider')).toEqual(['a.example']);
    expect([certificate.notBefore, certificate.notAfter]).toEqual([place.now, place.now + 86_400]);
    expect(Buffer.from(certificate.publicKey.spki).equals(key.spki)).toBe(true);
    writeFileSync(join(folder, 'root.pem'), place.rootPem);
    writeFileSync(join(folder, 'ca.pem'), pem.slice(pem.indexOf('-----BEGIN', 10)));
    writeFileSync(join(folder, 'leaf.pem'), pem);
    const args = ['verify', '-x509_strict', '-attime', String(START), '-CAfile', 'root.pem', '-untrusted', 'ca.pem', 'leaf.pem'];
    expect(execFileSync('openssl', args, { cwd: folder, encoding: 'utf8' })).toBe('leaf.pem: OK\n');
  });

  test('renews by another order, revokes, and goes on under another key', async () => {
    const first = await place.issued(caller);
    place.now += 43_200;
    caller.nonce = null;
    const second = await place.issued(caller);
    expect(new X509Certificate(second.pem).serialNumber).not.toBe(new X509Certificate(first.pem).serialNumber);
    const certificate = new X509Certificate(first.pem).raw.toString('base64url');
    expect((await caller.post(caller.url('revokeCert'), { certificate, reason: 4 })).status).toBe(200);
    expect(place.desk.revoked).toHaveLength(1);
    expect(reasonIn(await caller.post(caller.url('revokeCert'), { certificate }))).toBe('already-revoked');
  });
});

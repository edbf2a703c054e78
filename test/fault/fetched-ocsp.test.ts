import { createPublicKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import * as pkijs from 'pkijs';
import { enhancedClaimConstraints, issueRevocationList, type IssuedCredential } from '../../src/issuance/index.js';
import type { GatewayHandle } from '../../src/main.js';
import { encodeTnAuthList, parseCertificate } from '../../src/x509/index.js';
import { OutsideGateway, TN, reasonOf } from '../support/outside-gateway.js';
import { authorityKeyId, extension, issueEndEntity, newEcKey, spkiOf, type Issued } from '../support/raw-certificate.js';
import { distributionPoints, url } from '../support/raw-crl.js';
import { UNKNOWN, certId, nonceOf, respond, respondsAt, revokedAt, single, tnQuery, type SingleParts } from '../support/raw-ocsp.js';

const HOST = 'ocsp.sti.example';
const WHERE = `https://${HOST}/ocsp`;
const CRL = `https://${HOST}/np.crl`;
const DAY = 86_400_000;

const outside = new OutsideGateway();
beforeAll(() => outside.open(HOST));
afterEach(() => outside.rest());
afterAll(() => outside.close());

/** The NP's CA as the raw writers take it. */
const npKey = { privateKey: outside.np.key.privateKey, publicKey: createPublicKey(outside.np.key.privateKey) };
const np: Issued = { der: outside.np.certificate, key: npKey, name: Buffer.from(outside.np.name) };

const issue = (extensions: Record<string, Buffer>): { issued: Issued; credential: IssuedCredential } => {
  const { oid, critical, value } = enhancedClaimConstraints({ provider: 'a.example' });
  const issued = issueEndEntity({
    issuer: np,
    subject: 'delegate',
    key: newEcKey(),
    extensions: {
      tnList: extension('1.3.6.1.5.5.7.1.26', encodeTnAuthList([{ tn: TN }])),
      constraints: extension(oid, value, critical),
      authorityKeyId: authorityKeyId(parseCertificate(np.der).subjectKeyIdentifier ?? Buffer.alloc(0)),
      ...extensions,
    },
    shape: { notBefore: new Date(Date.now() - DAY), notAfter: new Date(Date.now() + 30 * DAY) },
  });
  const key = { ...issued.key, spki: spkiOf(issued.key) };
  return { issued, credential: { path: [issued.der, np.der], key } };
};
const { issued, credential } = issue({ access: respondsAt(WHERE) });

interface Asked {
  readonly tn: string | null;
  readonly nonce: Buffer;
}
const asked: Asked[] = [];
afterEach(() => void asked.splice(0));

/** Reads a request with another decoder than the gateway's encoder. */
const readRequest = (body: Buffer): Asked => {
  const { tbsRequest } = pkijs.OCSPRequest.fromBER(Uint8Array.from(body).buffer);
  const query = tbsRequest.requestList[0]?.singleRequestExtensions?.[0]?.extnValue.valueBlock.valueHexView;
  const nonce = tbsRequest.requestExtensions?.[0]?.extnValue.valueBlock.valueHexView;
  return {
    tn: query === undefined ? null : Buffer.from(query).subarray(2).toString('latin1'),
    nonce: Buffer.from(nonce ?? []).subarray(2),
  };
};

interface Answer extends Partial<SingleParts> {
  readonly nonce?: (asked: Buffer) => Buffer | null;
  readonly contentType?: string;
}

/** Has the host answer as a responder that the NP runs itself. */
const answer = ({ nonce = (same) => same, contentType = 'application/ocsp-response', ...parts }: Answer = {}): void => {
  outside.answer = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const question = readRequest(Buffer.concat(chunks));
      asked.push(question);
      const echoed = nonce(question.nonce);
      const times = { thisUpdate: outside.now() - 60_000, nextUpdate: outside.now() + 600_000 };
      const whole = { ...times, extensions: [tnQuery(TN)], ...parts };
      const octets = respond(np, [single(certId(issued, np), whole)], { extensions: echoed === null ? [] : [nonceOf(echoed)] });
      response.writeHead(200, { 'Content-Type': contentType }).end(octets);
    });
  };
};

const start = (hosts = HOST, ocspSeconds = 3600): Promise<GatewayHandle> => {
  const pki = outside.pkiWith({ ocspHosts: `[${hosts}]` });
  const file = join(pki, 'policies/gateway.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/ocspSeconds: \d+/, `ocspSeconds: ${String(ocspSeconds)}`));
  return outside.start(pki);
};
const outcome = async (handle: GatewayHandle, passport = outside.passport(credential)): Promise<unknown> => {
  const reply = await outside.submit(handle, passport);
  return reply.status < 300 ? reply.status : reasonOf(reply);
};

describe('a responder that a certificate names', () => {
  test('is asked about the number, and the registration accepted in the same request', async () => {
    answer();
    const handle = await start();
    expect(await outcome(handle)).toBe(201);
    expect(asked.map(({ tn, nonce }) => [tn, nonce.length])).toEqual([[TN, 32]]);
  });

  test('is asked once until its answer runs out', async () => {
    answer();
    const handle = await start();
    for (const second of [0, 1, 2]) {
      outside.ahead = second;
      expect(await outcome(handle)).toBe(201);
    }
    expect(asked.length).toBe(1);
    outside.ahead = 601;
    expect(await outcome(handle)).toBe(201);
    expect(asked.length).toBe(2);
    expect(asked[0]?.nonce.equals(asked[1]?.nonce ?? Buffer.alloc(0))).toBe(false);
  });

  test.each([
    ['an hour, as shipped', 3600],
    ['as long as policy says', 600],
  ])('is asked again after %s, whatever nextUpdate it gives', async (_, seconds) => {
    answer({ nextUpdate: outside.now() + 7 * DAY });
    const handle = await start(HOST, seconds);
    expect(await outcome(handle)).toBe(201);
    outside.ahead = seconds - 2;
    expect(await outcome(handle)).toBe(201);
    expect(asked.length).toBe(1);
    answer({ status: revokedAt(Date.now() - 60_000, 1) });
    outside.ahead = seconds + 1;
    expect(await outcome(handle)).toBe('cert-revoked');
    expect(asked.length).toBe(2);
  });

  test('that says revoked has the registration refused', async () => {
    answer({ status: revokedAt(Date.now() - 60_000, 1) });
    expect(await outcome(await start())).toBe('cert-revoked');
  });

  test.each<[string, Answer]>([
    ['says unknown', { status: UNKNOWN }],
    ['does not confirm the number', { extensions: [] }],
    ['confirms another number', { extensions: [tnQuery('12025550101')] }],
    ['answers with another nonce', { nonce: () => Buffer.alloc(32) }],
    ['answers what has run out', { nextUpdate: Date.now() - 1000, thisUpdate: Date.now() - 60_000 }],
    ['answers with another type of content', { contentType: 'text/html' }],
  ])('that %s leaves the registration undecided', async (_, wrong) => {
    answer(wrong);
    const handle = await start();
    const reply = await outside.submit(handle, outside.passport(credential));
    expect([reply.status, reasonOf(reply), Number(reply.headers['retry-after']) > 0]).toEqual([503, 'status-unavailable', true]);
    expect(handle.gateway.logSize).toBe(0);
    answer();
    outside.ahead = 60;
    expect(await outcome(handle)).toBe(201);
  });

  test('may leave the nonce out', async () => {
    answer({ nonce: () => null });
    expect(await outcome(await start())).toBe(201);
  });

  test('of a host that policy does not name is not asked', async () => {
    answer();
    expect(await outcome(await start('other.sti.example'))).toBe('status-unavailable');
    expect(outside.asked).toEqual([]);
  });

  test('is told no number for a PASSporT that its certificate did not sign', async () => {
    answer();
    const handle = await start();
    const signed = outside.passport(credential);
    const forged = `${signed.slice(0, signed.lastIndexOf('.') + 1)}${Buffer.alloc(64, 1).toString('base64url')}`;
    expect(await outcome(handle, forged)).toBe('status-unavailable');
    expect(outside.asked).toEqual([]);
    expect(await outcome(handle, signed)).toBe(201);
  });

  test('is not asked where the CRL that the certificate names can be had', async () => {
    const both = issue({ access: respondsAt(WHERE), points: distributionPoints({ name: url(CRL) }) });
    const now = Math.floor(Date.now() / 1000);
    const crl = issueRevocationList(outside.np, { number: 1, thisUpdate: now - 60, nextUpdate: now + 3600, entries: [], url: CRL });
    outside.answer = (request, response) => void (request.url === '/np.crl' ? response.end(crl) : response.writeHead(500).end());
    const handle = await outside.start(outside.pkiWith({ ocspHosts: `[${HOST}]`, crlHosts: `[${HOST}]` }));
    expect(await outcome(handle, outside.passport(both.credential))).toBe(201);
    expect(outside.asked).toEqual(['/np.crl']);
  });
});

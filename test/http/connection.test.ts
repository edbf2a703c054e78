import { randomBytes } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Agent } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { encodePem } from '../../src/encoding/index.js';
import type { Submission } from '../../src/gateway/index.js';
import { singleDnsName } from '../../src/http/client-identity.js';
import { LIMITS } from '../../src/http/limits.js';
import { OID, issueRoot, newKeyPair, subjectName } from '../../src/issuance/index.js';
import {
  ACCEPTED,
  PRINCIPALS,
  ask,
  exchangeRaw,
  gatewayThat,
  openSocket,
  realClock,
  startSite,
  TlsPki,
  type Client,
  type TestSite,
} from '../support/http-site.js';

const tls = new TlsPki();
const client = tls.client([{ dns: 'a.example' }]);
let site: TestSite;

beforeAll(async () => {
  site = await startSite(tls);
});
afterAll(() => site.server.drain());

const lookupOf = (sii: string, as?: Client, agent?: Agent) => ({
  method: 'POST',
  path: '/v1/lookups',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ sii }),
  ...(as === undefined ? {} : { client: as }),
  ...(agent === undefined ? {} : { agent }),
});
const lookup = (port: number, as?: Client, agent?: Agent) => ask(port, tls.ca, lookupOf('tel:+12025550100', as, agent));
const reasonOf = (body: Buffer | string): unknown => (JSON.parse(body.toString()) as { reason?: unknown }).reason;

const foreignCa = () => {
  const now = Math.floor(Date.now() / 1000);
  return issueRoot(
    newKeyPair(),
    { subject: subjectName({ commonName: 'Foreign CA' }) },
    { random: randomBytes, notBefore: now - 60, notAfter: now + 3600 },
  );
};

describe('who a client is', () => {
  test.each<readonly [string, Client | undefined]>([
    ['no certificate', undefined],
    ['no name at all', tls.client([])],
    ['two dNSNames', tls.client([{ dns: 'a.example' }, { dns: 'b.example' }])],
    ['one dNSName twice', tls.client([{ dns: 'a.example' }, { dns: 'a.example' }])],
    ['a domain that is nobody', tls.client([{ dns: 'stranger.example' }])],
    ['a wildcard', tls.client([{ dns: '*.example' }])],
    ['a mailbox only', tls.client([{ mailbox: 'alice@a.example' }])],
    ['a name with a quoted second one', tls.client([{ dns: 'a.example, DNS:b.example' }])],
    ['a name cut by a zero octet', tls.client([{ dns: 'a.example\0.evil.example' }])],
    ['another authority', tls.client([{ dns: 'a.example' }], { issuer: foreignCa() })],
    ['a certificate that ran out', tls.client([{ dns: 'a.example' }], { notBefore: Math.floor(Date.now() / 1000) - 7200 })],
    ['a certificate from the future', tls.client([{ dns: 'a.example' }], { notBefore: Math.floor(Date.now() / 1000) + 3600 })],
    ["a server's certificate", tls.client([{ dns: 'a.example' }], { purpose: OID.serverAuth })],
  ])('%s: the handshake passes and the route answers 401', async (_name, as) => {
    const reply = await lookup(site.port, as);
    expect([reply.status, reasonOf(reply.body)]).toEqual([401, 'client-unknown']);
    expect((await ask(site.port, tls.ca, { path: '/healthz', ...(as === undefined ? {} : { client: as }) })).status).toBe(200);
  });

  test('exactly one known dNSName is the principal, whatever other kinds of name stand beside it', async () => {
    for (const names of [[{ dns: 'a.example' }], [{ dns: 'A.Example' }], [{ dns: 'a.example' }, { mailbox: 'ops@a.example' }]])
      expect((await lookup(site.port, tls.client(names))).status).toBe(200);
  });

  test('a name is read from DER alone: octets that are no certificate have none', () => {
    for (const octets of [Buffer.alloc(0), Buffer.from('3000', 'hex'), randomBytes(400)]) expect(singleDnsName(octets)).toBe(null);
  });

  test('a principal that policy drops is refused on the connection that it holds', async () => {
    let known = true;
    const other = await startSite(tls, { principalOf: (domain) => (known ? PRINCIPALS.get(domain) : undefined) });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const statuses = [(await lookup(other.port, client, agent)).status];
    known = false;
    statuses.push((await lookup(other.port, client, agent)).status);
    agent.destroy();
    await other.server.drain();
    expect(statuses).toEqual([200, 401]);
  });

  test('a certificate that runs out, and an authority that is dropped, end the identity of an open connection', async () => {
    let now = Date.now();
    const other = await startSite(tls, { clock: { ...realClock, now: () => now } });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const statuses = [(await lookup(other.port, client, agent)).status];
    now += 2 * 3600 * 1000;
    statuses.push((await lookup(other.port, client, agent)).status);
    now = Date.now();
    statuses.push((await lookup(other.port, client, agent)).status);
    other.server.useCredentials({ ...tls.server, clientAuthorities: tls.ca });
    statuses.push((await lookup(other.port, client, agent)).status);
    other.server.useCredentials({ ...tls.server, clientAuthorities: encodePem('CERTIFICATE', foreignCa().certificate) });
    statuses.push((await lookup(other.port, client, agent)).status);
    agent.destroy();
    statuses.push((await lookup(other.port, client)).status);
    await other.server.drain();
    expect(statuses).toEqual([200, 401, 200, 200, 401, 401]);
  });

  test('a session is never resumed: no ticket carries an old identity', async () => {
    const sessions: Buffer[] = [];
    const first = await openSocket(site.port, tls.ca, client);
    first.on('session', (session) => sessions.push(session));
    const ended = new Promise((resolve) => first.once('close', resolve));
    first.on('data', () => first.end());
    first.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await ended;
    for (const session of sessions) {
      const again = connectTls({ host: '127.0.0.1', port: site.port, ca: tls.ca, servername: 'localhost', session });
      await new Promise((resolve) => again.once('secureConnect', resolve));
      expect(again.isSessionReused()).toBe(false);
      again.destroy();
    }
  });
});

describe('the transport', () => {
  test('TLS 1.2 is refused, TLS 1.3 accepted', async () => {
    const versionOf = (maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<string | null> =>
      new Promise((resolve) => {
        const socket = connectTls({
          host: '127.0.0.1',
          port: site.port,
          ca: tls.ca,
          servername: 'localhost',
          minVersion: 'TLSv1.2',
          maxVersion,
        });
        socket.once('secureConnect', () => {
          resolve(socket.getProtocol());
          socket.destroy();
        });
        socket.once('error', () => resolve(null));
      });
    expect([await versionOf('TLSv1.2'), await versionOf('TLSv1.3')]).toEqual([null, 'TLSv1.3']);
  });

  test('plain text is refused without an answer', async () => {
    const socket = connectTcp(site.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (part: Buffer) => (answer += part.toString('latin1')));
    socket.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await closed;
    expect(answer).not.toContain('HTTP/1.1');
  });
});

describe('requests that two parsers could read as two', () => {
  const body = '{"sii":"tel:+12025550100"}';
  const head = (...fields: string[]): string => `POST /v1/lookups HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`;
  const TYPE = 'Content-Type: application/json';

  test.each([
    [
      'length and chunked together',
      head('Host: localhost', TYPE, `Content-Length: ${body.length}`, 'Transfer-Encoding: chunked') + '0\r\n\r\n',
    ],
    ['two lengths', head('Host: localhost', TYPE, 'Content-Length: 5', 'Content-Length: 26') + body],
    ['a list of lengths', head('Host: localhost', TYPE, 'Content-Length: 26, 26') + body],
    ['a signed length', head('Host: localhost', TYPE, 'Content-Length: +26') + body],
    ['chunked not last', head('Host: localhost', TYPE, 'Transfer-Encoding: chunked, identity') + body],
    ['an unknown transfer coding', head('Host: localhost', TYPE, 'Transfer-Encoding: xchunked') + body],
    ['space before the colon', head('Host: localhost', TYPE, 'Content-Length : 26') + body],
    ['a folded field', head('Host: localhost', TYPE, 'X-A: b\r\n c: d', `Content-Length: 26`) + body],
    ['a bare CR in a field', head('Host: localhost', TYPE, 'X-A: b\rc', 'Content-Length: 26') + body],
    ['a zero octet in a field', head('Host: localhost', TYPE, 'X-A: b\0c', 'Content-Length: 26') + body],
    ['no Host', head(TYPE, 'Content-Length: 26') + body],
    ['two Hosts', head('Host: localhost', 'Host: other', TYPE, 'Content-Length: 26') + body],
    ['one Host twice', head('Host: localhost', 'host: localhost', TYPE, 'Content-Length: 26') + body],
    ['a target that is no path', 'GET healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['a target with a raw quote', 'GET /health"z HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['a target with an octet that is not ASCII', 'GET /health\xffz HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['a percent sign without two hex digits', 'GET /v1/entries/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['an encoded octet that is not UTF-8', 'GET /v1/entries/%ff HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['the same behind a wildcard', 'GET /log/tile/%C0%AE/000 HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['the same where no route is', 'GET /%ff HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['a version that is not', 'GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n'],
    ['no HTTP', '\x16\x03\x01garbage\r\n\r\n'],
    ['an unknown expectation', 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nExpect: the-unexpected\r\nConnection: close\r\n\r\n'],
  ])('%s: 400, nosniff, and the connection ends', async (_name, text) => {
    const answer = await exchangeRaw(site.port, tls.ca, text, client);
    expect(answer.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 400']);
    expect(answer).toContain('X-Content-Type-Options: nosniff');
    expect(answer).toContain('"reason":"malformed-request"');
  });

  test('the accepted twin: one Host, one length, and the absolute form', async () => {
    const plain = head('Host: localhost', TYPE, 'Content-Length: 26', 'Connection: close') + body;
    expect(await exchangeRaw(site.port, tls.ca, plain, client)).toMatch(/^HTTP\/1\.1 200 /);
    const absolute = 'GET https://localhost/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    expect(await exchangeRaw(site.port, tls.ca, absolute)).toMatch(/^HTTP\/1\.1 200 /);
    const chunked = head('Host: localhost', TYPE, 'Transfer-Encoding: chunked', 'Connection: close') + `1a\r\n${body}\r\n0\r\n\r\n`;
    expect(await exchangeRaw(site.port, tls.ca, chunked, client)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('too many header octets are 431, CONNECT is 405', async () => {
    const large = `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: ${'a'.repeat(LIMITS.headerBytes)}\r\n\r\n`;
    expect(await exchangeRaw(site.port, tls.ca, large)).toMatch(/^HTTP\/1\.1 431 [^]*nosniff[^]*"reason":"too-large"/);
    const tunnel = 'CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n';
    expect(await exchangeRaw(site.port, tls.ca, tunnel)).toMatch(/^HTTP\/1\.1 405 [^]*nosniff[^]*"reason":"method-not-allowed"/);
  });

  test('a body that does not come is not waited for: the answer, and the connection ends', async () => {
    const answer = await exchangeRaw(site.port, tls.ca, head('Host: localhost', TYPE, 'Content-Length: 26') + body.slice(0, 10));
    expect(answer).toMatch(/^HTTP\/1\.1 401 [^]*"reason":"client-unknown"/);
  });

  test('a large body is answered before it is read to its end', async () => {
    const text = head('Host: localhost', TYPE, 'Content-Length: 1000000000') + 'x'.repeat(1000);
    const answer = await exchangeRaw(site.port, tls.ca, text, client);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('Connection: close');
  });
});

/** A gateway whose submissions wait until the test lets them go. */
const heldGateway = () => {
  const waiting: (() => void)[] = [];
  let arrived = (): void => undefined;
  const submit = (): Promise<Submission> =>
    new Promise((resolve) => {
      waiting.push(() => resolve(ACCEPTED));
      arrived();
    });
  return {
    gateway: gatewayThat({ submit }),
    letGo: () => waiting.splice(0).forEach((go) => go()),
    /** Resolves once `count` submissions wait. */
    full: async (count: number) => {
      while (waiting.length < count) await new Promise<void>((resolve) => (arrived = resolve));
    },
  };
};

const submission = (as: Client) => ({
  method: 'POST',
  path: '/v1/passports',
  headers: { 'Content-Type': 'application/passport' },
  body: 'good',
  client: as,
});

describe('too much at once', () => {
  test('sheds submissions and lookups with Retry-After, giving up mappings last, and health never', async () => {
    const held = heldGateway();
    const limits = { inFlight: 3, inFlightPerClient: 2, inFlightReserve: 1, linesInAll: 10 };
    const other = await startSite(tls, { gateway: held.gateway, limits });
    const others = tls.client([{ dns: 'np.example' }]);
    const pending = [0, 1].map(() => ask(other.port, tls.ca, submission(client)));
    await held.full(2);
    const perClient = await lookup(other.port, client);
    expect([perClient.status, reasonOf(perClient.body), perClient.headers['retry-after']]).toEqual([503, 'overloaded', '1']);
    pending.push(ask(other.port, tls.ca, submission(others)));
    await held.full(3);
    expect((await ask(other.port, tls.ca, submission(others))).status).toBe(503);
    expect((await ask(other.port, tls.ca, { path: '/v1/reasons' })).status).toBe(503);
    expect((await ask(other.port, tls.ca, { path: '/readyz' })).status).toBe(200);
    const withdrawal = JSON.stringify({ sii: 'tel:+12025550100', ssi: 'mimi://a.example/u/alice' });
    const given = await ask(other.port, tls.ca, { ...lookupOf('', client), path: '/v1/withdrawals', body: withdrawal });
    expect(given.status).toBe(200);
    held.letGo();
    expect((await Promise.all(pending)).map((reply) => reply.status)).toEqual([201, 201, 201]);
    expect((await lookup(other.port, client)).status).toBe(200);
    await other.server.drain();
  });

  test("strangers who are slow to send a body that was refused take nobody's place", async () => {
    const other = await startSite(tls, { limits: { inFlight: 2, inFlightPerClient: 2, inFlightReserve: 0, linesInAll: 10 } });
    const strangers = await Promise.all([1, 2, 3].map(() => openSocket(other.port, tls.ca)));
    for (const stranger of strangers) {
      stranger.write(
        'POST /v1/passports HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/passport\r\nContent-Length: 1000\r\n\r\n',
      );
      const answer = await new Promise<Buffer>((resolve) => stranger.once('data', resolve));
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 401 /);
    }
    expect((await lookup(other.port, client)).status).toBe(200);
    for (const stranger of strangers) stranger.destroy();
    await other.server.drain();
  });
});

describe('drain', () => {
  test('is not ready at once, takes nothing new, finishes what is in flight and closes idle connections', async () => {
    const held = heldGateway();
    const other = await startSite(tls, { gateway: held.gateway });
    const idle = await openSocket(other.port, tls.ca, client);
    const idleClosed = new Promise((resolve) => idle.once('close', resolve));
    const agent = new Agent({ keepAlive: true });
    expect((await lookup(other.port, client, agent)).status).toBe(200);
    const pending = ask(other.port, tls.ca, submission(client));
    await held.full(1);
    const drained = other.server.drain();
    const ready = await ask(other.port, tls.ca, { path: '/readyz' });
    expect([ready.status, reasonOf(ready.body), ready.headers.connection]).toEqual([503, 'draining', 'close']);
    expect((await ask(other.port, tls.ca, { path: '/healthz' })).status).toBe(200);
    const refused = await lookup(other.port, client, agent);
    expect([refused.status, reasonOf(refused.body)]).toEqual([503, 'draining']);
    await idleClosed;
    held.letGo();
    expect((await pending).status).toBe(201);
    await drained;
    agent.destroy();
    await expect(openSocket(other.port, tls.ca)).rejects.toThrow();
  });
});

import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TlsPki, ask, gatewayThat, startSite, type Ask, type Reply, type TestSite } from '../support/http-site.js';

const tls = new TlsPki();
const INDEX = Buffer.from('<!doctype html><title>audit</title>'.repeat(20));
const SCRIPT = Buffer.from('console.log(1)');
const BUNDLE = Buffer.from('an entry '.repeat(500));
const PAGE = new Map([
  ['index.html', INDEX],
  ['assets/main-abc.js', SCRIPT],
]);
let built: TestSite;
let unbuilt: TestSite;

beforeAll(async () => {
  built = await startSite(tls, { auditPage: PAGE, gateway: gatewayThat({ logFile: async () => BUNDLE }) });
  unbuilt = await startSite(tls);
});
afterAll(() => Promise.all([built.server.drain(), unbuilt.server.drain()]));

const call = (path: string, headers: Ask['headers'] = {}, at: TestSite = built): Promise<Reply> => ask(at.port, tls.ca, { path, headers });

describe('the page of the auditor', () => {
  test('is given to who has no client certificate, under a policy that lets nothing else in', async () => {
    const { status, headers, body } = await call('/audit/');
    expect({ status, type: headers['content-type'], sniff: headers['x-content-type-options'] }).toEqual({
      status: 200,
      type: 'text/html; charset=utf-8',
      sniff: 'nosniff',
    });
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(headers['cache-control']).toBe('no-cache');
    expect(body).toEqual(INDEX);
  });

  test('is named with its slash, from which it names what it reads', async () => {
    const { status, headers } = await call('/audit');
    expect({ status, location: headers.location }).toEqual({ status: 308, location: '/audit/' });
  });

  test('is given under a link to which somebody added a query, which its files are not', async () => {
    const statuses = await Promise.all(['/audit/?x', '/audit?from=mail', '/audit/assets/main-abc.js?x'].map((path) => call(path)));
    expect(statuses.map(({ status }) => status)).toEqual([200, 308, 400]);
  });

  test('keeps what has a digest in its name for a year', async () => {
    const { headers, body } = await call('/audit/assets/main-abc.js');
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(body).toEqual(SCRIPT);
  });

  test('comes compressed to who takes that, and to nobody else', async () => {
    const packed = await call('/audit/', { 'Accept-Encoding': 'br;q=1, gzip;q=0.8' });
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    expect(gunzipSync(packed.body)).toEqual(INDEX);
    expect(packed.body.length).toBeLessThan(INDEX.length);
    const refused = await call('/audit/', { 'Accept-Encoding': 'br, gzip;q=0' });
    expect(refused.headers['content-encoding']).toBeUndefined();
    expect(refused.body).toEqual(INDEX);
  });

  test('is not sent again to who holds it, in the coding that they hold', async () => {
    const { headers } = await call('/audit/');
    const again = await call('/audit/', { 'If-None-Match': `"other", W/${headers.etag}` });
    expect({ status: again.status, size: again.body.length, etag: again.headers.etag }).toEqual({
      status: 304,
      size: 0,
      etag: headers.etag,
    });
    expect((await call('/audit/', { 'If-None-Match': String(headers.etag), 'Accept-Encoding': 'gzip' })).status).toBe(200);
    expect((await call('/audit/', { 'If-None-Match': '"other"' })).status).toBe(200);
  });

  test('has no file but its own', async () => {
    for (const path of ['/audit/other.js', '/audit/assets/', '/audit/..%2fkeys'])
      expect((await call(path)).status).toBeGreaterThanOrEqual(400);
    const { status, body } = await call('/audit/other.js');
    expect({ status, reason: (JSON.parse(body.toString()) as { reason: string }).reason }).toEqual({ status: 404, reason: 'not-found' });
  });

  test('where it was not built, says so and keeps nobody from being served', async () => {
    const { status, body } = await call('/audit/', {}, unbuilt);
    expect(status).toBe(404);
    expect(JSON.parse(body.toString())).toMatchObject({ reason: 'not-found', detail: expect.stringContaining('npm run build') });
    expect((await call('/readyz', {}, unbuilt)).status).toBe(200);
  });
});

describe('entry bundles', () => {
  test('come compressed to who takes that; hashes never', async () => {
    const packed = await call('/log/tile/entries/000', { 'Accept-Encoding': 'gzip' });
    expect(packed.headers).toMatchObject({
      'content-encoding': 'gzip',
      vary: 'Accept-Encoding',
      'content-type': 'application/octet-stream',
    });
    expect(gunzipSync(packed.body)).toEqual(BUNDLE);
    const plain = await call('/log/tile/entries/000');
    expect(plain.headers).toMatchObject({ vary: 'Accept-Encoding' });
    expect(plain.body).toEqual(BUNDLE);
    expect((await call('/log/tile/0/000', { 'Accept-Encoding': 'gzip' })).headers['content-encoding']).toBeUndefined();
  });
});

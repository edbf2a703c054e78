import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createClient } from 'redis';
import { makeDevPki } from '../../src/adapters/desk/index.js';
import { encodePem } from '../../src/encoding/index.js';
import { startGateway, type GatewayHandle } from '../../src/main.js';
import { ask, type Reply } from '../support/http-site.js';
import { RedisServer, hasRedis } from '../support/redis-server.js';

const LIMIT = 200;

const directory = mkdtempSync(join(tmpdir(), 'signpost-quota-e2e-'));
const pki = makeDevPki({ out: join(directory, 'pki'), now: () => Date.now(), random: randomBytes });
const ca = encodePem('CERTIFICATE', pki.hierarchy.authority('tls-ca').certificate);
const policy = join(directory, 'pki', 'policies', 'gateway.yaml');
writeFileSync(policy, readFileSync(policy, 'utf8').replace(/^( *base:) [0-9]+$/m, `$1 ${LIMIT}`));
const clientOf = (domain: string) => ({
  cert: readFileSync(join(directory, `pki/clients/${domain}.pem`), 'utf8'),
  key: readFileSync(join(directory, `pki/clients/${domain}.key.pem`), 'utf8'),
});

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
afterAll(() => {
  agent.destroy();
  rmSync(directory, { recursive: true, force: true });
});

const numberAt = (n: number): string => `1202777${n.toString().padStart(4, '0')}`;
const statusesOf = (replies: readonly Reply[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

const kinds = hasRedis ? ['memory', 'redis'] : ['memory'];

describe.each(kinds)('quotas over HTTP, counted in %s', (kind) => {
  let server: RedisServer | null = null;
  let handle: GatewayHandle | null = null;
  const lines: string[] = [];
  const data = join(directory, `data-${kind}`);

  const start = async (): Promise<GatewayHandle> => {
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    handle = await startGateway({ dataDir: data, pkiDir: join(directory, 'pki'), port: 0, store: server?.url ?? 'memory', log });
    return handle;
  };
  const stop = async (): Promise<void> => {
    await handle?.stop();
    handle = null;
  };
  const call = (path: string, body?: unknown, as = 'b.example'): Promise<Reply> =>
    ask(handle?.port ?? 0, ca, {
      path,
      agent,
      client: clientOf(as),
      ...(body === undefined ? {} : { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    });
  const lookup = (n: number, as?: string): Promise<Reply> => call('/v1/lookups', { sii: `tel:+${numberAt(n)}` }, as);
  const standing = async (): Promise<unknown> => JSON.parse((await call('/v1/quota')).body.toString());

  beforeAll(async () => {
    if (kind === 'redis') server = await RedisServer.start('--appendonly', 'yes', '--maxmemory-policy', 'noeviction');
    await start();
  });
  afterEach(() => {
    lines.length = 0;
  });
  afterAll(async () => {
    await stop();
    await server?.stop();
  });

  test('of 500 requests at once no number is answered over the limit, and none short of it; a scan is told of without a number', async () => {
    const replies = await Promise.all(Array.from({ length: 500 }, (_, n) => lookup(n)));
    expect(statusesOf(replies)).toEqual({ 200: LIMIT, 429: 500 - LIMIT });
    expect(new Set(replies.filter(({ status }) => status === 200).map(({ body }) => body.length))).toEqual(new Set([2048]));
    expect(replies.find(({ status }) => status === 429)?.headers['retry-after']).toMatch(/^[1-9][0-9]{2,6}$/);
    expect(await standing()).toMatchObject({ limit: LIMIT, used: LIMIT, remaining: 0, inputs: { mappings: 0, base: LIMIT } });
    const again = await Promise.all(replies.flatMap(({ status }, n) => (status === 200 ? [lookup(n)] : [])));
    expect(statusesOf(again)).toEqual({ 200: LIMIT });
    expect((await lookup(0, 'a.example')).status).toBe(200);
    const told = lines.filter((line) => line.includes('look like a scan'));
    expect(told.length).toBeGreaterThan(0);
    expect(told.every((line) => line.includes('"client":"b.example"'))).toBe(true);
    expect(lines.join('\n')).not.toMatch(/1202777/);
  });

  test('a restart does not begin the epoch anew', async () => {
    await stop();
    await start();
    expect(await standing()).toMatchObject({ used: LIMIT, remaining: 0 });
    expect((await lookup(9000)).status).toBe(429);
  });

  (kind === 'redis' ? test : test.skip)('Redis holds neither number nor domain, and without it nothing is answered', async () => {
    const client = await createClient({ url: server?.url ?? '' }).connect();
    const keys = (await client.keys('{q*')).toSorted();
    expect(keys.length).toBeGreaterThan(2);
    const held = await Promise.all(
      keys.map(async (key) => ((await client.type(key)) === 'set' ? client.sMembers(key) : Object.entries(await client.hGetAll(key)))),
    );
    client.destroy();
    const text = JSON.stringify([keys, held]);
    for (let n = 0; n < 500; n += 1) expect(text).not.toContain(numberAt(n));
    expect(text).not.toContain('example');
    await server?.stop();
    for (const n of [0, 9000]) {
      const reply = await lookup(n);
      expect([reply.status, JSON.parse(reply.body.toString())]).toMatchObject([503, { reason: 'store-unavailable' }]);
    }
    expect((await call('/v1/quota')).status).toBe(503);
  });
});

import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient, RESP_TYPES } from 'redis';
import { MAIN } from '../../src/cli/demo-gateway.js';
import { ApiRefusal } from '../../src/client/index.js';
import { parseLeaf } from '../../src/log/index.js';
import { RedisServer, hasRedis } from '../support/redis-server.js';
import { SPC, ServedGateway, registrationClaims, signed, type Claims } from '../support/served-gateway.js';

const CASE = 'POL 2026/17+a';
const USER = 'somebody.private';
const [tn, other] = ['12025550411', '12025550412'] as const;

const signpost = (...args: string[]): Promise<{ readonly code: number; readonly out: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, out) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out });
    });
  });

const reasonOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof ApiRefusal ? error.reason : String(error)),
  );

describe.each(hasRedis ? ['memory', 'redis'] : ['memory'])('openings and erasure over HTTPS, with subjects in %s', (store) => {
  let server: RedisServer | null = null;
  let served: ServedGateway;

  beforeAll(async () => {
    server = store === 'redis' ? await RedisServer.start() : null;
    served = new ServedGateway(server === null ? [] : ['--store', server.url]);
    await served.start();
  });

  afterAll(async () => {
    await served.remove();
    await server?.stop();
  });

  const register = async (number: string, user: string): Promise<number> => {
    const credential = served.pki.hierarchy.delegate({ spc: SPC, provider: 'a.example', numbers: [{ start: number, count: 1 }] });
    const { logIndex } = await served
      .ap('a.example')
      .register(signed(credential, registrationClaims(number, `mimi://a.example/u/${user}`)));
    return logIndex;
  };

  const call = async (domain: string, method: 'GET' | 'HEAD' | 'POST', path: string, body?: Claims) => {
    const json = body === undefined ? {} : { type: 'application/json', body: JSON.stringify(body) };
    const answer = await served.raw(served.tls(domain)).call({ method, path, ...json });
    const said = answer.body.length === 0 ? {} : (JSON.parse(answer.body.toString()) as Claims);
    return { ...said, status: answer.status } as Claims & { readonly status: number; readonly reason?: string };
  };

  /** Once the entry is published: what cannot be proven is not opened. */
  const opened = async (index: number) => {
    for (;;) {
      try {
        return await served.auditor().open(index, CASE);
      } catch (error) {
        if (!(error instanceof ApiRefusal) || error.reason !== 'not-published') throw error;
        await wait(100);
      }
    }
  };

  const url = (): string => served.running.url.replace('127.0.0.1', 'localhost');
  const openByCommand = (place: string, index: number, ...more: string[]) => signpost('audit', 'open', place, String(index), ...more);
  const asAuditor = (): string[] => ['--pki', join(served.directory, 'pki'), '--as', 'auditor.example', '--case', CASE];

  it('an auditor opens an entry, proven against the log, and the log says so', async () => {
    const index = await register(tn, USER);
    const { opened: said, leaf } = await opened(index);
    expect([said, parseLeaf(leaf).k]).toMatchObject([
      { kind: 'accept', sii: `tel:+${tn}`, ssi: `mimi://a.example/u/${USER}`, provider: 'a.example' },
      'accept',
    ]);
    expect(parseLeaf((await served.auditor().entry(said.logIndex)).leaf)).toMatchObject({
      k: 'open',
      ap: 'auditor.example',
      opened: { ref: String(index) },
    });
    expect((await opened(said.logIndex)).opened).toMatchObject({ kind: 'open', case: CASE });
    expect(await call('operator.example', 'GET', `/v1/entries/${said.logIndex}/opening?case=x`)).toMatchObject({ status: 200, case: CASE });
  });

  it('nobody else does, nor without a case, and nothing of that is logged', async () => {
    const index = await register(other, USER);
    await opened(index);
    const path = `/v1/entries/${index}/opening`;
    const size = (await served.auditor().checkpoint()).size;
    const answers = [
      await call('a.example', 'GET', `${path}?case=x`),
      await call('np1.example', 'GET', `${path}?case=x`),
      await call('operator.example', 'GET', `${path}?case=x`),
      await call('auditor.example', 'GET', path),
      await call('auditor.example', 'GET', `${path}?case=`),
      await call('auditor.example', 'GET', `${path}?case=na%C3%AFve`),
      await call('auditor.example', 'GET', `${path}?case=${'x'.repeat(65)}`),
      await call('auditor.example', 'GET', `${path}?case=x&case=y`),
      await call('auditor.example', 'GET', `${path}?case=x&why=y`),
      await call('auditor.example', 'GET', '/v1/entries/999999/opening?case=x'),
      await call('auditor.example', 'HEAD', `${path}?case=x`),
    ];
    expect(answers.map(({ status, reason }) => [status, reason])).toEqual([
      [403, 'client-not-allowed'],
      [403, 'client-not-allowed'],
      [403, 'client-not-allowed'],
      [400, 'case-id'],
      [400, 'case-id'],
      [400, 'case-id'],
      [400, 'case-id'],
      [400, 'malformed-request'],
      [400, 'malformed-request'],
      [404, 'not-found'],
      [200, undefined],
    ]);
    const { logIndex } = await call('auditor.example', 'GET', `${path}?case=x`);
    expect(Number(logIndex)).toBeLessThanOrEqual(Number(size) + 1);
  });

  it('an operator forgets a subject, for good, and nobody else may', async () => {
    const path = '/v1/admin/erasures';
    const request = { sii: `tel:+${tn}`, case: CASE };
    const refused = [
      await call('auditor.example', 'POST', path, request),
      await call('a.example', 'POST', path, request),
      await call('operator.example', 'POST', path, { sii: request.sii }),
      await call('operator.example', 'POST', path, { ...request, case: '' }),
      await call('operator.example', 'POST', path, { ...request, sii: 'tel:alice' }),
    ];
    expect(refused.map(({ status, reason }) => [status, reason])).toEqual([
      [403, 'client-not-allowed'],
      [403, 'client-not-allowed'],
      [400, 'malformed-request'],
      [400, 'case-id'],
      [400, 'malformed-request'],
    ]);
    expect((await served.ap('b.example').lookup(request.sii)).mappings).toHaveLength(1);
    const erased = await call('operator.example', 'POST', path, request);
    expect(erased).toMatchObject({ status: 200, erased: true });
    expect(await call('operator.example', 'POST', path, request)).toEqual({ ...erased, erased: false });
    expect((await served.ap('b.example').lookup(request.sii)).mappings).toEqual([]);
    expect(await reasonOf(opened(0))).toBe('entry-erased');
    expect(await call('operator.example', 'POST', path, { ...request, sii: 'tel:+12025550499' })).toEqual({
      status: 200,
      erased: false,
      logIndex: null,
      receipt: null,
    });
    await served.killAndRestart();
    expect((await served.ap('b.example').lookup(request.sii)).mappings).toEqual([]);
    expect((await served.ap('b.example').lookup(`tel:+${other}`)).mappings).toHaveLength(1);
    expect(await reasonOf(opened(0))).toBe('entry-erased');
    const { proof } = await served.auditor().proof(Number(erased['logIndex']));
    expect(proof).toContain('tlog-proof');
  });

  it('the command opens over https and, once no gateway runs, of the directory, and says what is proven', async () => {
    const index = await register(tn, 'again');
    await opened(index);
    const byUrl = await openByCommand(url(), index, ...asAuditor());
    expect([byUrl.code, byUrl.out]).toEqual([0, expect.stringContaining(`ssi mimi://a.example/u/again at a.example`)]);
    expect(byUrl.out).toContain('of the log says that you opened it');
    const erasedByUrl = await openByCommand(url(), 0, ...asAuditor(), '--json');
    expect([erasedByUrl.code, JSON.parse(erasedByUrl.out)]).toMatchObject([1, { opened: false, reason: 'entry-erased' }]);
    expect((await openByCommand(url(), index, ...asAuditor().slice(0, 4))).code).toBe(2);
    expect((await openByCommand(served.data, index)).code).toBe(2);
    await served.running.stop();
    const inDirectory = await openByCommand(served.data, index, '--json');
    expect([inDirectory.code, JSON.parse(inDirectory.out)]).toMatchObject([0, { opened: true, logIndex: null, sii: `tel:+${tn}` }]);
    expect((await openByCommand(served.data, index)).out).toContain('no entry of the log says so');
    const erased = await openByCommand(served.data, 0, '--json');
    expect([erased.code, JSON.parse(erased.out)]).toMatchObject([1, { reason: 'entry-erased' }]);
    expect((await signpost('audit', 'fsck', served.data)).code).toBe(0);
  });

  it('nothing of who was forgotten is in a file or in Redis', async () => {
    const files = await readdir(served.data, { recursive: true, withFileTypes: true });
    const octets: Uint8Array[] = await Promise.all(
      files.filter((one) => one.isFile()).map((one) => readFile(join(one.parentPath, one.name))),
    );
    expect(octets.length).toBeGreaterThan(10);
    if (server !== null) octets.push(...(await everythingIn(server)));
    expect(octets.filter((one) => Buffer.from(one).includes(tn))).toEqual([]);
    // The other subject has a user of that name, and its mapping is where mappings are: it is looked for in the right places.
    expect(octets.filter((one) => Buffer.from(one).includes(USER))).toHaveLength(1);
  });
});

/** Every key and value, as Redis dumps them. */
const everythingIn = async ({ url }: RedisServer): Promise<Uint8Array[]> => {
  const client = await createClient({ url }).connect();
  const binary = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  const found: Uint8Array[] = [];
  for (const key of await client.keys('*')) {
    found.push(Buffer.from(key));
    const type = await client.type(key);
    if (type === 'hash')
      for (const [field, value] of Object.entries(await binary.hGetAll(key))) found.push(Buffer.from(field), Buffer.from(value));
    else found.push(await binary.dump(key));
  }
  client.destroy();
  return found;
};

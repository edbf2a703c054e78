import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { FetchFailure, GuardedFetcher, isPublicAddress, type FetchOptions, type Resolver } from '../../src/adapters/x5u/index.js';
import { resolverOf } from '../../src/adapters/x5u/resolver.js';
import { openNameServer } from '../support/name-server.js';
import {
  SOMEWHERE,
  clock,
  fetcherTo,
  openCanary,
  openOrigin,
  originTrust,
  resolvesTo,
  serverIdentity,
  strangerIdentity,
  type Answering,
  type ServerIdentity,
} from '../support/tls-origin.js';

const URL_OF_ORIGIN = 'https://cert.sti.example/path.pem';
const PATIENT: FetchOptions = { maxOctets: 65_536, timeoutMs: 2_000 };
const HASTY: FetchOptions = { maxOctets: 65_536, timeoutMs: 250 };

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const origin = async (answering: Answering, identity?: ServerIdentity) => {
  const opened = await openOrigin(answering, identity);
  closers.push(() => opened.close());
  return opened;
};

const canary = async () => {
  const opened = await openCanary();
  closers.push(() => opened.close());
  return opened;
};

/** The code and status of the failure, which must come. */
const failureOf = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof FetchFailure)) throw error ?? new Error('the fetch brought something');
  return error.status === null ? error.code : `${error.code} ${error.status}`;
};

const plain: Answering = (_, response) => response.end('octets');

describe('a guarded fetch', () => {
  test('brings the octets of an ordinary answer', async () => {
    const { port, asked } = await origin((request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'max-age=60' });
      response.end(request.headers['accept-encoding']);
    });
    const answer = await fetcherTo(port).fetch(`${URL_OF_ORIGIN}?a=b`, { ...PATIENT, contentTypes: ['text/plain'] });
    expect(answer.octets.toString()).toBe('identity');
    expect(answer.headers['cache-control']).toBe('max-age=60');
    expect(answer.status).toBe(200);
    expect(answer.elapsedMs).toBeGreaterThan(0);
    expect(asked).toEqual(['/path.pem?a=b']);
  });

  test('posts', async () => {
    const { port } = await origin((request, response) => {
      void request.toArray().then((parts) => response.end(`${request.headers['content-type']} ${Buffer.concat(parts).toString()}`));
    });
    const body = { octets: Buffer.from('question'), contentType: 'application/ocsp-request' };
    const { octets } = await fetcherTo(port).fetch(URL_OF_ORIGIN, { ...PATIENT, method: 'POST', body });
    expect(octets.toString()).toBe('application/ocsp-request question');
  });

  test('sends name and port to the host that the URL names', async () => {
    const { port } = await origin((request, response) => response.end(request.headers.host));
    const { octets } = await fetcherTo(port).fetch('https://cert.sti.example:8443/', PATIENT);
    expect(octets.toString()).toBe('cert.sti.example:8443');
    expect((await fetcherTo(port).fetch('https://cert.sti.example/', PATIENT)).octets.toString()).toBe('cert.sti.example');
  });

  test('has no use for proxies that the environment names', async () => {
    const proxy = await canary();
    const { port } = await origin(plain);
    const names = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'];
    const before = names.map((name) => process.env[name]);
    for (const name of names) process.env[name] = name.startsWith('NODE') ? '1' : `http://127.0.0.1:${proxy.port}`;
    try {
      expect((await fetcherTo(port).fetch(URL_OF_ORIGIN, PATIENT)).octets.toString()).toBe('octets');
    } finally {
      names.forEach((name, i) => {
        if (before[i] === undefined) delete process.env[name];
        else process.env[name] = before[i];
      });
    }
    expect(proxy.connections()).toBe(0);
  });
});

describe('what is not even asked', () => {
  test.each([
    'http://cert.sti.example/',
    'ftp://cert.sti.example/',
    'https://cert.sti.example:444/',
    'https://cert.sti.example:80/',
    'https://user@cert.sti.example/',
    'https://user:password@cert.sti.example/',
    'https://cert.sti.example/#fragment',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://017700000001/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://localhost/',
    'https://cert/',
    'https://cert.sti.example./',
    'https://169.254.169.254/latest/meta-data/',
    'https:///path',
    'not a URL',
    '',
  ])('%j', async (url) => {
    let resolved = 0;
    const resolver: Resolver = () => {
      resolved += 1;
      return Promise.resolve([SOMEWHERE]);
    };
    const { port, connections } = await canary();
    expect(await failureOf(fetcherTo(port, { resolver }).fetch(url, PATIENT))).toBe('url-not-allowed');
    expect([resolved, connections()]).toEqual([0, 0]);
  });
});

describe('the guard on the connection that is used', () => {
  /** As the gateway composes it, but for the resolver and the port that stands for 443. */
  const guarded = (resolver: Resolver, port: number): GuardedFetcher =>
    new GuardedFetcher({
      resolver,
      clock,
      trust: [originTrust()],
      network: { isAllowed: isPublicAddress, connect: (host) => connect({ host, port }) },
    });

  test.each([
    ['127.0.0.1'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['10.0.0.1'],
    ['169.254.169.254'],
    [SOMEWHERE, '127.0.0.1'],
    ['127.0.0.1', SOMEWHERE],
    [SOMEWHERE, '64:ff9b::7f00:1'],
    [SOMEWHERE, 'no address'],
  ])('refuses a host with %s %s before any connection', async (...addresses) => {
    const { port, connections } = await canary();
    expect(await failureOf(guarded(resolvesTo(...addresses), port).fetch(URL_OF_ORIGIN, PATIENT))).toBe('address-not-allowed');
    expect(connections()).toBe(0);
  });

  test('asks for the name once, so that rebinding finds no second question', async () => {
    const inside = await canary();
    const nobody = await openCanary();
    await nobody.close();
    let questions = 0;
    const rebinding: Resolver = () => Promise.resolve([(questions += 1) % 2 === 1 ? SOMEWHERE : '127.0.0.1']);
    const network = {
      isAllowed: isPublicAddress,
      connect: (host: string) => connect({ host: '127.0.0.1', port: host === SOMEWHERE ? nobody.port : inside.port }),
    };
    const fetcher = new GuardedFetcher({ resolver: rebinding, clock, network });
    const failures = new Map<string, number>();
    for (let turn = 0; turn < 1_000; turn += 1) {
      const failure = await failureOf(fetcher.fetch(URL_OF_ORIGIN, PATIENT));
      failures.set(failure, (failures.get(failure) ?? 0) + 1);
    }
    expect(Object.fromEntries(failures)).toEqual({ 'connect-failed': 500, 'address-not-allowed': 500 });
    expect(questions).toBe(1_000);
    expect(inside.connections()).toBe(0);
  });

  test('connects to the address that was checked, not to the name', async () => {
    const { port } = await origin(plain);
    const connected: string[] = [];
    const network = {
      isAllowed: (address: string) => address === '127.0.0.1' || isPublicAddress(address),
      connect: (address: string) => {
        connected.push(address);
        return connect({ host: '127.0.0.1', port });
      },
    };
    await new GuardedFetcher({ resolver: resolvesTo(SOMEWHERE), clock, trust: [originTrust()], network }).fetch(URL_OF_ORIGIN, PATIENT);
    expect(connected).toEqual([SOMEWHERE]);
  });

  test('sends no octet on a connection whose peer is not public', async () => {
    const { port, octets } = await canary();
    const network = { isAllowed: isPublicAddress, connect: () => connect({ host: '127.0.0.1', port }) };
    const fetcher = new GuardedFetcher({ resolver: resolvesTo(SOMEWHERE), clock, network });
    expect(await failureOf(fetcher.fetch(URL_OF_ORIGIN, PATIENT))).toBe('address-not-allowed');
    expect(octets()).toBe(0);
  });

  test('tries the next address where one refuses', async () => {
    const { port } = await origin(plain);
    const closed = await openCanary();
    await closed.close();
    let turn = 0;
    const network = {
      isAllowed: (address: string) => address === '127.0.0.1' || isPublicAddress(address),
      connect: () => connect({ host: '127.0.0.1', port: (turn += 1) === 1 ? closed.port : port }),
    };
    const parts = { clock, trust: [originTrust()], network };
    expect((await new GuardedFetcher({ ...parts, resolver: resolvesTo(SOMEWHERE, '1.1.1.1') }).fetch(URL_OF_ORIGIN, PATIENT)).status).toBe(
      200,
    );
    turn = 0;
    expect(await failureOf(new GuardedFetcher({ ...parts, resolver: resolvesTo(SOMEWHERE) }).fetch(URL_OF_ORIGIN, PATIENT))).toBe(
      'connect-failed',
    );
  });
});

describe('an origin that is not as it should be', () => {
  const fetched = async (answering: Answering, options: FetchOptions = PATIENT, identity?: ServerIdentity): Promise<string> => {
    const { port } = await origin(answering, identity);
    return await failureOf(fetcherTo(port).fetch(URL_OF_ORIGIN, options));
  };

  test.each([300, 301, 302, 303, 304, 307, 308, 399])('redirects with %i', async (status) => {
    const { port, asked } = await origin((_, response) => {
      response.writeHead(status, { Location: 'https://cert.sti.example/elsewhere' });
      response.end();
    });
    expect(await failureOf(fetcherTo(port).fetch(URL_OF_ORIGIN, PATIENT))).toBe(`redirect ${status}`);
    expect(asked).toEqual(['/path.pem']);
  });

  test.each([204, 206, 400, 404, 500, 503])('answers %i', async (status) => {
    expect(await fetched((_, response) => response.writeHead(status).end())).toBe(`status ${status}`);
  });

  test('drips', async () => {
    const dripping: Answering = (_, response) => {
      response.writeHead(200, { 'Content-Length': '1000' });
      const timer = setInterval(() => response.write('a'), 20);
      response.on('close', () => clearInterval(timer));
    };
    const start = performance.now();
    expect(await fetched(dripping, HASTY)).toBe('timeout');
    expect(performance.now() - start).toBeLessThan(1_500);
  });

  test('never answers', async () => expect(await fetched(() => undefined, HASTY)).toBe('timeout'));

  test('never speaks TLS', async () => {
    const { port } = await canary();
    expect(await failureOf(fetcherTo(port).fetch(URL_OF_ORIGIN, HASTY))).toBe('timeout');
  });

  test('has a name server that never answers', async () => {
    const resolver: Resolver = () => new Promise(() => undefined);
    expect(await failureOf(fetcherTo(1, { resolver }).fetch(URL_OF_ORIGIN, HASTY))).toBe('timeout');
  });

  test('has no address', async () => {
    expect(await failureOf(fetcherTo(1, { resolver: resolvesTo() }).fetch(URL_OF_ORIGIN, PATIENT))).toBe('name-not-resolved');
    const resolver: Resolver = () => Promise.reject(new Error('SERVFAIL'));
    expect(await failureOf(fetcherTo(1, { resolver }).fetch(URL_OF_ORIGIN, PATIENT))).toBe('name-not-resolved');
  });

  test('never ends', async () => {
    const endless: Answering = (_, response) => {
      const more = (): void => {
        while (response.write(Buffer.alloc(16_384)));
      };
      response.on('drain', more);
      more();
    };
    expect(await fetched(endless)).toBe('too-large 200');
  });

  test('never ends to begin', async () => {
    const early: Answering = ({ socket }) => {
      const interim = Buffer.from('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(400));
      const more = (): void => {
        while (!socket.destroyed && socket.write(interim));
      };
      socket.on('drain', more);
      more();
    };
    expect(await fetched(early)).toBe('too-large');
  });

  test('frames each octet in kilobytes', async () => {
    const framed: Answering = ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      const chunk = Buffer.from(`1;${'a'.repeat(8_000)}\r\na\r\n`);
      const more = (): void => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', more);
      more();
    };
    expect(await fetched(framed)).toMatch(/^(?:too-large|broken-answer)/);
  });

  test('says that it is too large', async () => {
    expect(await fetched((_, response) => response.writeHead(200, { 'Content-Length': '65537' }).write('a'))).toBe('too-large 200');
  });

  test('is exactly as large as it may be', async () => {
    const { port } = await origin((_, response) => response.end(Buffer.alloc(65_536)));
    expect((await fetcherTo(port).fetch(URL_OF_ORIGIN, PATIENT)).octets.length).toBe(65_536);
  });

  test('compresses', async () => {
    const bomb = gzipSync(Buffer.alloc(1_000_000));
    expect(await fetched((_, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(bomb))).toBe('content-encoding 200');
  });

  test.each(['text/html', undefined, 'application/json; a=text/plain'])('answers as %s', async (type) => {
    const headers = type === undefined ? {} : { 'Content-Type': type };
    expect(await fetched((_, response) => response.writeHead(200, headers).end('a'), { ...PATIENT, contentTypes: ['text/plain'] })).toBe(
      'content-type 200',
    );
  });

  test('breaks off', async () => {
    const breaking: Answering = (_, response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('a', () => response.destroy());
    };
    expect(await fetched(breaking)).toBe('broken-answer 200');
    expect(await fetched((_, response) => response.destroy())).toBe('broken-answer');
  });

  test('speaks no HTTP, or too much of it', async () => {
    expect(await fetched((_, response) => response.socket?.end('220 ready\r\n\r\n'))).toBe('broken-answer');
    expect(await fetched((_, response) => response.writeHead(200, { 'X-Long': 'a'.repeat(20_000) }).end())).toBe('broken-answer');
  });

  test.each<[string, () => ServerIdentity]>([
    ['of another name', () => serverIdentity(['other.sti.example'])],
    ['that has run out', () => serverIdentity(['cert.sti.example'], { from: -100, lifetime: 50 })],
    ['of an authority that is not trusted', () => strangerIdentity(['cert.sti.example'])],
  ])('has a certificate %s', async (_, identity) => {
    const { port, asked } = await origin(plain, identity());
    expect(await failureOf(fetcherTo(port).fetch(URL_OF_ORIGIN, PATIENT))).toBe('tls-failed');
    expect(asked).toEqual([]);
  });

  test('is not believed because the environment says so', async () => {
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect(await fetched(plain, PATIENT, strangerIdentity(['cert.sti.example']))).toBe('tls-failed');
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
  });

  test('speaks TLS 1.1 alone', async () => {
    const identity = { ...serverIdentity(['cert.sti.example']), minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
    expect(await fetched(plain, PATIENT, identity)).toBe('tls-failed');
  });

  test('is given up when the caller says so', async () => {
    const leaving = new AbortController();
    const { port } = await origin(() => leaving.abort());
    expect(await failureOf(fetcherTo(port).fetch(URL_OF_ORIGIN, { ...PATIENT, signal: leaving.signal }))).toBe('aborted');
  });
});

describe('the authorities of TLS servers', () => {
  /** What a process that has only the runtime's store brings. */
  const fetchedBy = async (port: number, environment: Record<string, string>): Promise<string> => {
    const script = `
      import { connect } from 'node:net';
      import { GuardedFetcher } from ${JSON.stringify(new URL('../../src/adapters/x5u/index.js', import.meta.url).href)};
      const network = { isAllowed: () => true, connect: () => connect({ host: '127.0.0.1', port: ${port} }) };
      const parts = { resolver: async () => ['127.0.0.1'], clock: { monotonic: () => performance.now() }, network };
      new GuardedFetcher(parts).fetch('${URL_OF_ORIGIN}', { maxOctets: 100, timeoutMs: 2000 }).then(
        ({ octets }) => console.log(octets.toString()),
        ({ code }) => console.log(code),
      );`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { PATH: process.env['PATH'] ?? '', ...environment },
    });
    return Buffer.concat(await child.stdout.toArray())
      .toString()
      .trim();
  };

  test('are those of the runtime and of NODE_EXTRA_CA_CERTS', async () => {
    const { port } = await origin(plain);
    const directory = mkdtempSync(join(tmpdir(), 'signpost-extra-'));
    const file = join(directory, 'extra.pem');
    writeFileSync(file, originTrust());
    try {
      expect(await fetchedBy(port, { NODE_EXTRA_CA_CERTS: file })).toBe('octets');
      expect(await fetchedBy(port, {})).toBe('tls-failed');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

describe('the resolver', () => {
  const directory = mkdtempSync(join(tmpdir(), 'signpost-hosts-'));
  const hosts = join(directory, 'hosts');
  writeFileSync(hosts, '# 9.9.9.9 cert.sti.example\n1.1.1.1\tone Cert.STI.example # two\n::1 localhost\n2.2.2.2 cert.sti.example.org\n');
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const patience = new AbortController().signal;

  test('reads the hosts file: any case, every name of a line, no comments', async () => {
    const resolve = resolverOf({ hosts, servers: ['127.0.0.1:1'] });
    expect(await resolve('cert.sti.example', patience)).toEqual(['1.1.1.1']);
    expect(await resolverOf({ hosts: join(directory, 'none'), servers: ['127.0.0.1:1'] })('cert.sti.example', patience)).toEqual([]);
  });

  test('asks name servers for both kinds of address, by the whole name, and does without the one that fails', async () => {
    const server = await openNameServer(
      new Map([
        ['both.sti.example 1', '8080404'.padStart(8, '0')],
        ['both.sti.example 28', '26064700'.padEnd(32, '1')],
        ['old.sti.example 1', '08080404'],
      ]),
    );
    closers.push(server.close);
    const resolve = resolverOf({ hosts, servers: [`127.0.0.1:${server.port}`] });
    expect(await resolve('both.sti.example', patience)).toEqual(['8.8.4.4', '2606:4700:1111:1111:1111:1111:1111:1111']);
    expect(await resolve('old.sti.example', patience)).toEqual(['8.8.4.4']);
    expect(await resolve('none.sti.example', patience)).toEqual([]);
    expect(server.asked.every((question) => /^[a-z]+\.sti\.example (1|28)$/.test(question))).toBe(true);
  });

  test('stops asking when the fetch is given up', async () => {
    const silent = await openNameServer(null);
    closers.push(silent.close);
    const leaving = new AbortController();
    const answer = resolverOf({ hosts, servers: [`127.0.0.1:${silent.port}`] })('cert2.sti.example', leaving.signal);
    await silent.first;
    leaving.abort();
    expect(await answer).toEqual([]);
  });
});

import { createHash, randomBytes, type KeyObject } from 'node:crypto';
import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import { connect, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { threadWaker } from '../../src/adapters/system/index.js';
import { encodePem } from '../../src/encoding/index.js';
import type { Gateway, Principal, QuotaStanding, Submission } from '../../src/gateway/index.js';
import { createHttpServer, reasonsDocument, type HttpServer, type HttpServerOptions } from '../../src/http/index.js';
import {
  DevelopmentPki,
  OID,
  issueEndEntity,
  newKeyPair,
  subjectName,
  type AlternativeName,
  type Authority,
} from '../../src/issuance/index.js';
import type { Clock, ConfigurationControl } from '../../src/ports/index.js';

/** PEM of a client certificate and its key. */
export interface Client {
  readonly cert: string;
  readonly key: string;
}

const HOUR = 3600;
const pkcs8 = (credential: { key: { privateKey: KeyObject } }): string =>
  credential.key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** Client and server certificates of a test, made in memory. */
export class TlsPki {
  readonly pki = new DevelopmentPki({ now: () => Date.now(), random: randomBytes });
  readonly ca: string = encodePem('CERTIFICATE', this.authority.certificate);
  readonly server: { readonly cert: string; readonly key: string };

  constructor() {
    const server = this.pki.tlsServer();
    this.server = { cert: server.path.map((der) => encodePem('CERTIFICATE', der)).join(''), key: pkcs8(server) };
  }

  get authority(): Authority {
    return this.pki.authority('tls-ca');
  }

  client(
    names: readonly AlternativeName[],
    terms: { issuer?: Authority; notBefore?: number; lifetime?: number; purpose?: string } = {},
  ): Client {
    const key = newKeyPair();
    const notBefore = terms.notBefore ?? Math.floor(Date.now() / 1000) - 60;
    const content = { subject: subjectName({ commonName: 'client' }), names, purposes: [terms.purpose ?? OID.clientAuth] };
    const certificate = issueEndEntity(terms.issuer ?? this.authority, key.spki, content, {
      random: randomBytes,
      notBefore,
      notAfter: notBefore + (terms.lifetime ?? HOUR),
    });
    return { cert: encodePem('CERTIFICATE', certificate), key: pkcs8({ key }) };
  }
}

export const PRINCIPALS: ReadonlyMap<string, Principal> = new Map(
  (
    [
      { domain: 'a.example', kind: 'ap', class: 'consumer', spc: null },
      { domain: 'b.example', kind: 'ap', class: 'business', spc: null },
      { domain: 'np.example', kind: 'np', class: null, spc: '709J' },
      { domain: 'ep.example', kind: 'ep', class: null, spc: null },
      { domain: 'auditor.example', kind: 'auditor', class: null, spc: null },
      { domain: 'operator.example', kind: 'operator', class: null, spc: null },
    ] as const
  ).map((principal) => [principal.domain, principal]),
);

export const ACCEPTED: Submission = {
  outcome: 'accepted',
  first: true,
  answer: {
    action: 'register',
    logIndex: 7,
    leafHash: Buffer.alloc(32, 7).toString('base64'),
    receipt: 'receipt',
    mapping: { sii: 'tel:+12025550100', ssi: 'mimi://a.example/u/alice', provider: 'a.example', expires: '2026-12-01T00:00:00Z' },
  },
};

export const REFUSED: Submission = {
  outcome: 'refused',
  reason: 'tn-out-of-scope',
  step: 'check-authority',
  clause: 'RFC 8226 section 9',
  detail: 'numbering',
  logIndex: 12,
  retryAfter: null,
};

/** A caller with a thousand SIIs of its own. */
export const STANDING: QuotaStanding = {
  limit: 121_999,
  used: 3,
  remaining: 121_996,
  epoch: { start: 1_794_528_000_000, end: 1_797_120_000_000 },
  reset: 60,
  mappings: 1000,
  terms: { base: 2000, factor: 2, contacts: 60, reachable: 5e9, epochHours: 720, burst: 0.2, rate: 1 },
  bucket: 24_399,
};

/** A gateway that answers what a test wants: the real one has tests of its own. */
export const gatewayThat = (changes: Partial<Gateway> = {}): Gateway => ({
  submit: async (passport) => (passport.startsWith('good') ? ACCEPTED : REFUSED),
  withdraw: async () => ({ logIndex: 9, receipt: 'receipt' }),
  document: async (digest) => (digest === '0'.repeat(64) ? Buffer.from('[]') : null),
  lookup: async (queries) => ({
    quota: STANDING,
    answers: queries.map(({ sii }) =>
      sii.endsWith('0100')
        ? {
            sii,
            mappings: [
              {
                ssi: 'mimi://a.example/u/alice',
                provider: 'a.example',
                purpose: 'consumer',
                kind: 'user',
                default: true,
                expires: '2026-12-01T00:00:00Z',
              },
            ],
            ttl: 86_400,
          }
        : { sii, mappings: [], ttl: 300 },
    ),
  }),
  lookupSigned: async ({ sii }, { domain: asker }) => ({
    quota: STANDING,
    answer: {
      sii,
      mappings: [],
      ttl: 60,
      signed: { statement: 'statement', nonce: 'nonce', asker, view: 'consumer', circle: null, checkpoint: 'checkpoint', entries: [] },
    },
  }),
  coverage: async () => ({ time: 1_795_500_000_000, areas: [{ area: '1', siis: 1200 }] }),
  quota: async () => STANDING,
  changes: () => ({ id: '1-0', take: () => [], close: () => undefined }),
  held: { kept: 5, told: 4, unheld: 3, resets: 2 },
  metering: { counted: 3, alarms: { 'hit-rate': 1, sequence: 2 }, leastHealth: 0.5 },
  rejects: { batches: 2, batched: 300, shed: 1, waiting: 0 },
  rejectRecord: async (_, position) => Buffer.from(`{"record":${position}}`),
  rejectProof: async () => 'signpost/record-proof@v1\n',
  entry: async () => ({ leaf: Buffer.from('{"k":"register"}'), leafHash: createHash('sha256').update('leaf').digest() }),
  search: async () => ({ entries: [], cursor: null, size: 13 }),
  open: async (index) => ({ kind: 'open', index, logIndex: 12, opening: Buffer.alloc(32, 7).toString('base64url'), case: 'POL-2026/17' }),
  erase: async () => ({ erased: true, logIndex: 12, receipt: 'receipt' }),
  async *monitor(_name, from) {
    yield { index: from, leaf: Buffer.from('{"v":1,"k":"accept","t":1,"why":"OK"}'), leafHash: Buffer.alloc(32), proof: 'proof' };
    return from + 1;
  },
  alarms: () => ({ id: null, take: () => [], close: () => undefined }),
  proof: async () => 'c2sp.org/tlog-proof@v1\n',
  logFile: async (path) => (path === 'checkpoint' || path.startsWith('tile/0/000') ? Buffer.from(path) : null),
  invalidation: { pending: false, problem: null, unknown: 0, mappings: [] },
  readiness: async () => ({ ready: true, problems: [] }),
  versions: () => ({ trust: '', revocation: '', numbering: '', policy: '' }),
  logSize: 13,
  ...changes,
});

export const VERSIONS = { trust: 'a'.repeat(64), revocation: 'b'.repeat(64), numbering: 'c'.repeat(64), policy: 'd'.repeat(64) };

/** A configuration that never changes. */
export const fixedConfiguration = (changes: Partial<ConfigurationControl> = {}): ConfigurationControl => ({
  reload: async () => ({ ok: true }),
  state: () => ({
    versions: VERSIONS,
    since: 0,
    reloads: { done: 0, refused: 0 },
    refused: [],
    lists: [],
    feeds: [],
    crls: { hosts: [], fetches: {} },
    remarks: [],
  }),
  ...changes,
});

export const realClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

export interface TestSite {
  readonly port: number;
  readonly server: HttpServer;
  /** Every log line so far. */
  readonly lines: string[];
}

export const startSite = async (tls: TlsPki, changes: Partial<HttpServerOptions> = {}): Promise<TestSite> => {
  const lines: string[] = [];
  const server = createHttpServer({
    gateway: gatewayThat(),
    principalOf: (domain) => PRINCIPALS.get(domain),
    configuration: fixedConfiguration(),
    webhooks: { urlOf: () => null, set: async () => undefined },
    principals: { state: () => null, change: async () => ({ isNew: true, logged: null }) },
    credentials: { ...tls.server, clientAuthorities: tls.ca },
    discovery: { audience: 'dp.example', origin: 'dp.example/log', logVkey: 'log', receiptVkey: 'receipt', witnessVkeys: [] },
    reasons: reasonsDocument([{ step: 'check-authority', clause: 'RFC 8226 section 9', reasons: ['tn-out-of-scope'] }]),
    clock: realClock,
    waker: threadWaker,
    random: randomBytes,
    log: pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) }),
    ...changes,
  });
  return { port: await server.listen(0, '127.0.0.1'), server, lines };
};

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
  readonly client?: Client;
  readonly agent?: Agent;
}

/** One request over a connection of its own, unless an agent is given. */
export const ask = (port: number, ca: string, { method = 'GET', path, headers = {}, body, client, agent }: Ask): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const length = body === undefined || 'Transfer-Encoding' in headers ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const request = httpsRequest(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        ca,
        ...client,
        ...(agent === undefined ? { agent: false } : { agent }),
        headers: { ...length, ...headers },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }));
      },
    );
    request.on('error', reject);
    request.end(body);
  });

export const openSocket = (port: number, ca: string, client?: Client): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost', ...client });
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });

/** What comes back on a bare connection until it is closed. */
export const exchangeRaw = async (port: number, ca: string, text: string, client?: Client): Promise<string> => {
  const socket = await openSocket(port, ca, client);
  let answer = '';
  socket.on('data', (part: Buffer) => (answer += part.toString('latin1')));
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(text);
  await closed;
  return answer;
};

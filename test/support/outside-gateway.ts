import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { makeDevPki, type DevPki } from '../../src/adapters/desk/index.js';
import { isPublicAddress } from '../../src/adapters/x5u/index.js';
import { encodePem } from '../../src/encoding/index.js';
import { signStatement, type Authority, type IssuedCredential } from '../../src/issuance/index.js';
import { startGateway, type GatewayHandle } from '../../src/main.js';
import { ask, type Client, type Reply } from './http-site.js';
import { SOMEWHERE, openOrigin, originTrust, resolvesTo, serverIdentity, type Origin } from './tls-origin.js';

export const TN = '12025550100';
const CRLS_MS = 5_000;

/** Whole gateways whose outside world is one host behind a real socket, with an NP whose CRL is not among the files. */
export class OutsideGateway {
  readonly directory = mkdtempSync(join(tmpdir(), 'signpost-outside-'));
  readonly pki: DevPki = makeDevPki({ out: join(this.directory, 'pki'), now: () => Date.now(), random: randomBytes });
  readonly ca = encodePem('CERTIFICATE', this.pki.hierarchy.authority('tls-ca').certificate);
  readonly np: Authority = this.pki.hierarchy.authority('np-709J');
  /** What the host answers; 404 where it is null. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | null = null;
  /** Seconds that the gateway's clock is ahead. */
  ahead = 0;
  /** Digest of the revocation material when the last gateway started. */
  atStart = '';
  readonly #running: GatewayHandle[] = [];
  #tasks = new Map<number, () => Promise<void>>();
  #origin: Origin | null = null;
  #count = 0;

  async open(host: string): Promise<this> {
    const answering = (request: IncomingMessage, response: ServerResponse): void =>
      this.answer === null ? void response.writeHead(404).end() : this.answer(request, response);
    this.#origin = await openOrigin(answering, serverIdentity([host]));
    return this;
  }

  get asked(): string[] {
    return this.#origin?.asked ?? [];
  }

  now(): number {
    return Date.now() + this.ahead * 1000;
  }

  /** A PKI directory without the NP's CRL, and with these lines in trust.yaml in place of what it has. */
  pkiWith(trust: Readonly<Record<string, string>>): string {
    const copy = join(this.directory, `pki-${(this.#count += 1)}`);
    cpSync(this.pki.directory, copy, { recursive: true });
    for (const name of readdirSync(join(copy, 'crls'))) if (name.includes('np-709J')) rmSync(join(copy, 'crls', name));
    const file = join(copy, 'policies/trust.yaml');
    let text = readFileSync(file, 'utf8');
    for (const [member, value] of Object.entries(trust))
      text = `${text.replace(new RegExp(`^${member}:.*\n`, 'm'), '')}${member}: ${value}\n`;
    writeFileSync(file, text);
    writeFileSync(join(copy, 'np.pem'), encodePem('CERTIFICATE', this.np.certificate));
    return copy;
  }

  async start(pkiDir: string, dataDir = join(this.directory, `data-${(this.#count += 1)}`)): Promise<GatewayHandle> {
    this.#tasks = new Map();
    const handle = await startGateway({
      dataDir,
      pkiDir,
      port: 0,
      clock: { now: () => this.now(), monotonic: () => performance.now() + this.ahead * 1000 },
      log: pino({ level: 'silent' }),
      timer: (ms, task) => {
        this.#tasks.set(ms, task);
        return () => Promise.resolve();
      },
      outside: {
        resolver: resolvesTo(SOMEWHERE),
        trust: [originTrust()],
        network: {
          isAllowed: (address) => address === '127.0.0.1' || isPublicAddress(address),
          connect: () => connect({ host: '127.0.0.1', port: this.#origin?.port ?? 0 }),
        },
      },
    });
    this.#running.push(handle);
    this.atStart = handle.configuration.state().versions.revocation;
    return handle;
  }

  /** Begins what the gateway's timer begins every few seconds. */
  async tend(): Promise<void> {
    await this.#tasks.get(CRLS_MS)?.();
  }

  passport(credential: IssuedCredential): string {
    const statement = {
      action: 'register' as const,
      audience: 'dp.example',
      sii: `tel:+${TN}`,
      ssi: 'mimi://a.example/u/alice',
      provider: 'a.example',
      consent: 'app' as const,
      purpose: 'consumer' as const,
      lifetime: 300,
    };
    return signStatement(statement, credential, Math.floor(this.now() / 1000), randomBytes);
  }

  submit(handle: GatewayHandle, body: string): Promise<Reply> {
    const headers = { 'Content-Type': 'application/passport' };
    return ask(handle.port, this.ca, { method: 'POST', path: '/v1/passports', headers, body, client: this.#client() });
  }

  async isReady(handle: GatewayHandle): Promise<boolean> {
    return (await ask(handle.port, this.ca, { path: '/readyz' })).status === 200;
  }

  /** Stops the gateways, forgets what was asked. */
  async rest(): Promise<void> {
    for (const handle of this.#running.splice(0)) await handle.stop();
    this.answer = null;
    this.ahead = 0;
    this.asked.length = 0;
  }

  async close(): Promise<void> {
    await this.rest();
    await this.#origin?.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #client(): Client {
    const file = (name: string): string => readFileSync(join(this.pki.directory, `clients/a.example${name}`), 'utf8');
    return { cert: file('.pem'), key: file('.key.pem') };
  }
}

export const reasonOf = (reply: Reply): unknown => (JSON.parse(reply.body.toString()) as { reason?: unknown }).reason;

/** Waits, turn by turn, for what goes on by itself. */
export const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (const end = performance.now() + 10_000; performance.now() < end;) {
    if (await holds()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('it did not come about');
};

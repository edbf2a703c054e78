import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDevPki, type DevPki } from '../../src/adapters/desk/index.js';
import { startGatewayProcess, type RunningGateway } from '../../src/cli/demo-gateway.js';
import { ApClient, AuditClient, Connection, NpClient, type ClientOptions } from '../../src/client/index.js';
import { encodePem } from '../../src/encoding/index.js';
import type { IssuedCredential } from '../../src/issuance/index.js';
import { signPassport } from '../../src/passport/index.js';

const AUDIENCE = 'dp.example';
export const SPC = '709J';

export type Claims = Record<string, unknown>;
type Tls = { readonly ca: string; readonly cert: string; readonly key: string };

/** A gateway served as a process of its own, the PKI it trusts, and whoever the tests want to be; spoken to through HTTP alone. */
export class ServedGateway {
  readonly directory = mkdtempSync(join(tmpdir(), 'signpost-e2e-'));
  readonly data = join(this.directory, 'data');
  readonly pki: DevPki = makeDevPki({ out: join(this.directory, 'pki'), now: () => Date.now(), random: randomBytes });
  readonly #more: readonly string[];
  readonly #tls = new Map<string, Tls>();
  readonly #open: { close(): void }[] = [];
  #running: RunningGateway | null = null;

  /** `more`: further arguments of `serve`. */
  constructor(more: readonly string[] = []) {
    this.#more = more;
  }

  get running(): RunningGateway {
    if (this.#running === null) throw new Error('the gateway is not running');
    return this.#running;
  }

  async start(): Promise<void> {
    this.#running = await startGatewayProcess({ data: this.data, pki: join(this.directory, 'pki'), more: this.#more });
  }

  /** kill -9, then a new process over the same data directory. */
  async killAndRestart(): Promise<void> {
    await this.running.kill();
    this.disconnect();
    await this.start();
  }

  async remove(): Promise<void> {
    this.disconnect();
    await this.#running?.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }

  disconnect(): void {
    for (const client of this.#open.splice(0)) client.close();
  }

  tls(domain: string): Tls {
    const known = this.#tls.get(domain);
    if (known !== undefined) return known;
    const made = tlsOf(this.pki.hierarchy.tlsClient(domain), this.ca);
    this.#tls.set(domain, made);
    return made;
  }

  get ca(): string {
    return encodePem('CERTIFICATE', this.pki.hierarchy.authority('tls-ca').certificate);
  }

  ap(domain: string): ApClient {
    return this.#keep(new ApClient(this.#optionsFor(domain)));
  }

  np(domain: string): NpClient {
    return this.#keep(new NpClient(this.#optionsFor(domain)));
  }

  auditor(): AuditClient {
    return this.#keep(new AuditClient({ ...this.#optionsFor('auditor.example'), logVkey: this.running.logVkey }));
  }

  /** A connection with any TLS material, or none but the CA. */
  raw(tls: Partial<Tls> = {}): Connection {
    return this.#keep(new Connection({ url: this.running.url, ca: this.ca, ...tls }));
  }

  #optionsFor(domain: string): ClientOptions {
    const { url, receiptVkey } = this.running;
    return { url, receiptVkey, ...this.tls(domain), patience: { attempts: 5, total: 30_000 } };
  }

  #keep<T extends { close(): void }>(client: T): T {
    this.#open.push(client);
    return client;
  }
}

export const tlsOf = ({ path, key }: IssuedCredential, ca: string): Tls => ({
  ca,
  cert: path
    .slice(0, 1)
    .map((der) => encodePem('CERTIFICATE', der))
    .join(''),
  key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
});

export const seconds = (): number => Math.floor(Date.now() / 1000);

/** Claims of a registration that is good in every way; `changes` of undefined leave a claim out. */
export const registrationClaims = (tn: string, ssi: string, changes: Claims = {}): Claims => {
  const now = seconds();
  const claims: Claims = {
    action: 'register',
    aud: AUDIENCE,
    orig: { tn },
    dest: { uri: [ssi] },
    iat: now,
    exp: now + 300,
    jti: randomBytes(16).toString('base64url'),
    provider: /^mimi:\/\/([^/]+)/.exec(ssi)?.[1],
    consent: 'app',
    purpose: 'consumer',
    ...changes,
  };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
};

export const releaseClaims = (tn: string, changes: Claims = {}): Claims =>
  registrationClaims(tn, 'urn:signpost:none', {
    action: 'release',
    provider: undefined,
    consent: undefined,
    purpose: undefined,
    ...changes,
  });

/** The credential first: evaluated in this order, no `iat` is earlier than a certificate that was made for it. */
export const signed = ({ path, key }: IssuedCredential, claims: Claims): string => signPassport({ claims, key: key.privateKey, x5c: path });

/** As a leaf shows a PASSporT: base64url of its SHA-256. */
export const digestOf = (passport: string): string => createHash('sha256').update(passport).digest('base64url');

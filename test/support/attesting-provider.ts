import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pino } from 'pino';
import { Desk, DeskFiles, openDelegated, openWithRoot, type DevPki } from '../../src/adapters/desk/index.js';
import { AttestationClient } from '../../src/client/index.js';
import { encodePem } from '../../src/encoding/index.js';
import type { IssuingSources } from '../../src/issuance/index.js';
import { startProvider, type ProviderHandle } from '../../src/provider.js';
import { tlsOf } from './served-gateway.js';
import { openOrigin, originTrust, serverIdentity, type Origin } from './tls-origin.js';

export const PROVIDER_SPC = '709J';
export const MAIL_DOMAIN = 'post.example';
const SECRET = 'a secret that is longer than thirty-two octets';
const ISSUER = 'https://portal.np.example';
const AUDIENCE = 'https://np.example';

/** The claims of a statement of the portal. */
export type PortalClaims = Record<string, unknown>;

/** A number or mail provider that attests: its desk, the hook that would send its text messages, its mobile network, its portal, and its server over TLS. */
export class AttestingProvider {
  readonly deskDir: string;
  readonly tlsDir: string;
  readonly files: DeskFiles;
  /** Log lines so far. */
  readonly lines: string[] = [];
  readonly messages: { readonly to: string; readonly text: string }[] = [];
  /** How the hook answers. */
  hookStatus = 202;
  /** What the network says of an access token: the number of the phone that it was made over. */
  readonly tokens = new Map<string, string>();
  readonly clock = {
    ahead: 0,
    now: (): number => Date.now() + this.clock.ahead,
    monotonic: (): number => performance.now() + this.clock.ahead,
  };
  readonly #pki: DevPki;
  readonly #kind: 'np' | 'ep';
  readonly #portal = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  #hook: Origin | null = null;
  #handle: ProviderHandle | null = null;

  constructor(directory: string, pki: DevPki, kind: 'np' | 'ep' = 'np') {
    this.#pki = pki;
    this.#kind = kind;
    this.deskDir = join(directory, 'desk');
    this.tlsDir = join(directory, 'provider-tls');
    this.files = new DeskFiles(this.deskDir);
  }

  get url(): string {
    return (this.#handle?.url ?? '').replace('127.0.0.1', 'localhost');
  }

  get ca(): string {
    return encodePem('CERTIFICATE', this.#pki.hierarchy.authority('tls-ca').certificate);
  }

  /** The desk, with a credential of its own: of the NP of the PKI, or of an EP under a root of its own that joins the PKI's anchors. */
  async open(): Promise<void> {
    const sources = { now: () => this.clock.now(), random: randomBytes };
    if (this.#kind === 'np') await this.#openNumbers(sources);
    else await openWithRoot(this.files, { identity: { kind: 'ep', domain: MAIL_DOMAIN, name: 'Post' }, numbers: [] }, sources);
    await new Desk(this.files, sources).issueOwn(90 * 86_400);
    if (this.#kind === 'ep') this.#joinPki();
    const server = tlsOf(this.#pki.hierarchy.tlsServer(), this.ca);
    mkdirSync(this.tlsDir, { recursive: true });
    writeFileSync(join(this.tlsDir, 'server.pem'), server.cert);
    writeFileSync(join(this.tlsDir, 'server.key.pem'), server.key);
    writeFileSync(join(this.tlsDir, 'ca.pem'), this.ca);
    this.#hook = await this.#openHook();
    writeFileSync(this.files.path('hook.secret'), SECRET);
    writeFileSync(this.files.path('hook-ca.pem'), originTrust());
    writeFileSync(this.files.path('portal.json'), JSON.stringify({ keys: [this.#portal.publicKey.export({ format: 'jwk' })] }));
    const at = `https://localhost:${this.#hook.port}`;
    writeFileSync(
      this.files.path('attestation.yaml'),
      [
        'audiences: [dp.example]',
        `otp: { url: '${at}/messages', secretFile: hook.secret, caFile: hook-ca.pem, timeoutMs: 2000 }`,
        ...(this.#kind === 'ep' ? [] : [`sim: { url: '${at}/number-verification/v0', caFile: hook-ca.pem, timeoutMs: 2000 }`]),
        `operator: { issuer: '${ISSUER}', audience: '${AUDIENCE}', jwksFile: portal.json }`,
      ].join('\n'),
    );
  }

  /** As of ten seconds ago: statements of the portal from now on are not from before. */
  async start(): Promise<void> {
    this.clock.ahead = -10_000;
    const log = pino({ level: 'debug' }, { write: (line: string) => void this.lines.push(line) });
    const { deskDir, tlsDir, clock } = this;
    this.#handle = await startProvider({ deskDir, tlsDir, port: 0, anyAp: true, clock, log });
    this.clock.ahead = 0;
  }

  async stop(): Promise<void> {
    await this.#handle?.stop();
    this.#handle = null;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#hook?.close();
  }

  client(domain: string, url = this.url): AttestationClient {
    const { cert, key } = tlsOf(this.#pki.hierarchy.tlsClient(domain), this.ca);
    return new AttestationClient({ url, ca: this.ca, cert, key, patience: { attempts: 1, total: 0 } });
  }

  /** The code in the latest message. */
  get code(): string {
    return /[0-9]{8}/.exec(this.messages.at(-1)?.text ?? '')?.[0] ?? '';
  }

  /** What the portal signs when its subscriber agreed; by node:crypto, which is not what verifies. */
  statement(changes: PortalClaims = {}): string {
    const now = Math.floor(this.clock.now() / 1000);
    const claims = {
      iss: ISSUER,
      aud: AUDIENCE,
      iat: now,
      exp: now + 120,
      jti: randomBytes(16).toString('base64url'),
      purpose: 'consumer',
      ...changes,
    };
    const input = [{ alg: 'ES256', typ: 'signpost-consent+jwt' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const signature = sign('sha256', Buffer.from(input), { key: this.#portal.privateKey, dsaEncoding: 'ieee-p1363' });
    return `${input}.${signature.toString('base64url')}`;
  }

  /** Lines of the ledger about attestations. */
  attested(): Record<string, unknown>[] {
    return readFileSync(this.files.path('ledger.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"attested"'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async #openNumbers(sources: IssuingSources): Promise<void> {
    const { path, key } = this.#pki.hierarchy.authority(`np-${PROVIDER_SPC}`);
    await openDelegated(this.files, { name: 'Northern Telephone', path, key }, sources);
    writeFileSync(this.files.path('numbering.csv'), `spc,start,count,validFrom\n${PROVIDER_SPC},12025550000,10000,\n`);
  }

  #joinPki(): void {
    copyFileSync(this.files.path('root.pem'), join(this.#pki.directory, 'anchors', 'email', 'post.pem'));
    for (const crl of ['ca', 'root'])
      copyFileSync(this.files.path(`crls/${crl}.pem`), join(this.#pki.directory, 'crls', `post-${crl}.pem`));
  }

  #openHook(): Promise<Origin> {
    return openOrigin(
      (request, response) => {
        const parts: Buffer[] = [];
        request.on('data', (part: Buffer) => parts.push(part));
        request.on('end', () => {
          const body = Buffer.concat(parts).toString('utf8');
          if (request.url === '/messages') this.#take(body, request.headers['signpost-signature'], response);
          else this.#verifyNumber(body, request.headers.authorization, response);
        });
      },
      serverIdentity(['localhost']),
    );
  }

  #take(body: string, signature: string | string[] | undefined, response: ServerResponse): void {
    const good = signature === `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
    if (good && this.hookStatus < 300) this.messages.push(JSON.parse(body) as { to: string; text: string });
    response.writeHead(good ? this.hookStatus : 401).end();
  }

  #verifyNumber(body: string, authorization: string | undefined, response: ServerResponse): void {
    const { phoneNumber } = JSON.parse(body) as { phoneNumber: string };
    const number = this.tokens.get((authorization ?? '').replace('Bearer ', ''));
    response.writeHead(number === undefined ? 401 : 200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ devicePhoneNumberVerified: number === phoneNumber }));
  }
}

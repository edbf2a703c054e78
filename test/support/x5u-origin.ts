import { randomBytes } from 'node:crypto';
import { FetchedCredentials } from '../../src/adapters/x5u/index.js';
import { encodePem } from '../../src/encoding/index.js';
import { claimsOf, type IssuedCredential, type Statement } from '../../src/issuance/index.js';
import { signPassport } from '../../src/passport/index.js';
import type { Clock } from '../../src/ports/index.js';
import { AUDIENCE } from './open-gateway.js';
import { fetcherTo, openOrigin, type Answering, type Origin } from './tls-origin.js';

export const pemOf = (path: readonly Uint8Array[]): string => path.map((der) => encodePem('CERTIFICATE', der)).join('');

/** An origin of paths and TNAuthLists by path of the URL, and a source that fetches from it alone. */
export class PathOrigin {
  readonly answers = new Map<string, Answering>();
  readonly #origin: Origin;

  private constructor(origin: Origin) {
    this.#origin = origin;
  }

  static async open(): Promise<PathOrigin> {
    const made: PathOrigin[] = [];
    const origin = await openOrigin((request, response) => {
      const answering = made[0]?.answers.get(request.url ?? '');
      if (answering === undefined) response.writeHead(404).end();
      else answering(request, response);
    });
    const opened = new PathOrigin(origin);
    made.push(opened);
    return opened;
  }

  get asked(): readonly string[] {
    return this.#origin.asked;
  }

  get port(): number {
    return this.#origin.port;
  }

  /** Its URL from now on gives this path. */
  publish(name: string, path: readonly Uint8Array[], headers: Record<string, string> = {}): string {
    return this.serve(name, pemOf(path), { 'Content-Type': 'application/pem-certificate-chain', ...headers });
  }

  serve(name: string, body: string | Uint8Array, headers: Record<string, string>): string {
    return this.answer(name, (_, response) => {
      response.writeHead(200, headers);
      response.end(body);
    });
  }

  answer(name: string, answering: Answering): string {
    this.answers.set(`/${name}`, answering);
    return `https://cert.sti.example/${name}`;
  }

  source(clock: Clock, hosts: () => readonly string[] = () => ['sti.example']): FetchedCredentials {
    return new FetchedCredentials({ fetcher: fetcherTo(this.#origin.port), clock, hosts });
  }

  close(): Promise<void> {
    return this.#origin.close();
  }
}

type Registration = Extract<Statement, { action: 'register' }>;

/** A register PASSporT whose header names a URL. */
export const registrationByReference = (
  x5u: string,
  tn: string,
  { key }: Pick<IssuedCredential, 'key'>,
  seconds: number,
  change: Partial<Registration> = {},
): string => {
  const statement: Registration = {
    action: 'register',
    audience: AUDIENCE,
    sii: `tel:+${tn}`,
    ssi: 'mimi://a.example/u/alice',
    provider: 'a.example',
    consent: 'app',
    purpose: 'consumer',
    lifetime: 600,
    ...change,
  };
  return signPassport({ claims: claimsOf(statement, seconds, randomBytes), x5u, key: key.privateKey });
};

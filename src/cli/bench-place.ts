import { randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NOTHING_FETCHED, makeGeneration, readConfiguration, type Generation } from '../adapters/configuration/index.js';
import { makeDevPki, type DevPki } from '../adapters/desk/index.js';
import { encodePem } from '../encoding/index.js';
import { claimsOf, signStatement, type IssuedCredential, type Statement } from '../issuance/index.js';
import type { StatusSource } from '../ports/index.js';
import { Unavailable } from '../reasons/index.js';
import { signPassport } from '../passport/index.js';
import { tlsFor } from './demo-cast.js';
import { startGatewayProcess, type RunningGateway } from './demo-gateway.js';

export const PROVIDER = 'a.example';
const AUDIENCE = 'dp.example';
export const SPC = '709J';
/** A block of numbers as large as any benchmark needs, added to what the provider holds. */
const FIRST = 12_100_000_000;
export const BLOCK = 10_000_000;

/** A temporary PKI, with one delegate credential over a whole block of numbers. */
export interface BenchPlace {
  readonly directory: string;
  readonly pki: DevPki;
  readonly credential: IssuedCredential;
  /** TLS of the AP, for the load client. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
  /** TLS of a server that is not the gateway. */
  readonly serverTls: { readonly ca: string; readonly cert: string; readonly key: string };
  start(): Promise<RunningGateway>;
  /** Writes one body a line and returns the file. */
  write(name: string, bodies: readonly string[]): string;
}

export const numberAt = (index: number): string => String(FIRST + index);

export const withPlace = async <T>(work: (place: BenchPlace) => Promise<T>): Promise<T> => {
  const directory = await mkdtemp(join(tmpdir(), 'signpost-bench-'));
  try {
    return await work(makePlace(directory));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

const makePlace = (directory: string): BenchPlace => {
  const out = join(directory, 'pki');
  const pki = makeDevPki({ out, now: () => Date.now(), random: randomBytes });
  appendFileSync(join(out, 'policies', 'numbering.csv'), `${SPC},${FIRST},${BLOCK},\n`);
  // A benchmark asks for more numbers than a newcomer may.
  const policy = join(out, 'policies', 'gateway.yaml');
  writeFileSync(policy, readFileSync(policy, 'utf8').replace(/^( *base:) [0-9]+$/m, '$1 10000000'));
  const server = pki.hierarchy.tlsServer();
  const ca = encodePem('CERTIFICATE', pki.hierarchy.authority('tls-ca').certificate);
  const client = tlsFor(pki, PROVIDER);
  return {
    directory,
    pki,
    credential: pki.hierarchy.delegate({ spc: SPC, provider: PROVIDER, numbers: [{ start: String(FIRST), count: BLOCK }] }),
    tls: { ca, cert: String(client.cert), key: String(client.key) },
    serverTls: {
      ca,
      cert: server.path.map((der) => encodePem('CERTIFICATE', der)).join(''),
      key: server.key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
    start: () => startGatewayProcess({ data: join(directory, 'data'), pki: out }),
    write: (name, bodies) => {
      const file = join(directory, name);
      writeFileSync(file, bodies.join('\n'));
      return file;
    },
  };
};

/** What a gateway of this place judges under. */
export const generationOf = async ({ pki }: BenchPlace): Promise<Generation> =>
  makeGeneration(await readConfiguration({ pkiDir: pki.directory }, Date.now()), { lists: [], fetched: NOTHING_FETCHED });

/** No host is asked for revocation status: the CRLs of the PKI are all there are. */
export const NO_STATUS: StatusSource = {
  learn: () => Promise.resolve(false),
  ocsp: () => Promise.reject(new Unavailable('status-unavailable')),
};

/** A registration of the number at `index`, good from now on; its path in it, or behind a URL. */
export const passportAt = (credential: IssuedCredential, index: number, now: number, x5u?: string): string => {
  const statement: Statement = {
    action: 'register',
    audience: AUDIENCE,
    sii: `tel:+${numberAt(index)}`,
    ssi: `mimi://${PROVIDER}/u/user${index}`,
    provider: PROVIDER,
    consent: 'app',
    purpose: 'consumer',
    lifetime: 600,
  };
  if (x5u === undefined) return signStatement(statement, credential, now, randomBytes);
  return signPassport({ claims: claimsOf(statement, now, randomBytes), x5u, key: credential.key.privateKey });
};

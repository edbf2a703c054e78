import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { makeDevPki, type DevPki } from '../adapters/desk/index.js';
import { ApClient, NpClient, type ClientOptions } from '../client/index.js';
import { encodePem } from '../encoding/index.js';
import { signStatement, type IssuedCredential, type Statement } from '../issuance/index.js';
import type { RunningGateway } from './demo-gateway.js';

/** Everybody who acts. Nobody is real: numbers of the 555-01xx kind, names under `.example`. */
export const CAST = {
  audience: 'dp.example',
  /** Holds the numbers; its service provider code. */
  np: { domain: 'np1.example', spc: '709J' },
  /** Alice's messaging service. */
  ap: 'a.example',
  /** Another service, whose users want to reach Alice. */
  otherAp: 'b.example',
  /** A service with a contract, a client certificate, numbers of its own, and bad intentions. */
  mallory: 'mallory.example',
  auditor: 'auditor.example',
  number: '12025550142',
  sii: 'tel:+12025550142',
  alice: 'mimi://a.example/u/alice',
  trap: 'mimi://mallory.example/u/not-alice',
  malloryNumbers: { start: '12025550900', count: 10 },
} as const;

/** A whole development PKI, and Mallory onboarded beside those that it has. */
export const makeStage = (directory: string): DevPki => {
  const pki = makeDevPki({ out: directory, now: () => Date.now(), random: randomBytes });
  const file = join(directory, 'policies', 'principals.yaml');
  const { principals } = parse(readFileSync(file, 'utf8')) as { principals: unknown[] };
  writeFileSync(file, stringify({ principals: [...principals, { domain: CAST.mallory, kind: 'ap', class: 'consumer' }] }));
  return pki;
};

/** TLS of a client of the stage, made on the spot. */
export const tlsFor = (pki: DevPki, domain: string): Pick<ClientOptions, 'ca' | 'cert' | 'key'> => {
  const { path, key } = pki.hierarchy.tlsClient(domain);
  return {
    ca: encodePem('CERTIFICATE', pki.hierarchy.authority('tls-ca').certificate),
    cert: path
      .slice(0, 1)
      .map((der) => encodePem('CERTIFICATE', der))
      .join(''),
    key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
};

export const apClient = (pki: DevPki, gateway: RunningGateway, domain: string): ApClient =>
  new ApClient({ url: gateway.url, receiptVkey: gateway.receiptVkey, ...tlsFor(pki, domain) });

export const npClient = (pki: DevPki, gateway: RunningGateway): NpClient =>
  new NpClient({ url: gateway.url, receiptVkey: gateway.receiptVkey, ...tlsFor(pki, CAST.np.domain) });

const state = { audience: CAST.audience, sii: CAST.sii, lifetime: 300 } as const;

const signNow = (statement: Statement, credential: IssuedCredential): string =>
  signStatement(statement, credential, Math.floor(Date.now() / 1000), randomBytes);

/** "Who asks for Alice's number is to be sent to `ssi`", signed now. */
export const registration = (provider: string, ssi: string, credential: IssuedCredential): string =>
  signNow({ ...state, action: 'register', ssi, provider, consent: 'app', purpose: 'consumer' }, credential);

/** "Alice's number has left its holder", signed now by the NP itself. */
export const release = (credential: IssuedCredential): string => signNow({ ...state, action: 'release' }, credential);

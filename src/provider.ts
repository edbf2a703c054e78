import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { ConfigurationProblems, ProblemList, principalOf, readTlsFiles, type TlsFiles } from './adapters/configuration/index.js';
import { DeskFiles } from './adapters/desk/index.js';
import { systemClock, systemRandom } from './adapters/system/index.js';
import type { Principal } from './gateway/index.js';
import { createProviderServer } from './http/index.js';
import { isDomain } from './identifiers/index.js';
import { parsePrincipals } from './policy/index.js';
import type { Clock, RandomSource } from './ports/index.js';
import { parseCertificate } from './x509/index.js';

export interface ProviderOptions {
  readonly deskDir: string;
  readonly passphrase?: string | undefined;
  /** Folder with `server.pem`, `server.key.pem` and `ca.pem`, who may have issued client certificates. */
  readonly tlsDir: string;
  /** Every client whose certificate names one domain counts as an AP; else those of the desk's `principals.yaml` alone. */
  readonly anyAp?: boolean;
  /** 0: the system chooses. */
  readonly port: number;
  readonly host?: string;
  readonly clock?: Clock;
  readonly random?: RandomSource;
  readonly log: Logger;
}

export interface ProviderHandle {
  readonly url: string;
  readonly port: number;
  /** Finishes what is in flight. */
  stop(): Promise<void>;
}

/**
 * Puts a provider's server together over a desk (ADR 10).
 * @throws ConfigurationProblems everything that stands in the way of a start, each with its file and what to do
 */
export const startProvider = async (options: ProviderOptions): Promise<ProviderHandle> => {
  const { log, clock = systemClock, random = systemRandom } = options;
  const { tls, principals, notAfter } = await readParts(options, clock);
  const server = createProviderServer({
    principalOf: (domain) => principals.get(domain) ?? (options.anyAp === true ? anyAp(domain) : undefined),
    problems: () => (clock.now() / 1000 < notAfter ? [] : ['the certificate of the desk has run out']),
    credentials: tls,
    acme: null,
    clock,
    random,
    log,
  });
  const host = options.host ?? '127.0.0.1';
  const port = await server.listen(options.port, host);
  log.info({ port }, 'listening');
  return {
    url: `https://${host}:${port}`,
    port,
    async stop() {
      log.info('draining');
      await server.drain();
      log.info('stopped');
    },
  };
};

const anyAp = (domain: string): Principal | undefined =>
  isDomain(domain) ? { domain, kind: 'ap', class: 'consumer', spc: null } : undefined;

interface Parts {
  readonly tls: TlsFiles;
  readonly principals: ReadonlyMap<string, Principal>;
  /** Seconds: the end of the desk's own certificate. */
  readonly notAfter: number;
}

const readParts = async (options: ProviderOptions, clock: Clock): Promise<Parts> => {
  const list = new ProblemList();
  const tls = await readTlsFiles(options.tlsDir, clock.now(), list);
  const principals = await readPrincipals(join(options.deskDir, 'principals.yaml'), list);
  const notAfter = deskEnd(new DeskFiles(options.deskDir, options.passphrase), list);
  if (tls === null || principals === null || notAfter === null) throw new ConfigurationProblems(list.problems);
  return { tls, principals, notAfter };
};

/** Without the file nobody is known by a client certificate. */
const readPrincipals = async (file: string, list: ProblemList): Promise<ReadonlyMap<string, Principal> | null> => {
  if (!existsSync(file)) return new Map();
  const text = await list.read(file, 'who may connect');
  if (text === null) return null;
  const parsed = parsePrincipals(text);
  if (parsed.ok) return new Map(parsed.value.map((entry) => [entry.domain, principalOf(entry)]));
  for (const problem of parsed.problems) list.add(problem);
  return null;
};

const deskEnd = (files: DeskFiles, list: ProblemList): number | null => {
  if (!files.exists) {
    list.add(`${files.directory}: there is no desk: init makes one`);
    return null;
  }
  const ca = list.parse(files.path('ca.pem'), 'the certificate and key of the desk', () => files.ca());
  if (ca !== null) return parseCertificate(ca.certificate).notAfter;
  list.add(`${files.path('ca.pem')}: the CA above has not answered yet: send it ca.csr.pem, then install its answer`);
  return null;
};

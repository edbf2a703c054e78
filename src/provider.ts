import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { BindingKeyFile, DelegationFiles, JournalFile, TokenAuthorityFile } from './adapters/acme/index.js';
import { ConfigurationProblems, ProblemList, principalOf, readTlsFiles, type TlsFiles } from './adapters/configuration/index.js';
import { AcmeDesk, Desk, DeskFiles } from './adapters/desk/index.js';
import { DirectoryLock, nodeFileSystem } from './adapters/files/index.js';
import { every, systemClock, systemRandom } from './adapters/system/index.js';
import { FetchedCredentials, GuardedFetcher, type FetcherParts } from './adapters/x5u/index.js';
import type { Principal } from './gateway/index.js';
import { createProviderServer, describeFault } from './http/index.js';
import { isDomain } from './identifiers/index.js';
import { AcmeServer, type AcmeLimits } from './issuance/acme/index.js';
import { parsePrincipals } from './policy/index.js';
import type { Clock, RandomSource, Timer } from './ports/index.js';
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
  /** Where clients reach it, without a slash at the end; absent: where it listens. ACME writes it into every URL. */
  readonly publicUrl?: string | undefined;
  readonly clock?: Clock;
  readonly random?: RandomSource;
  readonly timer?: Timer;
  readonly acmeLimits?: Partial<AcmeLimits>;
  /** How strangers' servers are reached. */
  readonly outside?: Pick<FetcherParts, 'resolver' | 'trust' | 'network'>;
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
  const { log, clock = systemClock, random = systemRandom, host = '127.0.0.1' } = options;
  const { tls, principals, notAfter } = await readParts(options, clock);
  let url = '';
  const acme = await openAcme(options, { clock, random, origin: () => options.publicUrl ?? url });
  const server = createProviderServer({
    principalOf: (domain) => principals.get(domain) ?? (options.anyAp === true ? anyAp(domain) : undefined),
    problems: () => (clock.now() / 1000 < notAfter ? [] : ['the certificate of the desk has run out']),
    credentials: tls,
    acme: acme?.server ?? null,
    clock,
    random,
    log,
  });
  const port = await server.listen(options.port, host);
  url = `https://${host}:${port}`;
  log.info({ port }, 'listening');
  return {
    url,
    port,
    async stop() {
      log.info('draining');
      await server.drain();
      await acme?.stop();
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

interface Acme {
  readonly server: AcmeServer;
  stop(): Promise<void>;
}

interface Surroundings {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly origin: () => string;
}

/** A renewal is due at half of a lifetime of an hour or more: a minute late is early enough. */
const TURN_MS = 60_000;

/** The ACME server of an NP's desk, over the files in its folder `acme`; null for an EP's desk, which has no numbers to give. */
const openAcme = async (options: ProviderOptions, { clock, random, origin }: Surroundings): Promise<Acme | null> => {
  const { deskDir, log, timer = every } = options;
  const files = new DeskFiles(deskDir, options.passphrase);
  if (files.identity().kind !== 'np') return null;
  const desk = new AcmeDesk(new Desk(files, { now: () => clock.now(), random }), files);
  const folder = files.path('acme');
  await nodeFileSystem.makeDirectory(folder);
  const lock = await DirectoryLock.acquire(folder);
  const others = new TokenAuthorityFile(join(folder, 'token-authorities.yaml'));
  let hosts: readonly string[] = [];
  const credentials = new FetchedCredentials({ fetcher: new GuardedFetcher({ ...options.outside, clock }), clock, hosts: () => hosts });
  const server = await AcmeServer.open({
    origin,
    desk,
    journal: await JournalFile.open(join(folder, 'journal.jsonl'), nodeFileSystem),
    bindingKeys: new BindingKeyFile(join(folder, 'binding-keys.jsonl')),
    delegations: new DelegationFiles(join(folder, 'delegations')),
    trustedAuthorities: async () => [...desk.ownAuthority(), ...(await others.read()).authorities],
    chain: async (url, client) => {
      ({ hosts } = await others.read());
      return (await credentials.chain(url, client)).chain;
    },
    random,
    now: () => clock.now(),
    ...(options.acmeLimits === undefined ? {} : { limits: options.acmeLimits }),
  });
  const stopTurning = timer(TURN_MS, () => turn(server, log));
  return {
    server,
    async stop() {
      await stopTurning();
      await server.close();
      await lock.release();
    },
  };
};

/** One turn of the timer never ends the next: what failed is told and tried again. */
const turn = async (server: AcmeServer, log: Logger): Promise<void> => {
  try {
    const { renewed, canceled, failed } = await server.turn();
    for (const one of failed) log.warn(one, 'a renewal failed and will be tried again');
    if (renewed.length + canceled.length > 0) log.info({ renewed: renewed.length, canceled: canceled.length }, 'renewals');
  } catch (fault) {
    log.error({ fault: describeFault(fault) }, 'fault in a turn of renewals');
  }
};

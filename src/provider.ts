import type { KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isNativeError } from 'node:util/types';
import type { Logger } from 'pino';
import { BindingKeyFile, DelegationFiles, JournalFile, TokenAuthorityFile } from './adapters/acme/index.js';
import { openProofs, parseAttestation, type AttestationSettings } from './adapters/attestation/index.js';
import { ConfigurationProblems, ProblemList, principalOf, readTlsFiles, type TlsFiles } from './adapters/configuration/index.js';
import { AcmeDesk, Desk, DeskAttestations, DeskFiles, LockedKey, ShownPublications, openSubjectKey } from './adapters/desk/index.js';
import { DirectoryLock, StorageFault, nodeFileSystem } from './adapters/files/index.js';
import { every, systemClock, systemRandom } from './adapters/system/index.js';
import { FetchedCredentials, GuardedFetcher, type FetcherParts } from './adapters/x5u/index.js';
import type { Principal } from './gateway/index.js';
import { createProviderServer, describeFault } from './http/index.js';
import { isDomain } from './identifiers/index.js';
import { AcmeServer, type AcmeLimits } from './issuance/acme/index.js';
import { AttestationDesk, DEFAULT_MESSAGE, limitsFor } from './issuance/attestation/index.js';
import { parsePrincipals } from './policy/index.js';
import type { Clock, RandomSource, SubscriberProof, Timer } from './ports/index.js';
import { Refusal } from './reasons/index.js';
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
  /** URL of the terms that an AP agrees to when it makes its account; absent: none. */
  readonly termsOfService?: string | undefined;
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
  try {
    return await compose(options);
  } catch (error) {
    throw problemsOf(error);
  }
};

const compose = async (options: ProviderOptions): Promise<ProviderHandle> => {
  const { log, clock = systemClock, random = systemRandom, host = '127.0.0.1' } = options;
  const files = new DeskFiles(options.deskDir, options.passphrase);
  const { tls, principals, notAfter, attesting } = await readParts(options, files, { clock, random });
  const desk = new Desk(files, { now: () => clock.now(), random });
  const attestations = attesting === null ? null : attestationsAt(desk, files, attesting, { clock, random });
  let url = '';
  const shown = new ShownPublications(desk, () => clock.monotonic());
  const acme = await openAcme(options, { files, desk, clock, random, origin: () => options.publicUrl ?? url });
  const server = createProviderServer({
    principalOf: (domain) => principals.get(domain) ?? (options.anyAp === true ? anyAp(domain) : undefined),
    problems: () => [
      ...(clock.now() / 1000 < notAfter ? [] : ['the certificate of the desk has run out']),
      ...(attestations?.desk.problems ?? []),
      ...(acme?.server.problems ?? []),
    ],
    attestation: attestations?.attestation ?? null,
    credentials: tls,
    acme: acme?.server ?? null,
    publications: () => shown.all(),
    clock,
    random,
    log,
  });
  const port = await server.listen(options.port, host).catch(async (error: unknown) => {
    await acme?.stop();
    throw error;
  });
  const stopTending = (options.timer ?? every)(TEND_MS, () => tendLists(desk, log));
  url = `https://${host}:${port}`;
  log.info({ port }, 'listening');
  return {
    url,
    port,
    async stop() {
      log.info('draining');
      await server.drain();
      await stopTending();
      await acme?.stop();
      log.info('stopped');
    },
  };
};

/** A CRL lives a month, and is renewed at half of it. */
const TEND_MS = 600_000;

const tendLists = async (desk: Desk, log: Logger): Promise<void> => {
  try {
    if (await desk.tend()) log.info('fresh CRLs are published');
  } catch (fault) {
    log.error({ fault: describeFault(fault) }, 'CRLs cannot be renewed: those that are out run out');
  }
};

const anyAp = (domain: string): Principal | undefined =>
  isDomain(domain) ? { domain, kind: 'ap', class: 'consumer', spc: null } : undefined;

interface Parts {
  readonly tls: TlsFiles;
  readonly principals: ReadonlyMap<string, Principal>;
  /** Seconds: the end of the desk's own certificate. */
  readonly notAfter: number;
  /** Null: the desk attests nothing. */
  readonly attesting: Attesting | null;
}

interface Sources {
  readonly clock: Clock;
  readonly random: RandomSource;
}

const readParts = async (options: ProviderOptions, files: DeskFiles, sources: Sources): Promise<Parts> => {
  const { clock } = sources;
  const list = new ProblemList();
  const tls = await readTlsFiles(options.tlsDir, clock.now(), list);
  const principals = await readPrincipals(join(options.deskDir, 'principals.yaml'), list);
  const notAfter = deskEnd(files, list);
  const attesting = notAfter === null ? null : await readAttesting(files, sources, options.log, list);
  if (tls === null || principals === null || notAfter === null || list.problems.length > 0) throw new ConfigurationProblems(list.problems);
  return { tls, principals, notAfter, attesting };
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
  const ca = list.parse(files.path('ca.pem'), 'the certificate and key of the desk', () => unlocked(files) ?? AWAITED);
  if (ca === AWAITED) list.add(`${files.path('ca.pem')}: the CA above has not answered yet: send it ca.csr.pem, then install its answer`);
  else if (typeof ca === 'string') list.add(ca);
  else if (ca !== null) return parseCertificate(ca.certificate).notAfter;
  return null;
};

const AWAITED = 'awaited';

/** What is in the way of the key, in words, instead of the authority. */
const unlocked = (files: DeskFiles): ReturnType<DeskFiles['ca']> | string => {
  try {
    return files.ca();
  } catch (error) {
    if (error instanceof LockedKey || (isNativeError(error) && 'syscall' in error)) return error.message;
    throw error;
  }
};

/** What an operator can mend is told as that, and not as a fault. */
const problemsOf = (error: unknown): unknown => {
  if (error instanceof StorageFault || error instanceof Refusal) return new ConfigurationProblems([error.message]);
  if (!isNativeError(error) || !('code' in error)) return error;
  if (error.code === 'EADDRINUSE') return new ConfigurationProblems(['the port is taken: stop who has it, or choose another']);
  return 'syscall' in error ? new ConfigurationProblems([error.message]) : error;
};

interface Acme {
  readonly server: AcmeServer;
  stop(): Promise<void>;
}

interface Surroundings extends Sources {
  readonly files: DeskFiles;
  readonly desk: Desk;
  readonly origin: () => string;
}

/** A renewal is due at half of a lifetime of an hour or more: a minute late is early enough. */
const TURN_MS = 60_000;

/** The ACME server of an NP's desk, over the files in its folder `acme`; null for an EP's desk, which has no numbers to give. */
const openAcme = async (options: ProviderOptions, surroundings: Surroundings): Promise<Acme | null> => {
  const { log, timer = every } = options;
  const { files } = surroundings;
  if (files.identity().kind !== 'np') return null;
  const desk = new AcmeDesk(surroundings.desk, files);
  const folder = files.path('acme');
  await nodeFileSystem.makeDirectory(folder);
  const lock = await DirectoryLock.acquire(folder);
  const server = await openServer(options, surroundings, { desk, folder }).catch(async (error: unknown) => {
    await lock.release();
    throw error;
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

interface AcmeFolder {
  readonly desk: AcmeDesk;
  readonly folder: string;
}

const openServer = async (options: ProviderOptions, surroundings: Surroundings, { desk, folder }: AcmeFolder): Promise<AcmeServer> => {
  const { clock, random, origin } = surroundings;
  const others = new TokenAuthorityFile(join(folder, 'token-authorities.yaml'));
  let hosts: readonly string[] = [];
  const credentials = new FetchedCredentials({ fetcher: new GuardedFetcher({ ...options.outside, clock }), clock, hosts: () => hosts });
  return await AcmeServer.open({
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
    termsOfService: options.termsOfService,
    ...(options.acmeLimits === undefined ? {} : { limits: options.acmeLimits }),
  });
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

/** What `attestation.yaml` of a desk comes to. */
interface Attesting {
  readonly settings: AttestationSettings;
  readonly proofs: readonly SubscriberProof[];
  readonly subjectKey: KeyObject;
}

/** Null when there is no such file, or something is wrong, and the list then says what. */
const readAttesting = async (files: DeskFiles, { clock, random }: Sources, log: Logger, list: ProblemList): Promise<Attesting | null> => {
  const file = files.path('attestation.yaml');
  if (!existsSync(file)) return null;
  const text = await list.read(file, 'how the desk attests');
  const parsed = text === null ? null : parseAttestation(text);
  if (parsed?.ok !== true) {
    for (const problem of parsed?.problems ?? []) list.add(`${files.directory}: ${problem}`);
    return null;
  }
  const { kind } = files.identity();
  const trouble = (proof: string, why: string): void => log.warn({ proof, why }, 'no usable answer about a proof');
  const { proofs, problems } = openProofs(parsed.value, { directory: files.directory, kind, clock, trouble });
  for (const problem of problems) list.add(problem);
  const own = list.parse(files.path('own.pem'), 'the credential that signs', () => files.own() ?? undefined);
  if (own === undefined) list.add(`${files.path('own.pem')}: attesting needs the desk's own credential: issue it`);
  const subjectKey = await list.parseLater(files.path('attestation.key'), "the key of the ledger's digests", () =>
    openSubjectKey(files, random),
  );
  return subjectKey === null ? null : { settings: parsed.value, proofs, subjectKey };
};

const attestationsAt = (
  at: Desk,
  files: DeskFiles,
  { settings, proofs, subjectKey }: Attesting,
  { clock, random }: Sources,
): { readonly desk: DeskAttestations; readonly attestation: AttestationDesk } => {
  const { audiences, lifetimeSeconds: lifetime, proofsPerApPerHour: perHour, otp } = settings;
  const desk = new DeskAttestations({ desk: at, files, subjectKey, lifetime, sources: { now: () => clock.now(), random } });
  const limits = limitsFor(perHour);
  const message = otp?.text ?? DEFAULT_MESSAGE;
  return { desk, attestation: new AttestationDesk({ desk, proofs, message, audiences, lifetime, limits, clock, random }) };
};

import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfiguration } from '../../src/adapters/configuration/index.js';
import { makeDevPki, openDevPki, type DevPki } from '../../src/adapters/desk/index.js';
import { nodeFileSystem, openDataDirectory, type DataDirectory, type FileSystem } from '../../src/adapters/files/index.js';
import { MemoryMappingStore, MemoryQuotaStore } from '../../src/adapters/memory/index.js';
import { openGateway, type Principal, type QuotaTerms, type RunningGateway, type ScanAlarm, type World } from '../../src/gateway/index.js';
import { Publisher } from '../../src/gateway/publish.js';
import { signStatement, type IssuedCredential, type Statement } from '../../src/issuance/index.js';
import type { Clock, CredentialSource, MappingStore, QuotaStore, StatusSource } from '../../src/ports/index.js';
import { Unavailable } from '../../src/reasons/index.js';
import { Verifier, type Material } from '../../src/verification/index.js';

/** ms; the moment at which a test's PKI is made. */
export const START = 1_795_000_000_000;

/** A clock that moves when the test says so. */
export class TestClock implements Clock {
  ms = START;
  now(): number {
    return this.ms;
  }
  monotonic(): number {
    return this.ms - START;
  }
  advance(seconds: number): void {
    this.ms += seconds * 1000;
  }
  get seconds(): number {
    return Math.floor(this.ms / 1000);
  }
}

/** The quota that is shipped. */
export const QUOTA: QuotaTerms = { base: 2000, factor: 2, contacts: 60, reachable: 5e9, epochHours: 720, burst: 0.2, rate: 1 };

export const AUDIENCE = 'dp.example';
export const A: Principal = { domain: 'a.example', kind: 'ap', class: 'consumer', spc: null };
export const B: Principal = { domain: 'b.example', kind: 'ap', class: 'consumer', spc: null };
export const NP1: Principal = { domain: 'np1.example', kind: 'np', class: null, spc: '709J' };
export const NP2: Principal = { domain: 'np2.example', kind: 'np', class: null, spc: '505X' };
export const AUDITOR: Principal = { domain: 'auditor.example', kind: 'auditor', class: null, spc: null };

/** A PKI on disk and a data directory, from which gateways are opened one after the other. */
export interface Place {
  readonly pki: DevPki;
  readonly dataDir: string;
  readonly clock: TestClock;
}

export const makePlace = async (clock = new TestClock()): Promise<Place> => {
  const directory = await mkdtemp(join(tmpdir(), 'signpost-gateway-'));
  const pki = makeDevPki({ out: join(directory, 'pki'), now: () => clock.now(), random: randomBytes });
  return { pki, dataDir: join(directory, 'data'), clock };
};

export const reopenPlace = (directory: string, clock: TestClock): Place => ({
  pki: openDevPki({ out: join(directory, 'pki'), now: () => clock.now(), random: randomBytes }),
  dataDir: join(directory, 'data'),
  clock,
});

export const makeWorld = async ({ pki, clock }: Place, change: (material: Material) => Material = (same) => same): Promise<World> => {
  const { material, policies } = await readConfiguration({ pkiDir: pki.directory }, clock.now());
  return {
    verifier: new Verifier(change(material)),
    mappingLifetime: policies.gateway.mapping.lifetimeDays * 86_400,
    attestGrace: policies.gateway.mapping.attestGraceDays * 86_400,
    ports: { pairing: policies.gateway.ports.pairHours * 3600, grace: policies.gateway.ports.graceDays * 86_400 },
    lookup: { ttl: 300, negativeTtl: 60, signed: false, views: policies.gateway.lookup.views },
    quota: QUOTA,
    ocspSeconds: 3600,
    openingsPerDay: 100,
    rejects: { perSecond: 50, burst: 1000 },
    refusalRetentionDays: 90,
  };
};

export interface Opened {
  readonly gateway: RunningGateway;
  readonly publisher: Publisher;
  readonly store: MappingStore;
  readonly data: DataDirectory;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly fs?: FileSystem;
  readonly store?: MappingStore;
  readonly storeIsVolatile?: boolean;
  readonly epoch?: number;
  readonly quotas?: QuotaStore;
  readonly onScan?: (alarm: ScanAlarm) => void;
  readonly credentials?: CredentialSource;
  readonly status?: StatusSource;
  /** In place of the world that the files of the place give. */
  readonly world?: World;
}

/** No host may be asked for revocation status: what is at hand is all. */
const unknown: StatusSource = {
  learn: () => Promise.resolve(false),
  ocsp: () => Promise.reject(new Unavailable('status-unavailable')),
};

/** Nothing can be fetched. */
const nowhere: CredentialSource = {
  chain: () => Promise.reject(new Unavailable('credential-unavailable')),
  tnAuthList: () => Promise.reject(new Unavailable('tnlist-unavailable')),
};

/** Opens a gateway on a place, without HTTP. The caller closes it before it opens another one there. */
export const openAt = async (place: Place, options: OpenOptions = {}): Promise<Opened> => {
  const { dataDir, clock } = place;
  const {
    fs = nodeFileSystem,
    store = new MemoryMappingStore(),
    storeIsVolatile = true,
    epoch = 1,
    onScan = () => undefined,
    credentials = nowhere,
    status = unknown,
  } = options;
  const data = await openDataDirectory(dataDir, { origin: 'dp.example/log', clock, fs });
  try {
    const world = options.world ?? (await makeWorld(place));
    const quotas = options.quotas ?? new MemoryQuotaStore(data.quotaJournal(() => clock.monotonic()));
    return await openOver(place, data, { store, storeIsVolatile, epoch, quotas, onScan, credentials, status, world });
  } catch (error) {
    await data.close();
    throw error;
  }
};

const openOver = async (
  place: Place,
  data: DataDirectory,
  { store, storeIsVolatile, epoch, quotas, onScan, credentials, status, world }: Required<Omit<OpenOptions, 'fs'>>,
): Promise<Opened> => {
  const { clock } = place;
  const gateway = await openGateway({
    world,
    wal: data.wal,
    vault: data.vault,
    classes: data.classes,
    evidence: data.evidence,
    documents: data.documents,
    snapshots: data.snapshots,
    searches: data.searches,
    rejects: data.rejects,
    store,
    storeIsVolatile,
    quotas,
    onScan,
    logStorage: data.tiles,
    receiptSigner: data.keys.receipt,
    credentials,
    status,
    origin: 'dp.example/log',
    pepper: data.keys.pepper,
    epoch,
    clock,
    random: randomBytes,
    gateway: 'signpost@test',
  });
  const publisher = await Publisher.start(
    { wal: data.wal, storage: data.tiles, lastSigned: data.lastSigned, signer: data.keys.log },
    gateway.tree,
  );
  const inclusionProofText = (index: number): Promise<string> => publisher.inclusionProofText(index);
  gateway.attach({ inclusionProofText, newest: () => publisher.newest, problems: () => [] });
  const close = async (): Promise<void> => {
    await gateway.drain();
    await store.close();
    await quotas.close();
    await data.close();
  };
  return { gateway, publisher, store, data, close };
};

/** A number among those that every AP of the development PKI may map. */
export const sharedNumber = (n: number): string => `1202555${(400 + n).toString().padStart(4, '0')}`;

export const delegateFor = ({ pki }: Place, provider: string, tn: string, more: { notBefore?: number } = {}): IssuedCredential =>
  pki.hierarchy.delegate({ spc: '709J', provider, numbers: [{ start: tn, count: 1 }], ...more });

/** A register PASSporT by a delegate credential for that one number. */
export const registration = (
  place: Place,
  tn: string,
  { provider = 'a.example', user = 'alice', credential = delegateFor(place, provider, tn) } = {},
): string =>
  sign(place, credential, {
    action: 'register',
    audience: AUDIENCE,
    sii: `tel:+${tn}`,
    ssi: `mimi://${provider}/u/${user}`,
    provider,
    consent: 'app',
    purpose: 'consumer',
    lifetime: 600,
  });

export const withdrawal = (place: Place, tn: string, credential: IssuedCredential, user = 'alice', provider = 'a.example'): string =>
  sign(place, credential, {
    action: 'withdraw',
    audience: AUDIENCE,
    sii: `tel:+${tn}`,
    ssi: `mimi://${provider}/u/${user}`,
    provider,
    lifetime: 600,
  });

export const release = (place: Place, tn: string, spc = '709J'): string =>
  sign(place, place.pki.hierarchy.npCredential(spc), { action: 'release', audience: AUDIENCE, sii: `tel:+${tn}`, lifetime: 600 });

export const sign = ({ clock }: Place, credential: IssuedCredential, statement: Statement): string =>
  signStatement(statement, credential, clock.seconds, randomBytes);

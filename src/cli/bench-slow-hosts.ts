import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { DevPki } from '../adapters/desk/index.js';
import { openDataDirectory } from '../adapters/files/index.js';
import { MemoryMappingStore, MemoryQuotaStore } from '../adapters/memory/index.js';
import { systemClock, systemRandom } from '../adapters/system/index.js';
import { FetchedCredentials, GuardedFetcher } from '../adapters/x5u/index.js';
import { encodePem } from '../encoding/index.js';
import { openGateway, type Principal, type RunningGateway } from '../gateway/index.js';
import { OID, issueEndEntity, newKeyPair, pathOf, subjectName } from '../issuance/index.js';
import { median, percentile, type BenchOptions, type Figure } from './bench-figure.js';
import { NO_STATUS, generationOf, passportAt, PROVIDER, withPlace, type BenchPlace } from './bench-place.js';
import { collected } from './bench-verdict.js';
import { Worker } from './bench-worker.js';

/** Of one client, at once, all never seen before. */
const SLOW_HOSTS = 100;
const GOOD: Principal = { domain: PROVIDER, kind: 'ap', class: 'consumer', spc: null };
const SLOW: Principal = { domain: 'b.example', kind: 'ap', class: 'consumer', spc: null };
/** ms between two registrations of the good client: well within what the gateway can do, so that only what is in their way counts. */
const PACE_MS = 10;

/**
 * Registrations of one client by x5u, paced, while another presents PASSporTs of 100 hosts that never answer or never end; round by round in turns
 * with the same without them. Real sockets: a gateway without its HTTP, and a TLS origin on loopback, a process of
 * its own, that stands for all hosts.
 */
export const measureSlowHosts = ({ quick, tell }: BenchOptions): Promise<readonly Figure[]> =>
  withPlace(async (place) => {
    const rounds = quick ? 1 : 10;
    const each = quick ? 20 : 200;
    const worker = new Worker('origin');
    const body = place.credential.path.map((der) => encodePem('CERTIFICATE', der)).join('');
    const { port } = await worker.ask<{ port: number }>({ ...serverIdentity(place.pki), body });
    const { gateway, close } = await openWith(place, port);
    try {
      tell(`  ${rounds * 2} rounds of ${each} registrations, half of them beside ${SLOW_HOSTS} slow hosts`);
      let index = 0;
      const next = (): string[] => {
        index += each;
        return goodPassports(place, index - each, each);
      };
      await paced(gateway, next());
      const alone: number[] = [];
      const beside: number[] = [];
      for (let turn = 0; turn < rounds; turn += 1) {
        // All are signed before either clock starts: a signer that holds this thread would make the slow client's requests come in one heap.
        const [first, second, slow] = [next(), next(), slowPassports(place, SLOW_HOSTS * 4)];
        await collected();
        alone.push(percentile(await paced(gateway, first), 99));
        const stop = presentSlowly(gateway, slow);
        beside.push(percentile(await paced(gateway, second), 99));
        await stop();
      }
      return [
        {
          bench: 'x5u',
          what: `registration by x5u, p99, beside ${SLOW_HOSTS} slow or endless hosts of another client`,
          // Round by round: what else the machine does for a moment spoils one pair, not the whole.
          value: median(beside),
          unit: 'ms',
          limit: { what: 'the same without them', value: median(alone) },
          ratio: median(beside.map((p99, turn) => p99 / (alone[turn] ?? Number.NaN))),
          bar: { of: 'ratio', sense: 'at most', bound: 1.2 },
        },
      ];
    } finally {
      await close();
      await worker.close();
    }
  });

const goodPassports = (place: BenchPlace, from: number, count: number): string[] => {
  const now = Math.floor(Date.now() / 1000);
  return Array.from({ length: count }, (_, i) => passportAt(place.credential, from + i, now, GOOD_URL));
};

/** ms that each registration took. */
const paced = async (gateway: RunningGateway, passports: readonly string[]): Promise<number[]> => {
  const waits: Promise<number>[] = [];
  for (const passport of passports) {
    await pause(PACE_MS);
    const start = performance.now();
    waits.push(
      gateway.submit(passport, GOOD).then((submission) => {
        if (submission.outcome !== 'accepted') throw new Error(`a registration of the benchmark was refused: ${submission.reason}`);
        return performance.now() - start;
      }),
    );
  }
  return await Promise.all(waits);
};

let slowHosts = 0;

/** Signed before the clock starts: no host twice. */
const slowPassports = (place: BenchPlace, count: number): string[] =>
  Array.from({ length: count }, () => {
    slowHosts += 1;
    const url = `https://h${slowHosts}.sti.example/${slowHosts % 2 === 0 ? 'silent' : 'endless'}`;
    return passportAt(place.credential, slowHosts, Math.floor(Date.now() / 1000), url);
  });

/** Presents them, a hundred at a time, until the function that is returned is called. */
const presentSlowly = (gateway: RunningGateway, passports: string[]): (() => Promise<void>) => {
  const ended = new AbortController();
  setMaxListeners(SLOW_HOSTS, ended.signal);
  const present = async (_: unknown, place: number): Promise<void> => {
    // As requests come in one after the other, all within a quarter of a second.
    await pause(place * 2);
    for (let passport = passports.pop(); passport !== undefined && !ended.signal.aborted; passport = passports.pop()) {
      const submission = await gateway.submit(passport, SLOW);
      if (submission.outcome !== 'unavailable') throw new Error(`a slow host was ${submission.outcome}`);
      // As it is told to, and not all at the same moment (threats, retry storms: jitter).
      const wait = (submission.retryAfter ?? 1) * 1000 * (1 + Math.random());
      await pause(wait, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  };
  const all = Array.from({ length: SLOW_HOSTS }, present);
  return async () => {
    ended.abort();
    await Promise.all(all);
  };
};

const GOOD_URL = 'https://cert.sti.example/path.pem';

const serverIdentity = ({ hierarchy }: DevPki) => {
  const issuer = hierarchy.authority('tls-ca');
  const key = newKeyPair();
  const notBefore = Math.floor(Date.now() / 1000) - 60;
  const content = { subject: subjectName({ commonName: 'origin' }), names: [{ dns: '*.sti.example' }], purposes: [OID.serverAuth] };
  const certificate = issueEndEntity(issuer, key.spki, content, { random: randomBytes, notBefore, notAfter: notBefore + 86_400 });
  return {
    cert: pathOf(certificate, issuer)
      .map((der) => encodePem('CERTIFICATE', der))
      .join(''),
    key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
};

/** A gateway over files of its own, that nobody can connect to: its fetches alone leave the process, and end at the origin. */
const openWith = async (place: BenchPlace, port: number): Promise<{ gateway: RunningGateway; close: () => Promise<void> }> => {
  const { configuration, world } = await generationOf(place);
  const { origin, x5u } = configuration.policies.gateway;
  const data = await openDataDirectory(join(place.directory, 'slow-hosts'), { origin, clock: systemClock });
  const fetcher = new GuardedFetcher({
    resolver: () => Promise.resolve(['127.0.0.1']),
    trust: [place.tls.ca],
    clock: systemClock,
    network: { isAllowed: (address) => address === '127.0.0.1', connect: () => connect({ host: '127.0.0.1', port }) },
  });
  const gateway = await openGateway({
    world,
    wal: data.wal,
    vault: data.vault,
    snapshots: data.snapshots,
    searches: data.searches,
    rejects: data.rejects,
    store: new MemoryMappingStore(),
    storeIsVolatile: true,
    quotas: new MemoryQuotaStore(),
    onScan: () => undefined,
    logStorage: data.tiles,
    receiptSigner: data.keys.receipt,
    credentials: new FetchedCredentials({ fetcher, clock: systemClock, hosts: () => x5u.hosts }),
    status: NO_STATUS,
    classes: data.classes,
    evidence: data.evidence,
    documents: data.documents,
    origin,
    pepper: data.keys.pepper,
    epoch: 1,
    clock: systemClock,
    random: systemRandom,
    gateway: 'signpost@bench',
  });
  const close = async (): Promise<void> => {
    await gateway.drain();
    await data.close();
  };
  return { gateway, close };
};

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readConfiguration } from '../adapters/configuration/index.js';
import { openDataDirectory } from '../adapters/files/index.js';
import { MemoryMappingStore } from '../adapters/memory/index.js';
import { systemClock, systemRandom } from '../adapters/system/index.js';
import { CredentialClasses } from '../gateway/credential-classes.js';
import { recover } from '../gateway/recovery.js';
import { Sequencer, type SequencerRequest } from '../gateway/sequencer.js';
import type { VerifiedPassport } from '../verification/index.js';
import { Verifier } from '../verification/index.js';
import type { BenchOptions, BenchResult } from './bench-figure.js';
import { numberAt, passportAt, PROVIDER, withPlace, type BenchPlace } from './bench-place.js';

/** Submissions that wait together: one batch of the sequencer. */
const TOGETHER = 2000;

/**
 * From the start of the process until it is ready, with many mappings that were all registered today: once after an orderly stop, and once
 * after kill -9. The log is filled by the gateway's own sequencer, which skips only the signatures; a restart verifies none. Beside it: a bare
 * node process that reads the same files.
 */
export const measure = ({ quick, tell }: BenchOptions): Promise<BenchResult> =>
  withPlace(async (place) => {
    const count = quick ? 4000 : 1_000_000;
    tell(`  filling a log with ${count} registrations`);
    await fill(place, count);
    tell('  starting, stopping, starting, killing, starting');
    const first = await place.start();
    await first.stop();
    const ordered = await place.start();
    await ordered.kill();
    const bare = readBare(join(place.directory, 'data'));
    const killed = await place.start();
    await killed.stop();
    const figure = (what: string, milliseconds: number): BenchResult['figures'][number] => ({
      bench: 'restart',
      what: `start to ready, ${count} mappings, after ${what}`,
      value: milliseconds / 1000,
      unit: 's',
      limit: { what: 'bare node reading the same snapshot', value: bare / 1000 },
      bar: { of: 'value', sense: 'at most', bound: 5 },
    });
    return { figures: [figure('an orderly stop', ordered.readyAfter), figure('kill -9', killed.readyAfter)], leftOut: [] };
  });

const fill = async (place: BenchPlace, count: number): Promise<void> => {
  const { material, policies } = await readConfiguration({ pkiDir: place.pki.directory }, Date.now());
  const data = await openDataDirectory(join(place.directory, 'data'), { origin: policies.gateway.origin, clock: systemClock });
  const { wal, vault, snapshots, keys } = data;
  const verifier = new Verifier(material);
  const parts = { wal, vault, pepper: keys.pepper };
  const recovered = await recover({ ...parts, snapshots, store: new MemoryMappingStore(), storeIsVolatile: true, epoch: 1 });
  const world = {
    verifier,
    mappingLifetime: policies.gateway.mapping.lifetimeDays * 86_400,
    attestGrace: policies.gateway.mapping.attestGraceDays * 86_400,
    lookup: { ttl: 300, negativeTtl: 60 },
    refusalRetentionDays: policies.gateway.evidence.days,
  };
  const sequencer = new Sequencer({
    ...parts,
    ...recovered,
    classes: await CredentialClasses.load(data.classes),
    clock: systemClock,
    random: systemRandom,
    gateway: 'signpost@bench',
    world: () => world,
    timeFloor: recovered.time,
  });
  const requestAt = requestsLike(verifier, place);
  for (let from = 0; from < count; from += TOGETHER) {
    const requests = Array.from({ length: Math.min(TOGETHER, count - from) }, (_, i) => sequencer.submit(requestAt(from + i)));
    for (const answer of await Promise.all(requests))
      if (answer.outcome !== 'committed') throw new Error('a registration was not committed');
  }
  await data.close();
};

/** Requests as one judged PASSporT would give them, with a number, user and jti of their own each. */
const requestsLike = (verifier: Verifier, place: BenchPlace): ((index: number) => SequencerRequest) => {
  const passport = passportAt(place.credential, 0, Math.floor(Date.now() / 1000));
  const verdict = verifier.verify({ passport, client: { domain: PROVIDER }, at: Date.now() });
  if (!verdict.accepted) throw new Error(`a PASSporT of the benchmark was refused: ${verdict.reason}`);
  const { claims, signer, judgedUnder, origin } = verdict.verified;
  return (index) => {
    const own = { sii: `tel:+${numberAt(index)}`, ssi: `mimi://${PROVIDER}/u/user${index}`, jti: randomBytes(16).toString('base64url') };
    // Long enough for the whole filling: what is committed must not have run out.
    const { kind, iat, exp } = { ...claims, exp: claims.iat + 86_400 };
    const verified: VerifiedPassport = {
      claims: { ...claims, ...own, exp },
      signer,
      judgedUnder,
      origin,
      byReference: false,
      passportDigest: randomBytes(32),
      signingDigest: randomBytes(32),
    };
    const event = {
      type: 'register',
      ...own,
      iat,
      exp,
      signer,
      judgedUnder,
      provider: PROVIDER,
      purpose: 'consumer',
      kind,
      circle: null,
    } as const;
    return { kind: 'passport', event, verified, client: PROVIDER };
  };
};

/** Milliseconds that a process takes to start and read the newest snapshot. */
const readBare = (data: string): number => {
  const script = `const fs=require('fs');const d=process.argv[1]+'/snapshot';const f=fs.existsSync(d)&&fs.readdirSync(d).sort().at(-1);if(f)fs.readFileSync(d+'/'+f)`;
  const since = performance.now();
  const { status } = spawnSync(process.execPath, ['-e', script, data], { stdio: 'ignore' });
  if (status !== 0) throw new Error('the snapshot could not be read');
  return performance.now() - since;
};

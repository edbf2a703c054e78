import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { openDataDirectory } from '../adapters/files/index.js';
import { MemoryMappingStore } from '../adapters/memory/index.js';
import { systemClock, systemRandom } from '../adapters/system/index.js';
import { CredentialClasses } from '../gateway/credential-classes.js';
import { DocumentKeeper } from '../gateway/document-keeper.js';
import { encodeEvidence } from '../gateway/evidence.js';
import { OpeningLimit } from '../gateway/opening-limit.js';
import { Population } from '../gateway/population.js';
import { recover } from '../gateway/recovery.js';
import { RejectBudget } from '../gateway/reject-budget.js';
import { RejectWindows } from '../gateway/reject-windows.js';
import { Sequencer, type SequencerRequest } from '../gateway/sequencer.js';
import type { VerifiedPassport } from '../verification/index.js';
import { generationOf, numberAt, passportAt, PROVIDER, type BenchPlace } from './bench-place.js';

/** Submissions that wait together: one batch of the sequencer. */
const TOGETHER = 2000;

/** Whether all numbers are registered by the place's credential, or each by one of its own, of which the first is the place's. */
export type Credentials = 'one' | 'own';

/**
 * Fills a log with registrations by the gateway's own sequencer, which skips only the signatures: a restart verifies none, and neither does whoever
 * judges stored mappings again.
 */
export const fillLog = async (place: BenchPlace, name: string, count: number, credentials: Credentials): Promise<void> => {
  const { configuration, world } = await generationOf(place);
  const { origin } = configuration.policies.gateway;
  const data = await openDataDirectory(join(place.directory, name), { origin, clock: systemClock });
  const { wal, vault, snapshots, keys } = data;
  const parts = { wal, vault, pepper: keys.pepper };
  const recovered = await recover({ ...parts, snapshots, store: new MemoryMappingStore(), storeIsVolatile: true, epoch: 1 });
  const documents = new DocumentKeeper(data.documents);
  documents.keep(world.verifier);
  const sequencer = new Sequencer({
    ...parts,
    ...recovered,
    population: new Population(),
    evidence: data.evidence,
    documents,
    classes: await CredentialClasses.load(data.classes),
    clock: systemClock,
    random: systemRandom,
    gateway: 'signpost@bench',
    world: () => world,
    changed: () => undefined,
    committed: () => undefined,
    rejects: {
      budget: new RejectBudget(
        () => world.rejects,
        () => systemClock.monotonic(),
      ),
      windows: new RejectWindows(),
    },
    timeFloor: recovered.time,
    openings: new OpeningLimit(),
  });
  const requestAt = requestsLike(judgedAt(world.verifier, place), credentials);
  for (let from = 0; from < count; from += TOGETHER) {
    const requests = Array.from({ length: Math.min(TOGETHER, count - from) }, (_, i) => sequencer.submit(requestAt(from + i)));
    for (const answer of await Promise.all(requests))
      if (answer.outcome !== 'committed') throw new Error('a registration was not committed');
  }
  await data.close();
};

interface Judged {
  readonly verified: VerifiedPassport;
  readonly evidence: Uint8Array;
}

type Verifier = Awaited<ReturnType<typeof generationOf>>['world']['verifier'];

const judgedAt = (verifier: Verifier, place: BenchPlace): Judged => {
  const passport = passportAt(place.credential, 0, Math.floor(Date.now() / 1000));
  const verdict = verifier.verify({ passport, client: { domain: PROVIDER }, at: Date.now() });
  if (!verdict.accepted) throw new Error(`a PASSporT of the benchmark was refused: ${verdict.reason}`);
  const client = { domain: PROVIDER, kind: 'ap', class: 'consumer', spc: null } as const;
  // Short, and of no PASSporT: a start reads none of it, and 10^6 of the usual size would be 5 GB.
  const evidence = encodeEvidence({ kind: 'withdrawal', client, sii: verdict.verified.claims.sii, ssi: '' });
  return { verified: verdict.verified, evidence };
};

/** Requests as one judged PASSporT would give them, with a number, user and jti of their own each. */
const requestsLike = ({ verified: judged, evidence }: Judged, credentials: Credentials): ((index: number) => SequencerRequest) => {
  const { claims, judgedUnder } = judged;
  return (index) => {
    const { signer, origin } = index > 0 && credentials === 'own' ? anotherOf(judged, index) : judged;
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
      operator: null,
    } as const;
    return { kind: 'passport', event, verified, client: PROVIDER, evidence };
  };
};

/** A credential of the same CA, with a certificate and a serial number of its own. */
const anotherOf = ({ signer, origin }: VerifiedPassport, index: number): Pick<VerifiedPassport, 'signer' | 'origin'> => {
  const fingerprint = createHash('sha256').update(`certificate ${index}`).digest();
  const serial = createHash('sha256').update(`serial ${index}`).digest().subarray(0, 16);
  // RFC 5280 section 4.1.2.2: positive; and minimal.
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f);
  return { signer: { ...signer, fingerprints: [fingerprint, ...signer.fingerprints.slice(1)] }, origin: { ...origin, serial } };
};

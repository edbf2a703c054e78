import { STIR_RULES, parsePath, type Certificate } from '../x509/index.js';
import { atHandFor, keyWith } from './at-hand.js';
import type { Generation } from './generation.js';
import type { Job } from './job.js';
import { judgeCredential } from './judge-credential.js';
import type { JudgedCredential } from './credential.js';
import type { KeptTrial, Trial } from './path-cache.js';

/** Keys of paths that came as arrays which are kept (x5c of a cached header). */
const keys = new WeakMap<readonly Uint8Array[], string>();

/** A digest of fixed length for each certificate, so that no two paths have one key. */
const keyOf = (path: readonly Certificate[]): string => path.map(({ fingerprint }) => fingerprint.toString('latin1')).join('');

/** Reasons of a path that does not end in the anchors at hand: none has the name, or none of that name has the key. */
const ELSEWHERE: ReadonlySet<string> = new Set(['untrusted-chain', 'aki-mismatch']);

/**
 * Tries the path under each profile that has anchors, in order (standards: profiles). Lazy: the caller stops at the first that satisfies it.
 * @throws Refusal as `parsePath`
 */
export function* judgeUnderProfiles(job: Job, under: Generation): Generator<Trial> {
  const { at } = job;
  const atHand = atHandFor(job);
  const known = keys.get(job.path);
  const knownTrial = known === undefined ? null : under.paths.get(keyWith(known, atHand), at);
  if (knownTrial !== null) yield knownTrial;
  const path = parsePath(job.path, STIR_RULES, under.certificates);
  const octetsKey = known ?? keyOf(path);
  if (known === undefined) keys.set(job.path, octetsKey);
  const key = keyWith(octetsKey, atHand);
  const kept = knownTrial ?? under.paths.get(key, at);
  if (knownTrial === null && kept !== null) yield kept;
  let isFirst = true;
  for (const anchors of under.anchors) {
    if (kept?.anchors === anchors) continue;
    const judgement = judgeCredential(path, anchors, at, under, atHand);
    // Another profile's anchors, whatever they are called: no trial at all.
    const isTrial = judgement.ok || !ELSEWHERE.has(judgement.failure.refusal.reason);
    if (judgement.ok && isFirst && kept === null) keep(under, key, { anchors, judgement }, judgement.credential, at);
    if (isTrial) isFirst = false;
    yield { anchors, judgement };
  }
}

const keep = (under: Generation, key: string, trial: KeptTrial, credential: JudgedCredential, at: number): void => {
  // A judgement holds as long as its certificates and CRLs; policy shortens that.
  under.paths.set(key, { trial, from: credential.from, until: Math.min(credential.until, at + under.policy.pathCache.seconds) });
};

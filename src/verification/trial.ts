import { createHash, hash } from 'node:crypto';
import { STIR_RULES, parsePath, type Certificate } from '../x509/index.js';
import type { Generation } from './generation.js';
import type { Job } from './job.js';
import { judgeCredential } from './judge-credential.js';
import type { JudgedCredential } from './credential.js';
import type { FetchedLists } from './tn-lists.js';
import type { KeptTrial, Trial } from './path-cache.js';

/** Keys of paths that came as arrays which are kept (x5c of a cached header). */
const keys = new WeakMap<readonly Uint8Array[], string>();

/** A digest of fixed length for each certificate, so that no two paths have one key. */
const keyOf = (path: readonly Certificate[]): string => path.map(({ fingerprint }) => fingerprint.toString('latin1')).join('');

/** Lists by reference are part of what is judged. */
const withLists = (key: string, lists: FetchedLists): string => {
  if (lists.size === 0) return key;
  const digest = createHash('sha256').update(key);
  for (const [url, der] of [...lists].sort(([a], [b]) => (a < b ? -1 : 1)))
    digest.update(hash('sha256', url, 'buffer')).update(hash('sha256', der, 'buffer'));
  return digest.digest('base64');
};

const NONE: FetchedLists = new Map();

/** Reasons of a path that does not end in the anchors at hand: none has the name, or none of that name has the key. */
const ELSEWHERE: ReadonlySet<string> = new Set(['untrusted-chain', 'aki-mismatch']);

/**
 * Tries the path under each profile that has anchors, in order (standards: profiles). Lazy: the caller stops at the first that satisfies it.
 * @throws Refusal as `parsePath`
 */
export function* judgeUnderProfiles(job: Job, under: Generation): Generator<Trial> {
  const { at } = job;
  const lists = job.input.tnLists ?? NONE;
  const known = keys.get(job.path);
  const knownTrial = known === undefined ? null : under.paths.get(withLists(known, lists), at);
  if (knownTrial !== null) yield knownTrial;
  const path = parsePath(job.path, STIR_RULES, under.certificates);
  const octetsKey = known ?? keyOf(path);
  if (known === undefined) keys.set(job.path, octetsKey);
  const key = withLists(octetsKey, lists);
  const kept = knownTrial ?? under.paths.get(key, at);
  if (knownTrial === null && kept !== null) yield kept;
  let isFirst = true;
  for (const anchors of under.anchors) {
    if (kept?.anchors === anchors) continue;
    const judgement = judgeCredential(path, anchors, at, under, lists);
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

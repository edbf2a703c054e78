import { createHash, hash } from 'node:crypto';
import { STIR_RULES, parsePath } from '../x509/index.js';
import type { Generation } from './generation.js';
import type { Job } from './job.js';
import { judgeCredential } from './judge-credential.js';
import type { JudgedCredential } from './credential.js';
import type { FetchedLists } from './tn-lists.js';
import type { KeptTrial, Trial } from './path-cache.js';

/** Digests of paths that came as arrays which are kept (x5c of a cached header). */
const keys = new WeakMap<readonly Uint8Array[], string>();

const keyOf = (path: readonly Uint8Array[]): string => {
  const known = keys.get(path);
  if (known !== undefined) return known;
  // With lengths, so that no two lists of certificates run together to the same octets.
  const key = hash('sha256', Buffer.concat([Buffer.from(Uint32Array.from(path, ({ length }) => length).buffer), ...path]), 'base64');
  keys.set(path, key);
  return key;
};

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
  const key = withLists(keyOf(job.path), lists);
  const kept = under.paths.get(key, at);
  if (kept !== null) yield kept;
  const path = parsePath(job.path, STIR_RULES, under.certificates);
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

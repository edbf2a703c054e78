import { createHash } from 'node:crypto';
import {
  compareCheckpoints,
  followLog,
  openUnder,
  type Checkpoint,
  type FollowedCheckpoint,
  type PolicyWitness,
  type ReadFile,
  type TlogPolicy,
} from '../log/index.js';
import { Refusal, Unavailable } from '../reasons/index.js';
import type { Finding, FollowState } from './audit-follow-state.js';

export interface LookParts {
  readonly policy: TlogPolicy;
  readonly read: ReadFile;
  /** The checkpoint that a witness has kept, or null when it has none. Rejects when it cannot be asked. */
  readonly copyOf: (witness: PolicyWitness, originHash: string) => Promise<Uint8Array | null>;
  /** Seconds that a checkpoint may be old; null: any age. */
  readonly maxAge: number | null;
  readonly now: () => number;
}

/** What one look at a log has found. */
export interface Look {
  /** Null when the log could not be read. */
  readonly checkpoint: FollowedCheckpoint | null;
  readonly findings: readonly Finding[];
  readonly ahead: FollowState['ahead'];
}

/** One look: the checkpoint, that it continues the last one, that it is the witnesses' own, its age and its quorum. */
export const lookAt = async (parts: LookParts, state: FollowState): Promise<Look> => {
  const findings: Finding[] = [];
  const add = (kind: Finding['kind'], about: string, detail: string, evidence: readonly string[] = []): void =>
    void findings.push({ kind, about, detail, evidence });
  let checkpoint: FollowedCheckpoint;
  try {
    checkpoint = await followLog(parts.policy, parts.read);
  } catch (error) {
    add('unreadable', 'log', reasonOf(error));
    return { checkpoint: null, findings, ahead: state.ahead };
  }
  await compareWithLast(parts, state, checkpoint, add);
  const ahead = await compareWithWitnesses(parts, state, checkpoint, add);
  if (!checkpoint.isQuorum)
    add('quorum-missing', 'log', `cosigned by ${checkpoint.cosigned.map(({ name }) => name).join(', ') || 'nobody'}`);
  const age = ageOf(checkpoint, state, parts.now());
  if (parts.maxAge !== null && age > parts.maxAge) add('stale', 'log', `${Math.floor(age)} s old`);
  return { checkpoint, findings, ahead };
};

type Add = (kind: Finding['kind'], about: string, detail: string, evidence?: readonly string[]) => void;

const compareWithLast = async ({ policy, read }: LookParts, { last }: FollowState, next: FollowedCheckpoint, add: Add): Promise<void> => {
  if (last === null) return;
  const before = openUnder(policy, last);
  if (before.size > next.size) {
    // The shorter one may still be an honest beginning of the longer: it was shown, and is hidden now.
    add('rollback', 'log', `${next.size} entries, and ${before.size} were seen`, [last, next.note]);
    return;
  }
  const conflict = await compared(before, next, read, add);
  if (conflict !== null) add(conflict, 'log', `${next.size} entries do not continue the ${before.size} that were seen`, [last, next.note]);
};

const compared = async (older: Checkpoint, newer: Checkpoint, read: ReadFile, add: Add) => {
  try {
    return await compareCheckpoints(older, newer, read);
  } catch (error) {
    add('unreadable', 'log', reasonOf(error));
    return null;
  }
};

const compareWithWitnesses = async (
  parts: LookParts,
  state: FollowState,
  own: FollowedCheckpoint,
  add: Add,
): Promise<FollowState['ahead']> => {
  const ahead: Record<string, string> = {};
  const hash = createHash('sha256').update(own.origin).digest('hex');
  for (const witness of parts.policy.witnesses) {
    const { name } = witness;
    const copies = [state.ahead[name] ?? null, witness.url === null ? null : await copyOf(parts, witness, hash, add)];
    for (const note of copies) {
      if (note === null) continue;
      const copy = witnessed(parts.policy, witness, note);
      if (copy === null) add('witness-unreadable', name, 'what it shows is not by the log and by it');
      else if (copy.size > own.size) ahead[name] = note;
      else await compareWithCopy(parts, copy, own, { name, note }, add);
    }
  }
  return ahead;
};

/** A copy that is not longer: the log at hand must continue it. A longer one waits for the log to come to it. */
const compareWithCopy = async (
  { read }: LookParts,
  copy: Checkpoint,
  own: FollowedCheckpoint,
  { name, note }: { readonly name: string; readonly note: string },
  add: Add,
): Promise<void> => {
  const conflict = await compared(copy, own, read, add);
  if (conflict !== null) add(conflict, name, `${own.size} entries do not continue the ${copy.size} that it saw`, [note, own.note]);
};

const copyOf = async (parts: LookParts, witness: PolicyWitness, hash: string, add: Add): Promise<string | null> => {
  try {
    const octets = await parts.copyOf(witness, hash);
    return octets === null ? null : Buffer.from(octets).toString('utf8');
  } catch {
    add('witness-unreadable', witness.name, 'it does not answer');
    return null;
  }
};

/** Null unless both the log and this witness signed it. */
const witnessed = (policy: TlogPolicy, witness: PolicyWitness, note: string): Checkpoint | null => {
  try {
    const opened = openUnder({ ...policy, witnesses: [witness] }, note);
    return opened.cosigners.length === 0 ? null : opened;
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
};

/** Seconds since the newest cosignature; without witnesses since this checkpoint was seen first. */
const ageOf = ({ cosigned, note }: FollowedCheckpoint, { last, seen }: FollowState, now: number): number => {
  const newest = Math.max(...cosigned.map(({ time }) => time));
  if (cosigned.length > 0) return now / 1000 - newest;
  return last === note && seen !== null ? (now - Date.parse(seen)) / 1000 : 0;
};

const reasonOf = (error: unknown): string => {
  if (error instanceof Refusal && !(error instanceof Unavailable))
    return error.detail === undefined ? error.reason : `${error.reason}, ${error.detail}`;
  return error instanceof Error ? error.message : 'not reached';
};

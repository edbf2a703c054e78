import { Refusal, refuse } from '../reasons/index.js';
import { openUnder, type Checkpoint } from './checkpoint.js';
import { verifyConsistency } from './proof.js';
import { TileProver } from './prover.js';
import { equalOctets } from './sha256.js';
import type { ReadFile } from './tile-builder.js';
import type { TlogPolicy } from './tlog-policy.js';

/** How two checkpoints of one log cannot both be of one history. */
export type CheckpointConflict = 'two-roots' | 'fork';

/**
 * Whether `newer`, of the same size or a larger one, continues `older`, by the published tiles; null: it does. Two notes that conflict, both signed
 * by the log, prove to anybody that it lied.
 * @throws Refusal `log-corrupt` when a tile that the proof needs is not published
 */
export const compareCheckpoints = async (older: Checkpoint, newer: Checkpoint, read: ReadFile): Promise<CheckpointConflict | null> => {
  const [size1, size2] = [Number(older.size), Number(newer.size)];
  if (size1 === size2) return equalOctets(older.root, newer.root) ? null : 'two-roots';
  // The empty log is the beginning of every log.
  if (size1 === 0) return null;
  const proof = await new TileProver(size2, read).consistency(size1);
  try {
    verifyConsistency({ size1, size2, root1: older.root, root2: newer.root, proof });
    return null;
  } catch (error) {
    if (error instanceof Refusal && error.reason === 'consistency-failed') return 'fork';
    throw error;
  }
};

export interface FollowedCheckpoint extends Checkpoint {
  /** The signed note as it came: what one auditor shows to another. */
  readonly note: string;
  /** Who of the policy cosigned it, and when, in seconds. */
  readonly cosigned: readonly { readonly name: string; readonly time: number }[];
  readonly isQuorum: boolean;
}

/** The checkpoint that a log shows now, by the policy's log and witnesses. @throws Refusal `log-corrupt` when there is none, and what notes refuse with */
export const followLog = async (policy: TlogPolicy, read: ReadFile): Promise<FollowedCheckpoint> => {
  const octets = (await read('checkpoint')) ?? refuse('log-corrupt', 'checkpoint is missing');
  const { cosigners, ...checkpoint } = openUnder(policy, octets);
  return {
    ...checkpoint,
    note: Buffer.from(octets).toString('utf8'),
    cosigned: cosigners.map(({ key, time }) => ({ name: key.name, time: Number(time) })),
    isQuorum: policy.isQuorum(cosigners.map(({ key }) => key)),
  };
};

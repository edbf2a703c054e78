import { openCheckpoint, type Checkpoint } from '../proof/checkpoint.js';
import { Fault } from '../proof/fault.js';
import type { VerificationKey } from '../proof/note.js';
import { isEqual } from '../proof/octets.js';
import type { VerifiedLog } from './log.js';
import type { SeenCheckpoint } from './memory.js';

/**
 * How the log's checkpoint stands to the last one that this browser saw. `fork`: two signed checkpoints that no one append-only log has;
 * `rollback`: it is smaller; `unproven`: tiles are missing or do not fit the newer checkpoint, so that nothing can be said.
 */
export type Continuity =
  | { readonly state: 'first' }
  | { readonly state: 'same' | 'grown' | 'fork' | 'rollback'; readonly seen: SeenCheckpoint; readonly before: Checkpoint }
  | { readonly state: 'unproven'; readonly seen: SeenCheckpoint; readonly before: Checkpoint; readonly what: string };

export const compare = async (log: VerifiedLog, seen: SeenCheckpoint | null, key: VerificationKey): Promise<Continuity> => {
  // Under another key it was another log's.
  const before = seen === null ? null : await openCheckpoint(seen.octets, key).catch(() => null);
  if (seen === null || before === null || before.size === 0) return { state: 'first' };
  const { size, root } = log.checkpoint;
  if (size < before.size) return { state: 'rollback', seen, before };
  if (size === before.size) return { state: isEqual(root, before.root) ? 'same' : 'fork', seen, before };
  return grown(log, seen, before);
};

const grown = async (log: VerifiedLog, seen: SeenCheckpoint, before: Checkpoint): Promise<Continuity> => {
  try {
    const { first, second } = await log.roots(before.size);
    // Hashes that do not lead to the newer root are not of its tree, and say nothing about the log.
    if (!isEqual(second, log.checkpoint.root))
      return { state: 'unproven', seen, before, what: 'the tiles do not lead to the root of this checkpoint' };
    return { state: isEqual(first, before.root) ? 'grown' : 'fork', seen, before };
  } catch (error) {
    if (error instanceof Fault) return { state: 'unproven', seen, before, what: error.message };
    throw error;
  }
};

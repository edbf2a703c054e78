import { fromBase64, toBase64, type Octets } from '../proof/octets.js';
import { isMembers, parseMembers, stringOf } from './json.js';

/** Where a key came from: the auditor, or the server that also hands out the log. */
export type KeyOrigin = 'typed' | 'discovery';

/** A checkpoint whose signature held when this browser saw it. */
export interface SeenCheckpoint {
  readonly octets: Octets;
  readonly size: number;
  /** ms */
  readonly at: number;
}

/** What this browser remembers of one log. */
export interface Memory {
  readonly vkey: string | null;
  readonly from: KeyOrigin;
  readonly receiptVkey: string | null;
  readonly witnessVkeys: readonly string[];
  readonly seen: SeenCheckpoint | null;
  /** Sizes that were seen, oldest first. */
  readonly history: ReadonlyArray<{ readonly at: number; readonly size: number }>;
}

export const NO_MEMORY: Memory = { vkey: null, from: 'typed', receiptVkey: null, witnessVkeys: [], seen: null, history: [] };

const MOST_HISTORY = 500;

const isMoment = (value: unknown): value is { at: number; size: number } =>
  isMembers(value) && Number.isSafeInteger(value['at']) && Number.isSafeInteger(value['size']);

export const parseMemory = (text: string | null): Memory => {
  const members = parseMembers(text ?? '');
  if (members === null) return NO_MEMORY;
  const { seen, history, witnessVkeys } = members;
  const octets = isMembers(seen) ? fromBase64(stringOf(seen['octets']) ?? '') : null;
  return {
    vkey: stringOf(members['vkey']),
    from: members['from'] === 'discovery' ? 'discovery' : 'typed',
    receiptVkey: stringOf(members['receiptVkey']),
    witnessVkeys: Array.isArray(witnessVkeys) ? witnessVkeys.filter((vkey) => typeof vkey === 'string') : [],
    seen: isMoment(seen) && octets !== null ? { octets, size: seen.size, at: seen.at } : null,
    history: Array.isArray(history) ? history.filter(isMoment).map(({ at, size }) => ({ at, size })) : [],
  };
};

export const formatMemory = (memory: Memory): string =>
  JSON.stringify({
    ...memory,
    seen: memory.seen === null ? null : { ...memory.seen, octets: toBase64(memory.seen.octets) },
    history: memory.history.slice(-MOST_HISTORY),
  });

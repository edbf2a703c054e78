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
  /** What was seen at each look, oldest first. */
  readonly history: readonly Look[];
}

export interface Look {
  /** ms */
  readonly at: number;
  readonly size: number;
  /** ms; the time of the newest cosignature that was verified. */
  readonly cosigned: number | null;
}

export const NO_MEMORY: Memory = { vkey: null, from: 'typed', receiptVkey: null, witnessVkeys: [], seen: null, history: [] };

const isMoment = (value: unknown): value is { at: number; size: number } =>
  isMembers(value) && Number.isSafeInteger(value['at']) && Number.isSafeInteger(value['size']);

const lookOf = (value: { at: number; size: number; cosigned?: unknown }): Look => ({
  at: value.at,
  size: value.size,
  cosigned: typeof value.cosigned === 'number' ? value.cosigned : null,
});

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
    history: Array.isArray(history) ? history.filter(isMoment).map(lookOf) : [],
  };
};

export const formatMemory = (memory: Memory): string =>
  JSON.stringify({
    ...memory,
    seen: memory.seen === null ? null : { ...memory.seen, octets: toBase64(memory.seen.octets) },
  });

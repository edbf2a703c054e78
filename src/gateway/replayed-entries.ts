import { parseLeaf, peekLeaf, type LeafFields } from '../log/index.js';
import type { EvidenceRecord, EvidenceStorage, Vault, WalRecord, WriteAheadLog } from '../ports/index.js';
import { decodeEvidence, evidenceContext } from './evidence.js';
import { sealingContext } from './journal.js';
import { judgeAgain, unjudged, versionsInLeaf, type Difference, type RecordedDecision } from './judged-again.js';
import type { ReplayTerms } from './replay-terms.js';
import type { Versions } from '../verification/index.js';
import type { Ruled } from './ruling.js';
import { decodeSealedRefusal, decodeUnfollowed } from './sealed-event.js';

/** What came of an entry that is not simply as it was. */
export type ReplayedEntry = { readonly index: number } & (
  | { readonly outcome: 'differs'; readonly differences: readonly Difference[] }
  /** A refusal of which the sequencer must say again what it said: `why`. */
  | { readonly outcome: 'ruled'; readonly ruled: Ruled; readonly why: string }
  /** The key is gone: by an erasure, or at the end of the time that refusals are kept. */
  | { readonly outcome: 'erased' | 'expired' }
  /** Of a time when no evidence was kept. */
  | { readonly outcome: 'unkept' }
);

export interface ReplayedRange {
  readonly from: number;
  readonly to: number;
  /** What entries were judged under: each up to where the next begins. */
  readonly under: readonly VersionsFrom[];
  /** In order; what is not here is as it was, as far as it does not depend on the log before it. */
  readonly entries: readonly ReplayedEntry[];
}

export interface VersionsFrom {
  /** Index. */
  readonly from: number;
  readonly versions: Versions;
}

export interface EntryParts {
  readonly wal: Pick<WriteAheadLog, 'read'>;
  readonly vault: Pick<Vault, 'open'>;
  readonly evidence: Pick<EvidenceStorage, 'first' | 'read'>;
  readonly terms: ReplayTerms;
}

/** Judges the decisions of a range of entries again, as far as they do not depend on the log before them. */
export const replayEntries = async (parts: EntryParts, from: number, to: number): Promise<ReplayedRange> => {
  const entries: ReplayedEntry[] = [];
  const under = new Under();
  const kept = parts.evidence.read(from)[Symbol.asyncIterator]();
  let lost: Difference | null = null;
  const next = async (): Promise<EvidenceRecord | null> => {
    try {
      return lost === null ? (((await kept.next()).value as { readonly record: EvidenceRecord } | undefined)?.record ?? null) : null;
    } catch (error) {
      lost = unjudged(error);
      return null;
    }
  };
  try {
    for await (const { index, record } of parts.wal.read(from)) {
      if (index >= to) break;
      const isKept = index >= parts.evidence.first;
      const evidence = isKept ? await next() : null;
      const { k } = peekLeaf(record.leaf);
      if (k !== 'accept' && k !== 'reject') continue;
      if (!isKept) entries.push({ index, outcome: 'unkept' });
      else if (evidence === null || evidence.sealed.length === 0) entries.push({ index, outcome: 'differs', differences: [lost ?? NONE] });
      else {
        const entry = await replayEntry(parts, under, index, record, evidence);
        if (entry !== null) entries.push(entry);
      }
    }
  } finally {
    await kept.return?.();
  }
  return { from, to, under: under.all, entries };
};

/** What one entry after the other was judged under: the same as the one before, as a rule. */
class Under {
  readonly all: VersionsFrom[] = [];
  #leaf: LeafFields | null = null;
  #versions: Versions | null = null;

  at(index: number, leaf: LeafFields): Versions {
    const last = this.#leaf;
    const isSame = last?.pol === leaf.pol && last.tl === leaf.tl && last.num === leaf.num && last.rev === leaf.rev;
    if (this.#versions !== null && isSame) return this.#versions;
    const versions = versionsInLeaf(leaf);
    this.all.push({ from: index, versions });
    this.#leaf = leaf;
    this.#versions = versions;
    return versions;
  }
}

const NONE: Difference = { where: 'evidence', expected: 'what was submitted', got: 'none' };

const replayEntry = async (
  { vault, terms }: EntryParts,
  under: Under,
  index: number,
  { leaf: octets, sealed, keySlot }: WalRecord,
  kept: EvidenceRecord,
): Promise<ReplayedEntry | null> => {
  const differs = (differences: readonly Difference[]): ReplayedEntry => ({ index, outcome: 'differs', differences });
  try {
    const leaf = parseLeaf(octets);
    const [event, submitted] = [
      vault.open(keySlot, sealingContext(index), sealed),
      vault.open(keySlot, evidenceContext(index), kept.sealed),
    ];
    if (event === null || submitted === null) return { index, outcome: leaf.k === 'accept' ? 'erased' : 'expired' };
    const versions = under.at(index, leaf);
    const decision = { octets, leaf, versions, ...unsealed(leaf, event), evidence: decodeEvidence(submitted) };
    const { differences, ruled } = judgeAgain(decision, await terms.of(versions));
    if (differences.length > 0) return differs(differences);
    return leaf.k === 'accept' || ruled === null ? null : { index, outcome: 'ruled', ruled, why: leaf.why };
  } catch (error) {
    return differs([unjudged(error)]);
  }
};

const unsealed = ({ k }: LeafFields, plaintext: Uint8Array): Pick<RecordedDecision, 'opening' | 'sealed'> => {
  if (k !== 'accept') return { opening: decodeSealedRefusal(plaintext).opening, sealed: null };
  const { opening, credential } = decodeUnfollowed(plaintext);
  return { opening, sealed: { plaintext, credential } };
};

import { leafHash } from '../log/index.js';
import type { EvidenceRecord, SubjectId, WalRecord } from '../ports/index.js';
import type { Subject } from '../registry/index.js';
import type { CredentialEntry, CredentialId } from './credential-book.js';
import type { Put } from './projection.js';
import { ABOUT_NOBODY, type RecordAbout } from './search-row.js';
import type { Spent } from './spent-passports.js';

const NONE = new Uint8Array();

/** One batch on its way to the log: nothing of it is in the shared state before its records are durable. */
export class Draft {
  /** Index that the first record will have. */
  readonly base: number;
  readonly records: WalRecord[] = [];
  /** One for each record. */
  readonly evidence: EvidenceRecord[] = [];
  readonly hashes: Uint8Array[] = [];
  /** Beside each record, for the search. */
  readonly abouts: RecordAbout[] = [];
  readonly puts = new Map<SubjectId, Put>();
  /** Subjects as the decisions so far leave them. */
  readonly working: Map<SubjectId, Subject | null>;
  /** What the subjects of `puts` were before. */
  readonly replaced = new Map<SubjectId, Subject | null>();
  readonly spent = new Map<string, Spent>();
  readonly credentials: (readonly [CredentialId, CredentialEntry])[] = [];
  /** Done once the records are durable, before anybody is answered. */
  readonly finishing: (() => Promise<void>)[] = [];
  /** Vault slots whose keys are destroyed with this batch: what comes later in it opens none of them. */
  readonly erased = new Set<number>();
  /** Index of its last `erase` leaf, or -1. */
  lastErasure = -1;
  /** Said once everything is durable and the store has it. */
  readonly answers: (() => void)[] = [];
  newSlots = false;

  constructor(base: number, working: Map<SubjectId, Subject | null>) {
    this.base = base;
    this.working = working;
  }

  /** Index that the next record will have. */
  get next(): number {
    return this.base + this.records.length;
  }

  /** @param evidence sealed under the record's key; empty where nothing was submitted */
  record(record: WalRecord, about: RecordAbout = ABOUT_NOBODY, evidence: Uint8Array = NONE): Uint8Array {
    this.records.push(record);
    this.evidence.push({ sealed: evidence, keySlot: record.keySlot });
    this.abouts.push(about);
    const hash = leafHash(record.leaf);
    this.hashes.push(hash);
    return hash;
  }

  put(id: SubjectId, subject: Subject, index: number): void {
    if (!this.replaced.has(id)) this.replaced.set(id, this.working.get(id) ?? null);
    this.working.set(id, subject);
    this.puts.set(id, { subject, index });
  }
}

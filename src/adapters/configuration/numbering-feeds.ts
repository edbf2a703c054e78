import { join } from 'node:path';
import { NumberingPlan, NumberingTable, scopesOf, silenceOf, type FeedScope } from '../../numbering/index.js';
import type { Clock, FeedArchive, NumberingFeedState } from '../../ports/index.js';
import { Refusal, refuse, type Reason } from '../../reasons/index.js';
import { readNumberingStatement, type Material, type NumberingStatement } from '../../verification/index.js';
import type { CrlSet } from '../../x509/index.js';
import { damaged, readFeedRecord, writeFeedRecord, type FeedRecord } from './feed-record.js';
import { codeOfFault, readNumberingFiles, type NumberingContents } from './numbering-file.js';
import type { NumberingFeedFiles } from './trust-files.js';
import { crlsAtHand } from './trust-lists.js';

/** Each is read again with every one that follows. */
const MAX_DELTAS = 400;

type Fault = keyof NumberingFeedState['refused'];

/** What happened to a feed; for the operator's log. */
export type FeedEvent =
  | { readonly kind: 'accepted'; readonly feed: string; readonly sequence: number; readonly rows: number; readonly until: number }
  | { readonly kind: 'refused'; readonly feed: string; readonly reason: Reason; readonly detail: string | null };

export interface NumberingFeedsParts {
  readonly archive: FeedArchive;
  readonly clock: Pick<Clock, 'now'>;
  readonly onEvent: (event: FeedEvent) => void;
}

/** How a feed stands in a generation. */
export interface FeedStanding {
  readonly name: string;
  readonly codes: readonly string[];
  /** Null: none is in force, and nobody is of record for its numbers. */
  readonly inForce: { readonly sequence: number; readonly until: number; readonly tables: readonly NumberingTable[] } | null;
  /** Why what its source offers now is not in force; null: it is. */
  readonly refused: string | null;
  /** Whether one of this name was ever good here. */
  readonly isKnown: boolean;
}

interface Memory {
  record: FeedRecord | null;
  /** The rows of the record, once they were read. */
  rows: Rows | null;
  /** What did not hold, so that it is not read again with every reload; rows that are missing may come. */
  failed: { readonly octets: Uint8Array; readonly scope: string; readonly refusal: Refusal } | null;
  told: string | null;
  readonly refused: Record<Fault, number>;
}

interface Rows {
  readonly full: NumberingTable;
  readonly deltas: NumberingTable | null;
  /** What they were found to be within. */
  readonly scope: string;
}

/**
 * The feeds of numbering data that trust.yaml names. One is put in force once it holds and is kept durably; what does not hold changes nothing; the last good one
 * stays until it runs out, over restarts too; then nobody is of record for its numbers. Judging takes turns: the caller's to see to.
 */
export class NumberingFeeds {
  readonly #parts: NumberingFeedsParts;
  readonly #memories = new Map<string, Memory>();

  constructor(parts: NumberingFeedsParts) {
    this.#parts = parts;
  }

  /** Judges every feed now. @throws ConfigurationProblems when what is kept is damaged */
  async judge(feeds: readonly NumberingFeedFiles[], material: Material): Promise<FeedStanding[]> {
    if (feeds.length === 0) return [];
    const crls = crlsAtHand(material);
    const scopes = scopesOf(feeds.map(({ policy }) => policy.codes));
    const standings = [];
    for (const [i, files] of feeds.entries()) standings.push(await this.#judgeOne(files, scopes[i] ?? { codes: [], apart: [] }, crls));
    return standings;
  }

  /** True when a feed in force has run out. */
  isDue(standings: readonly FeedStanding[]): boolean {
    const now = this.#parts.clock.now();
    return standings.some(({ inForce }) => inForce !== null && inForce.until * 1000 <= now);
  }

  states(standings: readonly FeedStanding[]): NumberingFeedState[] {
    return standings.map(({ name, inForce }) => ({
      name,
      sequence: inForce?.sequence ?? null,
      until: inForce?.until ?? null,
      rows: (inForce?.tables ?? []).reduce((sum, { size }) => sum + size, 0),
      refused: { ...(this.#memories.get(name)?.refused ?? NO_FAULTS) },
    }));
  }

  async #judgeOne(files: NumberingFeedFiles, scope: FeedScope, crls: CrlSet): Promise<FeedStanding> {
    const { name, codes } = files.policy;
    const memory = await this.#memoryOf(name);
    let refused: string | null = null;
    try {
      await this.#take(files, memory, scope, crls);
      memory.told = null;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refused = this.#tell(name, memory, error);
    }
    try {
      return { name, codes, inForce: await this.#lastGood(files, memory, scope, crls), refused, isKnown: memory.record !== null };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { name, codes, inForce: null, refused: refused ?? wordsOf(error), isKnown: true };
    }
  }

  /** Puts what the file offers in the place of what is kept. @throws Refusal: that does not hold, and nothing has changed */
  async #take({ policy, roots, octets, folder }: NumberingFeedFiles, memory: Memory, scope: FeedScope, crls: CrlSet): Promise<void> {
    const { name } = policy;
    const { record, failed } = memory;
    if (octets === null) return refuse('feed-rows-mismatch', 'its file cannot be read');
    if (record !== null && Buffer.compare(octets, record.octets) === 0) return;
    if (failed !== null && Buffer.compare(octets, failed.octets) === 0 && failed.scope === JSON.stringify(scope)) throw failed.refusal;
    const at = this.#parts.clock.now();
    const statement = await readNumberingStatement({ octets, name, roots, floor: record, crls, at });
    const next = recordAfter(record, statement, octets);
    // Another signature over what is in force already.
    const rows = statement.sequence === record?.sequence ? memory.rows : await this.#rowsOf(name, statement, next, folder, memory, scope);
    // Before it is in force: else a crash could let the one before it come back.
    await writeFeedRecord(this.#parts.archive, name, next);
    memory.record = next;
    memory.rows = rows;
    memory.failed = null;
    const { sequence, until } = statement;
    this.#parts.onEvent({ kind: 'accepted', feed: name, sequence, rows: statement.rows, until });
  }

  /** The rows that a new record names; kept, and looked at where they are kept, since what is offered may change meanwhile. */
  async #rowsOf(
    name: string,
    statement: NumberingStatement,
    next: FeedRecord,
    folder: string,
    memory: Memory,
    scope: FeedScope,
  ): Promise<Rows> {
    const { archive } = this.#parts;
    const { sha256 } = statement;
    const offered = join(folder, `${sha256}.csv`);
    const { record } = memory;
    // What is kept under this digest is in force: what is offered was not looked at yet, and must not take its place.
    const isKept = record !== null && (record.full === sha256 || record.deltas.includes(sha256));
    if (!isKept)
      await archive.stage(name, sha256, offered).catch((error: unknown) => {
        throw codeOfFault(error) === 'ENOENT' ? new Refusal('feed-rows-mismatch', 'not there') : error;
      });
    const isFull = statement.base === null;
    try {
      const contents = await this.#read(name, isFull ? [sha256] : next.deltas, scope);
      const own = contents.files.at(-1);
      if (own?.sha256 !== sha256) return refuse('feed-rows-mismatch', 'SHA-256');
      if (!contents.read.ok) return refuse('feed-rows-malformed', contents.read.problems.join('; '));
      if (own.rows !== statement.rows) return refuse('feed-rows-mismatch', `${own.rows} rows`);
      if (contents.outside > 0) return refuse('feed-out-of-scope', `${contents.outside} rows`);
      const table = new NumberingTable(contents.read.value);
      if (isFull) return { full: table, deltas: null, scope: JSON.stringify(scope) };
      const { full } = await this.#keptRows(name, memory, scope);
      return { full, deltas: table, scope: JSON.stringify(scope) };
    } catch (error) {
      // Rows under the right name with the wrong content may yet be made right.
      if (error instanceof Refusal && error.reason !== 'feed-rows-mismatch')
        memory.failed = { octets: next.octets, scope: JSON.stringify(scope), refusal: error };
      throw error;
    }
  }

  #read(name: string, digests: readonly string[], scope: FeedScope): Promise<NumberingContents> {
    const files = digests.map((sha256) => ({ path: this.#parts.archive.pathOf(name, sha256), name: `the rows of ${name}` }));
    return readNumberingFiles({ files, scope });
  }

  /** The last good feed, judged again: roots, CRLs, scopes and time may have moved on. @throws Refusal: it counts no more */
  async #lastGood({ policy, roots }: NumberingFeedFiles, memory: Memory, scope: FeedScope, crls: CrlSet): Promise<FeedStanding['inForce']> {
    const { name } = policy;
    const { record } = memory;
    if (record === null) return null;
    const at = this.#parts.clock.now();
    const { sequence, until } = await readNumberingStatement({ octets: record.octets, name, roots, floor: record, crls, at });
    const { full, deltas } = await this.#keptRows(name, memory, scope);
    return { sequence, until, tables: deltas === null ? [full] : [full, deltas] };
  }

  /** @throws ConfigurationProblems when they are damaged; Refusal `feed-out-of-scope` when the feed may no longer speak for all of them */
  async #keptRows(name: string, memory: Memory, scope: FeedScope): Promise<Rows> {
    const { record, rows } = memory;
    const within = JSON.stringify(scope);
    if (rows?.scope === within) return rows;
    if (record === null) throw damaged(name);
    const full = await this.#kept(name, [record.full], scope);
    const deltas = record.deltas.length === 0 ? null : await this.#kept(name, record.deltas, scope);
    return (memory.rows = { full, deltas, scope: within });
  }

  async #kept(name: string, digests: readonly string[], scope: FeedScope): Promise<NumberingTable> {
    let contents: NumberingContents;
    try {
      contents = await this.#read(name, digests, scope);
    } catch (error) {
      if (codeOfFault(error) === 'ENOENT') throw damaged(name);
      throw error;
    }
    const { read, files, outside } = contents;
    if (!read.ok || files.some(({ sha256 }, i) => sha256 !== digests[i])) throw damaged(name);
    return outside > 0 ? refuse('feed-out-of-scope', `${outside} rows`) : new NumberingTable(read.value);
  }

  /** Once for each fault. */
  #tell(feed: string, memory: Memory, refusal: Refusal): string {
    const words = wordsOf(refusal);
    if (memory.told === words) return words;
    memory.told = words;
    memory.refused[faultOf(refusal.reason)] += 1;
    this.#parts.onEvent({ kind: 'refused', feed, reason: refusal.reason, detail: refusal.detail ?? null });
    return words;
  }

  async #memoryOf(name: string): Promise<Memory> {
    const known = this.#memories.get(name);
    if (known !== undefined) return known;
    const record = await readFeedRecord(this.#parts.archive, name);
    const memory = { record, rows: null, failed: null, told: null, refused: { ...NO_FAULTS } };
    this.#memories.set(name, memory);
    return memory;
  }
}

const recordAfter = (before: FeedRecord | null, { sequence, digest, base, sha256 }: NumberingStatement, octets: Uint8Array): FeedRecord => {
  if (before?.sequence === sequence) return { ...before, octets };
  if (base === null || before === null) return { sequence, digest, octets, full: sha256, deltas: [] };
  if (before.deltas.length >= MAX_DELTAS) return refuse('feed-base-missing', 'a full list is due');
  return { sequence, digest, octets, full: before.full, deltas: [...before.deltas, sha256] };
};

const wordsOf = ({ reason, detail }: Refusal): string => (detail === undefined ? reason : `${reason}, ${detail}`);

const NO_FAULTS: Readonly<Record<Fault, number>> = { rollback: 0, invalid: 0, unavailable: 0 };

const faultOf = (reason: Reason): Fault =>
  reason === 'feed-rolled-back' ? 'rollback' : reason === 'feed-rows-mismatch' || !reason.startsWith('feed-') ? 'unavailable' : 'invalid';

/** Feeds that never were good here: a mistake of who named them, and to be mended before anything is put in force. */
export const unknownFeeds = (standings: readonly FeedStanding[]): string[] =>
  standings.flatMap(({ name, isKnown, refused }) =>
    isKnown ? [] : [`trust.yaml: the numbering feed ${name} cannot be put in force: ${refused ?? ''}`],
  );

/** All numbering data of a configuration: the policies' own rows and those of the feeds. Where a feed is silent, nobody is of record. */
export const planOf = (own: NumberingTable, feeds: readonly FeedStanding[]): NumberingPlan => {
  const tables = feeds.flatMap(({ inForce }) => inForce?.tables ?? []);
  const silence = silenceOf(feeds.map(({ codes, inForce }) => ({ codes, isSilent: inForce === null })));
  return new NumberingPlan([own, ...tables], silence);
};

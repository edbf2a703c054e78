import {
  compareCheckpoints,
  followLog,
  checkRecord,
  leafHash as hashLeaf,
  openCheckpoint,
  openCosigned,
  parseLeaf,
  policyOf,
  tilePath,
  TileProver,
  verifyConsistency,
  verifyOpening,
  verifyRecordProof,
  verifyTlogProof,
  type Checkpoint,
  type Count,
  type FollowedCheckpoint,
  type LeafFields,
  type LogTerms,
} from '../log/index.js';
import { refuse } from '../reasons/index.js';
import { ApiRefusal, problemError, UnexpectedAnswer } from './api-refusal.js';
import { Connection, type Answer, type ConnectionOptions } from './connection.js';
import { readShape } from './answers.js';
import { openingAnswer, type OpenedEntry } from './opening.js';
import type { WatchOptions } from './event-stream.js';
import { entriesUnder, listedUnder, watchAlarms, type Alarm, type ListedEntry, type MonitoredEntry } from './monitor.js';
import { DEFAULT_PATIENCE, persist, type Patience } from './retry.js';

export interface AuditOptions extends ConnectionOptions {
  /** The log's verifier key; its name is the log's origin. Must come from elsewhere than the gateway that is audited. */
  readonly logVkey: string;
  /** Verifier keys of witnesses, and how many of them must have signed; default none. */
  readonly witnesses?: readonly string[];
  readonly quorum?: number;
  readonly patience?: Patience;
}

export interface SignedCheckpoint extends Checkpoint {
  /** The signed note as it came: what one auditor shows to another. */
  readonly note: string;
}

export interface Entry {
  /** The leaf's octets as they stand in the log. */
  readonly leaf: Uint8Array;
  readonly leafHash: Uint8Array;
}

export interface Monitoring {
  readonly checkpoint: SignedCheckpoint;
  readonly entries: AsyncGenerator<MonitoredEntry>;
}

export interface Proven extends Entry {
  readonly index: number;
  /** Size and root of the checkpoint that the proof was verified under. */
  readonly size: Count;
  readonly root: Uint8Array;
  /** The tlog-proof text: with the leaf and the log's key all that is needed to prove the entry again, offline, for ever. */
  readonly proof: string;
}

export interface ProvenRefusal {
  /** The record's octets, spelled as a leaf. */
  readonly record: Uint8Array;
  readonly fields: LeafFields;
  /** Index of the batch leaf, and position of the record in the batch. */
  readonly index: number;
  readonly batchIndex: number;
  /** The batch leaf. */
  readonly leaf: LeafFields;
  readonly size: Count;
  readonly root: Uint8Array;
  /** The text of both proofs: with the record and the log's key all that is needed to prove the refusal again, offline, for ever. */
  readonly proof: string;
}

/**
 * What an auditor does with a gateway's log. Trusts nothing that it is told: every checkpoint's signature and every proof is verified here.
 * Throws `Refusal` (`malformed-note`, `untrusted-note`, `malformed-checkpoint`, `malformed-proof`, `inclusion-failed`, `consistency-failed`,
 * `quorum-missing`) for what does not hold, and what `ApClient` throws for what the gateway says.
 *
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { AuditClient } from 'signpost/client';
 *
 * const { logVkey } = JSON.parse(readFileSync('data/keys/public.json', 'utf8'));
 * const log = new AuditClient({
 *   url: 'https://localhost:8443',
 *   ca: readFileSync('pki/tls/ca.pem'),
 *   cert: readFileSync('pki/clients/auditor.example.pem'),
 *   key: readFileSync('pki/clients/auditor.example.key.pem'),
 *   logVkey,
 * });
 * const { size } = await log.checkpoint();
 * const { leaf } = await log.proof(0);
 * console.log(size, new TextDecoder().decode(leaf));
 * log.close();
 * ```
 */
export class AuditClient {
  readonly #connection: Connection;
  readonly #options: AuditOptions;
  readonly #patience: Patience;

  constructor(options: AuditOptions) {
    this.#connection = new Connection(options);
    this.#options = options;
    this.#patience = options.patience ?? DEFAULT_PATIENCE;
  }

  /**
   * The newest published checkpoint. Proven: the log signed this root for this size, and the quorum cosigned it. Not proven: that it signed no other; see
   * `consistent`. @throws Refusal `quorum-missing`
   */
  async checkpoint(): Promise<SignedCheckpoint> {
    const note = (await this.#get('/log/checkpoint')).toString('utf8');
    const { origin, size, root } = openCosigned(note, this.#terms);
    return { origin, size, root, note };
  }

  /** Whom every checkpoint must be signed by. */
  get #terms(): LogTerms {
    const { logVkey: log, witnesses = [], quorum } = this.#options;
    return { log, witnesses, ...(quorum === undefined ? {} : { quorum }) };
  }

  /**
   * Verifies that the log under `newer` still begins with all that it held under `older`, from the published tiles.
   * An auditor keeps the last checkpoint and asks this of each next one: a log that rewrites its past cannot answer.
   * @throws Refusal `consistency-failed`; `older` of size 0 says nothing and is refused
   */
  async consistent(older: Checkpoint, newer: Checkpoint): Promise<true> {
    const prover = new TileProver(Number(newer.size), (path) => this.published(path));
    const proof = await prover.consistency(Number(older.size));
    return verifyConsistency({ size1: older.size, size2: newer.size, root1: older.root, root2: newer.root, proof });
  }

  /**
   * The newest checkpoint, held to everything that an auditor who comes again can hold it to: signed by the log, cosigned by the quorum, continuing
   * `last` (the note that was kept of an earlier call, or null). Keep the note that it gives for the next call.
   * @throws Refusal `consistency-failed` (`rollback`, `fork` or `two-roots` in `detail`: keep both notes, they are evidence), `quorum-missing`
   */
  async follow(last: string | null): Promise<FollowedCheckpoint> {
    const { logVkey, witnesses = [], quorum } = this.#options;
    const policy = policyOf(logVkey, witnesses, quorum);
    const read = (path: string): Promise<Uint8Array | null> => this.published(path);
    const next = await followLog(policy, read);
    if (!next.isQuorum) return refuse('quorum-missing');
    if (last === null) return next;
    const before = openCheckpoint(last, logVkey);
    const conflict = before.size > next.size ? 'rollback' : await compareCheckpoints(before, next, read);
    return conflict === null ? next : refuse('consistency-failed', conflict);
  }

  /** The leaf at `index`, hashed here. Proves nothing about the log; `proof` does. @throws ApiRefusal `not-found` */
  async entry(index: number): Promise<Entry> {
    const leaf = new Uint8Array(await this.#get(`/v1/entries/${index}`));
    return { leaf, leafHash: hashLeaf(leaf) };
  }

  /**
   * The entry at `index`, and the verified proof that the log holds it there.
   * @throws ApiRefusal `not-found`, `not-published` (no checkpoint covers it yet: within seconds one will)
   */
  async proof(index: number): Promise<Proven> {
    const entry = await this.entry(index);
    const proof = (await this.#get(`/v1/entries/${index}/proof`)).toString('utf8');
    const proven = verifyTlogProof({ ...this.#terms, proof, leafHash: entry.leafHash });
    // A proof of the same leaf elsewhere is sound, and still not what was asked for.
    if (BigInt(proven.index) !== BigInt(index)) return refuse('inclusion-failed', 'index');
    return { ...entry, index, size: proven.size, root: proven.root, proof };
  }

  /**
   * What the entry at `index` commits to, under a case id (1 to 64 printable ASCII characters, naming nobody): proven is that the log has the entry, and
   * that its commitments are of this. The opening is an entry of its own in the log, at `opened.logIndex`; a call that is repeated makes another.
   * @throws ApiRefusal `case-id`, `not-found`, `not-published`, `entry-erased`, `evidence-expired`, `opening-limit`; Refusal `opening-mismatch`
   */
  async open(index: number, caseId: string): Promise<Proven & { readonly opened: OpenedEntry }> {
    // First: what cannot be proven is not opened.
    const proven = await this.proof(index);
    const opened = readShape(await this.#get(`/v1/entries/${index}/opening?case=${encodeURIComponent(caseId)}`), openingAnswer);
    if (opened.index !== index) return refuse('opening-mismatch', 'index');
    verifyOpening(parseLeaf(proven.leaf), opened);
    return { ...proven, opened };
  }

  /**
   * The refusal at `batchIndex` of the batch at `index`, and the verified proofs that the batch holds it and the log the batch.
   * @throws ApiRefusal `not-found`, `not-published`, `records-expired` (the gateway keeps it no more)
   */
  async refusal(index: number, batchIndex: number): Promise<ProvenRefusal> {
    const record = new Uint8Array(await this.#get(`/v1/entries/${index}/records/${batchIndex}`));
    const proof = (await this.#get(`/v1/entries/${index}/proof?record=${batchIndex}`)).toString('utf8');
    const { leaf, size, root, ...proven } = verifyRecordProof({ ...this.#terms, proof, recordHash: hashLeaf(record) });
    // Proofs of the same record elsewhere are sound, and still not what was asked for.
    if (BigInt(proven.index) !== BigInt(index) || proven.record !== batchIndex) return refuse('inclusion-failed', 'index');
    return { record, fields: checkRecord(record, leaf), index, batchIndex, leaf, size, root, proof };
  }

  /**
   * Every entry that a provider (SPC or domain) signed, complete by one's own reading of the tiles. With `after`, the checkpoint that the last monitoring ended
   * with, only what came since, once the log is proven to go on from there. Keep `checkpoint` for the next time.
   *
   * @throws Refusal `consistency-failed`, `log-corrupt`
   * @example
   * ```ts
   * const { checkpoint, entries } = await log.monitor('709J');
   * for await (const { index, fields } of entries) console.log(index, fields.why);
   * ```
   */
  async monitor(name: string, after?: Checkpoint): Promise<Monitoring> {
    const checkpoint = await this.checkpoint();
    const from = Number(after?.size ?? 0);
    if (after !== undefined && from > 0) {
      if (from > Number(checkpoint.size)) return refuse('consistency-failed', 'the log is shorter than it was');
      await this.consistent(after, checkpoint);
    }
    return { checkpoint, entries: entriesUnder((path) => this.published(path), checkpoint, name, from) };
  }

  /** What the gateway itself lists under a name, each entry's proof verified: to be compared with `monitor`. For auditors and for whose name it is. */
  monitored(name: string, from = 0): AsyncGenerator<ListedEntry, number> {
    return listedUnder(this.#connection, this.#terms, name, from);
  }

  /** A provider's alarms, in order, at least once, for as long as they are wanted. For auditors and for whose name it is. */
  alarms(name: string, options: WatchOptions = {}): AsyncGenerator<Alarm> {
    return watchAlarms(this.#connection, name, options);
  }

  /** A tile as C2SP tlog-tiles names it: `level` a number or `"entries"`; `width` under 256 for a partial one. @throws ApiRefusal `not-found` */
  async tile(level: number | 'entries', index: number, width = 256): Promise<Uint8Array> {
    return new Uint8Array(await this.#get(`/log/${tilePath({ level, index, width })}`));
  }

  close(): void {
    this.#connection.close();
  }

  /** A published file by its path below `/log`; null: it is not there. */
  async published(path: string): Promise<Uint8Array | null> {
    try {
      return await this.#get(`/log/${path}`);
    } catch (error) {
      if (error instanceof ApiRefusal && error.status === 404) return null;
      throw error;
    }
  }

  async #get(path: string): Promise<Buffer> {
    const answer = await persist(this.#patience, async () => orRefusal(await this.#connection.call({ method: 'GET', path })));
    return answer.body;
  }
}

const orRefusal = (answer: Answer): Answer => {
  if (answer.status === 200) return answer;
  if (answer.status >= 400) throw problemError(answer.status, answer.body, answer.retryAfter);
  throw new UnexpectedAnswer(`status ${answer.status}`);
};

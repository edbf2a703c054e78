import { decodeBase64, encodeBase64 } from '../encoding/index.js';
import { refuse } from '../reasons/index.js';
import { parseLeaf, type LeafFields } from './leaf.js';
import type { LeafBatch } from './leaf-batch.js';
import { Tree, leafHash } from './merkle.js';
import { verifyInclusion } from './proof.js';
import { TileProver } from './prover.js';
import { isHash } from './sha256.js';
import { parseBundle } from './tiles.js';
import type { TlogPolicy } from './tlog-policy.js';
import { verifyTlogProof, verifyTlogProofUnder, type ProofQuestion, type ProvenEntry } from './tlog-proof.js';

/** The first line. */
const MAGIC = 'signpost/record-proof@v1';

/** A tree of 256 records has paths of 8 hashes. */
const MOST_HASHES = 8;

export interface RecordProof {
  /** Position of the record in its batch. */
  readonly record: number;
  /** The batch leaf's octets. */
  readonly leaf: Uint8Array;
  readonly path: readonly Uint8Array[];
  /** Proof that the log holds the batch leaf. */
  readonly tlogProof: string;
}

/** Two proofs in one text: of the record in its batch, then of the batch leaf in the log. */
export const encodeRecordProof = ({ record, leaf, path, tlogProof }: RecordProof): string =>
  `${[MAGIC, `record ${record}`, `leaf ${Buffer.from(leaf).toString('latin1')}`, ...path.map(encodeBase64)].join('\n')}\n\n${tlogProof}`;

export const isRecordProof = (text: string | Uint8Array): boolean => {
  const head = typeof text === 'string' ? text.slice(0, MAGIC.length) : Buffer.from(text.subarray(0, MAGIC.length)).toString('latin1');
  return head === MAGIC;
};

/** The parts of such a text, unverified. @throws Refusal `malformed-proof` */
export const parseRecordProof = (proof: string | Uint8Array): RecordProof => {
  const text = typeof proof === 'string' ? proof : Buffer.from(proof).toString('utf8');
  const blank = text.indexOf('\n\n');
  if (blank < 0) return refuse('malformed-proof', 'separator');
  const [magic, record = '', leaf = '', ...lines] = text.slice(0, blank).split('\n', MOST_HASHES + 4);
  if (magic !== MAGIC) return refuse('malformed-proof', 'first line');
  const digits = /^record (0|[1-9][0-9]{0,2})$/.exec(record)?.[1];
  const path = lines.map((line) => decodeBase64(line));
  if (digits === undefined || !leaf.startsWith('leaf {') || path.length > MOST_HASHES || !path.every((hash) => isHash(hash)))
    return refuse('malformed-proof', 'lines');
  return { record: Number(digits), leaf: Buffer.from(leaf.slice(5), 'latin1'), path, tlogProof: text.slice(blank + 2) };
};

export interface RecordQuestion extends Pick<ProofQuestion, 'log' | 'witnesses' | 'quorum'> {
  readonly proof: string | Uint8Array;
  /** The hash of the record, as `leafHash` makes it. */
  readonly recordHash: Uint8Array;
}

export interface ProvenRecord extends ProvenEntry {
  readonly record: number;
  /** The batch leaf. */
  readonly leaf: LeafFields & { readonly batch: LeafBatch };
}

/** @throws Refusal `malformed-proof` when the octets are no batch leaf */
const batchLeafOf = (octets: Uint8Array): ProvenRecord['leaf'] => {
  const leaf = parseLeaf(octets);
  const { batch } = leaf;
  return batch === undefined ? refuse('malformed-proof', 'the leaf is no batch') : { ...leaf, batch };
};

/**
 * Verifies, offline, that the record with this hash is one of a batch, and that the log that the vkey names holds the batch's leaf, under a checkpoint that
 * the log signed and `quorum` witnesses cosigned. Does not prove that the record is a refusal of that client: `checkRecord` does.
 * @throws Refusal `malformed-proof`, `inclusion-failed`, `log-corrupt` (the leaf is none), and what `verifyTlogProof` does
 */
export const verifyRecordProof = ({ proof, recordHash, ...terms }: RecordQuestion): ProvenRecord =>
  judge(proof, recordHash, (tlogProof, hash) => verifyTlogProof({ ...terms, proof: tlogProof, leafHash: hash }));

/** The same under a policy. @throws Refusal as `verifyRecordProof` */
export const verifyRecordProofUnder = (
  policy: TlogPolicy,
  { proof, recordHash }: Pick<RecordQuestion, 'proof' | 'recordHash'>,
): ProvenRecord => judge(proof, recordHash, (tlogProof, hash) => verifyTlogProofUnder(policy, { proof: tlogProof, leafHash: hash }));

const judge = (
  proof: string | Uint8Array,
  recordHash: Uint8Array,
  prove: (tlogProof: string, leafHash: Uint8Array) => ProvenEntry,
): ProvenRecord => {
  const parsed = parseRecordProof(proof);
  const leaf = batchLeafOf(parsed.leaf);
  const root = Buffer.from(leaf.batch.root, 'base64url');
  verifyInclusion({ index: parsed.record, size: leaf.batch.n, leafHash: recordHash, root, proof: parsed.path });
  return { ...prove(parsed.tlogProof, leafHash(parsed.leaf)), record: parsed.record, leaf };
};

/** That a record is a refusal of the client whose batch it stands in. @throws Refusal `log-corrupt` */
export const checkRecord = (record: Uint8Array, batch: LeafFields): LeafFields => {
  const fields = parseLeaf(record);
  return fields.k === 'reject' && fields.ap === batch.ap && fields.t <= batch.t
    ? fields
    : refuse('log-corrupt', 'a record of a batch is no refusal of its client');
};

/** RFC 6962 section 2.1, over the records' octets. */
export const rootOfRecords = (records: readonly Uint8Array[]): Uint8Array => {
  const tree = new Tree();
  for (const record of records) tree.append(leafHash(record));
  return tree.root();
};

/** The records of a batch leaf, of the octets that are kept of them. @throws Refusal `log-corrupt` when they are not those that the leaf says */
export const recordsOfBatch = (octets: Uint8Array, { n, root }: LeafBatch): Uint8Array[] => {
  const records = parseBundle(octets, n);
  const has = Buffer.from(rootOfRecords(records)).toString('base64url');
  return has === root ? records : refuse('log-corrupt', 'the records do not hash to the root of their batch');
};

/** Path of the record at `index` in the tree over all of them. @throws Refusal `not-found` beyond them */
export const pathOfRecord = (records: readonly Uint8Array[], index: number): Promise<Uint8Array[]> => {
  const tile = Buffer.concat(records.map((record) => leafHash(record)));
  return new TileProver(records.length, () => Promise.resolve(tile)).inclusion(index);
};

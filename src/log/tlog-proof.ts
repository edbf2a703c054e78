import { decodeBase64, encodeBase64 } from '../encoding/index.js';
import { refuse } from '../reasons/index.js';
import { openUnder } from './checkpoint.js';
import { MAX_NOTE_OCTETS } from './note.js';
import { fromCount, toCount, verifyInclusion, type Count } from './proof.js';
import { isHash } from './sha256.js';
import { policyOf, type TlogPolicy } from './tlog-policy.js';
import type { VerificationKey } from './vkey.js';

/** C2SP tlog-proof: the first line. */
const MAGIC = 'c2sp.org/tlog-proof@v1';

export interface TlogProof {
  readonly index: Count;
  readonly proof: readonly Uint8Array[];
  /** The checkpoint note, with signatures. */
  readonly checkpoint: string;
  readonly extra?: Uint8Array;
}

/** Whom a checkpoint must be signed by. */
export interface LogTerms {
  /** The log's vkey; its name is the origin. */
  readonly log: string | VerificationKey;
  /** Vkeys of witnesses. */
  readonly witnesses?: ReadonlyArray<string | VerificationKey>;
  /** How many of them must have cosigned. Absent: all that are given. */
  readonly quorum?: number;
}

export interface ProofQuestion extends LogTerms {
  readonly proof: string | Uint8Array;
  readonly leafHash: Uint8Array;
}

export interface ProvenEntry {
  readonly origin: string;
  readonly index: Count;
  readonly size: Count;
  readonly root: Uint8Array;
  /** Names of the witnesses whose cosignatures hold. */
  readonly witnesses: readonly string[];
}

/** The text of a proof. */
export const encodeTlogProof = ({ index, proof, checkpoint, extra }: TlogProof): string => {
  const head = extra === undefined ? MAGIC : `${MAGIC}\nextra ${encodeBase64(extra)}`;
  return `${[head, `index ${index}`, ...proof.map(encodeBase64)].join('\n')}\n\n${checkpoint}`;
};

/** 64 levels of hashes and the three lines before them. */
const MAX_LINES = 67;
const MAX_OCTETS = MAX_NOTE_OCTETS + 64 * 1024;

/** The parts of a proof, unverified. @throws Refusal `malformed-proof` */
export const parseTlogProof = (proof: string | Uint8Array): TlogProof => {
  const text = textOf(proof);
  const blank = text.indexOf('\n\n');
  if (blank < 0) return refuse('malformed-proof', 'separator');
  const lines = text.slice(0, blank).split('\n', MAX_LINES + 1);
  if (lines.shift() !== MAGIC) return refuse('malformed-proof', 'first line');
  if (lines.length > MAX_LINES) return refuse('malformed-proof', 'proof length');
  const extra = lines[0]?.startsWith('extra ') === true ? decodeBase64((lines.shift() as string).slice(6)) : undefined;
  const digits = /^index (0|[1-9][0-9]{0,19})$/.exec(lines.shift() ?? '')?.[1];
  const index = digits === undefined ? null : toCount(BigInt(digits));
  const hashes = lines.map((line) => decodeBase64(line));
  if (extra === null || index === null || !hashes.every((hash) => isHash(hash))) return refuse('malformed-proof', 'lines');
  return { index: fromCount(index), proof: hashes, checkpoint: text.slice(blank + 2), ...(extra === undefined ? {} : { extra }) };
};

const textOf = (proof: unknown): string => {
  const text = proof instanceof Uint8Array ? (proof.length <= MAX_OCTETS ? decode(proof) : '') : proof;
  return typeof text === 'string' && text.length > 0 && text.length <= MAX_OCTETS ? text : refuse('malformed-proof', 'size');
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const decode = (octets: Uint8Array): string => {
  try {
    return utf8.decode(octets);
  } catch {
    return refuse('malformed-proof', 'UTF-8');
  }
};

/**
 * Verifies, offline, that the leaf with this hash is in the log that the vkey names, under a checkpoint that the log signed
 * and `quorum` witnesses cosigned. Does not prove that it is the only leaf about its subject, nor the newest.
 * @throws Refusal `malformed-proof`, `malformed-note`, `untrusted-note`, `malformed-checkpoint`, `inclusion-failed`, `quorum-missing`
 */
export const verifyTlogProof = (question: ProofQuestion): ProvenEntry => {
  if (typeof question !== 'object' || question === null) return refuse('malformed-proof', 'question');
  const { proof, leafHash } = question;
  if (!isHash(leafHash)) return refuse('malformed-proof', 'leaf hash');
  const parsed = parseTlogProof(proof);
  return judge(policyOf(question.log, witnessesOf(question.witnesses), question.quorum), parsed, leafHash);
};

/**
 * The same under a policy: by any of its logs, with a quorum of its witnesses.
 * @throws Refusal as `verifyTlogProof`
 */
export const verifyTlogProofUnder = (
  policy: TlogPolicy,
  { proof, leafHash }: { readonly proof: string | Uint8Array; readonly leafHash: Uint8Array },
): ProvenEntry => (isHash(leafHash) ? judge(policy, parseTlogProof(proof), leafHash) : refuse('malformed-proof', 'leaf hash'));

const judge = (policy: TlogPolicy, { checkpoint, index, proof }: TlogProof, leafHash: Uint8Array): ProvenEntry => {
  const cosigned = openCosignedUnder(policy, checkpoint);
  const { size, root } = cosigned;
  verifyInclusion({ index, size, leafHash, root, proof });
  return { ...cosigned, index };
};

const witnessesOf = (witnesses: unknown): (string | VerificationKey)[] =>
  witnesses === undefined ? [] : Array.isArray(witnesses) ? (witnesses as string[]) : refuse('untrusted-note', 'witnesses');

/**
 * Opens a checkpoint that the log signed and `quorum` witnesses cosigned.
 * @throws Refusal `malformed-note`, `untrusted-note`, `malformed-checkpoint`, `quorum-missing`
 */
export const openCosigned = (checkpoint: string, { log, witnesses, quorum }: LogTerms): Omit<ProvenEntry, 'index'> =>
  openCosignedUnder(policyOf(log, witnessesOf(witnesses), quorum), checkpoint);

const openCosignedUnder = (policy: TlogPolicy, checkpoint: string): Omit<ProvenEntry, 'index'> => {
  const { origin, size, root, cosigners } = openUnder(policy, checkpoint);
  if (!policy.isQuorum(cosigners.map(({ key }) => key))) return refuse('quorum-missing');
  return { origin, size, root, witnesses: cosigners.map(({ key }) => key.name) };
};

import { readFile } from 'node:fs/promises';
import { decodeBase64, encodeBase64 } from '../encoding/index.js';
import {
  checkRecord,
  isRecordProof,
  leafHash,
  parseLeaf,
  verifyReceipt,
  verifyRecordProofUnder,
  verifyTlogProofUnder,
  type LeafFields,
} from '../log/index.js';
import { checkSignedAnswer } from '../client/index.js';
import { refuse } from '../reasons/index.js';
import { wordsOf as signedWords } from './ap-lookup-signed.js';
import { leafInWords } from './audit-leaf-words.js';
import { policyOfOptions, readPolicyFile, requiredKey } from './audit-policy.js';
import { CannotRun, type AuditReport } from './audit-report.js';

export interface VerifyOptions {
  readonly logVkey?: string;
  readonly receiptVkey?: string;
  readonly leaf?: string;
  readonly leafHash?: string;
  readonly witness?: string[];
  readonly quorum?: string;
  /** C2SP tlog-policy file, in place of keys and quorum. */
  readonly policy?: string;
  readonly manifest?: string;
  readonly signer?: string;
}

interface Leaf {
  readonly hash: Uint8Array;
  /** Null when only the hash was given. */
  readonly fields: LeafFields | null;
  readonly octets: Uint8Array | null;
}

const readInput = async (file: string): Promise<Buffer> => {
  if (file !== '-') return await readFile(file);
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks);
};

const readLeaf = async ({ leaf, leafHash: hash }: VerifyOptions): Promise<Leaf | null> => {
  if (leaf !== undefined) {
    const octets = await readFile(leaf);
    // Editors end a file with a line feed; a leaf ends with "}".
    const entry = octets.at(-1) === 0x0a ? octets.subarray(0, -1) : octets;
    return { hash: leafHash(entry), fields: parseLeaf(entry), octets: entry };
  }
  if (hash === undefined) return null;
  const octets = decodeBase64(hash);
  if (octets?.length !== 32) throw new CannotRun('--leaf-hash is not 32 octets in base64');
  return { hash: octets, fields: null, octets: null };
};

const verifyProof = async (proof: Buffer, options: VerifyOptions): Promise<AuditReport> => {
  const policy = (await readPolicyFile(options)) ?? policyOfOptions(options.logVkey, options);
  const leaf = await readLeaf(options);
  if (leaf === null) throw new CannotRun('--leaf or --leaf-hash is needed: a proof says where an entry is, not what it is');
  const { origin, index, size, root, witnesses } = verifyTlogProofUnder(policy, { proof, leafHash: leaf.hash });
  const members = { origin, index: Number(index), size: Number(size), root: encodeBase64(root), witnesses };
  const lines = [
    `holds: the log ${origin} has this entry at index ${index}, under its checkpoint of ${size} entries`,
    ...(leaf.fields === null ? [] : [leafInWords(leaf.fields)]),
    witnesses.length === 0 ? 'no witness was asked: whether others see the same log is not proven' : `cosigned by ${witnesses.join(', ')}`,
  ];
  return { code: 0, json: { holds: true, kind: 'proof', ...members, leaf: leaf.fields }, words: lines.join('\n') };
};

const verifyPromise = async (text: Buffer, options: VerifyOptions): Promise<AuditReport> => {
  const receipt = verifyReceipt(text, requiredKey(options.receiptVkey, '--receipt-vkey'));
  const leaf = await readLeaf(options);
  if (leaf !== null && Buffer.compare(leaf.hash, receipt.leafHash) !== 0)
    return refuse('inclusion-failed', 'the receipt is for another entry');
  const members = {
    origin: receipt.origin,
    index: Number(receipt.index),
    leafHash: encodeBase64(receipt.leafHash),
    time: new Date(receipt.time).toISOString(),
  };
  const lines = [
    `holds: ${receipt.origin} promised at ${members.time} that its log has ${leaf === null ? 'an entry' : 'this entry'} at index ${receipt.index}`,
    ...(leaf?.fields ? [leafInWords(leaf.fields)] : [`leaf hash ${members.leafHash}`]),
    'a promise is not the proof: GET /v1/entries/INDEX/proof gives that',
  ];
  return { code: 0, json: { holds: true, kind: 'receipt', ...members, leaf: leaf?.fields ?? null }, words: lines.join('\n') };
};

/** Of a batched refusal: both its proofs. With the record itself, that it is a refusal of that client, too. */
const verifyRecord = async (proof: Buffer, options: VerifyOptions): Promise<AuditReport> => {
  const policy = (await readPolicyFile(options)) ?? policyOfOptions(options.logVkey, options);
  const record = await readLeaf(options);
  if (record === null) throw new CannotRun('--leaf or --leaf-hash of the record is needed: a proof says where it is, not what it is');
  const proven = verifyRecordProofUnder(policy, { proof, recordHash: record.hash });
  const fields = record.octets === null ? null : checkRecord(record.octets, proven.leaf);
  const { origin, index, size, root, witnesses, leaf } = proven;
  const members = { origin, index: Number(index), record: proven.record, size: Number(size), root: encodeBase64(root), witnesses };
  const lines = [
    `holds: record ${proven.record} of the batch at index ${index} of the log ${origin}, under its checkpoint of ${size} entries`,
    ...(fields === null ? [] : [leafInWords(fields)]),
    leafInWords(leaf),
    witnesses.length === 0 ? 'no witness was asked: whether others see the same log is not proven' : `cosigned by ${witnesses.join(', ')}`,
  ];
  return { code: 0, json: { holds: true, kind: 'record', ...members, leaf, fields }, words: lines.join('\n') };
};

const isProof = (octets: Buffer): boolean => octets.subarray(0, 20).toString('latin1') === 'c2sp.org/tlog-proof@';

const verifySaid = (text: Buffer, options: VerifyOptions): AuditReport => {
  const quorum = options.quorum === undefined ? {} : { quorum: Number(options.quorum) };
  const answer = checkSignedAnswer(text.toString('utf8').trimEnd(), {
    logVkey: requiredKey(options.logVkey, '--log-vkey'),
    receiptVkey: requiredKey(options.receiptVkey, '--receipt-vkey'),
    witnesses: options.witness ?? [],
    ...quorum,
  });
  const { origin, size, root, time } = answer.statement;
  const members = { origin, size: Number(size), root: encodeBase64(root), time: new Date(time).toISOString(), asker: answer.asker };
  const entries = answer.entries.map(({ index, isProven }) => ({ index, isProven }));
  const words = [`holds: ${signedWords(answer)}`, 'that nothing was left out is not proven'].join('\n');
  return { code: 0, json: { holds: true, kind: 'answer', ...members, entries }, words };
};

const isAnswer = (octets: Buffer): boolean => octets[0] === 0x7b;

/** The receipt in the answer to a submission, as `ap register --json` prints it; null: it is no such answer. */
const receiptIn = (octets: Buffer): Buffer | null => {
  try {
    const { receipt } = JSON.parse(octets.toString('utf8')) as { readonly receipt?: unknown };
    return typeof receipt === 'string' ? Buffer.from(receipt) : null;
  } catch {
    return null;
  }
};

/** Verifies one tlog-proof, proof of a batched refusal, receipt, signed answer or export. Asks nobody: keys, entry and proof are all that is needed. */
export const auditVerify = async (file: string, options: VerifyOptions): Promise<AuditReport> => {
  const { manifest } = options;
  if (manifest !== undefined) return await (await import('./audit-manifest.js')).verifyManifest(file, { ...options, manifest });
  const octets = await readInput(file);
  if (isRecordProof(octets)) return await verifyRecord(octets, options);
  if (isAnswer(octets)) {
    const receipt = receiptIn(octets);
    return receipt === null ? verifySaid(octets, options) : await verifyPromise(receipt, options);
  }
  if (!isProof(octets)) return await verifyPromise(octets, options);
  return await verifyProof(octets, options);
};

import { z } from 'zod';
import { decodeBase64url, parseStrictJson, type JsonObject } from '../encoding/index.js';
import {
  commitMapping,
  commitSii,
  leafHash,
  nameInLeaf,
  openCosigned,
  parseLeaf,
  verifyAnswer,
  verifyReceipt,
  verifyTlogProof,
  type AnswerStatement,
  type Count,
} from '../log/index.js';
import { refuse } from '../reasons/index.js';
import { lookupAnswer, type LookupAnswer } from './answers.js';

const answeredEntry = z.object({
  index: z.int().nonnegative(),
  leaf: z.string(),
  opening: z.string(),
  proof: z.string().optional(),
  receipt: z.string().optional(),
});
export type AnsweredEntry = z.infer<typeof answeredEntry>;

const signedAnswer = z.object({
  ...lookupAnswer.shape,
  signed: z.object({
    statement: z.string(),
    nonce: z.string(),
    asker: z.string(),
    view: z.string(),
    circle: z.string().nullable(),
    checkpoint: z.string(),
    entries: z.array(answeredEntry),
  }),
});

/** Must come from elsewhere than the gateway that is held to its word. */
export interface AnswerKeys {
  readonly logVkey: string;
  readonly receiptVkey: string;
  /** Verifier keys of witnesses, and how many of them must have signed every checkpoint; default none. */
  readonly witnesses?: readonly string[];
  readonly quorum?: number;
  /** The newest checkpoint that is known from elsewhere: an answer under an older one, or under another root of its size, is refused. */
  readonly after?: Pick<AnswerStatement, 'size' | 'root'>;
}

export interface SignedLookupAnswer extends LookupAnswer {
  /** Log size and root that the discovery provider answered under, and when. */
  readonly statement: Pick<AnswerStatement, 'origin' | 'size' | 'root' | 'time'>;
  readonly asker: string;
  readonly view: string;
  readonly circle: string | null;
  /** In the order of the mappings. `isProven` false: the log has promised the entry, and had not published it yet. */
  readonly entries: ReadonlyArray<AnsweredEntry & { readonly isProven: boolean }>;
  /** The answer as it came: with the keys all that is needed to hold the provider to it, offline, for ever. It names the SII. */
  readonly document: string;
}

/**
 * Verifies a signed answer, offline. Proven: the discovery provider said this, to this asker, at this time, under a log of this size and root; and each
 * mapping stands on an accepted registration of this very SII and SSI in that log. Not proven: that nothing was left out, nor that a mapping was not
 * withdrawn before, nor when it was asked for: an opened entry that the answer lacks proves that (`contradicts`).
 * @throws Refusal `malformed-proof`, `malformed-note`, `untrusted-note`, `malformed-checkpoint`, `commitment-failed`, `inclusion-failed`, `quorum-missing`,
 *   `consistency-failed` under a log that is older than `after`
 */
export const checkSignedAnswer = (document: string | Uint8Array, keys: AnswerKeys): SignedLookupAnswer => {
  const { json, read } = readDocument(document);
  const { signed, sii, mappings, ttl } = read;
  const nonce = octetsOf(signed.nonce);
  const { asker, view, circle } = signed;
  const found = json['mappings'] as Record<string, string | number | boolean>[];
  const statement = verifyAnswer(signed.statement, nonce, { question: { asker, sii, view, circle }, found }, keys.receiptVkey);
  checkRoot(statement, signed.checkpoint, keys);
  if (signed.entries.length !== mappings.length) return refuse('malformed-proof', 'entries');
  const { origin, size, root, time } = statement;
  const entries = signed.entries.map((entry, i) => ({
    ...entry,
    isProven: checkEntry(entry, { sii, mapping: mappings[i], size, root }, keys),
  }));
  const text = typeof document === 'string' ? document : Buffer.from(document).toString('utf8');
  return { sii, mappings, ttl, statement: { origin, size, root, time }, asker, view, circle, entries, document: text };
};

const readDocument = (document: string | Uint8Array): { json: JsonObject; read: z.infer<typeof signedAnswer> } => {
  let json: unknown;
  try {
    json = parseStrictJson(document);
  } catch {
    return refuse('malformed-proof', 'answer');
  }
  const read = signedAnswer.safeParse(json);
  return read.success ? { json: json as JsonObject, read: read.data } : refuse('malformed-proof', 'answer');
};

const octetsOf = (text: string): Uint8Array => {
  const octets = decodeBase64url(text);
  return octets?.length === 32 ? octets : refuse('malformed-proof', 'nonce or opening');
};

/** That the root is one that the log signed, and not made for this answer. */
const checkRoot = ({ size, root }: AnswerStatement, checkpoint: string, keys: AnswerKeys): void => {
  const published = openCosigned(checkpoint, cosignedBy(keys));
  if (BigInt(published.size) !== BigInt(size) || Buffer.compare(published.root, root) !== 0) refuse('commitment-failed', 'checkpoint');
  const { after } = keys;
  if (after === undefined) return;
  const [known, told] = [BigInt(after.size), BigInt(size)];
  if (told < known || (told === known && Buffer.compare(after.root, root) !== 0)) refuse('consistency-failed', 'an older log');
};

interface Stated extends Pick<AnswerStatement, 'size' | 'root'> {
  readonly sii: string;
  readonly mapping: LookupAnswer['mappings'][number] | undefined;
}

/** Whether a checkpoint covers the entry; else the log has promised it. What the answer's own checkpoint covers is proven, under its root, and not promised. */
const checkEntry = (entry: AnsweredEntry, { sii, mapping, size, root }: Stated, keys: AnswerKeys): boolean => {
  if (mapping === undefined || mapping.logIndex !== entry.index) return refuse('commitment-failed', 'log index');
  checkRegistration(entry, sii, mapping);
  if (entry.proof !== undefined) {
    const proven = checkProof(entry, entry.proof, keys);
    if (BigInt(proven.size) === BigInt(size) && Buffer.compare(proven.root, root) !== 0)
      refuse('commitment-failed', 'two roots of one size');
    return true;
  }
  const receipt = verifyReceipt(entry.receipt ?? refuse('malformed-proof', 'entry'), keys.receiptVkey);
  const isSame = BigInt(receipt.index) === BigInt(entry.index) && Buffer.compare(receipt.leafHash, hashOf(entry)) === 0;
  if (!isSame) return refuse('inclusion-failed', 'receipt of another entry');
  return BigInt(entry.index) < BigInt(size) ? refuse('inclusion-failed', 'a receipt for what is published') : false;
};

const hashOf = ({ leaf }: AnsweredEntry): Uint8Array => leafHash(Buffer.from(leaf, 'latin1'));

const checkRegistration = (
  { leaf, opening }: AnsweredEntry,
  sii: string,
  { ssi, provider }: { readonly ssi: string; readonly provider: string },
): void => {
  const { k, act, ap, sii: committed, map } = parseLeaf(Buffer.from(leaf, 'latin1'));
  const secret = octetsOf(opening);
  if (k !== 'accept' || act !== 'register') refuse('commitment-failed', 'not a registration');
  if (ap !== nameInLeaf(provider)) refuse('commitment-failed', 'provider');
  if (committed !== commitSii(secret, sii) || map !== commitMapping(secret, ssi, provider)) refuse('commitment-failed', 'mapping');
};

const cosignedBy = ({ logVkey, witnesses = [], quorum }: AnswerKeys) => ({
  log: logVkey,
  witnesses,
  ...(quorum === undefined ? {} : { quorum }),
});

const checkProof = (entry: AnsweredEntry, proof: string, keys: AnswerKeys): Pick<AnswerStatement, 'size' | 'root'> => {
  const proven = verifyTlogProof({ proof, leafHash: hashOf(entry), ...cosignedBy(keys) });
  return BigInt(proven.index) === BigInt(entry.index) ? proven : refuse('inclusion-failed', 'proof of another index');
};

/**
 * Whether a signed answer leaves out what the log held when it was given: an accepted registration under the same SII, opened and proven (an entry of
 * another signed answer), below the size that the answer names. With `true` the two documents are evidence against the discovery provider, unless it shows
 * a later entry that took the mapping away, or that the asker's view or circle hides it.
 * @throws Refusal as `checkSignedAnswer`, where the entry does not hold
 */
export const contradicts = (
  answer: SignedLookupAnswer,
  registered: AnsweredEntry & { readonly ssi: string; readonly provider: string },
  keys: AnswerKeys,
): boolean => {
  checkRegistration(registered, answer.sii, registered);
  checkProof(registered, registered.proof ?? refuse('malformed-proof', 'entry'), keys);
  const isBefore = (size: Count): boolean => BigInt(registered.index) < BigInt(size);
  const isNamed = answer.mappings.some(({ ssi, provider }) => ssi === registered.ssi && provider === registered.provider);
  return isBefore(answer.statement.size) && !isNamed;
};

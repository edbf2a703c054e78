import { canonicalJson, decodeBase64, encodeBase64 } from '../encoding/index.js';
import { refuse } from '../reasons/index.js';
import { commitFound, commitQuestion } from './commitment.js';
import { signNote, verifyNote, type Signer } from './note.js';
import { fromCount, toCount, type Count } from './proof.js';
import { receiptKeyName } from './receipt.js';
import { isHash } from './sha256.js';
import { KEY_TYPE, toKey, toVerificationKey, type VerificationKey } from './vkey.js';

/** Who asked what. Under the answer's nonce it is what the statement commits to. */
export interface AnswerQuestion {
  /** Domain of the client that was answered. */
  readonly asker: string;
  /** Canonical. */
  readonly sii: string;
  readonly view: string;
  readonly circle: string | null;
}

/** What was answered, as the answer's JSON has it. */
export type AnswerFound = ReadonlyArray<Readonly<Record<string, string | number | boolean>>>;

/** The log's word about one answer: what it knew, under which published log, and when. */
export interface AnswerStatement {
  readonly origin: string;
  /** Of the published checkpoint: the answer counts all that it holds. */
  readonly size: Count;
  readonly root: Uint8Array;
  /** ms since 1970. */
  readonly time: number;
  readonly question: AnswerQuestion;
  readonly found: AnswerFound;
}

/** Its own key name and first line: an answer can be taken neither for a receipt nor for a checkpoint. */
export const answerKeyName = (origin: string): string => `${origin}/answer`;
const MAGIC = 'signpost/answer@v1';
const NONE = 'none';

const questionOf = (nonce: Uint8Array, { asker, circle, sii, view }: AnswerQuestion): string =>
  commitQuestion(nonce, canonicalJson({ asker, circle, sii, view }));

/** RFC 8785 has no place for the order of mappings: it is theirs in the answer. */
const foundOf = (nonce: Uint8Array, found: AnswerFound): string =>
  found.length === 0 ? NONE : commitFound(nonce, canonicalJson(found.map((mapping) => ({ ...mapping }))));

const textOf = (statement: AnswerStatement, nonce: Uint8Array): string => {
  const { origin, size, root, time, question, found } = statement;
  return `${MAGIC}\n${origin}\n${size}\n${encodeBase64(root)}\n${time}\n${questionOf(nonce, question)}\n${foundOf(nonce, found)}\n`;
};

/** The statement as a note. `nonce`: 32 random octets, another for each answer. Without it the note names neither SII nor SSI. */
export const signAnswer = (statement: AnswerStatement, nonce: Uint8Array, signer: Signer): string =>
  signNote(textOf(statement, nonce), [
    { name: answerKeyName(statement.origin), publicKey: signer.publicKey, sign: (text) => signer.sign(text) },
  ]);

const TEXT =
  /^signpost\/answer@v1\n([^\n]+)\n(0|[1-9][0-9]{0,19})\n([A-Za-z0-9+/=]{44})\n([1-9][0-9]{0,15})\n[A-Za-z0-9_-]{43}\n(?:none|[A-Za-z0-9_-]{43})\n$/u;

/** The key of a log's answers: its receipt key, under the answers' name. @throws Refusal `untrusted-note` */
export const answerKey = (receiptVkey: string | VerificationKey): VerificationKey => {
  const key = toKey(receiptVkey);
  const suffix = receiptKeyName('');
  if (key.type !== KEY_TYPE.ed25519 || !key.name.endsWith(suffix)) return refuse('untrusted-note', 'receipt key');
  return toVerificationKey(answerKeyName(key.name.slice(0, -suffix.length)), key.publicKey);
};

/**
 * Verifies that the log whose receipt key this is has signed exactly this answer to exactly this question. Proven: the log said so, at a time and under a
 * root of its choice. Not proven: that it is true; what was found, proofs show, and what is missing, an accepted entry that was not answered.
 * @throws Refusal `malformed-note`, `untrusted-note`, `malformed-proof`; `commitment-failed` when it is about another question or answer
 */
export const verifyAnswer = (
  note: string,
  nonce: Uint8Array,
  said: Pick<AnswerStatement, 'question' | 'found'>,
  receiptVkey: string | VerificationKey,
): AnswerStatement => {
  const key = answerKey(receiptVkey);
  const { text } = verifyNote(note, [key]);
  const [origin, digits, hash, time] = TEXT.exec(text)?.slice(1) ?? [];
  const size = digits === undefined ? null : toCount(BigInt(digits));
  const root = hash === undefined ? null : decodeBase64(hash);
  if (origin === undefined || size === null || !isHash(root) || !isHash(nonce) || !Number.isSafeInteger(Number(time)))
    return refuse('malformed-proof', 'answer');
  if (answerKeyName(origin) !== key.name) return refuse('untrusted-note', 'origin');
  const statement = { origin, size: fromCount(size), root, time: Number(time), ...said };
  return textOf(statement, nonce) === text ? statement : refuse('commitment-failed', 'question or answer');
};

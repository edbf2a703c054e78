import { leafHash, parseLeaf, signAnswer, signReceipt } from '../log/index.js';
import type { NoteSigner, RandomSource, Vault, WriteAheadLog } from '../ports/index.js';
import { Refusal, Unavailable } from '../reasons/index.js';
import { readJournalEntry } from './journal.js';
import { lookup, questionOf, type LookupParts } from './lookup.js';
import type { AnsweredEntry, LookupAnswer, LookupQuery, Principal, SignedLookup } from './use-cases.js';

export interface PublishedCheckpoint {
  readonly size: number;
  readonly root: Uint8Array;
  /** The signed note. */
  readonly note: string;
}

/** What is published. */
export interface PublishedLog {
  inclusionProofText(index: number): Promise<string>;
  /** Null before the first checkpoint. */
  newest(): PublishedCheckpoint | null;
}

export interface SignedLookupParts extends LookupParts {
  readonly wal: WriteAheadLog;
  readonly vault: Vault;
  readonly random: RandomSource;
  readonly origin: string;
  readonly receiptSigner: NoteSigner;
  readonly published: () => PublishedLog | null;
}

/**
 * One answer, with the provider's signature under it and, for each mapping, the entry that it stands on. The same count and the same reads as any
 * lookup. It takes longer for what is found, since entries are opened and proven for that alone: who answers it hides the time (docs/adr/0026).
 */
export const lookupSigned = async (parts: SignedLookupParts, query: LookupQuery, client: Principal): Promise<SignedLookup> => {
  if (!parts.world().lookup.signed) throw new Refusal('answers-not-signed');
  const published = parts.published();
  const newest = published?.newest() ?? null;
  if (published === null || newest === null) throw new Unavailable('overloaded', 'nothing is published', null, 1);
  // docs/adr/0024: the answer counts all that the checkpoint holds, and an entry may be published before the store has it. So the checkpoint is taken first.
  await parts.sequencer.level();
  const asked = { ...query, signed: true as const };
  const { answers, quota } = await lookup(parts, [asked], client);
  const answer = answers[0] as LookupAnswer;
  const entries = await Promise.all(answer.mappings.map(({ logIndex }) => entryOf(parts, published, logIndex)));
  return { answer: signed(parts, client, { query, answer, entries, newest }), quota };
};

interface Proven {
  readonly query: LookupQuery;
  readonly answer: LookupAnswer;
  readonly entries: readonly AnsweredEntry[];
  readonly newest: PublishedCheckpoint;
}

const signed = (parts: SignedLookupParts, client: Principal, { query, answer, entries, newest }: Proven): SignedLookup['answer'] => {
  const { origin, receiptSigner, clock, random } = parts;
  const { size, root, note: checkpoint } = newest;
  const nonce = random(32);
  const { view, circle } = questionOf(query, client);
  const question = { asker: client.domain, sii: answer.sii, view, circle };
  const found = answer.mappings.map((mapping) => ({ ...mapping }));
  const statement = signAnswer({ origin, size, root, time: clock.now(), question, found }, nonce, receiptSigner);
  const opens = { nonce: Buffer.from(nonce).toString('base64url'), asker: client.domain, view, circle };
  return { ...answer, signed: { statement, ...opens, checkpoint, entries } };
};

/** @throws Unavailable `overloaded` where the mapping was erased since it was read: asked again, the answer lacks it */
const entryOf = async (parts: SignedLookupParts, published: PublishedLog, index: number | undefined): Promise<AnsweredEntry> => {
  if (index === undefined) throw new Error('a mapping of a signed answer names no entry');
  const record = await parts.wal.get(index);
  const { sealed } = readJournalEntry(parts.vault, index, record);
  if (sealed === null) throw new Unavailable('overloaded', 'the mapping is gone', null, 1);
  const entry = { index, leaf: Buffer.from(record.leaf).toString('latin1'), opening: Buffer.from(sealed.opening).toString('base64url') };
  const proof = await proofOf(published, index);
  if (proof !== null) return { ...entry, proof };
  const promised = { origin: parts.origin, index, leafHash: leafHash(record.leaf), time: parseLeaf(record.leaf).t };
  return { ...entry, receipt: signReceipt(promised, parts.receiptSigner) };
};

/** Null: no checkpoint covers the entry yet. */
const proofOf = async (published: PublishedLog, index: number): Promise<string | null> => {
  try {
    return await published.inclusionProofText(index);
  } catch (error) {
    if (error instanceof Refusal && error.reason === 'not-published') return null;
    throw error;
  }
};

import { parseSii, subjectId } from '../identifiers/index.js';
import { leafHash, peekLeaf, parseLeaf, signReceipt } from '../log/index.js';
import type { EvidenceStorage, NoteSigner, SubjectId, WriteAheadLog } from '../ports/index.js';
import { Refusal } from '../reasons/index.js';
import { openedEntry } from './opened-entry.js';
import type { SearchFilling } from './search-filling.js';
import type { Sequencer } from './sequencer.js';
import type { SnapshotTaking } from './snapshot-taking.js';
import type { Erasure, Gateway, Principal } from './use-cases.js';

export interface CaseAccessParts {
  readonly wal: Pick<WriteAheadLog, 'get'>;
  readonly evidence: Pick<EvidenceStorage, 'get'>;
  readonly sequencer: Pick<Sequencer, 'open' | 'erase'>;
  readonly snapshots: Pick<SnapshotTaking, 'forget'>;
  readonly search: Pick<SearchFilling, 'forget'>;
  readonly pepper: Uint8Array;
  readonly origin: string;
  readonly receiptSigner: NoteSigner;
}

const CASE_ID = /^[\x20-\x7e]{1,64}$/;

const checkCase = (caseId: string): void => {
  if (!CASE_ID.test(caseId)) throw new Refusal('case-id');
};

/** Kinds of which an operator may see what is sealed: what was done under a case, and nothing of a subject. */
const OPERATORS = new Set(['open', 'erase']);

export const openEntry = async (
  { wal, evidence, sequencer }: Pick<CaseAccessParts, 'wal' | 'evidence' | 'sequencer'>,
  index: number,
  caseId: string,
  client: Principal,
): ReturnType<Gateway['open']> => {
  checkCase(caseId);
  const record = await wal.get(index);
  if (client.kind !== 'auditor' && !OPERATORS.has(peekLeaf(record.leaf).k)) throw new Refusal('client-not-allowed', `kind ${client.kind}`);
  const opened = await sequencer.open({ index, record, evidence: await evidence.get(index), caseId, client: client.domain });
  return { index, ...openedEntry(record.leaf, opened.plaintext, opened.evidence), logIndex: opened.logIndex };
};

/**
 * What is held beside the store of subjects that were erased goes. The snapshots last: until they are gone a start begins before the erasure, and does all
 * of this again.
 */
export const forgetSubjects = async (
  { search, snapshots }: Pick<CaseAccessParts, 'search' | 'snapshots'>,
  ids: readonly SubjectId[],
): Promise<void> => {
  for (const id of ids) await search.forget(id);
  await snapshots.forget();
};

/** Asked for again, it finishes what was not finished. */
export const eraseSubject = async (
  parts: CaseAccessParts,
  request: { readonly sii: string; readonly case: string },
  client: Principal,
): Promise<Erasure> => {
  checkCase(request.case);
  const { wal, sequencer, pepper, origin, receiptSigner } = parts;
  const id = subjectId(pepper, parseSii(request.sii).uri);
  const { index, isNew } = await sequencer.erase({ id, caseId: request.case, client: client.domain });
  await forgetSubjects(parts, [id]);
  if (index === null) return { erased: false, logIndex: null, receipt: null };
  const { leaf } = await wal.get(index);
  const receipt = signReceipt({ origin, index, leafHash: leafHash(leaf), time: parseLeaf(leaf).t }, receiptSigner);
  return { erased: isNew, logIndex: index, receipt };
};

import { parseLeaf, type CaseOpening, type DecisionOpening, type ListOpening, type OpenedEvidence, type Opening } from '../log/index.js';
import { Refusal } from '../reasons/index.js';
import { decodeSealedErasure } from './sealed-erasure.js';
import { decodeSealedEvent, decodeSealedRefusal } from './sealed-event.js';
import { decodeSealedOpening } from './sealed-opening.js';
import { decodeSealedSweep } from './sealed-sweep.js';

const base64url = (octets: Uint8Array): string => Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('base64url');

/** What was sealed beside an entry, as who opens it is shown it. @param plaintext, evidence as they were unsealed @throws Refusal `not-found` for a kind beside which nothing is */
export const openedEntry = (leaf: Uint8Array, plaintext: Uint8Array, evidence: Uint8Array | null): Opening => {
  const { k: kind } = parseLeaf(leaf);
  switch (kind) {
    case 'accept':
      return { ...acceptedEntry(plaintext), ...evidenceOf(evidence) };
    case 'reject':
      return { ...refusedEntry(plaintext), ...evidenceOf(evidence) };
    case 'revoke':
    case 'expire':
      return sweptEntry(kind, plaintext);
    case 'open':
      return caseEntry(kind, decodeSealedOpening(plaintext));
    case 'erase':
      return caseEntry(kind, decodeSealedErasure(plaintext));
    case 'principal':
    case 'batch':
      throw new Refusal('not-found', 'nothing is sealed beside this entry');
  }
};

const evidenceOf = (evidence: Uint8Array | null): Pick<DecisionOpening, 'evidence'> =>
  evidence === null ? {} : { evidence: JSON.parse(Buffer.from(evidence).toString('utf8')) as OpenedEvidence };

const acceptedEntry = (plaintext: Uint8Array): DecisionOpening => {
  const { event, opening } = decodeSealedEvent(plaintext);
  const [ssi, provider] = 'ssi' in event ? [event.ssi, event.provider] : [null, null];
  const fingerprints = 'signer' in event ? event.signer.fingerprints.map(base64url) : [];
  return { kind: 'accept', opening: base64url(opening), sii: event.sii, ssi, provider, fingerprints };
};

const refusedEntry = (plaintext: Uint8Array): DecisionOpening => {
  const { opening, sii, ssi } = decodeSealedRefusal(plaintext);
  return { kind: 'reject', opening: base64url(opening), sii, ssi, provider: null, fingerprints: [] };
};

const sweptEntry = (kind: ListOpening['kind'], plaintext: Uint8Array): ListOpening => {
  const { opening, list } = decodeSealedSweep(plaintext);
  const places = list.map(({ id, index }) => ({ logIndex: index, subject: base64url(Buffer.from(id, 'latin1')) }));
  return { kind, opening: base64url(opening), list: places };
};

const caseEntry = (
  kind: CaseOpening['kind'],
  { opening, caseId }: { readonly opening: Uint8Array; readonly caseId: string },
): CaseOpening => ({ kind, opening: base64url(opening), case: caseId });

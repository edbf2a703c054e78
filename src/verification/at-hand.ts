import { createHash, hash } from 'node:crypto';
import { tnOf } from '../identifiers/index.js';
import { Refusal } from '../reasons/index.js';
import { parseOcspResponse, type OcspInput, type OcspResponse } from '../x509/index.js';
import type { Job } from './job.js';
import type { FetchedLists } from './tn-lists.js';

/** What a path is judged with besides the generation: whatever was fetched for it. */
export interface AtHand {
  readonly lists: FetchedLists;
  readonly ocsp: OcspInput;
}

const NO_LISTS: FetchedLists = new Map();
const NO_RESPONSES: readonly OcspResponse[] = [];

/** A response that was kept is read once. */
const read = new WeakMap<Uint8Array, OcspResponse | null>();

const readResponse = (der: Uint8Array): OcspResponse | null => {
  const known = read.get(der);
  if (known !== undefined) return known;
  const response = parseOrNull(der);
  read.set(der, response);
  return response;
};

/** What is no response says nothing. */
const parseOrNull = (der: Uint8Array): OcspResponse | null => {
  try {
    return parseOcspResponse(der);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
};

export const atHandFor = ({ input, claims }: Job): AtHand => ({
  lists: input.tnLists ?? NO_LISTS,
  ocsp: {
    responses: (input.ocsp ?? []).length === 0 ? NO_RESPONSES : (input.ocsp ?? []).map(readResponse).filter((one) => one !== null),
    tn: tnOf(claims.sii),
  },
});

/** The key of a path together with what else decides its judgement: lists by reference, and responses with the number that they were asked about. */
export const keyWith = (key: string, { lists, ocsp }: AtHand): string => {
  if (lists.size === 0 && ocsp.responses.length === 0) return key;
  const digest = createHash('sha256').update(key);
  for (const [url, der] of [...lists].sort(([a], [b]) => (a < b ? -1 : 1)))
    digest.update(hash('sha256', url, 'buffer')).update(hash('sha256', der, 'buffer'));
  if (ocsp.responses.length > 0)
    digest.update(
      `ocsp ${ocsp.tn ?? ''} ${ocsp.responses
        .map((response) => response.digest)
        .sort()
        .join(' ')}`,
    );
  return digest.digest('base64');
};

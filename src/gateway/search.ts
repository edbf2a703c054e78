import { createHmac } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseSii, subjectId } from '../identifiers/index.js';
import { leafHash, matchesLeaf, parseLeaf, type LeafFilter } from '../log/index.js';
import type { WriteAheadLog } from '../ports/index.js';
import { refuse } from '../reasons/index.js';
import type { SearchFilling } from './search-filling.js';
import type { EntrySearch, FoundEntries } from './use-cases.js';

export interface SearchParts {
  readonly wal: Pick<WriteAheadLog, 'size' | 'get'>;
  readonly filling: SearchFilling;
  readonly pepper: Uint8Array;
}

/** Entries that one request has looked through at most: some 100 ms of a core, in slices. What is left is the next page's. */
const BUDGET = 4_194_304;

/** Leaves that are read in one go: some 5 ms, of which none need wait for the disk. */
const SLICE = 64;

/**
 * One page of the entries that fit. The index gives candidates, the leaf of each has the last word. Pages are made under the size of the log at the first:
 * none is missed and none comes twice, whatever is committed meanwhile.
 * @throws Refusal `malformed-request` (`cursor`); Unavailable `search-unavailable`
 */
export const searchEntries = async ({ wal, filling, pepper }: SearchParts, search: EntrySearch): Promise<FoundEntries> => {
  const index = filling.whole();
  const { filter, sii, newestFirst, limit, cursor } = search;
  const subject = sii === null ? null : subjectId(pepper, parseSii(sii).uri);
  const { begin, end, size } = cursor === null ? { begin: 0, end: index.size, size: index.size } : openCursor(pepper, search, cursor);
  if (size > index.size) return refuse('malformed-request', 'cursor');
  const { found, rest } = await index.walk({ filter, subject }, { begin, end, newestFirst, most: limit, budget: BUDGET });
  const entries: { index: number; leaf: Uint8Array; leafHash: Uint8Array }[] = [];
  for (const [i, at] of found.entries()) {
    if (i % SLICE === SLICE - 1) await nextTurn();
    const { leaf } = await wal.get(at);
    if (fits(filter, leaf)) entries.push({ index: at, leaf, leafHash: leafHash(leaf) });
  }
  return { entries, size, cursor: rest === null ? null : sealCursor(pepper, search, { ...rest, size }) };
};

const fits = (filter: LeafFilter, leaf: Uint8Array): boolean => matchesLeaf(filter, parseLeaf(leaf));

interface Place {
  readonly begin: number;
  readonly end: number;
  readonly size: number;
}

const MARK = 12;
const PLACES = 18;

/** Bound to the search that it goes on with; says nothing of it. */
const markOf = (pepper: Uint8Array, { filter, sii, newestFirst }: EntrySearch, place: Uint8Array): Buffer =>
  createHmac('sha256', pepper)
    .update(JSON.stringify(['cursor', Object.entries(filter), sii, newestFirst]))
    .update(place)
    .digest()
    .subarray(0, MARK);

const sealCursor = (pepper: Uint8Array, search: EntrySearch, { begin, end, size }: Place): string => {
  const place = Buffer.alloc(PLACES);
  [begin, end, size].forEach((value, i) => place.writeUIntBE(value, i * 6, 6));
  return Buffer.concat([place, markOf(pepper, search, place)]).toString('base64url');
};

const openCursor = (pepper: Uint8Array, search: EntrySearch, cursor: string): Place => {
  const octets = Buffer.from(cursor, 'base64url');
  const place = octets.subarray(0, PLACES);
  const isOurs = octets.length === PLACES + MARK && octets.subarray(PLACES).equals(markOf(pepper, search, place));
  if (!isOurs || octets.toString('base64url') !== cursor) return refuse('malformed-request', 'cursor: not of this search');
  const [begin, end, size] = [0, 6, 12].map((at) => place.readUIntBE(at, 6)) as [number, number, number];
  return { begin, end, size };
};

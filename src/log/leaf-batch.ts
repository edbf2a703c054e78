import type { JsonValue } from '../encoding/index.js';
import { DIGEST, isObjectOf, namesNobody, type KindMember } from './leaf-member.js';
import { TILE_WIDTH } from './tiles.js';

/** What a `batch` leaf says beside the others: many refusals of one client at once. */
export interface LeafBatch {
  /** How many refusals. */
  readonly n: number;
  /** Root of the tree (RFC 6962 section 2.1) over their records, in the order in which they were decided. */
  readonly root: string;
  /** How many for which reason: the most frequent first, at most MOST_CODES of them, what is left under REST. */
  readonly why: Readonly<Record<string, number>>;
}

/** One leaf covers at most so many: its records are one entry bundle (C2SP tlog-tiles), some 150 KB. */
export const MOST_BATCHED = TILE_WIDTH;
/** With codes as long as there are, a leaf stays within 1,024 octets. */
export const MOST_CODES = 7;
/** No reason code can be spelled so. */
export const REST = '*';

const CODE = /^[a-z][a-z0-9-]{0,47}$/;

/** The most frequent first; of two that are as frequent the first by its letters. */
const inOrder = ([code, count]: readonly [string, number], [nextCode, nextCount]: readonly [string, number]): number =>
  nextCount - count || (code < nextCode ? -1 : 1);

/** How often each reason was the reason, as leaves say it. */
export const countsOf = (reasons: readonly string[]): Readonly<Record<string, number>> => {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const all = [...counts].toSorted(inOrder);
  const rest = all.slice(MOST_CODES).reduce((sum, [, count]) => sum + count, 0);
  return Object.fromEntries([...all.slice(0, MOST_CODES), ...(rest === 0 ? [] : [[REST, rest] as const])]);
};

const areCounts = (why: LeafBatch['why'], n: number): boolean => {
  const all = Object.entries(why);
  const named = all.filter(([code]) => code !== REST);
  return (
    named.length >= 1 &&
    named.length <= MOST_CODES &&
    named.every(([code, count], i) => CODE.test(code) && (i === 0 || inOrder(named[i - 1] ?? ['', 0], [code, count]) < 0)) &&
    (all.length === named.length || (named.length === MOST_CODES && all.at(-1)?.[0] === REST)) &&
    all.every(([, count]) => Number.isSafeInteger(count) && count >= 1) &&
    all.reduce((sum, [, count]) => sum + count, 0) === n
  );
};

const isBatch = ({ n, root, why }: LeafBatch): boolean =>
  Number.isSafeInteger(n) && n >= 1 && n <= MOST_BATCHED && DIGEST.test(root) && areCounts(why, n);

const serialiseBatch = ({ n, root, why }: LeafBatch): string => {
  const counts = Object.entries(why).map(([code, count]) => `"${code}":${count}`);
  return `{"n":${n},"root":"${root}","why":{${counts.join()}}}`;
};

const hasBatchTypes = (value: JsonValue | undefined): boolean =>
  isObjectOf(value, 'n,root,why') &&
  typeof value['n'] === 'number' &&
  typeof value['root'] === 'string' &&
  typeof value['why'] === 'object' &&
  value['why'] !== null &&
  !Array.isArray(value['why']) &&
  Object.values(value['why']).every((count) => typeof count === 'number');

/** Of `batch` leaves: `ap` is the client, `why` the most frequent reason. */
export const BATCH: KindMember = {
  name: 'batch',
  fits: (leaf) =>
    leaf.batch !== undefined &&
    isBatch(leaf.batch) &&
    Object.keys(leaf.batch.why)[0] === leaf.why &&
    leaf.ap !== null &&
    namesNobody({ ...leaf, ap: null }),
  serialise: ({ batch }) => (batch === undefined ? 'null' : serialiseBatch(batch)),
  hasTypes: hasBatchTypes,
};

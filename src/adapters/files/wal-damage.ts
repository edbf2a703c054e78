import { BATCH_HEAD, BATCH_TAIL, parseBatchHead } from './wal-format.js';

/** Disks write sectors whole. */
const SECTOR = 512;

/**
 * Tells an append that a crash cut short from a batch that was durable once and is broken now.
 * The first is dropped: nobody was told of it. The second must never be: it was acknowledged.
 * `rest` is everything from the broken batch, at offset `position`, to the end of the last segment. An append is the last thing in it,
 * and what of it did not reach the disk is missing at the end, or is a sector of zeros. No batch has one by itself: its payload is text and
 * ciphertext, its tail has no zero octet.
 */
export const isTornAppend = (rest: Buffer, position: number): boolean => {
  if (rest.length < BATCH_HEAD) return true;
  const head = parseBatchHead(rest, 0);
  const end = head === null ? rest.length : BATCH_HEAD + head.length + BATCH_TAIL;
  if (end > rest.length) return true;
  if (end < rest.length || holdsBatch(rest)) return false;
  return hasEmptySector(rest, position);
};

const holdsBatch = (rest: Buffer): boolean => {
  for (let at = rest.indexOf('SPB1', 1, 'latin1'); at >= 0; at = rest.indexOf('SPB1', at + 1, 'latin1')) {
    if (parseBatchHead(rest, at) !== null) return true;
  }
  return false;
};

const hasEmptySector = (rest: Buffer, position: number): boolean => {
  for (let at = 0; at < rest.length;) {
    const end = Math.min(rest.length, at + SECTOR - ((position + at) % SECTOR));
    if (rest.subarray(at, end).every((octet) => octet === 0)) return true;
    at = end;
  }
  return false;
};

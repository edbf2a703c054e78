import { crc32 } from 'node:zlib';
import type { WalRecord } from '../../ports/index.js';

/*
 * A segment `<first index, 16 digits>.wal`:
 *   head     "SPWAL\0\0\1", first index u64, crc32 of these
 *   batch    "SPB1", payload length u32, number of records u32, index of the first u64, crc32 of the payload, crc32 of this head;
 *            payload; "END\n"
 *   record   leaf length u16, sealed length u32, key slot u48, leaf, sealed
 * Numbers are big-endian. One append is one batch: whole or not there.
 */

export const SEGMENT_HEAD = 20;
export const BATCH_HEAD = 28;
export const BATCH_TAIL = 4;
const RECORD_HEAD = 12;
const SEGMENT_MAGIC = Buffer.from('SPWAL\0\0\u0001', 'latin1');
const BATCH_MAGIC = 0x53504231;
/** Has no zero octet: a sector that was never written shows (see `wal-damage`). */
const END = Buffer.from('END\n');

/** Above any batch that the sequencer makes (2,000 records of 3 KiB); bounds what a flipped length can make a reader take. */
export const MAX_PAYLOAD = 32 * 1024 * 1024;

export interface BatchHead {
  readonly length: number;
  readonly count: number;
  readonly first: number;
  readonly payloadCrc: number;
}

export const segmentName = (first: number): string => `${String(first).padStart(16, '0')}.wal`;

/** First index of a segment, or null for another file. */
export const parseSegmentName = (name: string): number | null => {
  const digits = /^([0-9]{16})\.wal$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
};

export const encodeSegmentHead = (first: number): Buffer => {
  const head = Buffer.alloc(SEGMENT_HEAD);
  SEGMENT_MAGIC.copy(head);
  head.writeBigUInt64BE(BigInt(first), 8);
  head.writeUInt32BE(crc32(head.subarray(0, 16)), 16);
  return head;
};

export const isSegmentHead = (head: Buffer, first: number): boolean => head.equals(encodeSegmentHead(first));

export const encodeBatch = (first: number, records: readonly WalRecord[]): Buffer => {
  let length = 0;
  for (const { leaf, sealed } of records) length += RECORD_HEAD + leaf.length + sealed.length;
  if (length > MAX_PAYLOAD) throw new RangeError('a WAL batch is too large');
  const batch = Buffer.allocUnsafe(BATCH_HEAD + length + BATCH_TAIL);
  let at = BATCH_HEAD;
  for (const record of records) at = writeRecord(batch, at, record);
  END.copy(batch, at);
  batch.writeUInt32BE(BATCH_MAGIC, 0);
  batch.writeUInt32BE(length, 4);
  batch.writeUInt32BE(records.length, 8);
  batch.writeBigUInt64BE(BigInt(first), 12);
  batch.writeUInt32BE(crc32(batch.subarray(BATCH_HEAD, at)), 20);
  batch.writeUInt32BE(crc32(batch.subarray(0, 24)), 24);
  return batch;
};

const writeRecord = (batch: Buffer, at: number, { leaf, sealed, keySlot }: WalRecord): number => {
  batch.writeUInt16BE(leaf.length, at);
  batch.writeUInt32BE(sealed.length, at + 2);
  batch.writeUIntBE(keySlot, at + 6, 6);
  batch.set(leaf, at + RECORD_HEAD);
  batch.set(sealed, at + RECORD_HEAD + leaf.length);
  return at + RECORD_HEAD + leaf.length + sealed.length;
};

/** The head of a batch, or null when its checksum does not fit. */
export const parseBatchHead = (octets: Buffer, at: number): BatchHead | null => {
  if (at + BATCH_HEAD > octets.length || octets.readUInt32BE(at) !== BATCH_MAGIC) return null;
  if (crc32(octets.subarray(at, at + 24)) !== octets.readUInt32BE(at + 24)) return null;
  const length = octets.readUInt32BE(at + 4);
  const head = {
    length,
    count: octets.readUInt32BE(at + 8),
    first: Number(octets.readBigUInt64BE(at + 12)),
    payloadCrc: octets.readUInt32BE(at + 20),
  };
  return length <= MAX_PAYLOAD ? head : null;
};

/** Whether payload and tail behind a head are what was written. */
export const holdsPayload = (head: BatchHead, body: Buffer): boolean =>
  body.length === head.length + BATCH_TAIL &&
  crc32(body.subarray(0, head.length)) === head.payloadCrc &&
  body.subarray(head.length).equals(END);

/** The records of a payload whose checksum holds: views of it. */
export function* parseRecords(payload: Buffer): Generator<WalRecord> {
  for (let at = 0; at < payload.length;) {
    const leafEnd = at + RECORD_HEAD + payload.readUInt16BE(at);
    const end = leafEnd + payload.readUInt32BE(at + 2);
    yield {
      leaf: payload.subarray(at + RECORD_HEAD, leafEnd),
      sealed: payload.subarray(leafEnd, end),
      keySlot: payload.readUIntBE(at + 6, 6),
    };
    at = end;
  }
}

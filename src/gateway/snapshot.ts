import { refuse } from '../reasons/index.js';
import { Tree } from '../log/index.js';
import { PARTITIONS, type PartitionRecords, type StoreWhole } from '../ports/index.js';
import { recordRuns } from '../registry/index.js';
import { CredentialBook } from './credential-book.js';
import { SpentPassports } from './spent-passports.js';

/**
 * What a start needs without reading the whole WAL: the tree's frontier, the position of every partition, the replay memory,
 * the credentials that mappings name and (where the store forgets on exit) the subjects.
 * It is taken while writes go on: everything belongs to log size `size` or later, and replaying the tail over it changes nothing twice.
 * Layout: frames `u32 length, kind octet, content`; the first is the header, JSON.
 */

const KIND = { positions: 1, spent: 2, subjects: 3, header: 4, credentials: 5 } as const;
const FRAME_HEAD = 5;
const FRAME_BYTES = 256 * 1024;

interface Header {
  readonly version: 5;
  readonly size: number;
  /** base64 of the serialised tree. */
  readonly tree: string;
  /** ms: no later leaf has an earlier time. */
  readonly time: number;
  /** `CredentialBook.pruned` */
  readonly credentials: number;
}

export interface SnapshotSource {
  readonly size: number;
  readonly tree: Uint8Array;
  readonly time: number;
  readonly positions: Float64Array;
  readonly spent: SpentPassports;
  readonly book: CredentialBook;
  /** Null where the store keeps its subjects itself. */
  readonly subjects: StoreWhole | null;
}

const frame = (kind: number, content: Uint8Array): Buffer => {
  const head = Buffer.alloc(FRAME_HEAD);
  head.writeUInt32BE(content.length);
  head[4] = kind;
  return Buffer.concat([head, content]);
};

/** The parts to save. Positions, tree and time are those of the source; the replay memory, the credentials and the subjects are read as the parts are asked for, and may be later. */
export async function* snapshotParts(source: SnapshotSource): AsyncGenerator<Uint8Array> {
  const { size, time, book } = source;
  const header: Header = { version: 5, size, tree: Buffer.from(source.tree).toString('base64'), time, credentials: book.pruned };
  const positions = Buffer.alloc(PARTITIONS * 6);
  for (let p = 0; p < PARTITIONS; p += 1) positions.writeUIntBE(source.positions[p] as number, p * 6, 6);
  yield frame(KIND.header, Buffer.from(JSON.stringify(header)));
  yield frame(KIND.positions, positions);
  yield* inFrames(KIND.spent, source.spent.dump());
  yield* inFrames(KIND.credentials, book.dump());
  if (source.subjects !== null) yield* inFrames(KIND.subjects, source.subjects.dump());
}

async function* inFrames(kind: number, records: Iterable<Uint8Array>): AsyncGenerator<Buffer> {
  let pending: Uint8Array[] = [];
  let octets = 0;
  for (const record of records) {
    pending.push(record);
    octets += record.length;
    if (octets < FRAME_BYTES) continue;
    yield frame(kind, Buffer.concat(pending));
    pending = [];
    octets = 0;
    // Other work gets its turn between frames: a snapshot of 10^6 subjects must not stall submissions.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  if (octets > 0) yield frame(kind, Buffer.concat(pending));
}

export interface RestoredSnapshot {
  readonly size: number;
  readonly tree: Tree;
  readonly time: number;
  readonly positions: Float64Array;
  readonly spent: SpentPassports;
  readonly book: CredentialBook;
  /** What an empty store is filled with; none where the store kept its subjects itself: it has them still, or they are replayed. */
  readonly partitions: readonly PartitionRecords[];
}

/** @throws Refusal `log-corrupt` (the storage has checked the digest, so a misfit is a fault of ours or another version's) */
export const restoreSnapshot = (parts: Iterable<Uint8Array>): RestoredSnapshot => {
  const positions = new Float64Array(PARTITIONS);
  const spent = new SpentPassports();
  const spentParts: Buffer[] = [];
  const book = new CredentialBook();
  const credentialParts: Buffer[] = [];
  const groups = Array.from({ length: PARTITIONS }, (): Uint8Array[] => []);
  let hasSubjects = false;
  let header: Header | null = null;
  for (const { kind, content } of readFrames(parts)) {
    if (kind === KIND.header) header = readHeader(content);
    else if (kind === KIND.positions) readPositions(content, positions);
    else if (kind === KIND.spent) spentParts.push(content);
    else if (kind === KIND.credentials) credentialParts.push(content);
    else if (kind === KIND.subjects) {
      hasSubjects = true;
      readSubjects(content, groups);
    } else return refuse('log-corrupt', 'snapshot frame');
  }
  if (header === null) return refuse('log-corrupt', 'snapshot header');
  spent.load(spentParts);
  book.load(credentialParts, header.credentials);
  const filled = groups.map((records, partition) => ({ partition, position: positions[partition] as number, records }));
  const tree = Tree.restore(Buffer.from(header.tree, 'base64'));
  return { size: header.size, tree, time: header.time, positions, spent, book, partitions: hasSubjects ? filled : [] };
};

/** Frames as they come, as views: a snapshot of 10^6 subjects is never in memory twice. */
function* readFrames(parts: Iterable<Uint8Array>): Generator<{ readonly kind: number; readonly content: Buffer }> {
  let rest: Buffer = Buffer.alloc(0);
  for (const part of parts) {
    const octets = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    rest = rest.length === 0 ? octets : Buffer.concat([rest, octets]);
    let at = 0;
    while (rest.length - at >= FRAME_HEAD && rest.length - at >= FRAME_HEAD + rest.readUInt32BE(at)) {
      const end = at + FRAME_HEAD + rest.readUInt32BE(at);
      yield { kind: rest[at + 4] as number, content: rest.subarray(at + FRAME_HEAD, end) };
      at = end;
    }
    rest = rest.subarray(at);
  }
  if (rest.length > 0) refuse('log-corrupt', 'snapshot frame');
}

const readHeader = (content: Buffer): Header => {
  const header = JSON.parse(content.toString('utf8')) as Header;
  // Version 4 has the same frames; its subjects are of a packed form that is read still.
  return (header.version as number) === 4 || header.version === 5
    ? header
    : refuse('log-corrupt', 'snapshot version: take the snapshot folder away, the write-ahead log holds everything');
};

const readPositions = (content: Buffer, positions: Float64Array): void => {
  for (let p = 0; p < PARTITIONS; p += 1) positions[p] = content.readUIntBE(p * 6, 6);
};

/** DESIGN section 9: the partition is the first 12 bits of the id. */
const readSubjects = (content: Buffer, groups: readonly Uint8Array[][]): void => {
  for (const { group, run } of recordRuns(content, (at) => content.readUInt16BE(at) >> 4)) groups[group]?.push(run);
};

import { refuse } from '../reasons/index.js';
import { Tree } from '../log/index.js';
import { PARTITIONS, partitionOf, type MappingStore, type PartitionBatch, type SubjectId } from '../ports/index.js';
import { SpentPassports } from './spent-passports.js';

/**
 * What a start needs without reading the whole WAL: the tree's frontier, the position of every partition, the replay memory
 * and (where the store forgets on exit) the subjects.
 * It is taken while writes go on: everything belongs to log size `size` or later, and replaying the tail over it changes nothing twice.
 * Layout: one line of JSON, then frames `u32 length, kind octet, content`.
 */

const KIND = { positions: 1, spent: 2, subjects: 3 } as const;
const FRAME_BYTES = 256 * 1024;

interface Header {
  readonly version: 1;
  readonly size: number;
  /** base64 of the serialised tree. */
  readonly tree: string;
  /** ms: no later leaf has an earlier time. */
  readonly time: number;
}

export interface SnapshotSource {
  readonly size: number;
  readonly tree: Uint8Array;
  readonly time: number;
  readonly positions: Float64Array;
  readonly spent: SpentPassports;
  /** Null where the store keeps its subjects itself. */
  readonly subjects: MappingStore | null;
}

const frame = (kind: number, content: Uint8Array): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(content.length);
  head[4] = kind;
  return Buffer.concat([head, content]);
};

/** The parts to save. The positions, tree and replay memory are captured at the first call of `next`, before anything else is awaited. */
export async function* snapshotParts(source: SnapshotSource): AsyncGenerator<Uint8Array> {
  const header: Header = { version: 1, size: source.size, tree: Buffer.from(source.tree).toString('base64'), time: source.time };
  const positions = Buffer.alloc(PARTITIONS * 6);
  for (let p = 0; p < PARTITIONS; p += 1) positions.writeUIntBE(source.positions[p] as number, p * 6, 6);
  yield Buffer.from(`${JSON.stringify(header)}\n`);
  yield frame(KIND.positions, positions);
  yield* inFrames(KIND.spent, spentRecords(source.spent));
  if (source.subjects !== null) yield* inFrames(KIND.subjects, subjectRecords(source.subjects));
}

async function* inFrames(kind: number, records: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Buffer> {
  let pending: Buffer[] = [];
  let octets = 0;
  for await (const record of records) {
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

/** 16 key, 16 signing, 6 index, 6 exp, 1 length, client. */
function* spentRecords(spent: SpentPassports): Generator<Buffer> {
  for (const [key, value] of spent.entries()) {
    const client = Buffer.from(value.client, 'latin1');
    const record = Buffer.alloc(45 + client.length);
    record.write(key, 0, 'latin1');
    record.write(value.signing, 16, 'latin1');
    record.writeUIntBE(value.index, 32, 6);
    record.writeUIntBE(value.exp, 38, 6);
    record[44] = client.length;
    client.copy(record, 45);
    yield record;
  }
}

/** 16 id, 2 length, packed subject. */
async function* subjectRecords(store: MappingStore): AsyncGenerator<Buffer> {
  for await (const [id, packed] of store.entries()) {
    const record = Buffer.alloc(18 + packed.length);
    record.write(id, 0, 'latin1');
    record.writeUInt16BE(packed.length, 16);
    record.set(packed, 18);
    yield record;
  }
}

export interface RestoredSnapshot {
  readonly size: number;
  readonly tree: Tree;
  readonly time: number;
  readonly positions: Float64Array;
  readonly spent: SpentPassports;
  /** Batches that bring an empty store to the snapshot. */
  readonly batches: PartitionBatch[];
}

/** @throws Refusal `log-corrupt` (the storage has checked the digest, so a misfit is a fault of ours or another version's) */
export const restoreSnapshot = async (parts: AsyncIterable<Uint8Array>): Promise<RestoredSnapshot> => {
  const chunks: Uint8Array[] = [];
  for await (const part of parts) chunks.push(part);
  const all = Buffer.concat(chunks);
  const lineEnd = all.indexOf(0x0a);
  if (lineEnd < 0) return refuse('log-corrupt', 'snapshot header');
  const header = JSON.parse(all.toString('utf8', 0, lineEnd)) as Header;
  if (header.version !== 1) return refuse('log-corrupt', 'snapshot version');
  const positions = new Float64Array(PARTITIONS);
  const spent = new SpentPassports();
  const groups = new Map<number, { id: SubjectId; packed: Uint8Array }[]>();
  const clients = new Map<string, string>();
  for (let at = lineEnd + 1; at < all.length;) {
    const length = all.readUInt32BE(at);
    const content = all.subarray(at + 5, at + 5 + length);
    if (all[at + 4] === KIND.positions) readPositions(content, positions);
    else if (all[at + 4] === KIND.spent) readSpent(content, spent, clients);
    else readSubjects(content, groups);
    at += 5 + length;
  }
  const batches = [...groups].map(([partition, puts]) => ({ partition, previous: 0, position: positions[partition] as number, puts }));
  return { size: header.size, tree: Tree.restore(Buffer.from(header.tree, 'base64')), time: header.time, positions, spent, batches };
};

const readPositions = (content: Buffer, positions: Float64Array): void => {
  for (let p = 0; p < PARTITIONS; p += 1) positions[p] = content.readUIntBE(p * 6, 6);
};

const readSpent = (content: Buffer, spent: SpentPassports, clients: Map<string, string>): void => {
  for (let at = 0; at < content.length;) {
    const length = content[at + 44] as number;
    const name = content.toString('latin1', at + 45, at + 45 + length);
    const client = clients.get(name) ?? name;
    clients.set(client, client);
    spent.add(content.toString('latin1', at, at + 16), {
      signing: content.toString('latin1', at + 16, at + 32),
      index: content.readUIntBE(at + 32, 6),
      exp: content.readUIntBE(at + 38, 6),
      client,
    });
    at += 45 + length;
  }
};

const readSubjects = (content: Buffer, groups: Map<number, { id: SubjectId; packed: Uint8Array }[]>): void => {
  for (let at = 0; at < content.length;) {
    const id = content.toString('latin1', at, at + 16);
    const length = content.readUInt16BE(at + 16);
    const partition = partitionOf(id);
    let group = groups.get(partition);
    if (group === undefined) groups.set(partition, (group = []));
    group.push({ id, packed: content.subarray(at + 18, at + 18 + length) });
    at += 18 + length;
  }
};

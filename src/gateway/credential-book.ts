import { RecordTable, recordRuns } from '../registry/index.js';

/** Which credential a mapping names, as latin1: the first 16 octets of the SHA-256 of its end-entity certificate. */
export type CredentialId = string;

/** One thing that the log says of a credential: it may be of several classes, when it registered numbers of several scopes. */
export interface CredentialEntry {
  /** Number of its class. */
  readonly class: number;
  /** Content octets of the serial number, 1 to 20. */
  readonly serial: Uint8Array;
}

export const credentialId = (fingerprint: Uint8Array): CredentialId => Buffer.from(fingerprint.subarray(0, 16)).toString('latin1');

/** As a mapping names it: hex. */
export const credentialIdOfMapping = (hex: string): CredentialId => Buffer.from(hex, 'hex').toString('latin1');

/** Tables by the first octet of the id: one that grows is copied, and a large one would stall what waits. */
const SHARDS = 256;
const newTables = (): RecordTable[] => Array.from({ length: SHARDS }, () => new RecordTable());
/** With room for as much as these hold. */
const tablesAs = (tables: readonly RecordTable[]): RecordTable[] => tables.map(({ size, live }) => new RecordTable(size, live));

/**
 * Entries of one credential. It has one for each scope that it registered in and each set of CAs that it was presented with; whoever may issue CAs
 * makes as many of these as he likes. With those of one batch besides, a record stays below what a table takes.
 */
const MOST_ENTRIES = 64;

/** An entry: class u32, length octet, serial. */
const HEAD = 5;

const packEntry = ({ class: number, serial }: CredentialEntry): Buffer => {
  const entry = Buffer.allocUnsafe(HEAD + serial.length);
  entry.writeUInt32BE(number, 0);
  entry[4] = serial.length;
  entry.set(serial, HEAD);
  return entry;
};

const unpackEntries = (octets: Uint8Array): CredentialEntry[] => {
  const record = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  const entries: CredentialEntry[] = [];
  for (let at = 0; at < record.length;) {
    const end = at + HEAD + (record[at + 4] as number);
    entries.push({ class: record.readUInt32BE(at), serial: record.subarray(at + HEAD, end) });
    at = end;
  }
  return entries;
};

const isIn = (record: Uint8Array, entry: Buffer): boolean => {
  for (let at = 0; at < record.length; at += HEAD + (record[at + 4] as number)) {
    if (record[at + 4] === entry[4] && entry.compare(record, at, at + entry.length) === 0) return true;
  }
  return false;
};

/** What stays when a walk ends. */
class Kept {
  readonly tables: RecordTable[];
  readonly classes = new Set<number>();
  size = 0;

  constructor(tables: RecordTable[]) {
    this.tables = tables;
  }

  /** A record only ever grows: one that is kept as long as it is now is kept as it is. */
  keep(id: CredentialId, from: RecordTable, length: number): void {
    const table = this.tables[id.charCodeAt(0)];
    const known = table?.lengthOf(id) ?? null;
    if (known === length) return;
    const record = from.get(id) ?? Buffer.alloc(0);
    table?.set(id, record);
    if (known === null) this.size += 1;
    for (const entry of unpackEntries(record)) this.classes.add(entry.class);
  }
}

/**
 * Every credential that a mapping may name, with what it takes to judge it again. A fold of the registers in the log: whatever registered is put in,
 * and what no mapping names any more is left out when the store has been walked. 10^6 credentials take some 50 MB.
 */
export class CredentialBook {
  #tables = newTables();
  /** While the store is walked. */
  #kept: Kept | null = null;
  #size = 0;
  #pruned = 0;
  /** Credentials that no longer stand, with the judgement that all their mappings were dealt with by. */
  readonly #settled = new Map<CredentialId, string>();
  /** What was put in since the walk began. */
  readonly #touched = new Set<CredentialId>();

  /** Credentials, not entries. */
  get size(): number {
    return this.#size;
  }

  /** How many there were when the last walk ended. */
  get pruned(): number {
    return this.#pruned;
  }

  /** A mapping was registered with it. */
  put(id: CredentialId, entry: CredentialEntry): void {
    const packed = packEntry(entry);
    const known = this.#table(id).get(id);
    if (known === null || !isIn(known, packed)) this.#table(id).set(id, known === null ? packed : Buffer.concat([known, packed]));
    if (known === null) this.#size += 1;
    this.#settled.delete(id);
    if (this.#kept === null) return;
    this.#touched.add(id);
    this.see(id);
  }

  /** Whether the credential has as many entries as it may: what it registers under yet another class must be turned away. */
  isFull(id: CredentialId, { serial }: Pick<CredentialEntry, 'serial'>): boolean {
    return (this.#table(id).lengthOf(id) ?? 0) >= MOST_ENTRIES * (HEAD + serial.length);
  }

  get(id: CredentialId): CredentialEntry[] {
    const record = this.#table(id).get(id);
    return record === null ? [] : unpackEntries(record);
  }

  /** Every credential, a shard at a time: the caller may yield between them. */
  *shards(): Generator<readonly (readonly [CredentialId, readonly CredentialEntry[]])[]> {
    for (let shard = 0; shard < SHARDS; shard += 1)
      yield (this.#tables[shard]?.entries() ?? []).map(([id, record]) => [id, unpackEntries(record)] as const);
  }

  /** From now on what is seen or put in stays at `endWalk`, and nothing else does. */
  beginWalk(): void {
    this.#kept = new Kept(tablesAs(this.#tables));
    this.#touched.clear();
  }

  /** A mapping names it. False when the book does not know it. */
  see(id: CredentialId): boolean {
    const table = this.#table(id);
    const length = table.lengthOf(id);
    if (length === null) return false;
    this.#kept?.keep(id, table, length);
    return true;
  }

  /** Leaves out what was not seen since `beginWalk`; the numbers of the classes that are left. */
  endWalk(): ReadonlySet<number> {
    const kept = this.#kept ?? new Kept(newTables());
    this.#tables = kept.tables;
    this.#size = this.#pruned = kept.size;
    this.#kept = null;
    return kept.classes;
  }

  abandonWalk(): void {
    this.#kept = null;
  }

  /** Every mapping of the credential was dealt with by that judgement, unless one was registered meanwhile. */
  settle(id: CredentialId, judgement: string): void {
    if (!this.#touched.has(id)) this.#settled.set(id, judgement);
  }

  isSettled(id: CredentialId, judgement: string): boolean {
    return this.#settled.get(id) === judgement;
  }

  unsettle(id: CredentialId): void {
    this.#settled.delete(id);
  }

  /** Records as a snapshot keeps them. */
  *dump(): Generator<Uint8Array> {
    for (const table of this.#tables) yield table.dump();
  }

  /** What `dump` gave, into an empty book. @throws RangeError when a record is cut off */
  load(parts: Iterable<Buffer>, pruned: number): void {
    this.#pruned = pruned;
    const groups = new Map<number, Uint8Array[]>();
    for (const part of parts) {
      for (const { group, run } of recordRuns(part, (at) => part[at] as number)) {
        const runs = groups.get(group);
        if (runs === undefined) groups.set(group, [run]);
        else runs.push(run);
      }
    }
    for (const [group, runs] of groups) {
      const table = this.#tables[group];
      table?.load(runs);
      this.#size += table?.size ?? 0;
    }
  }

  #table(id: CredentialId): RecordTable {
    const table = this.#tables[id.charCodeAt(0)];
    if (table === undefined) throw new RangeError('no credential id');
    return table;
  }
}

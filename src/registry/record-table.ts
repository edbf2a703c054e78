const ID_OCTETS = 16;
/** Before a record's own octets: its id and its length. */
export const HEAD_OCTETS = ID_OCTETS + 2;
/** Ids are output of HMAC or SHA-256: their last four octets are as good as any hash. */
const HASHED = 12;
const LARGEST = 0xffff;
/** What grows grows by a quarter or an eighth: many tables, so slack is what costs. */
const SLOT_GROWTH = 1.25;
const ARENA_GROWTH = 1.125;
const FULLEST = 0.8;
const FEWEST_SLOTS = 4;
/** What every empty table has: most partitions of a store are empty, and there are thousands. Nothing is written to them. */
const NO_RECORDS = Buffer.alloc(0);
const NO_SLOTS = new Uint32Array(1);

/**
 * A map from ids to records in two typed arrays: two thirds of what a Map of strings costs, and nothing for the garbage collector to walk.
 * Arena: records one after another, each its id, its length in two octets, its octets. Slots: open addressing, an arena offset plus one each.
 */
export class RecordTable {
  private arena: Buffer;
  private used = 0;
  private dead = 0;
  private slots: Uint32Array;
  private count = 0;

  /** With room for so many records, octets in all (their heads included): a table that is filled to that does not grow. */
  constructor(records = 0, octets = 0) {
    this.arena = octets === 0 ? NO_RECORDS : Buffer.allocUnsafeSlow(octets);
    this.slots = records === 0 ? NO_SLOTS : new Uint32Array(slotsFor(records));
  }

  /** Octets of the arena, slack included. */
  get octets(): number {
    return this.arena.length;
  }

  /** Octets of the records that are there, heads included. */
  get live(): number {
    return this.used - this.dead;
  }

  /** Records. */
  get size(): number {
    return this.count;
  }

  /** Of the record; null: there is none. */
  lengthOf(id: string): number | null {
    const offset = this.slots[this.slotOf(id)] ?? 0;
    return offset === 0 ? null : this.lengthAt(offset - 1);
  }

  get(id: string): Uint8Array | null {
    const offset = this.slots[this.slotOf(id)] ?? 0;
    return offset === 0 ? null : this.recordAt(offset - 1);
  }

  set(id: string, record: Uint8Array): void {
    if (record.length > LARGEST) throw new RangeError('a record is too large');
    const known = (this.slots[this.slotOf(id)] ?? 0) - 1;
    if (known >= 0 && this.lengthAt(known) === record.length) {
      this.arena.set(record, known + HEAD_OCTETS);
      return;
    }
    const replaced = known >= 0 ? HEAD_OCTETS + this.lengthAt(known) : 0;
    if (known < 0) this.addSlot();
    this.reserve(HEAD_OCTETS + record.length);
    // Only now: until here the old record counted as live, and to reserve may have moved every record.
    this.dead += replaced;
    this.slots[this.slotOf(id)] = this.used + 1;
    this.append(id, record);
  }

  /**
   * Records as `dump` gives them, into an empty table, at once: putting them one by one would let it grow some fifty times. One piece is not copied
   * but used as it is, and written to: it is the table's from here on.
   */
  load(records: readonly Uint8Array[]): void {
    if (this.count > 0) throw new RangeError('the table is not empty');
    const [only] = records;
    this.arena =
      records.length === 1 && only !== undefined ? Buffer.from(only.buffer, only.byteOffset, only.byteLength) : Buffer.concat(records);
    this.used = this.arena.length;
    const offsets = this.offsets();
    this.slots = new Uint32Array(slotsFor(offsets.length));
    for (const offset of offsets) {
      const slot = this.slotOfRecord(offset);
      const known = (this.slots[slot] ?? 0) - 1;
      if (known < 0) this.count++;
      else this.dead += HEAD_OCTETS + this.lengthAt(known);
      this.slots[slot] = offset + 1;
    }
  }

  /** Every record, one after another: id, length, octets. */
  dump(): Uint8Array {
    if (this.dead === 0) return Buffer.from(this.arena.subarray(0, this.used));
    const parts = Array.from(this.slots.filter((slot) => slot !== 0)).map((slot) =>
      this.arena.subarray(slot - 1, slot - 1 + HEAD_OCTETS + this.lengthAt(slot - 1)),
    );
    return Buffer.concat(parts);
  }

  clear(): void {
    this.arena = NO_RECORDS;
    this.slots = NO_SLOTS;
    this.used = this.dead = this.count = 0;
  }

  /** As they are now: what is set later does not change them. */
  entries(): (readonly [string, Uint8Array])[] {
    if (this.count === 0) return [];
    const copy = Buffer.from(this.arena.subarray(0, this.used));
    const entries: (readonly [string, Uint8Array])[] = [];
    for (const slot of this.slots) {
      if (slot === 0) continue;
      const start = slot - 1 + HEAD_OCTETS;
      entries.push([copy.toString('latin1', slot - 1, slot - 1 + ID_OCTETS), copy.subarray(start, start + this.lengthAt(slot - 1))]);
    }
    return entries;
  }

  private append(id: string, record: Uint8Array): void {
    this.arena.write(id, this.used, 'latin1');
    this.arena.writeUInt16BE(record.length, this.used + ID_OCTETS);
    this.arena.set(record, this.used + HEAD_OCTETS);
    this.used += HEAD_OCTETS + record.length;
  }

  private lengthAt(offset: number): number {
    return this.arena.readUInt16BE(offset + ID_OCTETS);
  }

  /** A copy: the arena moves. */
  private recordAt(offset: number): Uint8Array {
    const start = offset + HEAD_OCTETS;
    return Buffer.from(this.arena.subarray(start, start + this.lengthAt(offset)));
  }

  private has(offset: number, id: string): boolean {
    for (let at = ID_OCTETS - 1; at >= 0; at--) if (this.arena[offset + at] !== id.charCodeAt(at)) return false;
    return true;
  }

  /** The slot of that id, or the free one where it belongs. */
  private slotOf(id: string): number {
    const hash = (id.charCodeAt(12) * 0x10000 + id.charCodeAt(13) * 0x100 + id.charCodeAt(14)) * 0x100 + id.charCodeAt(15);
    let slot = hash % this.slots.length;
    for (;;) {
      const offset = this.slots[slot] ?? 0;
      if (offset === 0 || this.has(offset - 1, id)) return slot;
      slot = (slot + 1) % this.slots.length;
    }
  }

  /** Where the records of the arena begin. */
  private offsets(): number[] {
    const offsets: number[] = [];
    for (let at = 0; at < this.used; at += HEAD_OCTETS + this.lengthAt(at)) {
      if (at + HEAD_OCTETS > this.used || at + HEAD_OCTETS + this.lengthAt(at) > this.used) throw new RangeError('a record is cut off');
      offsets.push(at);
    }
    return offsets;
  }

  /** As `slotOf`, for a record of the arena. */
  private slotOfRecord(offset: number): number {
    let slot = this.arena.readUInt32BE(offset + HASHED) % this.slots.length;
    for (;;) {
      const other = this.slots[slot] ?? 0;
      if (other === 0 || this.arena.compare(this.arena, other - 1, other - 1 + ID_OCTETS, offset, offset + ID_OCTETS) === 0) return slot;
      slot = (slot + 1) % this.slots.length;
    }
  }

  private addSlot(): void {
    this.count++;
    if (this.count <= this.slots.length * FULLEST) return;
    const old = this.slots;
    this.slots = new Uint32Array(Math.max(FEWEST_SLOTS, Math.ceil(old.length * SLOT_GROWTH)));
    for (const offset of old) {
      if (offset === 0) continue;
      let slot = this.arena.readUInt32BE(offset - 1 + HASHED) % this.slots.length;
      while (this.slots[slot] !== 0) slot = (slot + 1) % this.slots.length;
      this.slots[slot] = offset;
    }
  }

  /** Room for so many octets more: from what is dead if that is an eighth, else by growing. */
  private reserve(octets: number): void {
    if (this.used + octets <= this.arena.length) return;
    const live = this.used - this.dead + octets;
    const size = this.dead * 8 >= this.arena.length ? Math.max(this.arena.length, live) : Math.ceil(live * ARENA_GROWTH);
    const old = this.arena;
    this.arena = Buffer.allocUnsafeSlow(size);
    if (this.dead === 0) old.copy(this.arena, 0, 0, this.used);
    else this.collect(old);
  }

  /** Moves what is live from the old arena. */
  private collect(old: Buffer): void {
    let end = 0;
    for (const [slot, offset] of this.slots.entries()) {
      if (offset === 0) continue;
      const stop = offset - 1 + HEAD_OCTETS + old.readUInt16BE(offset - 1 + ID_OCTETS);
      this.slots[slot] = end + 1;
      end += old.copy(this.arena, end, offset - 1, stop);
    }
    this.used = end;
    this.dead = 0;
  }
}

const slotsFor = (records: number): number => Math.max(FEWEST_SLOTS, Math.ceil(records / FULLEST) + 1);

/** Consecutive records of one group in what `dump` gave, as one piece: nothing is copied. `groupOf` is asked with the offset of each record. */
export function* recordRuns(
  octets: Buffer,
  groupOf: (at: number) => number,
): Generator<{ readonly group: number; readonly run: Uint8Array }> {
  let start = 0;
  let group = -1;
  for (let at = 0; at < octets.length;) {
    if (at + HEAD_OCTETS > octets.length) throw new RangeError('a record is cut off');
    const next = groupOf(at);
    if (next !== group) {
      if (at > start) yield { group, run: octets.subarray(start, at) };
      start = at;
      group = next;
    }
    at += HEAD_OCTETS + octets.readUInt16BE(at + ID_OCTETS);
    if (at > octets.length) throw new RangeError('a record is cut off');
  }
  if (octets.length > start) yield { group, run: octets.subarray(start) };
}

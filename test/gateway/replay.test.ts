import { describe, expect, test } from '@jest/globals';
import { MemoryMappingStore } from '../../src/adapters/memory/index.js';
import type { JournalEntry } from '../../src/gateway/journal.js';
import { Projection } from '../../src/gateway/projection.js';
import { AS_JUDGED } from '../../src/gateway/sealed-event.js';
import { PARTITIONS, type SubjectId } from '../../src/ports/index.js';
import { unpackSubject } from '../../src/registry/index.js';
import { DAY, registering, revoking } from '../support/registry-fixtures.js';

/** Ids of one partition, told apart by their last octets. */
const idOf = (n: number): SubjectId => `\u0012\u0034${'x'.repeat(10)}${String.fromCharCode(0, n >> 16, (n >> 8) & 0xff, n & 0xff)}`;

const registered = (index: number): JournalEntry => ({
  index,
  leaf: { k: 'accept', t: DAY * 1000 },
  keySlot: 1,
  sealed: {
    event: registering('a.example', DAY, { judgedUnder: { ...AS_JUDGED, providerOfRecord: '709J', underPort: null } }),
    opening: Buffer.alloc(32),
    mappingLifetime: 30 * 86_400,
    spent: null,
    credential: { class: 0, serial: Buffer.of(1) },
  },
  swept: null,
  erased: null,
});

const revoked = (index: number, registrations: readonly number[]): JournalEntry => ({
  index,
  leaf: { k: 'revoke', t: DAY * 1000 },
  keySlot: 1,
  sealed: null,
  erased: null,
  swept: {
    opening: Buffer.alloc(32),
    effect: 'removed',
    attestBy: DAY,
    list: registrations.map((one) => ({ id: idOf(one), index: one })),
    event: { ...revoking('removed', registrations), judgedUnder: AS_JUDGED },
  },
});

/** Of a log without erasures. */
const untouched = { open: () => null, erase: () => Promise.reject(new Error('no key is to be destroyed')) };

describe('a replay of the log into the store', () => {
  // Some thousand entries are applied at a time: wherever that falls, an entry is applied to all that it changes.
  test.each([1, 700, 3_000, 3_500, 3_990, 3_999, 4_000, 4_001])(
    'applies an entry over 1,000 subjects whole behind %d registers',
    async (before) => {
      const store = new MemoryMappingStore();
      const replay = new Projection(store, 1, new Float64Array(PARTITIONS)).replayFrom(new Float64Array(PARTITIONS), untouched);
      const count = Math.max(before, 1_000);
      for (let index = 0; index < count; index += 1) await replay.push([idOf(index)], registered(index));
      await (before < 1_000 ? replay.end() : Promise.resolve());
      const fallen = Array.from({ length: 1_000 }, (_, n) => n);
      await replay.push(fallen.map(idOf), revoked(count, fallen));
      await replay.end();
      const left: number[] = [];
      for await (const [, packed] of store.entries()) for (const { leafIndex } of unpackSubject(packed).mappings) left.push(leafIndex);
      expect(left.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count - 1_000 }, (_, n) => 1_000 + n));
    },
  );
});

import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { RecordTable } from '../../src/registry/index.js';

/** Few ids with few hashes, so that slots collide. */
const idOf = (number: number): string => String.fromCharCode(number % 200).padEnd(13, 'x') + String.fromCharCode(0, number % 3, 255);

test('any puts leave what a Map would hold, through growth, replacement and collection of what is dead', () => {
  const put = fc.record({ id: fc.nat(120).map(idOf), record: fc.uint8Array({ maxLength: 90 }) });
  const room = fc.record({ records: fc.nat(300), octets: fc.nat(20_000) });
  const property = fc.property(fc.array(put, { maxLength: 400, size: 'max' }), room, (puts, { records, octets }) => {
    const table = new RecordTable(records, octets);
    const model = new Map<string, Buffer>();
    for (const { id, record } of puts) {
      table.set(id, record);
      model.set(id, Buffer.from(record));
      if (Buffer.compare(table.get(id) ?? Buffer.of(0), record) !== 0) throw new Error('the record is not there');
    }
    expect(new Map(table.entries())).toEqual(model);
    expect([table.get(idOf(121)), table.lengthOf(idOf(121))]).toEqual([null, null]);
    for (const [id, record] of model) if (table.lengthOf(id) !== record.length) throw new Error('another length');
    const loaded = new RecordTable();
    loaded.load([table.dump()]);
    expect(new Map(loaded.entries())).toEqual(model);
    for (const [id, record] of model) if (Buffer.compare(loaded.get(id) ?? Buffer.of(0), record) !== 0) throw new Error('not loaded');
    expect(loaded.get(idOf(121))).toBeNull();
    table.clear();
    expect(table.entries()).toEqual([]);
  });
  fc.assert(property, { numRuns: 60 });
});

test('records that keep growing and shrinking do not fill the memory', () => {
  const table = new RecordTable();
  for (let round = 0; round < 5_000; round++) table.set(idOf(round % 10), new Uint8Array(1_000 + (round % 7)));
  expect(table.octets).toBeLessThan(10 * 1_025 * 2);
});

test('a table with room for what it gets does not grow, and takes no more than that', () => {
  const full = new RecordTable();
  for (let round = 0; round < 300; round++) full.set(idOf(round % 100), new Uint8Array(10 + round));
  const copy = new RecordTable(full.size, full.live);
  expect(copy.octets).toBeLessThanOrEqual(full.octets);
  for (const [id, record] of full.entries()) copy.set(id, record);
  expect(copy.octets).toBe(full.live);
  expect(new Map(copy.entries())).toEqual(new Map(full.entries()));
});

test('what was read stays as it was, and a record beyond 65,535 octets is a fault', () => {
  const table = new RecordTable();
  table.set(idOf(1), Buffer.from('one'));
  const read = table.get(idOf(1));
  table.set(idOf(1), Buffer.from('two'));
  expect(String(read)).toBe('one');
  table.set(idOf(2), new Uint8Array(65_535));
  expect(() => table.set(idOf(2), new Uint8Array(65_536))).toThrow(RangeError);
  expect(table.get(idOf(2))).toHaveLength(65_535);
});

test('of two records of one id the later is loaded, and one that is cut off is a fault', () => {
  const [first, second] = ['one', 'three'].map((text) => {
    const table = new RecordTable();
    table.set(idOf(1), Buffer.from(text));
    return table.dump();
  }) as [Uint8Array, Uint8Array];
  const table = new RecordTable();
  table.load([first, second]);
  expect(table.entries().map(([, record]) => String(record))).toEqual(['three']);
  table.set(idOf(2), new Uint8Array(40));
  expect(table.entries()).toHaveLength(2);
  expect(() => new RecordTable().load([first.subarray(0, -1)])).toThrow(RangeError);
  expect(() => table.load([first])).toThrow(RangeError);
});

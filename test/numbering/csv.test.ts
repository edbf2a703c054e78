import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  NumberingReader,
  NumberingTable,
  TableBuilder,
  parseInstant,
  parseNumberingCsv,
  type NumberingRow,
} from '../../src/numbering/index.js';

const HEADER = 'spc,start,count,validFrom\n';
const rowsOf = (text: string): readonly NumberingRow[] => {
  const read = parseNumberingCsv(Buffer.from(text));
  if (!read.ok) throw new Error(read.problems.join());
  return [...read.value.rows()];
};
const problemsOf = (text: string): readonly string[] => {
  const read = parseNumberingCsv(Buffer.from(text));
  return read.ok ? [] : read.problems;
};

describe('a file of numbering data', () => {
  test('is read, whatever its line ends', () => {
    const text = 'spc,start,count,validFrom\r\n709J,12025550000,1000,\r\n505X,4930,1,2026-01-01T00:00:00Z\r\n';
    const rows = [
      { spc: '505X', start: '4930', count: 1, validFrom: Date.UTC(2026, 0, 1) },
      { spc: '709J', start: '12025550000', count: 1000, validFrom: null },
    ];
    expect(rowsOf(text)).toEqual(rows);
    expect(rowsOf(text.replaceAll('\r', '').trimEnd())).toEqual(rows);
    expect(rowsOf(HEADER)).toEqual([]);
  });

  test.each([
    ['', 'line 1'],
    ['spc,start,count\n', 'line 1'],
    [`${HEADER}\n`, 'line 2'],
    [`${HEADER}A,1,1,\nA,1,1\n`, 'line 3'],
    [`${HEADER}A,1,1,,\n`, 'line 2'],
    [`${HEADER}a,1,1,\n`, 'line 2'],
    [`${HEADER}A,0123,1,\n`, 'line 2'],
    [`${HEADER}A,,1,\n`, 'line 2'],
    [`${HEADER}A,1234567890123456,1,\n`, 'line 2'],
    [`${HEADER}A,1,0,\n`, 'line 2'],
    [`${HEADER}A,1,+1,\n`, 'line 2'],
    [`${HEADER}A,1,1,2026-01-01\n`, 'line 2'],
    [`${HEADER}A,1,1,${'x'.repeat(300)}\n`, 'line 2'],
    [`${HEADER}A,1,1,2026-01-01T00:00:00Z,${'x'.repeat(100_000)}`, 'line 2'],
  ])('is not read where it is broken: %j', (text, line) => {
    expect(problemsOf(text)).toEqual([expect.stringMatching(new RegExp(`^numbering.csv: ${line}: `))]);
  });

  test('costs no more a line where lines are many and hold nothing', () => {
    const before = process.cpuUsage();
    expect(problemsOf(`${HEADER}${'\n'.repeat(1024 * 1024)}`)).toHaveLength(25);
    const { user, system } = process.cpuUsage(before);
    // Some 0.1 s; where each line was looked through to the end of the file, 8 s.
    expect((user + system) / 1e6).toBeLessThan(3);
  });

  test('names the first problems, and counts the others', () => {
    const problems = problemsOf(`${HEADER}${'x\n'.repeat(100)}`);
    expect([problems.length, problems[0], problems.at(-1)]).toEqual([
      25,
      expect.stringMatching(/line 2/),
      expect.stringMatching(/ 76 more/),
    ]);
  });

  test('is the same in pieces of any size', () => {
    const lines = fc.array(
      fc.tuple(
        fc.constantFrom('709J', '505X', 'a'),
        fc.integer({ min: 0, max: 99_999 }),
        fc.integer({ min: 0, max: 20 }),
        fc.constantFrom('', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00+01:00', 'x'),
        fc.constantFrom('\n', '\r\n'),
      ),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(lines, fc.integer({ min: 1, max: 50 }), (all, size) => {
        const octets = Buffer.from(HEADER + all.map(([spc, start, count, from, end]) => `${spc},${start},${count},${from}${end}`).join(''));
        const builder = new TableBuilder();
        const reader = new NumberingReader('numbering.csv', builder);
        for (let from = 0; from < octets.length; from += size) reader.read(octets.subarray(from, from + size));
        const read = reader.end();
        const whole = parseNumberingCsv(octets);
        if (read.ok && whole.ok) expect(new NumberingTable(builder.columns()).digest).toBe(whole.value.digest);
        else expect(read).toEqual(whole);
      }),
    );
  });

  test('knows an instant from a date, and February', () => {
    expect(parseInstant('2026-11-24T01:00:00.250+01:00')).toBe(Date.UTC(2026, 10, 24) + 250);
    for (const text of ['2026-11-24', '2026-02-29T00:00:00Z', '2026-11-24T24:00:00Z', '2026-11-24T00:00:00', '2026-11-24 00:00:00Z', ''])
      expect(parseInstant(text)).toBeNull();
  });
});

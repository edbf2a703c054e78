import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Numbers at the beginning of the names of tests and of groups of them. */
const numbersIn = (path: string): string[] =>
  [...read(path).matchAll(/\b(?:describe|test|it)\((?:'|"|`)(R?\d+(?:\.\d+)?)\b/g)].map(([, number]) => number as string);

describe('docs/acceptance.md', () => {
  const rows = [...read('docs/acceptance.md').matchAll(/^\| (R?\d+(?:\.\d+)?) \| [^|]+ \| ([^|]+) \|/gm)].map(
    ([, number = '', files = '']) => ({ number, files: [...files.matchAll(/`([^`]+)`/g)].map(([, file]) => file as string) }),
  );

  test('names for each row the files that hold tests of its number', () => {
    expect(rows.length).toBeGreaterThan(30);
    for (const { number, files } of rows)
      expect({ number, tested: files.length > 0 && files.every((file) => numbersIn(file).includes(number)) }).toEqual({
        number,
        tested: true,
      });
  });

  test('has a row for each number that a test is named by', () => {
    const folder = 'test/acceptance';
    const tested = new Set(readdirSync(join(ROOT, folder)).flatMap((file) => numbersIn(join(folder, file))));
    expect([...tested].filter((number) => !rows.some((row) => row.number === number))).toEqual([]);
  });
});

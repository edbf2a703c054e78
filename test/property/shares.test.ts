import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { GROUPS, TARGETS } from '../fuzz/targets/index.js';

describe('the shares of the targets', () => {
  test('add up to a million inputs in every run of the suite', () => {
    expect(TARGETS.reduce((sum, { share }) => sum + share, 0)).toBe(1_000_000);
    expect(TARGETS.every(({ share }) => Number.isInteger(share) && share > 0)).toBe(true);
  });

  test('are all run: each group has its file, and each target its own name', () => {
    const folder = dirname(fileURLToPath(import.meta.url));
    const files = readdirSync(folder).flatMap((file) => /^mutations-(.+)\.test\.js$/.exec(file)?.slice(1) ?? []);
    expect(files.sort()).toEqual(Object.keys(GROUPS).sort());
    expect(new Set(TARGETS.map(({ name }) => name)).size).toBe(TARGETS.length);
  });
});

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Desk, DeskFiles, openWithRoot } from '../../src/adapters/desk/index.js';
import { claimsIn } from '../support/attesting.js';

const CHILD = fileURLToPath(new URL('../support/mortal-attestation.js', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'signpost-mortal-'));
const sources = { now: () => Date.now(), random: randomBytes };

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const jtis = (files: DeskFiles): unknown[] =>
  readFileSync(files.path('ledger.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"attested"'))
    .map((line) => (JSON.parse(line) as { jti: unknown }).jti);

describe('a desk that is killed while it attests', () => {
  test.each([
    ['append', 'before', 0, 0],
    ['append', 'after', 1, 0],
    ['sync', 'before', 1, 0],
    ['sync', 'after', 1, 0],
    ['no step', 'never', 1, 1],
  ])('at the %s of its ledger line, %s: %i lines, %i PASSporTs, and works on', async (fatal, death, lines, signed) => {
    const files = new DeskFiles(join(directory, `${fatal}-${death}`));
    await openWithRoot(files, { identity: { kind: 'np', spc: '709J', name: 'Example NP' }, numbers: [] }, sources);
    writeFileSync(files.path('numbering.csv'), 'spc,start,count,validFrom\n709J,12025550000,10000,\n');
    await new Desk(files, sources).issueOwn(86_400);
    const { stdout, signal } = spawnSync(process.execPath, [CHILD, files.directory, fatal, death], { encoding: 'utf8' });
    const passports = stdout.split('\n').filter((line) => line !== '');
    expect({ signal, signed: passports.length, lines: jtis(files).length }).toEqual({
      signal: death === 'never' ? null : 'SIGKILL',
      signed,
      lines,
    });
    const known = new Set(jtis(files));
    expect(passports.filter((passport) => !known.has(claimsIn(passport)['jti']))).toEqual([]);
    const again = spawnSync(process.execPath, [CHILD, files.directory, 'no step', 'never'], { encoding: 'utf8' });
    expect(claimsIn(again.stdout.trim())['jti']).toBe(jtis(files).at(-1));
  });
});

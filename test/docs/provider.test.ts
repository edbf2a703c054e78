import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const directory = mkdtempSync(join(tmpdir(), 'signpost-provider-'));
symlinkSync(join(ROOT, 'dist'), join(directory, 'dist'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs a block as a reader would type it in. */
const shell = (block: string): { code: number | null; said: string } => {
  const script = join(directory, 'block.sh');
  writeFileSync(script, `set -e\nshopt -s expand_aliases\nalias signpost="node dist/src/cli/main.js"\n${block}\n`);
  const { status, stdout, stderr } = spawnSync('bash', [script], { cwd: directory, encoding: 'utf8' });
  return { code: status, said: `${stdout}${stderr}` };
};

const page = readFileSync(join(ROOT, 'docs/provider.md'), 'utf8');
const blocks = [...page.matchAll(/```sh( refused ([a-z-]+))?\n([^]*?)\n```/g)].map(([, , reason, block = '']) => ({ reason, block }));

describe('docs/provider.md', () => {
  test.each(blocks)('does what it says, one block after the other: $block', ({ reason, block }) => {
    const { code, said } = shell(block);
    expect([code, said]).toEqual([reason === undefined ? 0 : 1, reason === undefined ? said : expect.stringContaining(reason)]);
  });

  test('has shown a refusal of each kind, which left nothing behind', () => {
    expect(blocks.filter(({ reason }) => reason !== undefined)).toHaveLength(3);
    expect(existsSync(join(directory, 'x.pem'))).toBe(false);
  });

  test('names only files that are there', () => {
    const links = [...page.matchAll(/\]\(([^)]+)\)/g)].map((match) => match[1] as string);
    expect(links.filter((link) => !existsSync(join(ROOT, 'docs', link)))).toEqual([]);
  });
});

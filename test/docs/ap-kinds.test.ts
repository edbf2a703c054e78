import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Verb } from '../support/verb.js';
import { startGatewayProcess, type RunningGateway } from '../../src/cli/demo-gateway.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const PAGES = join(ROOT, 'docs', 'ap-kinds');
const directory = mkdtempSync(join(tmpdir(), 'signpost-kinds-'));
symlinkSync(join(ROOT, 'dist'), join(directory, 'dist'));

let gateway: RunningGateway | null = null;
let provider: Verb | null = null;
let providerUrl = '';

interface Ran {
  readonly code: number | null;
  readonly out: string;
}

/** Runs a block as a reader would type it in. */
const shell = (block: string): Ran => {
  const url = gateway?.url.replace('127.0.0.1', 'localhost') ?? '';
  const script = join(directory, 'block.sh');
  writeFileSync(
    script,
    `set -e\nshopt -s expand_aliases\nalias signpost="node dist/src/cli/main.js"\nURL=${url}\nNP_URL=${providerUrl}\n${block}\n`,
  );
  const { status, stdout, stderr } = spawnSync('bash', [script], { cwd: directory, encoding: 'utf8' });
  return { code: status, out: `${stdout}${status === 0 ? '' : stderr}` };
};

const blocksOf = (page: string, label: string): RegExpExecArray[] => [
  ...readFileSync(join(PAGES, page), 'utf8').matchAll(new RegExp(`\`\`\`sh${label}\\n([^]*?)\\n\`\`\``, 'g')),
];

/** The arguments of the one command in a page's block of the provider, with its folders as seen from here. */
const serveOf = (page: string): string[] => {
  const [verb, ...words] = (blocksOf(page, ' provider')[0]?.[1] ?? '').split(' ');
  if (verb !== 'signpost') throw new Error(`no command in ${page}`);
  return words.map((word, place) => (['--dir', '--tls'].includes(words[place - 1] ?? '') ? join(directory, word) : word));
};

const pages = readdirSync(PAGES).filter((page) => page !== 'README.md');

beforeAll(async () => {
  const [before] = blocksOf('README.md', '');
  expect(shell(before?.[1] ?? 'exit 9')).toMatchObject({ code: 0 });
  for (const page of pages) for (const [, block = ''] of blocksOf(page, ' credentials')) expect(shell(block)).toMatchObject({ code: 0 });
  provider = new Verb(...serveOf('consumer-ott.md'), '--port', '0', '--print-ready');
  providerUrl = (JSON.parse(await provider.says('{"ready":true')) as { url: string }).url;
  gateway = await startGatewayProcess({ data: join(directory, 'data'), pki: join(directory, 'pki') });
}, 180_000);

afterAll(async () => {
  await gateway?.kill();
  provider?.child.kill('SIGKILL');
  await provider?.exit;
  rmSync(directory, { recursive: true, force: true });
});

describe.each(pages)('docs/ap-kinds/%s', (page) => {
  test('registers, and another AP finds it', () => {
    const blocks = blocksOf(page, ' use');
    expect(blocks.length).toBeGreaterThan(0);
    for (const [, block = ''] of blocks) {
      const { code, out } = shell(block);
      expect({ code, out }).toMatchObject({ code: 0 });
      expect(out).toMatch(/"mappings":\[\{"ssi":"mimi:/);
    }
  });

  test('shows refusals that happen as it says', () => {
    const refusals = blocksOf(page, ' refused ([a-z-]+)');
    expect(refusals.length).toBeGreaterThan(0);
    for (const [, reason = '', block = ''] of refusals) {
      const { code, out } = shell(block);
      expect({ code, reason: /"reason":"([a-z-]+)"/.exec(out)?.[1] }).toEqual({ code: 1, reason });
    }
  });
});

test('the index names every page', () => {
  const index = readFileSync(join(PAGES, 'README.md'), 'utf8');
  for (const page of pages) expect(index).toContain(`(${page})`);
});

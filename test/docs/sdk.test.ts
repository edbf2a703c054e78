import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeDevPki } from '../../src/adapters/desk/index.js';
import { startGatewayProcess, type RunningGateway } from '../../src/cli/demo-gateway.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const directory = mkdtempSync(join(tmpdir(), 'signpost-sdk-'));
const examples = [...readFileSync(join(ROOT, 'docs/sdk.md'), 'utf8').matchAll(/## (.*)\n\n```js\n([^]*?)\n```/g)];

let gateway: RunningGateway;

beforeAll(async () => {
  // As npm would install it.
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(ROOT, join(directory, 'node_modules/signpost'));
  makeDevPki({ out: join(directory, 'data/pki'), now: () => Date.now(), random: randomBytes });
  gateway = await startGatewayProcess({ data: join(directory, 'data'), pki: join(directory, 'data/pki') });
});

afterAll(async () => {
  await gateway.kill();
  rmSync(directory, { recursive: true, force: true });
});

const SAYS: Readonly<Record<string, readonly RegExp[]>> = {
  'An application provider': [
    /^in the log at \d+ true false true$/m,
    /^mimi:\/\/a\.example\/u\/carol may be kept for \d+ seconds$/m,
    /^refused: tn-out-of-scope in check-authority entry \d+$/m,
  ],
  'A number provider': [/^released, and in the log at \d+$/m],
  'An auditor': [
    /^entry 0 of \d+ is accept register by a\.example OK$/m,
    /^c2sp\.org\/tlog-proof@v1$/m,
    /^nothing of the past was changed: true$/m,
    /^and it continues what was kept: true$/m,
  ],
};

describe('docs/sdk.md', () => {
  test('has an example for each client', () => expect(examples.map(([, title]) => title)).toEqual(Object.keys(SAYS)));

  test.each(examples.map(([, title = '', code = '']) => [title, code]))('%s: the example does what it says', (title, code) => {
    const file = join(directory, `${title.replaceAll(' ', '-')}.mjs`);
    writeFileSync(file, code);
    const env = { ...process.env, SIGNPOST_URL: gateway.url.replace('127.0.0.1', 'localhost') };
    const { status, stdout, stderr } = spawnSync(process.execPath, [file], { cwd: directory, encoding: 'utf8', env });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const line of SAYS[title] ?? []) expect(stdout).toMatch(line);
  });
});

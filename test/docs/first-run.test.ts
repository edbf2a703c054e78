import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const directory = mkdtempSync(join(tmpdir(), 'signpost-first-'));
symlinkSync(join(ROOT, 'dist'), join(directory, 'dist'));

const gateway = spawn(process.execPath, ['dist/src/cli/main.js', 'serve', '--first-run', '--port', '0'], {
  cwd: directory,
  stdio: ['ignore', 'pipe', 'ignore'],
});
const said: string[] = [];

beforeAll(async () => {
  for await (const line of createInterface({ input: gateway.stdout })) {
    said.push(line);
    if (line.startsWith('Ctrl-C')) return;
  }
});

afterAll(async () => {
  const exit = once(gateway, 'exit');
  gateway.kill('SIGTERM');
  expect((await exit)[0]).toBe(0);
  rmSync(directory, { recursive: true, force: true });
});

/** Runs lines as a shell at the top of the project would. */
const tried = (lines: string): { status: number | null; out: string; err: string } => {
  const script = join(directory, 'lines.sh');
  writeFileSync(script, `set -e\nshopt -s expand_aliases\n${lines}\n`);
  const { status, stdout, stderr } = spawnSync('bash', [script], { cwd: directory, encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
};

/** What lines wrote that must go well. */
const shell = (lines: string): string => {
  const { status, out, err } = tried(lines);
  if (status !== 0) throw new Error(`exit ${status}: ${err}${out}`);
  return out;
};

describe('a first run', () => {
  const urlOf = (): string => /ready at (\S+)\. /.exec(said.join('\n'))?.[1] ?? '';

  test("README's commands register, look up and audit", () => {
    const block = /```sh\n(alias signpost=[^]*?)\n```/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[1];
    if (block === undefined) throw new Error('README has no commands for a running gateway');
    const out = shell(`URL=${urlOf()}\n${block}`);
    expect(out).toContain('"mimi://a.example/u/alice"');
  });

  test("docs/auditor.md's commands hold", () => {
    const block = /```sh auditor\n([^]*?)\n```/.exec(readFileSync(join(ROOT, 'docs/auditor.md'), 'utf8'))?.[1] ?? '';
    expect(block.split('\n')).toHaveLength(9);
    const published = 'until signpost audit grep "$URL" --ca data/pki/tls/ca.pem --verdict accepted >&2; do :; done';
    const out = shell(`URL=${urlOf()}\nsignpost() { node dist/src/cli/main.js "$@"; }\n${published}\n${block}`);
    expect(out).toMatch(/^holds: entry 0, accepted, judged again the same/m);
  });

  test("README's commands for a number provider end in a mapping that resolves, until the credential is revoked", async () => {
    const block = /```sh np\n([^]*?)\n```/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[1];
    const lines = (block ?? '').split('\n');
    const before = `URL=${urlOf()}\nalias signpost="node dist/src/cli/main.js"\n`;
    expect(lines).toHaveLength(4);
    const [init = '', delegate = '', register = '', lookup = ''] = lines.map((line) => `${before}${line}`);
    shell(init);
    shell(delegate);
    // The gateway looks at its files twice a second and takes them once they hold still.
    const eventually = async (line: string, isThere: (out: string) => boolean): Promise<void> => {
      for (let left = 20; ; left -= 1) {
        const { out } = tried(line);
        if (isThere(out)) return;
        if (left === 0) throw new Error(out);
        await wait(500);
      }
    };
    await eventually(register, (out) => out.includes('"leafHash"'));
    expect(shell(lookup)).toContain('"mimi://a.example/u/alice"');
    shell(`${before}signpost np revoke --dir np --certificate alice.pem --reason keyCompromise`);
    await eventually(lookup, (out) => !out.includes('"mimi://a.example/u/alice"'));
  });

  test('the three commands that it prints do what they say', () => {
    const commands = said.filter((line) => line.startsWith('  node dist/src/cli/main.js'));
    expect(commands).toHaveLength(3);
    for (const command of commands) expect(shell(command)).not.toBe('');
  });
});

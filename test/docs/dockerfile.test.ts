import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');

test('the image runs as a plain user, with options that the command has', () => {
  expect(text).toMatch(/^USER 1000:1000$/m);
  expect(text).not.toMatch(/:latest/);
  // What the gateway serves below /audit/.
  expect(text).toMatch(/^COPY --from=build \/app\/dist\/audit-ui dist\/audit-ui$/m);
  const command = JSON.parse(/^CMD (\[.*\])$/m.exec(text)?.[1] ?? '[]') as string[];
  const [verb = '', ...options] = command;
  const { stdout } = spawnSync(process.execPath, [join(ROOT, 'dist', 'src', 'cli', 'main.js'), verb, '--help'], { encoding: 'utf8' });
  const flags = options.filter((option) => option.startsWith('--'));
  expect(flags.length).toBeGreaterThan(0);
  for (const flag of flags) expect(stdout).toContain(`${flag} `);
});

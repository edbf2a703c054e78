import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseAttestation } from '../../src/adapters/attestation/index.js';
import { DEFAULT_MESSAGE } from '../../src/issuance/attestation/index.js';
import { REASONS, isReason } from '../../src/reasons/index.js';
import { AttestingProvider } from '../support/attesting-provider.js';
import { ServedGateway } from '../support/served-gateway.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const text = readFileSync(join(ROOT, 'docs', 'provider-attestation.md'), 'utf8');

/** The content of the first fenced block with this label. */
const block = (label: string): string => {
  const match = new RegExp(`\`\`\`${label}\\n([^]*?)\\n\`\`\``).exec(text);
  if (match === null) throw new Error(`no block ${label}`);
  return match[1] as string;
};

// Not started: its PKI is all that is needed.
const served = new ServedGateway();
const provider = new AttestingProvider(served.directory, served.pki);

const shell = (script: string, env: Record<string, string>): Promise<Record<string, unknown>> =>
  new Promise((resolve, reject) => {
    execFile('sh', ['-ec', script], { env: { ...process.env, ...env } }, (error, out) =>
      error === null ? resolve(JSON.parse(out) as Record<string, unknown>) : reject(error),
    );
  });

beforeAll(async () => {
  await provider.open();
  await provider.start();
});
afterAll(async () => {
  await provider.close();
  await served.remove();
});

describe('docs/provider-attestation.md', () => {
  test('shows a file that a desk takes, with the text that is sent by default', () => {
    const parsed = parseAttestation(block('yaml attestation.yaml'));
    expect(parsed.ok ? [] : parsed.problems).toEqual([]);
    if (parsed.ok) expect(parsed.value.otp?.text).toBe(DEFAULT_MESSAGE);
  });

  test('shows commands that do what it says', async () => {
    const folder = join(served.directory, 'curl');
    mkdirSync(folder);
    const { ca, cert, key } = served.tls('a.example');
    const env: Record<string, string> = { URL: provider.url };
    for (const [name, pem] of Object.entries({ CA: ca, CERT: cert, KEY: key })) {
      env[name] = join(folder, `${name}.pem`);
      writeFileSync(env[name], pem);
    }
    const pending = await shell(block('sh curl'), env);
    expect(Object.keys(pending)).toEqual(Object.keys(JSON.parse(block('json pending')) as object));
    const attested = await shell(block('sh code'), { ...env, ID: String(pending['id']), CODE: provider.code });
    expect(Object.keys(attested)).toEqual(Object.keys(JSON.parse(block('json attested')) as object));
  });

  test('names the reasons with their statuses', () => {
    const rows = [...text.matchAll(/^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \| (\d{3}) \|/gm)];
    expect(rows.length).toBeGreaterThan(10);
    for (const [, names = '', status] of rows)
      for (const name of names.replaceAll('`', '').split(', ')) expect(isReason(name) && REASONS[name].http).toBe(Number(status));
  });
});

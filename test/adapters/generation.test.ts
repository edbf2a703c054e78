import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { NOTHING_FETCHED, makeGeneration, readConfiguration, type Generation } from '../../src/adapters/configuration/index.js';
import { makeDevPki } from '../../src/adapters/desk/index.js';

const directory = mkdtempSync(join(tmpdir(), 'signpost-generation-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const { directory: pkiDir } = makeDevPki({ out: join(directory, 'pki'), now: () => Date.now(), random: randomBytes });

const next = async (before?: Generation): Promise<Generation> =>
  makeGeneration(await readConfiguration({ pkiDir }, Date.now()), { lists: [], fetched: NOTHING_FETCHED }, before?.world.verifier);
const edit = (file: string, change: (text: string) => string): void =>
  writeFileSync(join(pkiDir, file), change(readFileSync(join(pkiDir, file), 'utf8')));

describe('the next generation', () => {
  test('judges by the same verifier, and the paths that it has judged, where nothing changed that verdicts depend on', async () => {
    const first = await next();
    edit('policies/principals.yaml', (text) => text.replace('domain: a.example', 'domain: other.example'));
    const second = await next(first);
    expect([second.world.verifier === first.world.verifier, second.principals.has('other.example')]).toEqual([true, true]);
  });

  test.each([
    ['an anchor’s scope', 'policies/trust.yaml', 'speaksFor: any', 'speaksFor: [mail.example]'],
    ['a policy', 'policies/gateway.yaml', 'minimum: app', 'minimum: otp'],
    ['a rule', 'policies/authorization.cedar', '@id("np-manages-its-numbers")', '@id("np-manages-numbers")'],
    ['a number', 'policies/numbering.csv', '709J,12025550000,10000,', '709J,12025550000,9999,'],
  ])('judges by another where %s changed, with the caches of the last', async (_name, file, from, to) => {
    const first = await next();
    edit(file, (text) => text.replace(from, to));
    const second = await next(first);
    expect(second.world.verifier).not.toBe(first.world.verifier);
    expect(second.world.verifier.caches).toBe(first.world.verifier.caches);
  });
});

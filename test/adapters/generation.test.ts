import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { NOTHING_FETCHED, makeGeneration, readConfiguration, type Generation } from '../../src/adapters/configuration/index.js';
import type { TrustListFiles } from '../../src/adapters/configuration/trust-files.js';
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

  test('judges stored mappings by what is silent now, though no verdict depends on it', async () => {
    const configuration = await readConfiguration({ pkiDir }, Date.now());
    const policy = { name: 'sti-pa', profile: 'shaken', speaksFor: ['1'] } as unknown as TrustListFiles['policy'];
    const named = { ...configuration, lists: [{ policy, roots: [], signer: null, octets: null }] };
    const standing = { name: 'sti-pa', anchors: [], refused: null, isKnown: true };
    const empty = { version: '1', sequence: 1, digest: '', until: 0, anchors: [], leftOut: [] };
    const silent = makeGeneration(named, { lists: [{ ...standing, list: null }], fetched: NOTHING_FETCHED });
    const again = makeGeneration(named, { lists: [{ ...standing, list: null }], fetched: NOTHING_FETCHED }, silent.world.verifier);
    expect([again.world.verifier === silent.world.verifier, again.world.verifier.silent.has('shaken')]).toEqual([true, true]);
    const spoken = makeGeneration(named, { lists: [{ ...standing, list: empty }], fetched: NOTHING_FETCHED }, silent.world.verifier);
    expect(spoken.world.verifier.versions).toEqual(silent.world.verifier.versions);
    expect(spoken.world.verifier.silent.has('shaken')).toBe(false);
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

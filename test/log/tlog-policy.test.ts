import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  cosign,
  encodeTlogProof,
  formatVkey,
  leafHash,
  parseTlogPolicy,
  parseVkey,
  signatureLine,
  verifyTlogProof,
  verifyTlogProofUnder,
  type Signer,
} from '../../src/log/index.js';
import { testEntry, testSigner, vkeyOf } from '../support/log-fixtures.js';
import { reasonOf } from '../support/reasons.js';
import { MemoryLog } from '../support/witness-run.js';

const EXAMPLES = join(process.env['SIGNPOST_VECTORS'] ?? join(process.cwd(), '../shared/vectors'), 'tlog/c2sp-examples');

const log = testSigner('log.example/log');
const names = ['X1', 'X2', 'X3', 'Y1', 'Y2', 'Y3'];
const witnesses = new Map(names.map((name) => [name, testSigner(`${name.toLowerCase()}.example/w`)]));
const signerOf = (name: string): Signer => witnesses.get(name) ?? log;
const keys = (...of: string[]) => of.map((name) => parseVkey(vkeyOf(signerOf(name), 4)));

/** The example of C2SP tlog-policy, with keys. */
const EXAMPLE = `log ${vkeyOf(log)}

witness X1 ${vkeyOf(signerOf('X1'), 4)}
witness X2 ${vkeyOf(signerOf('X2'), 4)}
witness X3 ${vkeyOf(signerOf('X3'), 4)}
group X-witnesses 2 X1 X2 X3

witness Y1 ${vkeyOf(signerOf('Y1'), 4)} https://y1.example/
witness Y2 ${vkeyOf(signerOf('Y2'), 4)}
witness Y3 ${vkeyOf(signerOf('Y3'), 4)}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
`;

describe('a policy', () => {
  test.each([
    [['X1', 'X2', 'Y1'], true],
    [['X2', 'X3', 'Y2', 'Y3'], true],
    [['X1', 'Y1'], false],
    [['X1', 'X2', 'X3'], false],
    [['Y1', 'Y2', 'Y3'], false],
    [[], false],
  ])('of groups of groups: %j is a quorum: %s', (given, is) => {
    expect(parseTlogPolicy(EXAMPLE).isQuorum(keys(...given))).toBe(is);
  });

  test('names its logs and witnesses, with their URLs', () => {
    const policy = parseTlogPolicy(Buffer.from(EXAMPLE));
    expect(policy.logs.map(({ name }) => name)).toEqual([log.name]);
    expect(policy.witnesses.map(({ name, url }) => [name, url])).toEqual(
      names.map((name) => [name, name === 'Y1' ? 'https://y1.example/' : null]),
    );
  });

  test('allows comments, blanks and tabs, names of any octets, no log, no witness', () => {
    expect(parseTlogPolicy('  # all of it\n\n\t quorum \tnone  \n').isQuorum([])).toBe(true);
    const other = `witness zeuge-ö ${vkeyOf(signerOf('X1'), 4)}\nquorum zeuge-ö\n`;
    expect(parseTlogPolicy(other).isQuorum(keys('X1'))).toBe(true);
    expect(parseTlogPolicy(other).isQuorum(keys('X2'))).toBe(false);
    expect(parseTlogPolicy(other).witnesses[0]?.name).toBe('zeuge-ö');
  });

  test('takes a cosigner that older tools wrote as a plain key', () => {
    expect(parseTlogPolicy(`witness A ${vkeyOf(signerOf('X1'))}\nquorum A\n`).isQuorum(keys('X1'))).toBe(true);
  });

  const W = (name: string): string => `witness ${name} ${vkeyOf(signerOf(name), 4)}\n`;
  const renamed = formatVkey('another.example', signerOf('X1').publicKey, 4);

  test.each([
    ['nothing', ''],
    ['no quorum', W('X1')],
    ['two quorums', `${W('X1')}quorum X1\nquorum X1\n`],
    ['a quorum of nobody known', `${W('X1')}quorum X2\n`],
    ['a quorum before its name', `quorum X1\n${W('X1')}`],
    ['a member that is not defined yet', `group G any X1\n${W('X1')}quorum G\n`],
    ['a group in itself', `group G any G\nquorum G\n`],
    ['none as a member', `${W('X1')}group G any X1 none\nquorum G\n`],
    ['none as a name', `witness none ${vkeyOf(signerOf('X1'), 4)}\nquorum none\n`],
    ['a name twice', `${W('X1')}witness X1 ${vkeyOf(signerOf('X2'), 4)}\nquorum X1\n`],
    ['a witness key twice, under another name', `${W('X1')}witness A ${renamed}\nquorum X1\n`],
    ['a log key twice', `log ${vkeyOf(log)}\nlog ${vkeyOf({ ...log, name: 'x' })}\nquorum none\n`],
    ['a member twice', `${W('X1')}group G 2 X1 X1\nquorum G\n`],
    ['a member of two groups', `${W('X1')}${W('X2')}group G any X1 X2\ngroup H any X1\nquorum G\n`],
    ['an empty group', `${W('X1')}group G any\nquorum X1\n`],
    ['a threshold of 0', `${W('X1')}group G 0 X1\nquorum G\n`],
    ['a threshold over its members', `${W('X1')}group G 2 X1\nquorum G\n`],
    ['a threshold with a zero before it', `${W('X1')}group G 01 X1\nquorum G\n`],
    ['a threshold in words', `${W('X1')}group G most X1\nquorum G\n`],
    ['a cosigner as a log', `log ${vkeyOf(signerOf('X1'), 4)}\nquorum none\n`],
    ['a key that is none', `log x\nquorum none\n`],
    ['a URL that is none', `log ${vkeyOf(log)} x\nquorum none\n`],
    ['too many items', `log ${vkeyOf(log)} https://a.example more\nquorum none\n`],
    ['a keyword that is none', `LOG ${vkeyOf(log)}\nquorum none\n`],
    ['a carriage return', 'quorum none\r\n'],
    ['a last line without its end', 'quorum none'],
    ['a megabyte', `${'#'.repeat(300_000)}\nquorum none\n`],
  ])('with %s is refused', (_name, text) => {
    expect(reasonOf(() => parseTlogPolicy(text))).toBe('malformed-policy');
    expect(parseTlogPolicy(EXAMPLE).witnesses).toHaveLength(6);
  });

  (existsSync(EXAMPLES) ? test : test.skip)('the published example is read, with keys in place of <vkey>', () => {
    const text = readFileSync(join(EXAMPLES, 'tlog-policy.00.fenced.txt'), 'utf8');
    const filled = text
      .split('\n')
      .map((line) => line.replace('<vkey>', line.startsWith('log') ? vkeyOf(log) : vkeyOf(signerOf(line.split(' ')[1] ?? ''), 4)))
      .join('\n');
    const policy = parseTlogPolicy(filled.endsWith('\n') ? filled : `${filled}\n`);
    expect([policy.isQuorum(keys('X1', 'X3', 'Y2')), policy.isQuorum(keys('X1', 'Y2'))]).toEqual([true, false]);
  });
});

describe('a proof under a policy', () => {
  const published = new MemoryLog(log);
  const proofBy = (...signers: string[]): string => {
    const note = published.note(1);
    const text = note.slice(0, note.lastIndexOf('\n\n') + 1);
    const lines = signers.map((name) => {
      const { id, payload } = cosign(signerOf(name), text, 1_795_500_000n);
      return signatureLine(signerOf(name).name, id, payload);
    });
    return encodeTlogProof({ index: 0, proof: [], checkpoint: note + lines.join('') });
  };
  const hash = leafHash(testEntry(0));

  test('holds with the quorum and without it does not', () => {
    const policy = parseTlogPolicy(EXAMPLE);
    const verified = (...signers: string[]) => verifyTlogProofUnder(policy, { proof: proofBy(...signers), leafHash: hash });
    expect(verified('X1', 'X2', 'Y1').witnesses).toEqual(['x1.example/w', 'x2.example/w', 'y1.example/w']);
    expect(reasonOf(() => verified('X1', 'X2'))).toBe('quorum-missing');
    expect(reasonOf(() => verifyTlogProofUnder(policy, { proof: proofBy('X1', 'X2', 'Y1'), leafHash: leafHash(testEntry(1)) }))).toBe(
      'inclusion-failed',
    );
  });

  test('of several logs, or keys of one, is held to the one that signed', () => {
    const others = [testSigner('other.example/log'), testSigner(log.name, 'next key')];
    const policy = (...signers: Signer[]) => parseTlogPolicy(`${signers.map((one) => `log ${vkeyOf(one)}\n`).join('')}quorum none\n`);
    const verified = (...signers: Signer[]) => verifyTlogProofUnder(policy(...signers), { proof: proofBy(), leafHash: hash });
    expect(verified(...others, log).origin).toBe(log.name);
    expect(verified(log).size).toBe(1);
    expect(reasonOf(() => verified(...others))).toBe('untrusted-note');
    expect(reasonOf(() => verified())).toBe('untrusted-note');
  });

  test('of keys alone is judged as it was: each key once, under whatever name', () => {
    const question = { proof: proofBy('X1', 'X2'), leafHash: hash, log: vkeyOf(log) };
    const pair = [vkeyOf(signerOf('X1'), 4), vkeyOf(signerOf('X2'), 4)];
    expect(verifyTlogProof({ ...question, witnesses: pair }).witnesses).toHaveLength(2);
    const twice = [vkeyOf(signerOf('X3'), 4), vkeyOf({ ...signerOf('X3'), name: 'z' }, 4)];
    expect(reasonOf(() => verifyTlogProof({ ...question, witnesses: twice, quorum: 2 }))).toBe('quorum-missing');
  });
});

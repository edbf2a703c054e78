import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ProblemList } from '../../src/adapters/configuration/index.js';
import { readTrustFiles } from '../../src/adapters/configuration/trust-files.js';
import { readPkcs12 } from '../../src/encoding/index.js';
import { parseTrustPolicy } from '../../src/policy/index.js';
import { newRsaKey, RSA_SHA256, type Issued } from '../support/raw-certificate.js';
import { issueCrl } from '../support/raw-crl.js';
import { reasonOf } from '../support/reasons.js';
import { leftOut } from '../support/left-out.js';
import { listRoot, pemOf, shakenRoot } from '../support/trust-lists.js';

const directory = mkdtempSync(join(tmpdir(), 'signpost-trust-files-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let base = '';
let count = 0;

beforeEach(() => {
  base = join(directory, String((count += 1)));
  mkdirSync(join(base, 'anchors'), { recursive: true });
});

const one = shakenRoot('One');
const two = shakenRoot('Two');
const keyPem = ({ key }: Issued): string => key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const file = (name: string, content: string | Uint8Array): void => writeFileSync(join(base, name), content);

const readAll = async (yaml: string) => {
  const parsed = parseTrustPolicy(yaml);
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  const list = new ProblemList();
  const files = await readTrustFiles(parsed.value, base, list);
  return { ...files, problems: list.problems };
};
const anchor = (path: string, more = ''): string => `anchors: [{ profile: shaken, file: ${path}, speaksFor: ["1"]${more} }]\n`;
const dersOf = (anchors: readonly { readonly certificate: Uint8Array }[]): Buffer[] =>
  anchors.map(({ certificate }) => Buffer.from(certificate));

describe('a folder of anchors', () => {
  test('gives every PEM in it, in the order of names, and nothing of what else lies there', async () => {
    file('anchors/b.pem', pemOf(two.der));
    file('anchors/a.pem', pemOf(one.der));
    file('anchors/README.md', 'not a certificate');
    const { anchors, problems } = await readAll(anchor('anchors'));
    expect([problems, dersOf(anchors)]).toEqual([[], [one.der, two.der]]);
    expect(anchors[0]).toMatchObject({ profile: 'shaken', speaksFor: ['1'] });
  });

  test('that is empty gives none, and is no problem: who took the last one out means it', async () => {
    expect(await readAll(anchor('anchors'))).toMatchObject({ problems: [], anchors: [] });
    rmSync(join(base, 'anchors'), { recursive: true });
    expect((await readAll(anchor('anchors'))).problems).toEqual([expect.stringMatching(/anchors.*ENOENT/)]);
  });

  test('is refused with a private key beside a certificate', async () => {
    file('anchors/a.pem', pemOf(one.der) + keyPem(one));
    const { problems } = await readAll(anchor('anchors'));
    expect(problems).toContainEqual(expect.stringMatching(/a\.pem: holds a private key/));
    file('anchors/a.pem', pemOf(one.der));
    expect((await readAll(anchor('anchors'))).problems).toEqual([]);
  });
});

/** OpenSSL's own exporter: another encoder than the one that reads. */
const openssl = (args: readonly string[], input?: string): Buffer =>
  execFileSync('openssl', args, { input, stdio: ['pipe', 'pipe', 'pipe'] });
const hasLegacy = (() => {
  try {
    return openssl(['list', '-providers', '-provider', 'legacy', '-provider', 'default']).includes('legacy');
  } catch {
    return false;
  }
})();
const hasOpenssl = (() => {
  try {
    return openssl(['version']).length > 0;
  } catch {
    return false;
  }
})();
const PASSWORD = 'a sentence, not a word';
const bundle = (pem: string, ...more: string[]): Buffer => openssl(['pkcs12', '-export', '-passout', `pass:${PASSWORD}`, ...more], pem);
const FORMS: readonly (readonly [string, readonly string[]])[] = [
  ['modern', []],
  ...(hasLegacy ? ([['legacy', ['-legacy']]] as const) : []),
];

if (!hasOpenssl) leftOut('PKCS#12 bundles', 'no openssl on the PATH');
else if (!hasLegacy) leftOut('legacy PKCS#12 bundles', 'this openssl has no legacy provider');

(hasOpenssl ? describe : describe.skip)('a PKCS#12 bundle of anchors, made by openssl', () => {
  test.each(FORMS)('gives its certificates octet for octet under its password (%s)', async (_form, flags) => {
    file('a.p12', bundle(pemOf(one.der) + pemOf(two.der), '-nokeys', ...flags));
    file('password', `${PASSWORD}\n`);
    const { anchors, problems } = await readAll(anchor('a.p12', ', passwordFile: password'));
    expect([problems, dersOf(anchors)]).toEqual([[], [one.der, two.der]]);
  });

  test.each(FORMS)('is refused under another password (%s)', async (_form, flags) => {
    file('a.p12', bundle(pemOf(one.der), '-nokeys', ...flags));
    file('password', 'another');
    const { anchors, problems } = await readAll(anchor('a.p12', ', passwordFile: password'));
    expect([problems, anchors]).toEqual([[expect.stringMatching(/a\.p12: an anchor of shaken is not usable \(malformed-chain/)], []]);
    expect(problems.join()).not.toContain('another');
  });

  test('is refused with a private key in it', async () => {
    file('one.pem', pemOf(one.der) + keyPem(one));
    file('a.p12', openssl(['pkcs12', '-export', '-passout', `pass:${PASSWORD}`, '-in', join(base, 'one.pem')]));
    file('password', PASSWORD);
    const { problems } = await readAll(anchor('a.p12', ', passwordFile: password'));
    expect(problems).toEqual([expect.stringMatching(/a\.p12: holds a private key/)]);
  });

  test('is refused without a MAC, with an RSA certificate, with more iterations than it may cost, cut off, or empty', () => {
    const whole = bundle(pemOf(one.der), '-nokeys');
    expect(reasonOf(() => readPkcs12(whole, PASSWORD))).toBeNull();
    const rsa = shakenRoot('RSA', { key: newRsaKey(), shape: { algorithm: RSA_SHA256 } });
    for (const octets of [
      bundle(pemOf(one.der), '-nokeys', '-nomac'),
      bundle(pemOf(rsa.der), '-nokeys'),
      bundle(pemOf(one.der), '-nokeys', '-iter', '200000'),
      whole.subarray(0, -1),
      Buffer.alloc(0),
      randomBytes(100),
    ])
      expect(reasonOf(() => readPkcs12(octets, PASSWORD))).toBe('malformed-chain');
  });

  test('is refused without its password file, and one without a password in the policy as no PEM', async () => {
    file('a.p12', bundle(pemOf(one.der), '-nokeys'));
    expect((await readAll(anchor('a.p12', ', passwordFile: password'))).problems).toEqual([expect.stringMatching(/password.*ENOENT/)]);
    expect((await readAll(anchor('a.p12'))).problems).toEqual([expect.stringMatching(/a\.p12: an anchor of shaken is not usable/)]);
  });
});

describe('what is read again', () => {
  const read = async (yaml: string, list: ProblemList) => {
    const parsed = parseTrustPolicy(yaml);
    if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
    return await readTrustFiles(parsed.value, base, list);
  };

  test('of CRLs is only what looks otherwise than before', async () => {
    const [a, b] = [issueCrl(one), issueCrl(two)];
    file('a.pem', pemOf(a, 'X509 CRL'));
    file('b.pem', pemOf(b, 'X509 CRL'));
    const yaml = 'anchors: []\ncrls: [a.pem, b.pem]\n';
    const first = new ProblemList();
    const before = await read(yaml, first);
    file('b.pem', pemOf(issueCrl(two, [], { number: 2n }), 'X509 CRL'));
    const after = await read(yaml, new ProblemList(first.parsed));
    expect([after.crls[0] === before.crls[0], after.crls[1] === before.crls[1], after.crls[1]?.number]).toEqual([true, false, 2n]);
    expect(after.crlHorizons).toEqual(before.crlHorizons);
  });

  test('of a file that was unfit is all of it: it does not become fit by looking the same', async () => {
    file('a.pem', 'no PEM');
    const first = new ProblemList();
    for (const list of [first, new ProblemList(first.parsed)]) {
      await read('anchors: []\ncrls: [a.pem]\n', list);
      expect(list.problems).toEqual([expect.stringMatching(/a\.pem/)]);
    }
  });
});

describe('the root of a trust list', () => {
  const root = listRoot();
  const list = (more = ''): string =>
    `trustLists: [{ name: sti-pa, profile: shaken, file: list.jws, roots: [root.pem], speaksFor: ["1"] }]\n${more}`;

  test('may be an anchor for CRLs, and none of PASSporTs, whatever the profile', async () => {
    file('root.pem', pemOf(root.der));
    expect((await readAll(`anchors: []\n${list('crlAnchors: [{ file: root.pem }]')}`)).problems).toEqual([]);
    for (const profile of ['shaken', 'delegate'])
      expect((await readAll(`anchors: [{ profile: ${profile}, file: root.pem, speaksFor: any }]\n${list()}`)).problems).toEqual([
        expect.stringMatching(/a root of the trust list sti-pa is an anchor too/),
      ]);
  });

  test('must be there; the list itself need not be', async () => {
    expect((await readAll(`anchors: []\n${list()}`)).problems).toEqual([
      expect.stringMatching(/root\.pem.*ENOENT/),
      expect.stringMatching(/the trust list sti-pa has no root/),
    ]);
    file('root.pem', pemOf(root.der));
    const { problems, lists } = await readAll(`anchors: []\n${list()}`);
    expect([problems, lists]).toMatchObject([[], [{ octets: null, signer: null }]]);
    file('list.jws', 'a list');
    expect((await readAll(`anchors: []\n${list()}`)).lists[0]?.octets?.toString()).toBe('a list');
  });
});

describe('trust.yaml', () => {
  const parse = (list: string): boolean => parseTrustPolicy(`anchors: []\ntrustLists: [${list}]\n`).ok;
  const LIST = '{ name: a, profile: shaken, roots: [r.pem], speaksFor: ["1"], file: l.jws }';
  const withUrl = (url: string, hosts = '[h.example]'): string =>
    `{ name: a, profile: shaken, roots: [r.pem], speaksFor: ["1"], url: "${url}", hosts: ${hosts} }`;

  test.each<[string, string, boolean]>([
    ['a file', LIST, true],
    ['a url of a host that is named', withUrl('https://h.example/api/v1/ca-list'), true],
    ['a url on 8443', withUrl('https://h.example:8443/l'), true],
    ['a file and a url', LIST.replace('file', 'url: https://h.example/, hosts: [h.example], file'), false],
    ['neither', LIST.replace('file: l.jws', 'hosts: []'), false],
    ['a url over http', withUrl('http://h.example/l'), false],
    ['a url on another port', withUrl('https://h.example:9443/l'), false],
    ['a url with a user', withUrl('https://a@h.example/l'), false],
    ['a url with a fragment', withUrl('https://h.example/l#a'), false],
    ['a url of a host that is not named', withUrl('https://other.example/l'), false],
    ['another profile', LIST.replace('shaken', 'delegate'), false],
    ['no root', LIST.replace('[r.pem]', '[]'), false],
    ['a name with a slash', LIST.replace('name: a', 'name: a/b'), false],
    ['a name that climbs', LIST.replace('name: a', 'name: ..'), false],
    ['two of one name', `${LIST}, ${LIST}`, false],
    ['a password in the policy', LIST.replace('file', 'password: geheim, file'), false],
  ])('takes a trust list with %s: %#', (_name, list, ok) => {
    expect(parse(list)).toBe(ok);
  });
});

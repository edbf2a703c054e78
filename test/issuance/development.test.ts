import { execFileSync } from 'node:child_process';
import { X509Certificate, createPrivateKey, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { z } from 'zod';
import { makeDevPki, openDevPki } from '../../src/adapters/desk/index.js';
import { run } from '../../src/cli/dev-pki.js';
import { decodePem } from '../../src/encoding/index.js';
import { parseFederationPolicy, parseGatewayPolicy, parsePrincipals, parseTrustPolicy } from '../../src/policy/index.js';
import { verifyPath } from '../../src/verification/path-lines.js';
import { TRUST_PROFILES } from '../../src/verification/verdict.js';
import { covers, parseCertificate, tnAuthListOf } from '../../src/x509/index.js';

const base = mkdtempSync(join(tmpdir(), 'dev-pki-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const NOW = Date.parse('2026-11-24T05:00:00.250Z');
const sources = { now: () => NOW, random: (octets: number) => randomBytes(octets) };
const out = join(base, 'pki');
const pki = makeDevPki({ out, ...sources });

/** CONTRACT section 3, to the letter: closed objects, no member more. */
const MANIFEST = z.strictObject({
  audience: z.literal('dp.example'),
  tlsCa: z.string(),
  clients: z.array(
    z.strictObject({
      domain: z.string(),
      kind: z.enum(['ap', 'np', 'ep', 'auditor', 'operator']),
      class: z.enum(['consumer', 'business']).nullable(),
      spc: z.string().optional(),
      cert: z.string(),
      key: z.string(),
    }),
  ),
  credentials: z.array(
    z.strictObject({
      use: z.enum(['np', 'delegate', 'ep', 'mailbox']),
      spc: z.string().optional(),
      provider: z.string().optional(),
      domain: z.string().optional(),
      chain: z.string(),
      key: z.string(),
      numbers: z.array(z.strictObject({ start: z.string(), count: z.int().min(1) })),
    }),
  ),
  anchors: z.record(z.enum(TRUST_PROFILES), z.array(z.string())),
  crls: z.array(z.string()),
});

const read = (path: string): string => readFileSync(join(out, path), 'utf8');
const ders = (path: string): Buffer[] => decodePem(read(path)).map(({ der }) => der);
const manifest = MANIFEST.parse(JSON.parse(read('manifest.json')));
const profileOf = (chain: string): (typeof TRUST_PROFILES)[number] => {
  if (chain.includes('shaken')) return 'shaken';
  return chain.includes('ep-') || chain.includes('mailbox') ? 'email' : 'delegate';
};
const judged = (profile: (typeof TRUST_PROFILES)[number], chain: string) =>
  verifyPath({
    id: chain,
    anchors: manifest.anchors[profile].flatMap(ders),
    path: ders(chain),
    crls: manifest.crls.flatMap(ders),
    at: new Date(NOW).toISOString(),
    profile,
    revocation: 'required',
  });

beforeAll(() => {
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});

describe('the manifest of a development PKI', () => {
  test('names two consumer APs and a business AP, two NPs, an EP, an auditor and an operator', () => {
    const kinds = manifest.clients.map((client) => `${client.kind} ${client.class ?? '-'} ${client.spc ?? '-'}`);
    expect(kinds).toEqual([
      'ap consumer -',
      'ap consumer -',
      'ap business -',
      'np - 709J',
      'np - 505X',
      'ep - -',
      'auditor - -',
      'operator - -',
    ]);
  });

  test('gives each AP a delegate credential over at least 40 numbers, and each NP, the EP and a mailbox theirs', () => {
    const aps = manifest.clients.filter(({ kind }) => kind === 'ap').map(({ domain }) => domain);
    const delegates = manifest.credentials.filter(({ use }) => use === 'delegate');
    expect(delegates.map(({ provider }) => provider)).toEqual(aps);
    for (const { numbers } of delegates) expect(numbers.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(40);
    const uses = (use: string) => manifest.credentials.filter((credential) => credential.use === use);
    expect(new Set(uses('np').map(({ spc }) => spc))).toEqual(new Set(['709J', '505X']));
    expect(uses('ep')).toMatchObject([{ domain: 'mail.example', numbers: [] }]);
    expect(uses('mailbox')).toMatchObject([{ domain: 'mail.example', provider: 'a.example', numbers: [] }]);
  });

  test('says of a delegate the numbers that its certificate has, the first ones nobody else has', () => {
    const delegates = manifest.credentials.filter(({ use }) => use === 'delegate');
    const lists = delegates.map(({ chain }) => tnAuthListOf(parseCertificate(ders(chain)[0] ?? Buffer.alloc(0))) ?? []);
    delegates.forEach(({ numbers }, i) => {
      for (const { start, count } of numbers) {
        expect(covers(lists[i] ?? [], start)).toBe(true);
        expect(covers(lists[i] ?? [], String(Number(start) + count - 1))).toBe(true);
      }
      const first = numbers[0]?.start ?? '';
      expect(lists.filter((list) => covers(list, first))).toHaveLength(1);
    });
  });

  test('names files that are there, keys that fit and that only the owner may read', () => {
    for (const { chain, key } of manifest.credentials) {
      const [own] = ders(chain);
      expect(new X509Certificate(own ?? Buffer.alloc(0)).checkPrivateKey(createPrivateKey(read(key)))).toBe(true);
    }
    for (const { cert, key } of manifest.clients) {
      expect(new X509Certificate(read(cert)).checkPrivateKey(createPrivateKey(read(key)))).toBe(true);
    }
    const keys = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.key.pem'));
    expect(keys.length).toBeGreaterThan(20);
    expect(keys.filter((name) => (statSync(join(out, name)).mode & 0o077) !== 0)).toEqual([]);
  });
});

describe('what is in a development PKI', () => {
  test.each(manifest.credentials.map(({ chain }) => [chain]))('%s is accepted under its profile with every CRL required', (chain) => {
    expect(judged(profileOf(chain), chain)).toEqual({ id: chain, accepted: true, reason: null, position: null });
  });

  test('a path is refused under another profile’s anchors', () => {
    expect(judged('shaken', 'credentials/delegate-a.example.pem').reason).toBe('untrusted-chain');
  });

  test('the numbering authority’s credential is accepted under its profile', () => {
    expect(judged('numbering-authority', 'credentials/numbering-authority.pem')).toMatchObject({ accepted: true });
  });

  test('chains hold no anchor, and client certificates exactly one dNSName', () => {
    const anchors = TRUST_PROFILES.flatMap((profile) => manifest.anchors[profile].flatMap(ders));
    for (const { chain } of manifest.credentials)
      expect(ders(chain).some((der) => anchors.some((anchor) => anchor.equals(der)))).toBe(false);
    for (const { domain, cert } of manifest.clients) expect(new X509Certificate(read(cert)).subjectAltName).toBe(`DNS:${domain}`);
  });

  test('TLS certificates verify by openssl for their purpose, the server’s for localhost and 127.0.0.1', () => {
    const verify = (...args: string[]): string =>
      execFileSync(
        'openssl',
        ['verify', '-x509_strict', '-attime', String(Math.floor(NOW / 1000)), '-CAfile', join(out, manifest.tlsCa), ...args],
        { encoding: 'utf8' },
      );
    const server = join(out, 'tls/server.pem');
    expect(verify('-purpose', 'sslserver', '-verify_hostname', 'localhost', server)).toMatch(/: OK/);
    expect(verify('-purpose', 'sslserver', '-verify_ip', '127.0.0.1', server)).toMatch(/: OK/);
    for (const { cert } of manifest.clients) expect(verify('-purpose', 'sslclient', join(out, cert))).toMatch(/: OK/);
  });

  test('policies parse, name files that are there, and give both NPs their numbers', () => {
    const gateway = parseGatewayPolicy(read('policies/gateway.yaml'));
    expect(gateway).toMatchObject({
      ok: true,
      value: { audience: 'dp.example', origin: 'dp.example/log', x5u: { hosts: ['sti.example'] } },
    });
    const trust = parseTrustPolicy(read('policies/trust.yaml'));
    expect(trust.ok).toBe(true);
    if (trust.ok) for (const { file } of trust.value.anchors) expect(existsSync(join(out, file))).toBe(true);
    const principals = parsePrincipals(read('policies/principals.yaml'));
    expect(principals.ok && principals.value.map(({ domain }) => domain)).toEqual(manifest.clients.map(({ domain }) => domain));
    expect(parseFederationPolicy(read('policies/federation.yaml')).ok).toBe(true);
    expect(read('policies/numbering.csv').split('\n')).toEqual([
      'spc,start,count,validFrom',
      '709J,12025550000,10000,',
      '505X,13035550000,10000,',
      '',
    ]);
    for (const file of ['authorization.cedar', 'authorization.cedarschema']) expect(read(`policies/${file}`)).not.toBe('');
  });

  test('a whole path of its manifest is relative', () => {
    const paths = [manifest.tlsCa, ...manifest.crls, ...manifest.clients.flatMap(({ cert, key }) => [cert, key])];
    expect(paths.filter((path) => relative(out, join(out, path)) !== path)).toEqual([]);
  });
});

describe('issuing more from a development PKI', () => {
  test('a hundred delegates cost less than three seconds of one core, on the slowest machine', () => {
    const started = process.cpuUsage().user;
    for (let i = 0; i < 100; i += 1) {
      pki.hierarchy.delegate({ spc: '709J', provider: 'a.example', numbers: [{ start: String(12025551000 + i), count: 1 }] });
    }
    expect((process.cpuUsage().user - started) / 1e6).toBeLessThan(3);
  });

  test('what is revoked is refused after the next publication, by a PKI that was opened again', () => {
    const again = openDevPki({ out, now: () => NOW + 1000, random: sources.random });
    const credential = again.hierarchy.delegate({ spc: '505X', provider: 'b.example', numbers: [{ start: '13035550100', count: 5 }] });
    again.writeCredential('more', credential);
    again.publishRevocations();
    expect(judgedLater('credentials/more.pem')).toMatchObject({ accepted: true });
    again.hierarchy.revoke(
      credential.path[0] ?? Buffer.alloc(0),
      again.hierarchy.authority('np-505X'),
      'keyCompromise',
      Math.floor(NOW / 1000),
    );
    again.publishRevocations();
    expect(judgedLater('credentials/more.pem')).toMatchObject({ accepted: false, reason: 'cert-revoked', position: 0 });
    openDevPki({ out, now: () => NOW + 2000, random: sources.random }).publishRevocations();
    expect(judgedLater('credentials/more.pem')).toMatchObject({ reason: 'cert-revoked' });
  });

  test('a delegated CA may delegate, and has a CRL of its own', () => {
    const { hierarchy } = pki;
    const issuer = hierarchy.delegateCa('709J', 'Enterprise CA', [{ start: '12025550600', count: 10 }]);
    const { path } = hierarchy.delegate({ spc: '709J', provider: 'biz.example', numbers: [{ start: '12025550601', count: 1 }], issuer });
    const lists = hierarchy.crls();
    const line = {
      id: 'x',
      anchors: hierarchy.anchors().delegate,
      path,
      at: new Date(NOW).toISOString(),
      profile: 'delegate',
      revocation: 'required',
    };
    expect(verifyPath({ ...line, crls: [...lists.values()] })).toMatchObject({ accepted: true });
    const others = [...lists].flatMap(([name, list]) => (name.startsWith('delegate-ca-') ? [] : [list]));
    expect(verifyPath({ ...line, crls: others })).toMatchObject({ reason: 'no-status-source', position: 0 });
  });

  const judgedLater = (chain: string) =>
    verifyPath({
      id: chain,
      anchors: ders('anchors/delegate/root.pem'),
      path: ders(chain),
      crls: manifest.crls.flatMap(ders),
      at: new Date(NOW + 3000).toISOString(),
      profile: 'delegate',
      revocation: 'required',
    });
});

describe('signpost dev-pki', () => {
  test('refuses to write over a PKI, and goes by its exit code', async () => {
    expect(() => makeDevPki({ out, ...sources })).toThrow('PKI already');
    expect(await run(['--out', out])).toBe(2);
    expect(await run([])).toBe(2);
    expect(await run(['--out', join(base, 'other'), '--json'])).toBe(0);
    expect(existsSync(join(base, 'other', 'manifest.json'))).toBe(true);
  });
});

import { execFileSync } from 'node:child_process';
import { createPublicKey, randomBytes, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Desk, DeskFiles, writePublicFolder } from '../../src/adapters/desk/index.js';
import { decodePem, encodePem } from '../../src/encoding/index.js';
import { newKeyPair, signStatement, type Publication } from '../../src/issuance/index.js';
import { Authorizer, parseGatewayPolicy } from '../../src/policy/index.js';
import { PassportLines } from '../../src/verification/passport-lines.js';
import { verifyPath } from '../../src/verification/path-lines.js';
import { parseCertificate, type TnEntry } from '../../src/x509/index.js';
import { deskCommands } from '../support/desk-commands.js';
import { DEATHS, Ended, dyingDisk } from '../support/dying-disk.js';
import { forgeEncode } from '../support/forge-tn-auth-list.js';
import * as raw from '../support/raw-certificate.js';
import { reasonOfPromise } from '../support/reasons.js';

const base = mkdtempSync(join(tmpdir(), 'desk-verified-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const at = (name: string): string => join(base, name);
const { np, ep } = deskCommands(base);
const ders = (...names: string[]): Buffer[] => names.flatMap((name) => decodePem(readFileSync(at(name), 'utf8')).map(({ der }) => der));
const openssl = (...args: string[]): string => execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const sources = { now: () => Date.now(), random: (octets: number) => randomBytes(octets) };
const URL = 'https://sti.np.example/desk';

const done = async (asked: Promise<{ code: number }>): Promise<void> => expect(await asked).toMatchObject({ code: 0 });
writeFileSync(at('numbering.csv'), 'spc,start,count,validFrom\n709J,12025550000,1000,\n');
beforeAll(async () => {
  await done(np(`init --dir @np --spc 709J --name Northern --dev-root --numbering @numbering.csv --base-url ${URL}/`));
  await done(np('issue --dir @np'));
  await done(np('delegate --dir @np --to a.example --numbers 12025550100 --range 12025550200+100 --out @a.pem'));
  await done(np('delegate --dir @np --to ent.example --range 12025550300+10 --ca --lifetime 30d --out @ent.pem'));
  await done(np('init --dir @ent --name Enterprise --certificate @ent.pem --key @ent.key.pem --base-url https://sti.ent.example'));
  await done(np('delegate --dir @ent --to b.example --numbers 12025550305 --out @b.pem'));
  await done(np('delegate --dir @ent --to dep.example --range 12025550305+2 --ca --lifetime 20d --out @dep.pem'));
  await done(np('init --dir @dep --name Department --certificate @dep.pem --key @dep.key.pem'));
  await done(np('delegate --dir @dep --to c.example --numbers 12025550306 --out @c.pem'));
  await done(ep('init --dir @ep --domain mail.example --dev-root --base-url https://sti.mail.example'));
  await done(ep('issue --dir @ep'));
  await done(ep('delegate --dir @ep --mailbox alice@mail.example --to a.example --out @alice.pem'));
});

const ALL = [
  ['an NP’s own', 'np/own.pem', 'np', ['np']],
  ['a delegate’s', 'a.pem', 'np', ['np']],
  ['a delegated CA’s', 'ent.pem', 'np', ['np', 'ent']],
  ['a sub-delegate’s', 'b.pem', 'np', ['np', 'ent']],
  ['a delegated CA’s below a delegated CA', 'dep.pem', 'np', ['np', 'ent', 'dep']],
  ['a delegate’s three CAs down', 'c.pem', 'np', ['np', 'ent', 'dep']],
  ['an EP’s own', 'ep/own.pem', 'ep', ['ep']],
  ['a mailbox’s', 'alice.pem', 'ep', ['ep']],
] as const;
const listsOf = (desks: readonly string[]): string[] =>
  desks.flatMap((desk) => readdirSync(at(`${desk}/crls`)).map((file) => `${desk}/crls/${file}`));

describe('every path that a desk makes', () => {
  test.each(ALL)('%s, is accepted by openssl, strictly, with every CRL', (_, chain, root, desks) => {
    const [first = Buffer.alloc(0), ...above] = ders(chain);
    writeFileSync(at('one.pem'), encodePem('CERTIFICATE', first));
    writeFileSync(at('above.pem'), above.map((der) => encodePem('CERTIFICATE', der)).join(''));
    writeFileSync(
      at('lists.pem'),
      ders(...listsOf(desks))
        .map((der) => encodePem('X509 CRL', der))
        .join(''),
    );
    const untrusted = above.length === 0 ? [] : ['-untrusted', at('above.pem')];
    const given = ['-CAfile', at(`${root}/root.pem`), ...untrusted, '-CRLfile', at('lists.pem'), '-x509_strict', '-crl_check_all'];
    expect(openssl('verify', ...given, at('one.pem'))).toContain(': OK');
  });

  test.each(ALL.filter(([, chain]) => !['ent.pem', 'dep.pem'].includes(chain)))(
    '%s, is accepted by our own verifier',
    (_, chain, root, desks) => {
      const line = {
        id: chain,
        anchors: ders(`${root}/root.pem`),
        path: ders(chain),
        crls: ders(...listsOf(desks)),
        at: new Date().toISOString(),
      };
      const profile = root === 'ep' ? 'email' : 'delegate';
      expect(verifyPath({ ...line, profile, revocation: 'required' })).toEqual({ id: chain, accepted: true, reason: null, position: null });
    },
  );

  test('has serial numbers of more than 64 random bits, and is never good for longer than what is above it', () => {
    for (const [, chain] of ALL) {
      const path = ders(chain).map((der) => parseCertificate(der));
      path.forEach(({ serial, notAfter }, i) => {
        expect(serial.length).toBe(16);
        expect(notAfter).toBeLessThanOrEqual(path[i + 1]?.notAfter ?? Infinity);
      });
    }
    const serials = ALL.flatMap(([, chain]) => ders(chain).map((der) => Buffer.from(parseCertificate(der).serial).toString('hex')));
    expect(new Set(serials.map((serial) => serial.slice(4, 20))).size).toBe(new Set(serials).size);
  });

  test('says where its CRL is, if the desk publishes', () => {
    const textOf = (der: Buffer): string => {
      writeFileSync(at('one.pem'), encodePem('CERTIFICATE', der));
      return openssl('x509', '-in', at('one.pem'), '-noout', '-ext', 'crlDistributionPoints');
    };
    const [own = Buffer.alloc(0), ca = Buffer.alloc(0)] = ders('np/own.pem');
    expect(textOf(own)).toContain(`URI:${URL}/crls/ca.crl`);
    expect(textOf(ca)).toContain(`URI:${URL}/crls/root.crl`);
    expect(textOf(ders('ent.pem')[0] ?? own)).toContain(`URI:${URL}/crls/ca.crl`);
    expect(textOf(ders('b.pem')[0] ?? own)).toContain('URI:https://sti.ent.example/crls/ca.crl');
    expect(parseCertificate(ders('c.pem')[0] ?? own).crlDistributionPoints).toBeNull();
    expect(textOf(ders('alice.pem')[0] ?? own)).toContain('URI:https://sti.mail.example/crls/ca.crl');
  });
});

const policyFile = (name: string): string => readFileSync(join(process.cwd(), 'policies', name), 'utf8');
const passportLines = (): PassportLines => {
  const policy = parseGatewayPolicy(policyFile('gateway.yaml'));
  const authorizer = Authorizer.load(policyFile('authorization.cedar'), policyFile('authorization.cedarschema'));
  if (!policy.ok || !authorizer.ok) throw new Error('the shipped policies do not parse');
  return new PassportLines({ policy: policy.value, authorizer: authorizer.value });
};
const lines = passportLines();
const audience = 'dp.example';

/** What the gateway says of a registration that these keys sign, with every CRL of these desks. */
const registering = (path: readonly Buffer[], privateKey: KeyObject, sii: string, desks: readonly string[]) => {
  const root = desks[0] === 'ep' ? 'ep' : 'np';
  const said = {
    audience,
    sii,
    lifetime: 300,
    action: 'register',
    ssi: 'mimi://a.example/u/alice',
    provider: 'a.example',
    consent: 'app',
    purpose: 'consumer',
  } as const;
  const key = { privateKey, spki: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }) };
  const passport = signStatement(said, { path, key }, Math.floor(Date.now() / 1000), sources.random);
  const anchors = { [root === 'ep' ? 'email' : 'delegate']: ders(`${root}/root.pem`) };
  const numbering = [{ spc: '709J', start: '12025550000', count: 1000 }];
  return lines.verify({
    id: sii,
    passport,
    client: 'a.example',
    at: new Date().toISOString(),
    audience,
    anchors,
    crls: ders(...listsOf(desks)),
    numbering,
  });
};

describe('a PASSporT', () => {
  test('under a delegate’s and a mailbox’s credential is accepted by all steps', async () => {
    const { privateKey, spki } = newKeyPair();
    const own = { privateKey, spki };
    const request = (key: typeof own) => ({ to: 'a.example', lifetime: 3600, subject: { own: key } });
    const delegate = await new Desk(new DeskFiles(at('np')), sources).delegate(request(own), [{ start: '12025550100', count: 1 }]);
    expect(registering(delegate, privateKey, 'tel:+12025550100', ['np'])).toMatchObject({ accepted: true, reason: null });
    expect(registering(delegate, privateKey, 'tel:+12025550101', ['np'])).toMatchObject({ accepted: false });
    const mailKey = newKeyPair();
    const mailbox = await new Desk(new DeskFiles(at('ep')), sources).mailbox(request(mailKey), 'alice@mail.example');
    expect(registering(mailbox, mailKey.privateKey, 'mailto:alice@mail.example', ['ep'])).toMatchObject({ accepted: true, reason: null });
  });
});

/** What another builder issues with the key of a desk, over which the desk's own rules have no say. */
describe('what a desk refuses to issue, verifiers refuse too:', () => {
  const CONSTRAINTS = (): Buffer => {
    const found = parseCertificate(ders('a.pem')[0] ?? Buffer.alloc(0)).extensions.get('1.3.6.1.5.5.7.1.33');
    return raw.extension('1.3.6.1.5.5.7.1.33', found?.value ?? Buffer.alloc(0));
  };
  const issuerAt = (desk: string): raw.Issued => {
    const [der = Buffer.alloc(0)] = ders(`${desk}/ca.pem`);
    const { privateKey, spki } = new DeskFiles(at(desk)).key('ca');
    const key = { privateKey, publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }) };
    return { der, key, name: Buffer.from(parseCertificate(der).subject.der) };
  };
  const since = new Date(Math.floor(Date.now() / 1000) * 1000);
  const shape = { notBefore: since, notAfter: new Date(since.getTime() + 3_600_000) };
  const list = (...entries: TnEntry[]): Buffer => raw.extension('1.3.6.1.5.5.7.1.26', forgeEncode(entries));
  const credential = (issuer: raw.Issued, key: raw.KeyPair, given: Record<string, Buffer>, time: object = {}): Buffer => {
    const above = parseCertificate(issuer.der).subjectKeyIdentifier ?? Buffer.alloc(0);
    const more = { authorityKeyId: raw.authorityKeyId(above), ...given };
    return made(issuer, key, more, time);
  };
  const made = (issuer: raw.Issued, key: raw.KeyPair, more: Record<string, Buffer>, time: object): Buffer =>
    raw.issueEndEntity({ issuer, key, subject: 'x', extensions: { constraints: CONSTRAINTS(), ...more }, shape: { ...shape, ...time } })
      .der;
  const request = (key = newKeyPair(), lifetime = 3600) => ({ to: 'a.example', lifetime, subject: { spki: key.spki } });
  const desk = (name: string): Desk => new Desk(new DeskFiles(at(name)), sources);
  const number = (start: string, count = 1) => [{ start, count }];

  test('a number that is another’s', async () => {
    const key = raw.newEcKey();
    const path = (tn: string) => [credential(issuerAt('np'), key, { list: list({ tn }) }), ...ders('np/ca.pem')];
    expect(registering(path('12025550100'), key.privateKey, 'tel:+12025550100', ['np'])).toMatchObject({ accepted: true });
    expect(registering(path('12025551000'), key.privateKey, 'tel:+12025551000', ['np'])).toMatchObject({ reason: 'tn-out-of-scope' });
    expect(await reasonOfPromise(() => desk('np').delegate(request(), number('12025551000')))).toBe('tn-out-of-scope');
  });

  test('a number beyond the CA’s', async () => {
    const key = raw.newEcKey();
    const path = [credential(issuerAt('ent'), key, { list: list({ tn: '12025550310' }) }), ...ders('ent/ca.pem')];
    expect(registering(path, key.privateKey, 'tel:+12025550310', ['np', 'ent'])).toMatchObject({ reason: 'not-encompassed' });
    expect(await reasonOfPromise(() => desk('ent').delegate(request(), number('12025550310')))).toBe('not-encompassed');
  });

  test('a key that is not P-256', async () => {
    const key = raw.newEcKey('P-384');
    const made = [credential(issuerAt('np'), key, { list: list({ tn: '12025550100' }) }), ...ders('np/ca.pem')];
    const line = { id: 'x', anchors: ders('np/root.pem'), path: made, crls: ders(...listsOf(['np'])), at: new Date().toISOString() };
    expect(verifyPath({ ...line, profile: 'delegate', revocation: 'required' })).toMatchObject({ reason: 'unsupported-key' });
    expect(await reasonOfPromise(() => desk('np').delegate(request(newKeyPair('P-384')), number('12025550100')))).toBe('unsupported-key');
  });

  test('a mailbox of another domain', async () => {
    const key = raw.newEcKey();
    const path = (box: string) => [credential(issuerAt('ep'), key, { name: raw.subjectAltName([raw.mail(box)]) }), ...ders('ep/ca.pem')];
    const line = {
      id: 'x',
      anchors: ders('ep/root.pem'),
      crls: ders(...listsOf(['ep'])),
      at: new Date().toISOString(),
      profile: 'email',
      revocation: 'required',
    };
    expect(verifyPath({ ...line, path: path('bob@mail.example') })).toMatchObject({ accepted: true });
    expect(verifyPath({ ...line, path: path('bob@other.example') })).toMatchObject({ reason: 'name-constraints' });
    expect(await reasonOfPromise(() => desk('ep').mailbox(request(), 'bob@other.example'))).toBe('email-out-of-scope');
  });

  test('a credential that outlives its CA', async () => {
    const key = raw.newEcKey();
    const { notAfter } = parseCertificate(ders('ent.pem')[0] ?? Buffer.alloc(0));
    const end = (notAfter + 60) * 1000;
    const made = [
      credential(issuerAt('ent'), key, { list: list({ tn: '12025550305' }) }, { notAfter: new Date(end) }),
      ...ders('ent/ca.pem'),
    ];
    const line = { id: 'x', anchors: ders('np/root.pem'), path: made, profile: 'delegate', revocation: 'off' };
    expect(verifyPath({ ...line, at: new Date().toISOString() })).toMatchObject({ accepted: true });
    expect(verifyPath({ ...line, at: new Date(end - 1000).toISOString() })).toMatchObject({ reason: 'cert-expired', position: 1 });
    const tooLong = notAfter - Math.floor(Date.now() / 1000) + 60;
    expect(await reasonOfPromise(() => desk('ent').delegate(request(newKeyPair(), tooLong), number('12025550305')))).toBe(
      'malformed-request',
    );
  });
});

describe('a desk that a gateway over a development PKI is to trust', () => {
  test('is linked into it, so that later CRLs count too; a folder that is none stops it first', async () => {
    const refused = await ep('init --dir @linked --domain linked.example --dev-root --gateway @none');
    expect([refused.code, new DeskFiles(at('linked')).exists]).toEqual([2, false]);
    for (const folder of ['pki/crls', 'pki/anchors/email', 'pki/anchors/delegate']) mkdirSync(at(folder), { recursive: true });
    writeFileSync(at('pki/manifest.json'), '{}');
    await done(ep('init --dir @linked --domain linked.example --dev-root --gateway @pki'));
    expect(ders('pki/anchors/email/desk-linked.example.pem')).toEqual(ders('linked/root.pem'));
    await done(ep('crl --dir @linked'));
    for (const issuer of ['ca', 'root'])
      expect(ders(`pki/crls/desk-linked.example-${issuer}.pem`)).toEqual(ders(`linked/crls/${issuer}.pem`));
    await done(np('init --dir @linked-np --spc 505X --name S --dev-root --range 13035550000+10 --gateway @pki'));
    expect(readdirSync(at('pki/anchors/delegate'))).toEqual(['desk-505X.pem']);
  });
});

describe('a desk’s publications', () => {
  const publications = (name: string): Promise<Publication[]> => new Desk(new DeskFiles(at(name)), sources).publications();

  test('are files that stay where they are, as an index says', async () => {
    await done(np('issue --dir @np'));
    await done(np('publish @public --dir @np'));
    const index = JSON.parse(readFileSync(at('public/publication.json'), 'utf8')) as {
      baseUrl: string;
      publications: { path: string; mediaType: string; maxAge: number }[];
    };
    expect(index.baseUrl).toBe(URL);
    const paths = index.publications.map(({ path }) => path);
    const x5u = readdirSync(at('np/own')).map((file) => `x5u/${file}`);
    expect(x5u).toHaveLength(2);
    expect(paths).toEqual(['crls/ca.crl', 'crls/root.crl', 'certs/ca.pem', 'certs/root.pem', ...x5u]);
    expect(index.publications.map(({ mediaType }) => mediaType).slice(0, 3)).toEqual([
      'application/pkix-crl',
      'application/pkix-crl',
      'application/pem-certificate-chain',
    ]);
    for (const { maxAge } of index.publications) expect(maxAge).toBeGreaterThan(0);
    expect(ders(...x5u.map((path) => `public/${path}`))).toEqual(expect.arrayContaining(ders('np/own.pem')));
    for (const [issuer, ca] of [
      ['ca', 'np/ca.pem'],
      ['root', 'np/root.pem'],
    ] as const) {
      writeFileSync(at('issuer.pem'), encodePem('CERTIFICATE', ders(ca)[0] ?? Buffer.alloc(0)));
      expect(
        openssl('crl', '-inform', 'DER', '-in', at(`public/crls/${issuer}.crl`), '-CAfile', at('issuer.pem'), '-noout', '-crlnumber'),
      ).toContain('crlNumber');
    }
    expect(readFileSync(at('public/publication.json'), 'utf8') + paths.join()).not.toContain('1202555');
  });

  test('of an EP are the same', async () => {
    await done(ep('publish @mail --dir @ep'));
    expect((await publications('ep')).map(({ path }) => path.replace(/[0-9a-f]{32}/, 'N'))).toEqual([
      'crls/ca.crl',
      'crls/root.crl',
      'certs/ca.pem',
      'certs/root.pem',
      'x5u/N.pem',
    ]);
    expect(readFileSync(at('mail/x5u') + `/${readdirSync(at('mail/x5u'))[0]}`, 'utf8')).toBe(readFileSync(at('ep/own.pem'), 'utf8'));
  });

  test('that have run out go, after the index that names them no more, whenever the process ends', async () => {
    const now = await publications('np');
    const later = await new Desk(new DeskFiles(at('np')), { ...sources, now: () => Date.now() + 365 * 86_400_000 }).publications();
    expect(later.map(({ path }) => path)).toEqual(['crls/ca.crl', 'crls/root.crl', 'certs/ca.pem', 'certs/root.pem']);
    expect(later[0]?.maxAge).toBe(0);
    for (const death of DEATHS) {
      for (let fatal = 1, over = false; !over; fatal += 1) {
        const folder = at(`f-${death}-${fatal}`);
        writePublicFolder(folder, now, null);
        const disk = dyingDisk(fatal, death);
        try {
          writePublicFolder(folder, later, null, disk);
        } catch (error) {
          if (!(error instanceof Ended)) throw error;
        }
        over = disk.steps < fatal;
        const { publications: told } = JSON.parse(readFileSync(join(folder, 'publication.json'), 'utf8')) as {
          publications: { path: string }[];
        };
        for (const { path } of told) expect(readFileSync(join(folder, path)).length).toBeGreaterThan(0);
        rmSync(folder, { recursive: true });
      }
    }
  });

  test('are under an https URL or none', async () => {
    for (const url of ['http://sti.np.example', 'https://sti.np.example/?x', 'sti.np.example'])
      expect(await np(`init --dir @none --spc 709J --name N --dev-root --base-url ${url}`)).toMatchObject({ code: 2 });
  });
});

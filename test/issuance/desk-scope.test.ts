import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Desk, DeskFiles, installPath, openDelegated, openWithRequest } from '../../src/adapters/desk/index.js';
import { decodePem, encodePem } from '../../src/encoding/index.js';
import {
  bequestOf,
  checkGranted,
  createRequest,
  enhancedClaimConstraints,
  issueCa,
  issueRoot,
  newKeyPair,
  newSerial,
  signCertificate,
  subjectName,
  verifyRequest,
  caTemplate,
  type CaContent,
  type Grant,
} from '../../src/issuance/index.js';
import { NumberingPlan, parseInstant } from '../../src/numbering/index.js';
import { claimConstraintsOf, parseCertificate, tnAuthListOf } from '../../src/x509/index.js';
import { deskCommands } from '../support/desk-commands.js';
import { reasonOf, reasonOfPromise } from '../support/reasons.js';

const base = mkdtempSync(join(tmpdir(), 'desk-scope-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const at = (name: string): string => join(base, name);
const { np, ep } = deskCommands(base);

/** The system's clock, which the commands go by, and what a test puts it ahead by. */
const clock = { ahead: 0 };
const sources = { now: () => Date.now() + clock.ahead, random: (octets: number) => randomBytes(octets) };
const desk = (name: string): Desk => new Desk(new DeskFiles(at(name)), sources);
const first = (file: string): Buffer => decodePem(readFileSync(at(file), 'utf8'))[0]?.der ?? Buffer.alloc(0);
const request = (to = 'a.example', lifetime = 3600) => ({ to, lifetime, subject: { own: newKeyPair() } });

writeFileSync(
  at('numbering.csv'),
  [
    'spc,start,count,validFrom',
    '709J,12025550000,1000,',
    '505X,12025550500,10,',
    '505X,12025550900,10,2020-01-01T00:00:00Z',
    '709J,12025551000,10,2999-01-01T00:00:00Z',
    '505X,13035550000,10,',
    '',
  ].join('\n'),
);
beforeAll(async () => {
  expect(await np(`init --dir @np --spc 709J --name Northern --dev-root --numbering @numbering.csv`)).toMatchObject({ code: 0 });
});

describe('numbering data', () => {
  const reasonFor = (numbers: string) =>
    np(`delegate --dir @np --to a.example ${numbers} --out @x.pem`).then(({ json }) => json['reason'] ?? null);

  test('let an SPC delegate the numbers that are its own now, and no others', async () => {
    expect(await reasonFor('--range 12025550100+100')).toBeNull();
    expect(await reasonFor('--numbers 12025550000 --numbers 12025550499')).toBeNull();
    // Another provider's, two providers', one that gave its part up, one that is to come, one that nobody has.
    for (const number of ['13035550000', '12025550500', '12025550900', '12025551000', '12125550100'])
      expect([number, await reasonFor(`--numbers ${number}`)]).toEqual([number, 'tn-out-of-scope']);
    expect(await reasonFor('--range 12025550490+20')).toBe('tn-out-of-scope');
    expect(await reasonFor('--range 12025550990+11')).toBe('tn-out-of-scope');
    expect(await reasonFor('--range 99999999999+2')).toBe('range-overflow');
  });

  test('are wanted of an SPC that names no numbers, and not of one that does', async () => {
    await np(`init --dir @bare --spc 709J --name Northern --dev-root`);
    expect(await np('delegate --dir @bare --to a.example --numbers 12025550100 --out @x.pem')).toMatchObject({
      code: 1,
      json: { reason: 'tn-out-of-scope' },
    });
    await np(`init --dir @named --spc 709J --name Northern --dev-root --range 12025550100+10`);
    expect(await np('delegate --dir @named --to a.example --numbers 12025550100 --out @x.pem')).toMatchObject({ code: 0 });
    expect(await np('delegate --dir @named --to a.example --numbers 12025550110 --out @x.pem')).toMatchObject({
      json: { reason: 'not-encompassed' },
    });
  });

  test('are replaced once they are checked, by data about the desk’s own provider', async () => {
    writeFileSync(at('broken.csv'), 'spc,start,count,validFrom\n709J,0123,0,\n');
    expect(await np('numbering --dir @np --import @broken.csv')).toMatchObject({ code: 2 });
    writeFileSync(at('other.csv'), 'spc,start,count,validFrom\n505X,12025550000,1000,\n');
    expect(await np('numbering --dir @np --import @other.csv')).toMatchObject({ code: 1, json: { reason: 'spc-unknown' } });
    expect(await reasonFor('--numbers 12025550100')).toBeNull();
    writeFileSync(at('less.csv'), 'spc,start,count,validFrom\n709J,12025550000,100,\n');
    expect(await np('numbering --dir @bare --import @less.csv')).toMatchObject({ code: 0, json: { rows: 1 } });
    expect(await np('delegate --dir @bare --to a.example --numbers 12025550099 --out @x.pem')).toMatchObject({ code: 0 });
    expect(await np('delegate --dir @bare --to a.example --numbers 12025550100 --out @x.pem')).toMatchObject({
      json: { reason: 'tn-out-of-scope' },
    });
    expect(await np('init --dir @no --spc 709J --name N --dev-root --numbering @other.csv')).toMatchObject({
      json: { reason: 'spc-unknown' },
    });
    expect(new DeskFiles(at('no')).exists).toBe(false);
  });

  test('say of a range what they say of each of its numbers', () => {
    const rows = [
      ['709J', '100', 50, null],
      ['505X', '120', 10, parseInstant('2026-01-01T00:00:00Z')],
      ['709J', '160', 5, null],
      ['709J', '990', 20, null],
    ] as const;
    const plan = NumberingPlan.of(rows.map(([spc, start, count, validFrom]) => ({ spc, start, count, validFrom })));
    for (const now of [0, Date.UTC(2027, 0, 1)]) {
      for (let start = 95; start < 1000; start += start < 170 ? 1 : 7) {
        for (const count of [1, 2, 5, 21, 40]) {
          const each = Array.from({ length: count }, (_, i) => plan.holderOf(String(start + i), now));
          const all = start + count <= 1000 && each.every((holder) => holder.status === 'held' && holder.spc === '709J');
          expect(plan.holdsAll('709J', { start: String(start), count }, now)).toBe(all);
        }
      }
    }
  });
});

describe('a number on hold', () => {
  test('is delegated to nobody until it is let go, and what is live over it is told', async () => {
    expect(await np('delegate --dir @np --to held.example --range 12025550200+2 --out @held.pem')).toMatchObject({ code: 0 });
    const added = await np('hold add --dir @np --numbers 12025550201 --why port-of-alice');
    expect(added.json).toMatchObject({ held: ['12025550201'], live: [{ to: 'held.example', numbers: ['12025550200+2'] }] });
    for (const asked of ['--numbers 12025550201', '--range 12025550200+2', '--range 12025550190+20 --ca'])
      expect(await np(`delegate --dir @np --to a.example ${asked} --out @x.pem`)).toMatchObject({
        code: 1,
        json: { reason: 'number-on-hold' },
      });
    expect(await np('delegate --dir @np --to a.example --numbers 12025550200 --out @x.pem')).toMatchObject({ code: 0 });
    expect((await np('hold list --dir @np')).json).toEqual({ held: ['12025550201'] });
    await np('hold remove --dir @np --numbers 12025550201');
    expect(await np('delegate --dir @np --to a.example --numbers 12025550201 --out @x.pem')).toMatchObject({ code: 0 });
    expect(await np('hold add --dir @np')).toMatchObject({ code: 1, json: { reason: 'malformed-request' } });
  });
});

describe('what a CA’s own path leaves', () => {
  const notBefore = Math.floor(Date.now() / 1000);
  const terms = { random: sources.random, notBefore, notAfter: notBefore + 9_000 };
  const root = issueRoot(newKeyPair(), { subject: subjectName({ commonName: 'Root' }) }, terms);
  const numbers = [{ start: '12025550100', count: 100 }];
  let desks = 0;
  /** A desk over a CA of this content, under one of that. */
  const delegated = async (content: Partial<CaContent>, above: Partial<CaContent> = {}, notAfter = terms.notAfter): Promise<Desk> => {
    const between = issueCa(
      root,
      newKeyPair(),
      { subject: subjectName({ commonName: 'Above' }), numbers: [{ spc: '709J' }], ...above },
      { ...terms, notAfter },
    );
    const key = newKeyPair();
    const { path } = issueCa(between, key, { subject: subjectName({ commonName: 'CA' }), numbers, ...content }, terms);
    desks += 1;
    await openDelegated(new DeskFiles(at(`d${desks}`)), { name: 'E', path, key }, sources);
    return desk(`d${desks}`);
  };
  const one = [{ start: '12025550100', count: 1 }];

  test('keeps a CA with a path length of 0 from having a CA below, and counts down otherwise', async () => {
    const last = await delegated({ pathLength: 0 });
    expect(await reasonOfPromise(() => last.delegateCa(request(), one))).toBe('path-length');
    expect(await reasonOfPromise(() => last.delegate(request(), one))).toBeNull();
    expect(await reasonOfPromise(() => last.grant({ to: 'a.example', numbers: one, ca: true }))).toBe('path-length');
    const under = await delegated({}, { pathLength: 1 });
    expect(await reasonOfPromise(() => under.delegateCa(request(), one))).toBe('path-length');
    const room = await delegated({ pathLength: 5 }, { pathLength: 3 });
    const { path } = await room.delegateCa(request(), one);
    expect(path.map((der) => parseCertificate(der).basicConstraints?.pathLength)).toEqual([1, 5, 3]);
    const free = await (await delegated({})).delegateCa(request(), one);
    expect(parseCertificate(free.path[0] ?? Buffer.alloc(0)).basicConstraints).toEqual({ ca: true, pathLength: null });
  });

  test('refuses a desk that could have no end-entity, that binds a CA, or whose list is wider than the one above', async () => {
    expect(await reasonOfPromise(() => delegated({}, { pathLength: 0 }))).toBe('path-length');
    expect(await reasonOfPromise(() => delegated({}, { numbers: [{ tn: '12025550100' }] }))).toBe('not-encompassed');
    const key = newKeyPair();
    const template = caTemplate(root, key.spki, { subject: subjectName({ commonName: 'CA' }), numbers }, terms);
    const bound = {
      ...template,
      serial: newSerial(sources.random),
      extensions: [...template.extensions, enhancedClaimConstraints({ provider: 'a.example' })],
    };
    const path = [signCertificate(bound, root.key.privateKey)];
    expect(await reasonOfPromise(() => openDelegated(new DeskFiles(at('bound')), { name: 'E', path, key }, sources))).toBe(
      'profile-violation',
    );
    expect(new DeskFiles(at('bound')).exists).toBe(false);
    expect(reasonOf(() => bequestOf([parseCertificate(root.certificate)]))).toBeNull();
  });

  test('hands its policies down, and no lifetime beyond the first that ends', async () => {
    const policy = '2.16.840.1.114569.1.1.4';
    const under = await delegated({ policies: [policy, '2.5.29.32.0'] }, {}, notBefore + 3_000);
    const [der = Buffer.alloc(0)] = await under.delegate(request('a.example', 2_900), one);
    expect(parseCertificate(der).certificatePolicies).toEqual([policy]);
    expect(await reasonOfPromise(() => under.delegate(request('a.example', 3_100), one))).toBe('malformed-request');
  });

  test('is held against a file that answers a request too', async () => {
    openWithRequest(new DeskFiles(at('asked')), { identity: { kind: 'np', spc: '709J', name: 'N' }, numbers: [] });
    const { spki, subject } = verifyRequest(first('asked/ca.csr.pem'));
    const mid = issueCa(root, newKeyPair(), { subject: subjectName({ commonName: 'Mid' }) }, terms);
    const other = issueCa(root, newKeyPair(), { subject: subjectName({ commonName: 'Other' }) }, terms);
    const own = issueCa(mid, { ...new DeskFiles(at('asked')).key('ca'), spki }, { subject, numbers: [{ spc: '709J' }] }, terms).certificate;
    const install = (...path: Buffer[]) => reasonOfPromise(() => installPath(new DeskFiles(at('asked')), path, sources));
    expect(await install(own, other.certificate)).toBe('malformed-chain');
    const forged = Buffer.from(own);
    // The last octet of the signature's S.
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    expect(await install(forged, mid.certificate, root.certificate)).toBe('bad-cert-signature');
    expect(await install(own, mid.certificate, root.certificate)).toBeNull();
  });
});

describe('grants', () => {
  test('let an AP have what the desk could give, for as long and as deep as they say', async () => {
    expect(await np('grant --dir @np --to a.example --range 12025550100+50 --lifetime-max 1d')).toMatchObject({ code: 0 });
    expect(await np('grant --dir @np --to a.example --range 12025550150+50 --ca --why contract-7')).toMatchObject({ code: 0 });
    const np1 = desk('np');
    const wants = (start: string, count: number, more: object = {}) =>
      reasonOfPromise(() => np1.checkGranted('a.example', { numbers: [{ start, count }], ...more }));
    expect(await wants('12025550100', 100)).toBeNull();
    expect(await wants('12025550100', 101)).toBe('not-granted');
    expect(await wants('12025550100', 50, { lifetime: 86_400 })).toBeNull();
    expect(await wants('12025550100', 50, { lifetime: 86_401 })).toBe('not-granted');
    expect(await wants('12025550150', 50, { ca: true, lifetime: 999_999 })).toBeNull();
    expect(await wants('12025550149', 2, { ca: true })).toBe('not-granted');
    expect(await reasonOfPromise(() => np1.checkGranted('b.example', { numbers: [{ start: '12025550100', count: 1 }] }))).toBe(
      'not-granted',
    );
    expect(await reasonOfPromise(() => np1.checkGranted('a.example', {}))).toBe('malformed-request');
  });

  test('promise nothing that the desk does not hold', async () => {
    expect(await np('grant --dir @np --to a.example --numbers 13035550000')).toMatchObject({ json: { reason: 'tn-out-of-scope' } });
    expect(await np('grant --dir @np --to a.example')).toMatchObject({ json: { reason: 'malformed-request' } });
    expect(await np('ungrant --dir @np --to nobody.example')).toMatchObject({ json: { reason: 'not-found' } });
  });

  test('are taken back in part or whole, seen at once by a desk that is open, and leave what is live to be told', async () => {
    const open = desk('np');
    await np('grant --dir @np --to c.example --range 12025550100+10');
    await np('delegate --dir @np --to c.example --range 12025550100+10 --out @c.pem');
    expect(await open.grantsOf('c.example')).toMatchObject([
      { numbers: [{ start: '12025550100', count: 10 }], ca: false, lifetimeMax: null },
    ]);
    const some = await np('ungrant --dir @np --to c.example --numbers 12025550104');
    expect(some.json).toMatchObject({ live: [{ to: 'c.example', state: 'live' }] });
    expect(await open.grantsOf('c.example')).toMatchObject([
      {
        numbers: [
          { start: '12025550100', count: 4 },
          { start: '12025550105', count: 5 },
        ],
      },
    ]);
    expect((await np('grants --dir @np')).json).toMatchObject({
      grants: expect.arrayContaining([expect.objectContaining({ to: 'c.example' })]),
    });
    await np('ungrant --dir @np --to c.example');
    expect(await open.grantsOf('c.example')).toEqual([]);
    const { json } = await np('revoke --dir @np --to c.example --reason privilegeWithdrawn');
    expect(json).toMatchObject({ serials: [expect.any(String)] });
    expect((await np('list --dir @np --to c.example --state live')).json).toEqual({ credentials: [] });
  });

  test('of an EP are over mailboxes of its domain, one by one or all', async () => {
    await ep('init --dir @ep --domain mail.example --dev-root');
    expect(await ep('grant --dir @ep --to a.example --mailbox Alice@mail.example')).toMatchObject({ code: 0 });
    expect(await ep('grant --dir @ep --to a.example --mailbox alice@other.example')).toMatchObject({
      json: { reason: 'email-out-of-scope' },
    });
    const mail = desk('ep');
    const wants = (mailbox: string) => reasonOfPromise(() => mail.checkGranted('a.example', { mailbox }));
    expect(await wants('alice@mail.example')).toBeNull();
    expect(await wants('bob@mail.example')).toBe('not-granted');
    await ep('grant --dir @ep --to a.example --all-mailboxes');
    expect(await wants('bob@mail.example')).toBeNull();
    await ep('ungrant --dir @ep --to a.example --mailbox alice@mail.example');
    expect(await wants('alice@mail.example')).toBe('not-granted');
    expect(await reasonOfPromise(() => mail.grant({ to: 'a.example', numbers: [{ start: '12025550100', count: 1 }], ca: false }))).toBe(
      'authority-type-mismatch',
    );
  });

  test('count together only where each allows what is wanted', () => {
    const grant = (start: string, more: Partial<Grant>): Grant => ({
      to: 'a',
      numbers: [{ start, count: 10 }],
      mailboxes: [],
      ca: false,
      lifetimeMax: null,
      at: 0,
      why: null,
      ...more,
    });
    const both = [grant('12025550100', { lifetimeMax: 60 }), grant('12025550110', { ca: true })];
    const wanted = { numbers: [{ start: '12025550105', count: 10 }] };
    expect(reasonOf(() => checkGranted(both, wanted))).toBeNull();
    expect(reasonOf(() => checkGranted(both, { ...wanted, lifetime: 61 }))).toBe('not-granted');
    expect(reasonOf(() => checkGranted(both, { ...wanted, ca: true }))).toBe('not-granted');
  });
});

describe('a desk’s list', () => {
  test('says of each credential what it holds and how it stands, filtered, after a restart too', async () => {
    await np('init --dir @l --spc 709J --name Northern --dev-root --numbering @numbering.csv');
    await np('delegate --dir @l --to a.example --range 12025550100+10 --lifetime 1h --out @la.pem --why first');
    await np('delegate --dir @l --to b.example --numbers 12025550105 --out @lb.pem');
    await np('revoke --dir @l --certificate @lb.pem --reason superseded');
    const of = async (filter: string) =>
      ((await np(`list --dir @l ${filter}`)).json['credentials'] as Record<string, unknown>[]).map(({ to }) => to);
    expect(await of('--number 12025550105')).toEqual(['a.example', 'b.example']);
    expect(await of('--number 12025550109')).toEqual(['a.example']);
    expect(await of('--to b.example --state revoked')).toEqual(['b.example']);
    expect(await of('--state live --number 12025550105')).toEqual(['a.example']);
    const serial = Buffer.from(parseCertificate(first('la.pem')).serial).toString('hex');
    expect((await np(`list --dir @l --serial ${serial}`)).json).toMatchObject({
      credentials: [{ use: 'delegate', numbers: ['12025550100+10'], why: 'first', state: 'live' }],
    });
    expect(await of('--serial 00')).toEqual([]);
    expect(readFileSync(at('l/ledger.jsonl')).length).toBeGreaterThan(0);
  });
});

describe('a reason in the operator’s words', () => {
  test('that could not be read again is refused, and nothing is issued', async () => {
    const ledger = (): string => readFileSync(at('np/ledger.jsonl'), 'utf8');
    const before = ledger();
    const asked = `delegate --dir @np --to a.example --numbers 12025550100 --out @x.pem --why`;
    expect(await np(`${asked} ${'x'.repeat(501)}`)).toMatchObject({ code: 1, json: { reason: 'malformed-request' } });
    expect(await np(`hold add --dir @np --numbers 12025550100 --why ${'x'.repeat(501)}`)).toMatchObject({
      json: { reason: 'malformed-request' },
    });
    expect(ledger()).toBe(before);
    expect(await np(`${asked} ${'x'.repeat(500)}`)).toMatchObject({ code: 0 });
  });
});

describe('a renewal', () => {
  const scopeOf = (der: Buffer) => ({
    numbers: tnAuthListOf(parseCertificate(der)),
    constraints: claimConstraintsOf(parseCertificate(der)),
    subject: parseCertificate(der).subject.der,
  });

  test('has the scope, the binding and the subject of before, and a fresh key', async () => {
    await np('delegate --dir @np --to r.example --range 12025550300+5 --permit action=register,prefer --lifetime 2h --out @r.pem');
    const { json } = await np('renew --dir @np --certificate @r.pem --out @renewed');
    const [renewed] = json['renewed'] as { chain: string; key: string; serial: string; renews: string }[];
    const der = decodePem(readFileSync(renewed?.chain ?? '', 'utf8'))[0]?.der ?? Buffer.alloc(0);
    expect(scopeOf(der)).toEqual(scopeOf(first('r.pem')));
    expect(parseCertificate(der).publicKey.spki).not.toEqual(parseCertificate(first('r.pem')).publicKey.spki);
    expect(readFileSync(renewed?.key ?? '', 'utf8')).toContain('PRIVATE KEY');
    const { json: before } = await np(`list --dir @np --serial ${renewed?.renews}`);
    expect(before).toMatchObject({ credentials: [{ renewedBy: renewed?.serial }] });
  });

  test('certifies the key of a request again', async () => {
    const pem = encodePem('CERTIFICATE REQUEST', createRequest(newKeyPair(), subjectName({ commonName: 'ap' }), []));
    writeFileSync(at('r.csr'), pem);
    await np('delegate --dir @np --to r.example --numbers 12025550310 --csr @r.csr --out @rc.pem');
    const { json } = await np('renew --dir @np --certificate @rc.pem --out @renewed');
    const [renewed] = json['renewed'] as { chain: string; key: string | null }[];
    expect(renewed?.key).toBeNull();
    const der = decodePem(readFileSync(renewed?.chain ?? '', 'utf8'))[0]?.der ?? Buffer.alloc(0);
    expect(parseCertificate(der).publicKey.spki).toEqual(parseCertificate(first('rc.pem')).publicKey.spki);
  });

  test('is refused for what was revoked, was never issued, is another certificate, or is on hold by now', async () => {
    await np('delegate --dir @np --to s.example --numbers 12025550320 --out @s.pem');
    await np('hold add --dir @np --numbers 12025550320');
    expect(await np('renew --dir @np --certificate @s.pem --out @renewed')).toMatchObject({ code: 1, json: { reason: 'number-on-hold' } });
    await np('hold remove --dir @np --numbers 12025550320');
    expect(await np('renew --dir @np --certificate @s.pem --out @renewed')).toMatchObject({ code: 0 });
    await np('revoke --dir @np --certificate @s.pem');
    expect(await np('renew --dir @np --certificate @s.pem --out @renewed')).toMatchObject({ json: { reason: 'cert-revoked' } });
    expect(await np('renew --dir @np --serial 00 --out @renewed')).toMatchObject({ json: { reason: 'not-found' } });
    expect(await np('renew --dir @np --out @renewed')).toMatchObject({ code: 2 });
    const serial = Buffer.from(parseCertificate(first('r.pem')).serial).toString('hex');
    expect(await reasonOfPromise(() => desk('np').renew({ serial, certificate: first('rc.pem') }))).toBe('credential-mismatch');
    const own = await desk('np').issueOwn(3600);
    const ownSerial = Buffer.from(parseCertificate(own.path[0] ?? Buffer.alloc(0)).serial).toString('hex');
    expect(await reasonOfPromise(() => desk('np').renew({ serial: ownSerial }))).toBe('malformed-request');
  });

  test('of all that is due takes what has less than a third of its life left, once', async () => {
    await np('init --dir @due --spc 709J --name Northern --dev-root --numbering @numbering.csv');
    const due = desk('due');
    await due.delegate(request('short.example', 3000), [{ start: '12025550100', count: 1 }]);
    await due.delegate(request('long.example', 30_000), [{ start: '12025550100', count: 1 }]);
    expect(await due.due()).toEqual([]);
    clock.ahead += 2_100_000;
    expect((await due.due()).map(({ to }) => to)).toEqual(['short.example']);
    for (const { serial } of await due.due()) await due.renew({ serial });
    expect(await due.due()).toEqual([]);
  });

  test('of an older desk’s line needs the certificate', async () => {
    await np('delegate --dir @np --to old.example --numbers 12025550330 --out @old.pem');
    const certificate = first('old.pem');
    await np('init --dir @older --spc 709J --name Northern --dev-root --numbering @numbering.csv');
    const serial = Buffer.from(parseCertificate(certificate).serial).toString('hex');
    const { fingerprint, notAfter } = parseCertificate(certificate);
    const line = {
      event: 'issued',
      at: notAfter - 60,
      use: 'delegate',
      serial,
      holder: 'old.example',
      fingerprint: fingerprint.toString('hex'),
      spki: '00',
      notAfter,
    };
    appendFileSync(at('older/ledger.jsonl'), `${JSON.stringify(line)}\n`);
    expect(await reasonOfPromise(() => desk('older').renew({ serial }))).toBe('malformed-request');
    const { path } = await desk('older').renew({ serial, certificate });
    expect(scopeOf(path[0] ?? Buffer.alloc(0))).toEqual(scopeOf(certificate));
  });

  test('of a mailbox credential is one', async () => {
    await ep('delegate --dir @ep --to m.example --mailbox alice@mail.example --out @m.pem');
    const { json } = await ep('renew --dir @ep --certificate @m.pem --out @renewed');
    const [renewed] = json['renewed'] as { chain: string }[];
    const der = decodePem(readFileSync(renewed?.chain ?? '', 'utf8'))[0]?.der ?? Buffer.alloc(0);
    expect(parseCertificate(der).subjectAltName).toEqual(parseCertificate(first('m.pem')).subjectAltName);
    expect(scopeOf(der)).toEqual(scopeOf(first('m.pem')));
  });
});

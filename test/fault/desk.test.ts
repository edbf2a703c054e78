import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { X509Certificate, createPrivateKey, randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Desk, DeskFiles, installPath, nodeDisk, openWithRequest, openWithRoot, type Disk } from '../../src/adapters/desk/index.js';
import { delegateBulk } from '../../src/cli/np-bulk.js';
import { decodePem } from '../../src/encoding/index.js';
import { createRequest, issueCa, issueRoot, newKeyPair, subjectName, verifyRequest } from '../../src/issuance/index.js';
import { parseCrl, type Crl } from '../../src/x509/index.js';
import { DEATHS, Ended, dyingDisk } from '../support/dying-disk.js';

const CHILD = fileURLToPath(new URL('../support/desk-child.js', import.meta.url));
const base = mkdtempSync(join(tmpdir(), 'desk-fault-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const sources = { now: () => Date.now(), random: (octets: number) => randomBytes(octets) };
const opening = {
  identity: { kind: 'np', spc: '709J', name: 'Northern' },
  numbers: [{ start: '12025550000', count: 1000 }],
} as const;
const NUMBERS = [{ start: '12025550100', count: 1 }];
const request = (to = 'a.example') => ({ to, lifetime: 3600, subject: { own: newKeyPair() } });
const deskAt = (directory: string, disk: Disk = nodeDisk): Desk =>
  new Desk(new DeskFiles(directory, undefined, disk), sources, { patience: { limit: 0, wait: () => Promise.resolve() } });

const template = join(base, 'template');
beforeAll(() => openWithRoot(new DeskFiles(template), opening, sources));
let copies = 0;
const copyOf = (directory = template): string => {
  copies += 1;
  cpSync(directory, join(base, String(copies)), { recursive: true, verbatimSymlinks: true });
  return join(base, String(copies));
};

const serialOf = (der: Buffer): string => new X509Certificate(der).serialNumber.toLowerCase();
type Line = { event: string; serial?: string; number?: number; issuer?: string };
const ledgerOf = (directory: string): Line[] =>
  readFileSync(join(directory, 'ledger.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((row) => JSON.parse(row) as Line);
const issuedIn = (directory: string): Set<string> =>
  new Set(ledgerOf(directory).flatMap(({ event, serial }) => (event === 'issued' && serial !== undefined ? [serial] : [])));
const crlOf = (directory: string): Crl => {
  const [block] = decodePem(readFileSync(join(directory, 'crls/ca.pem'), 'utf8'));
  return parseCrl(block?.der ?? Buffer.alloc(0));
};
const isListed = (crl: Crl, serial: string): boolean => crl.find(crl.issuer, Buffer.from(serial, 'hex')) !== null;

/** No number was given twice, and the CRL on file is the last of them. */
const checkNumbers = (directory: string): void => {
  const numbers = ledgerOf(directory).flatMap(({ event, issuer, number }) => (event === 'crl' && issuer === 'ca' ? [number] : []));
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
  expect(Number(crlOf(directory).number)).toBe(numbers.length);
};

/** Lets the process end at every step of the work, in every way, and hands each desk that is left to `check`. */
const atEveryStep = async (
  prepared: string,
  work: (directory: string, disk: Disk) => Promise<unknown>,
  check: (directory: string) => Promise<void>,
): Promise<number> => {
  let fatal = 0;
  for (let over = false; !over;) {
    fatal += 1;
    for (const death of DEATHS) {
      const directory = copyOf(prepared);
      const disk = dyingDisk(fatal, death);
      try {
        await work(directory, disk);
      } catch (error) {
        if (!(error instanceof Ended)) throw error;
      }
      over = disk.steps < fatal;
      if (!disk.hasEnded && !over) continue;
      forgetHolder(directory);
      await check(directory);
    }
  }
  return fatal - 1;
};

/** The holder of each lock is this process, which lives: let it be one that does not. */
const forgetHolder = (directory: string): void => {
  for (const name of readdirSync(directory)) {
    if (!name.endsWith('lock')) continue;
    const path = join(directory, name);
    const holder = JSON.parse(nodeDisk.readLink(path) ?? '') as object;
    rmSync(path);
    nodeDisk.link(JSON.stringify({ ...holder, pid: 2 ** 22 + 1, started: '1' }), path);
  }
};

describe('a desk whose process ends at any step', () => {
  test('of an opening goes on from it, or lets it begin anew', async () => {
    const empty = join(base, 'empty');
    nodeDisk.makeDirectory(empty);
    const open = (directory: string, disk?: Disk) => openWithRoot(new DeskFiles(directory, undefined, disk), opening, sources);
    const steps = await atEveryStep(empty, open, async (directory) => {
      if (!new DeskFiles(directory).exists) await open(directory);
      const path = await deskAt(directory).delegate(request(), NUMBERS);
      expect(issuedIn(directory)).toContain(serialOf(path[0] ?? Buffer.alloc(0)));
      expect(ledgerOf(directory).filter(({ event }) => event === 'issued')).toHaveLength(3);
      checkNumbers(directory);
    });
    expect(steps).toBeGreaterThan(20);
  });

  test('of an installation has a CRL at its next work', async () => {
    const waiting = join(base, 'waiting');
    openWithRequest(new DeskFiles(waiting), opening);
    const notBefore = Math.floor(Date.now() / 1000);
    const terms = { random: sources.random, notBefore, notAfter: notBefore + 99_999 };
    const root = issueRoot(newKeyPair(), { subject: subjectName({ commonName: 'STI Root' }) }, terms);
    const [block] = decodePem(readFileSync(join(waiting, 'ca.csr.pem'), 'utf8'));
    const { subject } = verifyRequest(block?.der ?? Buffer.alloc(0));
    const { path } = issueCa(root, new DeskFiles(waiting).key('ca'), { subject, numbers: [{ spc: '709J' }] }, terms);
    const install = (directory: string, disk?: Disk) => installPath(new DeskFiles(directory, undefined, disk), path, sources);
    await atEveryStep(waiting, install, async (directory) => {
      if (new DeskFiles(directory).ca() === null) await install(directory);
      await deskAt(directory).issueOwn(3600);
      checkNumbers(directory);
    });
  });

  test('of a delegation knows every certificate that was handed out', async () => {
    let handedOut: string | null = null;
    const delegate = async (directory: string, disk: Disk): Promise<void> => {
      handedOut = null;
      const [certificate = Buffer.alloc(0)] = await deskAt(directory, disk).delegate(request(), NUMBERS);
      handedOut = serialOf(certificate);
    };
    const steps = await atEveryStep(template, delegate, async (directory) => {
      await deskAt(directory).settle();
      if (handedOut !== null) expect(issuedIn(directory)).toContain(handedOut);
      await deskAt(directory).delegate(request('b.example'), NUMBERS);
      checkNumbers(directory);
    });
    // Lock, sync of what others wrote, append, sync, unlock.
    expect(steps).toBe(5);
  });

  test('of a revocation publishes it at its next work, or has not revoked', async () => {
    const prepared = copyOf();
    const [certificate = Buffer.alloc(0)] = await deskAt(prepared).delegate(request(), NUMBERS);
    const serial = serialOf(certificate);
    const revoke = (directory: string, disk: Disk) => deskAt(directory, disk).revoke({ serial, reason: 'keyCompromise' });
    const steps = await atEveryStep(prepared, revoke, async (directory) => {
      await deskAt(directory).settle();
      const isRecorded = ledgerOf(directory).some(({ event }) => event === 'revoked');
      expect(isListed(crlOf(directory), serial)).toBe(isRecorded);
      await deskAt(directory).revoke({ serial, reason: 'keyCompromise' });
      expect(isListed(crlOf(directory), serial)).toBe(true);
      checkNumbers(directory);
    });
    expect(steps).toBeGreaterThan(10);
  });

  test('of issuing its own credential has the old one or the new one, with its key', async () => {
    const prepared = copyOf();
    await deskAt(prepared).issueOwn(3600);
    const issue = (directory: string, disk: Disk) => deskAt(directory, disk).issueOwn(7200);
    await atEveryStep(prepared, issue, async (directory) => {
      await deskAt(directory).settle();
      const own = new DeskFiles(directory).own();
      const [certificate = Buffer.alloc(0)] = own?.path ?? [];
      expect(new X509Certificate(certificate).checkPrivateKey(own?.key.privateKey ?? newKeyPair().privateKey)).toBe(true);
      expect(issuedIn(directory)).toContain(serialOf(certificate));
      await deskAt(directory).issueOwn(3600);
      expect(new DeskFiles(directory).own()).not.toBeNull();
    });
  });

  test('of taking a dead holder’s lock over leaves it to the next', async () => {
    const prepared = copyOf();
    const holder = JSON.parse(await heldBy(prepared)) as object;
    nodeDisk.link(JSON.stringify({ ...holder, id: 'gone', boot: 'earlier' }), join(prepared, 'lock'));
    await atEveryStep(
      prepared,
      (directory, disk) => deskAt(directory, disk).publish(),
      async (directory) => {
        for (const name of readdirSync(directory).filter((one) => one.startsWith('lock.'))) asDead(join(directory, name));
        await deskAt(directory).publish();
        checkNumbers(directory);
        expect(readdirSync(directory).filter((name) => name.startsWith('lock'))).toEqual([]);
      },
    );
  });
});

describe('a bulk delegation whose process ends at any step', () => {
  type Row = { row: number; numbers: string[]; serial: string; certificate: string; key: string };
  const rowsOf = (file: string): Row[] =>
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Row)
      .filter(({ row }) => row !== undefined);

  test('goes on where it was, hands each credential out once, and revokes what never came out', async () => {
    const prepared = copyOf();
    writeFileSync(join(prepared, 'orders.csv'), 'number\n12025550100\n12025550101\n12025550102\n');
    const bulk = (directory: string, disk?: Disk) => {
      const options = { from: join(directory, 'orders.csv'), to: 'a.example', out: join(directory, 'out.jsonl'), lifetime: 3600, part: 2 };
      return delegateBulk(deskAt(directory, disk), options, disk === undefined ? sources : { ...sources, disk });
    };
    let lost = 0;
    await atEveryStep(prepared, bulk, async (directory) => {
      const out0 = join(directory, 'out.jsonl');
      const torn = existsSync(out0) ? readFileSync(out0, 'utf8') : '';
      const before = torn
        .split('\n')
        .slice(1, -1)
        .flatMap((line) => (JSON.parse(line) as Row).serial ?? []);
      const { json } = await bulk(directory);
      expect(Number(json['issued']) + Number(json['earlier'])).toBe(3);
      const rows = rowsOf(join(directory, 'out.jsonl'));
      expect(rows.map(({ row, numbers }) => [row, ...numbers])).toEqual([
        [1, '12025550100'],
        [2, '12025550101'],
        [3, '12025550102'],
      ]);
      for (const { serial, certificate, key } of rows) {
        const der = new X509Certificate(Buffer.from(certificate, 'base64'));
        expect(der.serialNumber.toLowerCase()).toBe(serial);
        expect(der.checkPrivateKey(createPrivateKey(key))).toBe(true);
      }
      const out = new Set(rows.map(({ serial }) => serial));
      for (const serial of before) expect(out).toContain(serial);
      const listed = await deskAt(directory).list({ to: 'a.example' });
      expect(new Set(listed.flatMap(({ serial, state }) => (state === 'live' ? [serial] : [])))).toEqual(out);
      const gone = listed.filter(({ state }) => state === 'revoked');
      for (const { serial, revoked } of gone) {
        expect(revoked).toMatchObject({ reason: 'superseded' });
        expect(isListed(crlOf(directory), serial)).toBe(true);
      }
      lost += gone.length;
      expect((await bulk(directory)).json).toMatchObject({ issued: 0, earlier: 3, revoked: 0 });
    });
    expect(lost).toBeGreaterThan(0);
  });

  test('is alone with its output', async () => {
    const directory = copyOf();
    writeFileSync(join(directory, 'orders.csv'), 'number\n12025550100\n');
    const options = { from: join(directory, 'orders.csv'), to: 'a.example', out: join(directory, 'out.jsonl'), lifetime: 60 };
    const runs = await Promise.allSettled([1, 2].map(() => delegateBulk(deskAt(directory), options, sources)));
    expect(runs).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: { reason: 'overloaded' } }]);
    expect(await deskAt(directory).list({ to: 'a.example', state: 'live' })).toHaveLength(1);
  });

  test('does not go on with other orders, or another AP', async () => {
    const directory = copyOf();
    const from = join(directory, 'orders.csv');
    writeFileSync(from, 'start,count\n12025550100,5\n12025550105,1\n');
    const bulk = (more: object = {}) =>
      delegateBulk(deskAt(directory), { from, to: 'a.example', out: join(directory, 'out.jsonl'), lifetime: 60, ...more }, sources);
    expect((await bulk()).json).toMatchObject({ issued: 2 });
    await expect(bulk({ to: 'b.example' })).rejects.toThrow();
    writeFileSync(from, 'number\n12025550100\n');
    await expect(bulk()).rejects.toThrow();
    await expect(bulk({ out: from })).rejects.toThrow();
    for (const broken of [
      'number\n+12025550100',
      'number\n12025550100\n12025550100',
      'start,count\n12025550100,0',
      'nummer\n1',
      'number,csr\n12025550100,!',
    ]) {
      writeFileSync(from, broken);
      await expect(bulk({ out: join(directory, 'other.jsonl') })).rejects.toThrow();
    }
    writeFileSync(from, 'number\n12025550999\n13035550100\n');
    await expect(bulk({ out: join(directory, 'other.jsonl') })).rejects.toMatchObject({ reason: 'not-encompassed' });
    expect(readdirSync(directory)).not.toContain('other.jsonl');
  });

  test('certifies keys of requests, each for one AP', async () => {
    const directory = copyOf();
    const from = join(directory, 'orders.csv');
    const csr = createRequest(newKeyPair(), subjectName({ commonName: 'ap' }), []);
    writeFileSync(from, `number,csr\n12025550100,${csr.toString('base64')}\n12025550101,\n`);
    const bulk = (to: string) => delegateBulk(deskAt(directory), { from, to, out: join(directory, `${to}.jsonl`), lifetime: 60 }, sources);
    await bulk('a.example');
    const [first, second] = rowsOf(join(directory, 'a.example.jsonl'));
    const { publicKey } = new X509Certificate(Buffer.from(first?.certificate ?? '', 'base64'));
    expect(publicKey.export({ type: 'spki', format: 'der' })).toEqual(verifyRequest(csr).spki);
    expect([first?.key, typeof second?.key]).toEqual([null, 'string']);
    await expect(bulk('b.example')).rejects.toMatchObject({ reason: 'key-reuse' });
    const p384 = newKeyPair('P-384').spki.toString('base64');
    writeFileSync(from, `number,spki\n12025550100,${p384}\n`);
    await expect(bulk('c.example')).rejects.toMatchObject({ reason: 'unsupported-key' });
  });
});

/** What a lock of this process says. */
const heldBy = async (directory: string): Promise<string> => {
  let text = '';
  const watching: Disk = { ...nodeDisk, link: (said, path) => ((text = said), nodeDisk.link(said, path)) };
  await deskAt(directory, watching).settle();
  return text;
};

const asDead = (path: string): void => {
  const holder = JSON.parse(nodeDisk.readLink(path) ?? '') as object;
  rmSync(path);
  nodeDisk.link(JSON.stringify({ ...holder, boot: 'earlier' }), path);
};

describe('a desk that others work at too', () => {
  test('sees what they issued, revoked and published, and gives no CRL number twice', async () => {
    const directory = copyOf();
    const waits = { limit: 10_000, wait: () => new Promise<void>((resolve) => setImmediate(resolve)) };
    const [one, other] = [1, 2].map(() => new Desk(new DeskFiles(directory), sources, { patience: waits }));
    const [certificate = Buffer.alloc(0)] = (await one?.delegate(request(), NUMBERS)) ?? [];
    await other?.revoke({ serial: serialOf(certificate), reason: 'superseded' });
    await Promise.all([one, other, one, other].map((desk) => desk?.publish() ?? Promise.reject(new Error('no desk'))));
    checkNumbers(directory);
    expect(isListed(crlOf(directory), serialOf(certificate))).toBe(true);
  });

  test('loses nothing that other processes handed out, though some are killed meanwhile', async () => {
    const directory = copyOf();
    const run = async (to: string, fatal: number): Promise<string> => {
      const child = spawn(process.execPath, [CHILD, directory, to, '6', String(fatal), 'half'], { stdio: ['ignore', 'pipe', 'inherit'] });
      let out = '';
      child.stdout.on('data', (text) => (out += String(text)));
      await once(child, 'close');
      return out;
    };
    const said = await Promise.all([run('a.example', 0), run('b.example', 17), run('c.example', 30), run('d.example', 23)]);
    const serials = said.flatMap((out) => out.trim().split('\n')).filter((row) => row !== '');
    expect(serials.length).toBeGreaterThan(6);
    await deskAt(directory).publish();
    for (const row of serials) expect(issuedIn(directory)).toContain(serialOf(Buffer.from(row, 'base64')));
    checkNumbers(directory);
  }, 30_000);
});

describe('a ledger', () => {
  test('that lost lines or whose disk failed has nothing issued any more', async () => {
    const directory = copyOf();
    const desk = deskAt(directory);
    await desk.delegate(request(), NUMBERS);
    nodeDisk.truncate(join(directory, 'ledger.jsonl'), 10);
    await expect(desk.delegate(request(), NUMBERS)).rejects.toThrow();
    const whole = copyOf();
    const failing: Disk = {
      ...nodeDisk,
      sync: () => {
        throw new Error('EIO');
      },
    };
    const broken = deskAt(whole, failing);
    await expect(broken.delegate(request(), NUMBERS)).rejects.toThrow();
    nodeDisk.sync(join(whole, 'ledger.jsonl'));
    await expect(broken.delegate(request(), NUMBERS)).rejects.toMatchObject({ reason: 'store-unavailable' });
    await expect(deskAt(whole).delegate(request(), NUMBERS)).resolves.toHaveLength(2);
  });

  test('of an older desk, whose lines say less, is read', async () => {
    const directory = copyOf();
    const old =
      '{"event":"issued","at":1,"use":"delegate","serial":"4aa0","holder":"a.example","fingerprint":"00","spki":"00","notAfter":2}\n';
    nodeDisk.append(join(directory, 'ledger.jsonl'), Buffer.from(old));
    await expect(deskAt(directory).revoke({ serial: '4aa0', reason: 'superseded' })).resolves.toMatchObject({ reason: 'superseded' });
  });
});

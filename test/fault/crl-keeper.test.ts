import { readdirSync, writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { STATUS_LIMITS, type CrlKeeper } from '../../src/adapters/status/index.js';
import { encodePem } from '../../src/encoding/index.js';
import { parseCertificate, parseCrl } from '../../src/x509/index.js';
import {
  BOTH,
  CrlPlaces,
  HOST,
  OTHER_HOST,
  PLACE,
  SLOW_HOSTS,
  SOURCE,
  certificateOf,
  signersAt,
  type KeeperOptions,
} from '../support/crl-places.js';
import { diskError, faultyFileSystem } from '../support/faulty-file-system.js';
import { AT, issueCa, issueEndEntity, keyUsage, type Issued } from '../support/raw-certificate.js';
import { entry, issueCrl, scope, type CrlParts } from '../support/raw-crl.js';

const DAY = 86_400_000;
const HOUR = 3_600_000;

const root = issueCa({ issuer: null, subject: 'root' });
const ca = issueCa({ issuer: root, subject: 'ca' });
const leaf = issueEndEntity({ issuer: ca, subject: 'leaf' });
const revoked = entry(parseCertificate(leaf.der).serial);

let places: CrlPlaces;
beforeEach(async () => {
  places = await new CrlPlaces().open();
});
afterEach(() => places.close());

const serve = (...parts: [entries?: readonly Buffer[], more?: Partial<CrlParts>]): Buffer => {
  const crl = issueCrl(ca, ...parts);
  places.content.set('/a.crl', crl);
  return crl;
};
const trusting = (options: KeeperOptions = {}): Promise<CrlKeeper> => places.keeper({ trusted: [ca], ...options });
/** Fetches the one place, whatever its schedule says. */
const fetchNow = async (keeper: CrlKeeper): Promise<string> => {
  for (const place of keeper.places) place.nextAt = 0;
  await keeper.turn();
  return keeper.places.map(({ outcome }) => outcome).join();
};
const isListed = (keeper: CrlKeeper): boolean | null => {
  const [crl] = keeper.material().crls;
  return crl === undefined ? null : crl.find(crl.issuer, parseCertificate(leaf.der).serial) !== null;
};
const numberOf = (keeper: CrlKeeper): bigint | null => keeper.material().crls[0]?.number ?? null;

describe('a CRL that is fetched', () => {
  test('is kept, and put in force, when somebody known signed it', async () => {
    const crl = serve([revoked]);
    const keeper = await trusting();
    expect(isListed(keeper)).toBeNull();
    expect(await fetchNow(keeper)).toBe('new');
    expect([isListed(keeper), places.changes, keeper.revision]).toEqual([true, 1, 1]);
    expect(keeper.material().crls[0]?.digest).toBe(parseCrl(crl).digest);
    expect(await fetchNow(keeper)).toBe('unchanged');
    expect([places.changes, keeper.counts.get('new'), keeper.counts.get('unchanged')]).toEqual([1, 1, 1]);
  });

  test('of some megabytes is read whole, and the loop goes on meanwhile', async () => {
    const one = entry(Buffer.alloc(16, 0x11));
    const many = Buffer.concat(Array.from({ length: 150_000 }, () => one));
    for (let i = 0; i < 150_000; i += 1) many.writeUInt32BE(i, i * one.length + 12);
    serve([many, revoked]);
    const keeper = await trusting();
    const loop = { turns: 0, isDone: false };
    const done = fetchNow(keeper);
    void done.then(() => (loop.isDone = true));
    while (!loop.isDone) {
      loop.turns += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([await done, isListed(keeper), keeper.material().crls[0]?.entryCount]).toEqual(['new', true, 150_001]);
    // 300 slices of entries alone.
    expect(loop.turns).toBeGreaterThan(300);
  });

  test('is replaced by a later one', async () => {
    serve([], { number: 1n });
    const keeper = await trusting();
    await fetchNow(keeper);
    expect(isListed(keeper)).toBe(false);
    serve([revoked], { number: 2n, thisUpdate: AT - HOUR });
    expect(await fetchNow(keeper)).toBe('new');
    expect(isListed(keeper)).toBe(true);
  });

  test.each<[string, string, Partial<CrlParts>, Partial<CrlParts>]>([
    ['a lower number', 'rollback', { number: 1n, thisUpdate: AT - HOUR }, { number: 3n, thisUpdate: AT - HOUR }],
    ['an earlier thisUpdate', 'rollback', { number: 3n, thisUpdate: AT - 3 * DAY }, { number: 3n, thisUpdate: AT - HOUR }],
    ['the same number and time, and other content', 'ambiguous', {}, { number: 3n }],
    ['another scope', 'other-scope', { number: 9n, extensions: [scope({ only: 'ca' })] }, { number: 9n }],
  ])('of %s does not replace the last good one, and operators hear of it', async (_, outcome, bad, good) => {
    serve([revoked], { number: 2n });
    const keeper = await trusting();
    await fetchNow(keeper);
    serve([], { number: 2n, ...bad });
    expect(await fetchNow(keeper)).toBe(outcome);
    expect([isListed(keeper), places.changes]).toEqual([true, 1]);
    expect(places.reports.at(-1)).toMatchObject({ host: HOST, outcome, isAlarming: true });
    serve([], { number: 2n, ...good });
    expect([await fetchNow(keeper), isListed(keeper)]).toEqual(['new', false]);
  });

  test('of another scope may follow one that has run out', async () => {
    serve([], { nextUpdate: AT + HOUR });
    const keeper = await trusting();
    await fetchNow(keeper);
    places.clock.ms = AT + HOUR;
    serve([], { number: 1n, thisUpdate: AT + HOUR, extensions: [scope({ only: 'user' })] });
    expect(await fetchNow(keeper)).toBe('new');
  });

  test.each<[string, string, () => Buffer]>([
    ['run out', 'not-in-force', () => issueCrl(ca, [], { nextUpdate: AT })],
    ['not begun', 'not-in-force', () => issueCrl(ca, [], { thisUpdate: AT + 1000 })],
    ['without nextUpdate', 'unusable', () => issueCrl(ca, [], { nextUpdate: null })],
    ['no CRL', 'malformed', () => Buffer.from('<html></html>')],
    ['cut short', 'malformed', () => issueCrl(ca).subarray(0, -1)],
  ])('that is %s is not kept', async (_, outcome, make) => {
    places.content.set('/a.crl', make());
    const keeper = await trusting();
    expect([await fetchNow(keeper), isListed(keeper), places.changes]).toEqual([outcome, null, 0]);
    serve();
    expect([await fetchNow(keeper), isListed(keeper)]).toEqual(['new', false]);
  });

  test.each<[string, (response: Parameters<Exclude<NonNullable<ReturnType<CrlPlaces['content']['get']>>, Uint8Array>>[0]) => void]>([
    ['that is not there', (response) => response.writeHead(404).end()],
    ['behind a redirect', (response) => response.writeHead(302, { Location: `https://${OTHER_HOST}/a.crl` }).end()],
    ['that is too large', (response) => response.writeHead(200, { 'Content-Length': STATUS_LIMITS.maxCrlOctets + 1 }).write('x')],
    ['that comes too slowly', (response) => response.writeHead(200).write('x')],
  ])('%s leaves the last good one in force', async (_, answer) => {
    serve([revoked]);
    const keeper = await trusting({ patience: 400 });
    await fetchNow(keeper);
    places.content.set('/a.crl', answer);
    expect([await fetchNow(keeper), isListed(keeper)]).toEqual(['not-fetched', true]);
    serve([revoked], { number: 2n });
    expect([await fetchNow(keeper), numberOf(keeper)]).toEqual(['new', 2n]);
  });
});

describe('the signer of a fetched CRL', () => {
  const pa = issueCa({ issuer: null, subject: 'PA root' });
  const signer = issueEndEntity({ issuer: pa, subject: 'PA CRL', extensions: { keyUsage: keyUsage([6]) } });
  const crlOf = (by: Issued, urls: readonly string[] = []): Buffer =>
    issueCrl(by, [], { extensions: [scope({ indirect: true }), ...(urls.length === 0 ? [] : [signersAt(...urls)])] });
  const pem = (...all: Issued[]): Buffer => Buffer.from(all.map(({ der }) => encodePem('CERTIFICATE', der)).join(''));
  const AIA = `https://${HOST}/signer.pem`;
  const outcome = async (crl: Buffer, options: KeeperOptions): Promise<string> => {
    places.content.set('/a.crl', crl);
    const keeper = await places.keeper(options);
    return await fetchNow(keeper);
  };

  test('may be one that the operator named', async () => {
    expect(await outcome(crlOf(signer), { anchors: [pa] })).toBe('signer-unknown');
    expect(await outcome(crlOf(signer), { trusted: [signer] })).toBe('new');
  });

  test.each([
    ['PEM, the signer first', () => pem(signer, pa)],
    ['PEM of the signer alone', () => pem(signer)],
    ['DER of the signer', () => signer.der],
  ])('is fetched from where the CRL says, as %s, and goes into the material', async (_, content) => {
    places.content.set('/a.crl', crlOf(signer, [AIA]));
    places.content.set('/signer.pem', content());
    const keeper = await places.keeper({ anchors: [pa] });
    expect(await fetchNow(keeper)).toBe('new');
    expect(keeper.material().crlSigners[0]).toEqual(new Uint8Array(signer.der));
    const again = await places.keeper({ anchors: [pa] });
    expect(again.material().crlSigners.length).toBe(keeper.material().crlSigners.length);
  });

  test('is fetched from no host that policy does not name', async () => {
    places.content.set('/signer.pem', pem(signer));
    expect(await outcome(crlOf(signer, [`https://${OTHER_HOST}/signer.pem`]), { anchors: [pa] })).toBe('signer-unknown');
    expect(places.asked).toEqual(['/a.crl']);
    const policy = { ...SOURCE, crlHosts: [OTHER_HOST] };
    expect(await outcome(crlOf(signer, [`https://${OTHER_HOST}/signer.pem`]), { anchors: [pa], policy })).toBe('new');
  });

  test.each<[string, () => Issued]>([
    ['without cRLSign', () => issueEndEntity({ issuer: pa, subject: 'PA CRL', key: signer.key })],
    [
      'that has expired',
      () =>
        issueEndEntity({
          issuer: pa,
          subject: 'PA CRL',
          key: signer.key,
          extensions: { keyUsage: keyUsage([6]) },
          shape: { notAfter: new Date(AT - DAY) },
        }),
    ],
    [
      'under another root of that name',
      () =>
        issueEndEntity({
          issuer: issueCa({ issuer: null, subject: 'PA root' }),
          subject: 'PA CRL',
          key: signer.key,
          extensions: { keyUsage: keyUsage([6]) },
        }),
    ],
    [
      'with another key (a swapped certificate)',
      () => issueEndEntity({ issuer: pa, subject: 'PA CRL', extensions: { keyUsage: keyUsage([6]) } }),
    ],
    ['of another name', () => issueEndEntity({ issuer: pa, subject: 'PA', key: signer.key, extensions: { keyUsage: keyUsage([6]) } })],
  ])('%s does not count', async (_, make) => {
    places.content.set('/signer.pem', pem(make(), pa));
    expect(await outcome(crlOf(signer, [AIA]), { anchors: [pa] })).toBe('signer-unknown');
    places.content.set('/signer.pem', pem(signer, pa));
    expect(await outcome(crlOf(signer, [AIA]), { anchors: [pa] })).toBe('new');
  });

  test('whose certificates are no certificates is unknown', async () => {
    places.content.set('/signer.pem', Buffer.from('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'));
    expect(await outcome(crlOf(signer, [AIA]), { anchors: [pa] })).toBe('signer-unknown');
  });

  test('may be a CA of the path that named the place, and is known for the next fetch', async () => {
    serve();
    const keeper = await places.keeper({ policy: BOTH, anchors: [root] });
    const status = places.status(keeper);
    expect(await status.learn([PLACE], 'a.example')).toBe(false);
    expect(keeper.places.map(({ outcome: of }) => of)).toEqual(['signer-unknown']);
    expect(await status.learn([PLACE], 'a.example', [ca.der, root.der])).toBe(true);
    serve([revoked], { number: 2n });
    expect([await fetchNow(keeper), isListed(keeper)]).toEqual(['new', true]);
  });

  test('is verified again under the trust of the day', async () => {
    serve();
    const keeper = await places.keeper({ policy: BOTH, anchors: [issueCa({ issuer: null, subject: 'root' })] });
    expect(await places.status(keeper).learn([PLACE], 'a.example', [ca.der, root.der])).toBe(false);
  });
});

describe('the last good CRL', () => {
  test('survives a restart, and its number and time with it', async () => {
    serve([revoked], { number: 5n });
    await fetchNow(await trusting());
    const again = await trusting();
    expect([isListed(again), numberOf(again)]).toEqual([true, 5n]);
    serve([], { number: 4n, thisUpdate: AT - HOUR });
    expect([await fetchNow(again), isListed(again)]).toEqual(['rollback', true]);
    serve([], { number: 6n, thisUpdate: AT - HOUR });
    expect([await fetchNow(again), isListed(again)]).toEqual(['new', false]);
  });

  test('is found to be signed once more at a restart, so that no verdict has to hash it', async () => {
    serve([revoked]);
    await fetchNow(await trusting());
    const [crl] = (await trusting()).material().crls;
    expect(crl?.knownSignature(certificateOf(ca).publicKey)).toBe(true);
  });

  test('keeps its floor while policy does not name it', async () => {
    serve([revoked], { number: 5n });
    const keeper = await trusting();
    await fetchNow(keeper);
    keeper.configure({ crlSources: [], crlHosts: [] });
    expect([keeper.places.length, keeper.material().crls.length]).toEqual([0, 0]);
    serve([], { number: 4n, thisUpdate: AT - HOUR });
    keeper.configure(SOURCE);
    expect([await fetchNow(keeper), isListed(keeper)]).toEqual(['rollback', true]);
  });

  test('that cannot be saved is used, told, and saved at the next turn', async () => {
    let isFull = false;
    const fs = faultyFileSystem((step) =>
      isFull && step.path.includes('.crl') ? { error: diskError('ENOSPC')(step), octets: 100 } : null,
    );
    serve([], { number: 1n });
    const keeper = await trusting({ fs });
    await fetchNow(keeper);
    isFull = true;
    serve([revoked], { number: 2n });
    expect([await fetchNow(keeper), isListed(keeper)]).toEqual(['new', true]);
    expect(places.reports.at(-1)).toMatchObject({ outcome: 'not-saved', isAlarming: true });
    expect(keeper.places.map(({ isUnsaved }) => isUnsaved)).toEqual([true]);
    // A restart begins with what is whole on the disk.
    expect(numberOf(await trusting())).toBe(1n);
    isFull = false;
    expect([await fetchNow(keeper), keeper.places[0]?.isUnsaved]).toEqual(['unchanged', false]);
    expect(numberOf(await trusting())).toBe(2n);
  });

  test('that is damaged on the disk is not used; operators hear of it', async () => {
    serve([revoked]);
    await fetchNow(await trusting());
    const folder = join(places.directory, 'crls');
    const file = join(folder, readdirSync(folder)[0] ?? '');
    const octets = readFileSync(file);
    octets[octets.length - 1] = (octets.at(-1) ?? 0) ^ 1;
    writeFileSync(file, octets);
    const again = await trusting();
    expect(isListed(again)).toBeNull();
    expect(places.reports.at(-1)).toMatchObject({ outcome: 'damaged', isAlarming: true });
    expect([await fetchNow(again), isListed(again)]).toEqual(['new', true]);
  });
});

describe('the schedule', () => {
  const nextIn = (keeper: CrlKeeper): number => (keeper.places[0]?.nextAt ?? 0) - places.clock.ms;

  test.each([
    [0, 54 * 60_000],
    [255, 60 * 60_000],
  ])('comes back within the interval, early by chance (%s)', async (chance, ms) => {
    serve();
    const keeper = await trusting({ chance });
    await fetchNow(keeper);
    expect(Math.round(nextIn(keeper) / 1000)).toBe(ms / 1000);
  });

  test.each([
    [0, 0.5],
    [255, 0.8],
  ])('comes back well before nextUpdate (%s)', async (chance, share) => {
    serve([], { nextUpdate: AT + 20 * 60_000 });
    const keeper = await trusting({ chance });
    await fetchNow(keeper);
    expect(nextIn(keeper) / (20 * 60_000)).toBeCloseTo(share, 5);
  });

  test('asks again after a failure, ever later, and not before', async () => {
    const keeper = await trusting({ chance: 255 });
    const waits = [];
    for (let i = 0; i < 8; i += 1) {
      await keeper.turn();
      waits.push(Math.round(nextIn(keeper) / 1000));
      await keeper.turn();
      expect(places.asked.length).toBe(i + 1);
      places.clock.ms += nextIn(keeper);
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 900, 900, 900]);
  });
});

describe('learning', () => {
  const learner = async (options: KeeperOptions = {}) => {
    const keeper = await trusting({ policy: BOTH, ...options });
    return { keeper, status: places.status(keeper, options) };
  };

  test('brings a CRL in force before it says so, and asks nobody for one that is at hand', async () => {
    serve([revoked]);
    const { keeper, status } = await learner();
    expect(await status.learn([PLACE, PLACE], 'a.example')).toBe(true);
    expect([isListed(keeper), places.changes]).toEqual([true, 1]);
    expect(await status.learn([PLACE], 'a.example')).toBe(false);
    expect(places.asked).toEqual(['/a.crl']);
  });

  test('asks no host that policy does not name, and nothing but https', async () => {
    const { status } = await learner();
    for (const url of ['https://elsewhere.example/a.crl', `http://${HOST}/a.crl`, `https://x@${HOST}/a.crl`, 'ldap://x', 'x'])
      expect(await status.learn([url], 'a.example')).toBe(false);
    expect(places.asked).toEqual([]);
  });

  test('does not ask again at once after a failure', async () => {
    const { status } = await learner();
    for (let i = 0; i < 3; i += 1) expect(await status.learn([PLACE], 'a.example')).toBe(false);
    expect(places.asked).toEqual(['/a.crl']);
  });

  test('shares one fetch among all who wait for it', async () => {
    serve();
    const { status } = await learner();
    expect(await Promise.all([status.learn([PLACE], 'a.example'), status.learn([PLACE], 'b.example')])).toEqual([true, true]);
    expect(places.asked).toEqual(['/a.crl']);
  });

  test('costs each client no more than its budget, and others nothing', async () => {
    const { keeper, status } = await learner();
    const urls = Array.from({ length: STATUS_LIMITS.clientBurst + 4 }, (_, i) => `https://${HOST}/${i}.crl`);
    for (const url of urls) await status.learn([url], 'a.example');
    expect(places.asked.length).toBe(STATUS_LIMITS.clientBurst);
    await status.learn([`https://${HOST}/other.crl`], 'b.example');
    expect(places.asked.at(-1)).toBe('/other.crl');
    places.clock.ms += STATUS_LIMITS.clientRefillMs;
    await status.learn([`https://${HOST}/late.crl`], 'a.example');
    expect(places.asked.at(-1)).toBe('/late.crl');
    expect(keeper.places.length).toBe(STATUS_LIMITS.clientBurst + 2);
    // What never had a good CRL is forgotten once it may be asked again.
    places.clock.ms += 2 * STATUS_LIMITS.firstRetryMs;
    await keeper.turn();
    expect(keeper.places).toEqual([]);
  });

  test('of a slow host waits no longer than a submission may, and finds the CRL at the retry', async () => {
    let answer: () => void = () => undefined;
    const crl = issueCrl(ca, [revoked]);
    places.content.set('/a.crl', (response) => {
      answer = () => response.end(crl);
    });
    const { keeper, status } = await learner({ patience: 20_000 });
    const begun = performance.now();
    expect(await status.learn([PLACE], 'a.example')).toBe(false);
    expect(performance.now() - begun).toBeLessThan(STATUS_LIMITS.learnMs + 1_000);
    answer();
    while (keeper.revision === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(isListed(keeper)).toBe(true);
  });

  test('of one slow host leaves room for another', async () => {
    places.content.set('/a.crl', () => undefined);
    places.content.set('/b.crl', () => undefined);
    places.content.set('/c.crl', issueCrl(ca));
    const { keeper, status } = await learner({ patience: 5_000 });
    const slow = status.learn([PLACE, `https://${HOST}/b.crl`], 'a.example');
    // A third one of that host has to wait; the other host does not.
    expect(await status.learn([`https://${HOST}/c.crl`], 'b.example')).toBe(false);
    expect(await status.learn([`https://${OTHER_HOST}/c.crl`], 'b.example')).toBe(true);
    await slow;
    await keeper.close();
  });

  test('of slow hosts, however many, leaves every other host its first fetch', async () => {
    for (const path of ['/a.crl', '/b.crl']) places.content.set(path, () => undefined);
    places.content.set('/c.crl', issueCrl(ca));
    const keeper = await trusting({ policy: { crlSources: [], crlHosts: [...SLOW_HOSTS, OTHER_HOST] }, patience: 5_000 });
    const flights = SLOW_HOSTS.flatMap((host) => ['a', 'b'].map((name) => keeper.learn(`https://${host}/${name}.crl`, [], () => true)));
    expect(flights.map((flight) => flight === null)).toEqual(flights.map(() => false));
    expect(await keeper.learn(`https://${OTHER_HOST}/c.crl`, [], () => true)).toBe('new');
    // A second one of a host waits while so many fly.
    const first = keeper.learn(`https://${OTHER_HOST}/a.crl`, [], () => true);
    expect([first === null, keeper.learn(`https://${OTHER_HOST}/b.crl`, [], () => true)]).toEqual([false, null]);
    await keeper.close();
  });

  test('beyond the share of a host forgets what was needed longest ago, which may be learned again', async () => {
    const { maxPlacesOfHost } = STATUS_LIMITS;
    const urlOf = (n: number): string => `https://${HOST}/${String(n)}.crl`;
    const { keeper } = await learner();
    const learn = async (n: number): Promise<string | undefined> => {
      places.content.set(`/${String(n)}.crl`, issueCrl(ca));
      return await (keeper.learn(urlOf(n), [], () => true) ?? undefined);
    };
    const isKept = (n: number): boolean => !keeper.isWanted(urlOf(n));
    for (let n = 0; n < maxPlacesOfHost; n += 1) {
      places.clock.ms += 1;
      expect(await learn(n)).toBe('new');
    }
    expect([keeper.places.length, isKept(0)]).toEqual([maxPlacesOfHost, true]);
    // A verdict looks into the first.
    const [first] = keeper.material().crls;
    first?.find(first.issuer, Buffer.of(1));
    places.clock.ms += 1;
    expect(await learn(maxPlacesOfHost)).toBe('new');
    expect([keeper.places.length, isKept(0), isKept(1), isKept(2)]).toEqual([maxPlacesOfHost, true, false, true]);
    expect(keeper.material().crls.length).toBe(maxPlacesOfHost);
    expect(await learn(1)).toBe('new');
    expect([isKept(0), isKept(1), isKept(2)]).toEqual([true, true, false]);
    await keeper.close();
    // What went is gone from the disk as well.
    expect((await places.archive().load()).kept.length).toBe(maxPlacesOfHost);
  });
});

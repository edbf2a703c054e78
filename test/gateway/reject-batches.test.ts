import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { nodeFileSystem, type FileSystem } from '../../src/adapters/files/index.js';
import { fsckDirectory } from '../../src/cli/audit-fsck-directory.js';
import { MOST_BATCHED, checkRecord, leafHash, parseLeaf, verifyRecordProof } from '../../src/log/index.js';
import { A, B, delegateFor, makePlace, registration, sharedNumber, type Opened, type Place } from '../support/open-gateway.js';
import { flood, openStrict, placeOf } from '../support/reject-flood.js';
import { reasonOfPromise } from '../support/reasons.js';

const DAY = 86_400;

describe('refusals beyond a client’s budget', () => {
  let place: Place;
  let opened: Opened;
  const fresh = async (fs?: FileSystem): Promise<void> => {
    place = await makePlace();
    opened = await openStrict(place, fs === undefined ? {} : { fs });
  };
  afterEach(async () => {
    await opened.close();
    rmSync(dirname(place.dataDir), { recursive: true, force: true });
  });

  const leafAt = async (index: number) => parseLeaf((await opened.gateway.entry(index)).leaf);

  test('are one entry, of that client alone, and each proves at both levels', async () => {
    await fresh();
    const mine = await flood(opened, 7);
    const others = await flood(opened, 1, B);
    await opened.gateway.batchRejects();
    const places = (await Promise.all([...mine, ...others])).map(placeOf);
    expect(places).toEqual([
      [0, null],
      [1, null],
      [3, 0],
      [3, 1],
      [3, 2],
      [3, 3],
      [3, 4],
      [2, null],
    ]);
    expect(await leafAt(3)).toMatchObject({
      k: 'batch',
      ap: 'a.example',
      why: 'malformed-token',
      batch: { n: 5, why: { 'malformed-token': 5 } },
    });
    expect(opened.gateway.rejects).toEqual({ batches: 1, batched: 5, shed: 0, waiting: 0 });
    expect(await reasonOfPromise(() => opened.gateway.rejectProof(3, 0))).toBe('not-published');
    await opened.publisher.publish();
    for (let position = 0; position < 5; position += 1) {
      const record = await opened.gateway.rejectRecord(3, position);
      const proof = await opened.gateway.rejectProof(3, position);
      const proven = verifyRecordProof({ proof, recordHash: leafHash(record), log: opened.data.keys.logVkey });
      expect(proven).toMatchObject({ index: 3, record: position });
      expect(checkRecord(record, proven.leaf).why).toBe('malformed-token');
    }
    for (const [index, position] of [
      [3, 5],
      [0, 0],
      [9, 0],
    ] as const)
      expect(await reasonOfPromise(() => opened.gateway.rejectRecord(index, position))).toBe('not-found');
    expect((await fsckDirectory(place.dataDir, {})).problem).toBeNull();
  });

  test('are entries of their own again once the budget has filled, and after a restart', async () => {
    await fresh();
    await Promise.all(await flood(opened, 2));
    place.clock.advance(1);
    const next = await flood(opened, 2);
    await opened.gateway.batchRejects();
    expect((await Promise.all(next)).map(placeOf)).toEqual([
      [2, null],
      [3, 0],
    ]);
    await opened.close();
    opened = await openStrict(place);
    expect((await Promise.all(await flood(opened, 2))).map(placeOf)).toEqual([
      [4, null],
      [5, null],
    ]);
  });

  test('show who signed and commit to no SII, since nothing is kept that would open it', async () => {
    await fresh();
    await Promise.all(await flood(opened, 2, B));
    const passport = registration(place, sharedNumber(1));
    const refused = opened.gateway.submit(passport, B);
    void (await flood(opened, 1, B));
    await opened.gateway.batchRejects();
    const [index, position] = placeOf(await refused);
    const record = parseLeaf(await opened.gateway.rejectRecord(index ?? -1, position ?? -1));
    expect(record).toMatchObject({
      k: 'reject',
      why: 'ap-mismatch',
      ap: 'b.example',
      act: 'register',
      np: { spc: '709J' },
      sii: null,
      map: null,
    });
    expect((await opened.data.wal.get(index ?? -1)).sealed.length).toBe(0);
    expect((await leafAt(index ?? -1)).batch?.why).toEqual({ 'ap-mismatch': 1, 'malformed-token': 1 });
    expect((await opened.gateway.submit(passport, A)).outcome).toBe('accepted');
  });

  test('are turned away undecided where one client has more than a batch holds, and nobody else is', async () => {
    await fresh();
    const mine = await flood(opened, 2 + MOST_BATCHED);
    const size = opened.gateway.logSize;
    expect(await reasonOfPromise(() => opened.gateway.submit('junk', A))).toBe('overloaded');
    expect(opened.gateway.rejects).toMatchObject({ shed: 1, waiting: MOST_BATCHED });
    expect(opened.gateway.logSize).toBe(size);
    expect((await opened.gateway.submit('junk', B)).outcome).toBe('refused');
    await opened.gateway.batchRejects();
    expect((await Promise.all(mine)).map(placeOf).at(-1)).toEqual([size + 1, MOST_BATCHED - 1]);
    expect((await opened.gateway.submit(registration(place, sharedNumber(2)), A)).outcome).toBe('accepted');
  });

  test('are kept as many days as policy says; the counts stay', async () => {
    await fresh();
    const mine = await flood(opened, 4);
    await opened.gateway.batchRejects();
    const [index] = placeOf((await Promise.all(mine))[3] as Awaited<(typeof mine)[0]>);
    place.clock.advance(90 * DAY);
    await opened.gateway.forgetRejects();
    expect((await opened.gateway.rejectRecord(index ?? -1, 0)).length).toBeGreaterThan(0);
    place.clock.advance(DAY);
    await opened.gateway.forgetRejects();
    expect(await reasonOfPromise(() => opened.gateway.rejectRecord(index ?? -1, 0))).toBe('records-expired');
    expect((await leafAt(index ?? -1)).batch?.n).toBe(2);
    await opened.publisher.publish();
    expect((await fsckDirectory(place.dataDir, {})).problem).toBeNull();
  });

  test('are missed, and named, where their records are lost or changed', async () => {
    await fresh();
    const mine = await flood(opened, 4);
    await opened.gateway.batchRejects();
    await Promise.all(mine);
    await opened.publisher.publish();
    const folder = join(place.dataDir, 'rejects');
    const [day = ''] = readdirSync(folder);
    const [name = ''] = readdirSync(join(folder, day));
    const file = join(folder, day, name);
    const whole = readFileSync(file);
    for (let at = 0; at < whole.length; at += 61) {
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] as number) ^ 0x04;
      writeFileSync(file, flipped);
      expect((await fsckDirectory(place.dataDir, {})).problem?.path).toBe(`rejects/${name}`);
      expect(await reasonOfPromise(() => opened.gateway.rejectRecord(2, 0))).toBe('log-corrupt');
    }
    rmSync(file);
    expect((await fsckDirectory(place.dataDir, {})).problem).toEqual({
      path: `rejects/${name}`,
      what: 'is missing, and entry 2 speaks of it',
    });
    expect(await reasonOfPromise(() => opened.gateway.rejectRecord(2, 0))).toBe('log-corrupt');
    writeFileSync(file, whole);
    expect((await fsckDirectory(place.dataDir, {})).problem).toBeNull();
  }, 60_000);

  test('whose records cannot be written stay undecided, and stop nothing', async () => {
    let full = true;
    const open: FileSystem['open'] = (path, ...how) =>
      full && path.includes('/rejects/') ? Promise.reject(new Error('full')) : nodeFileSystem.open(path, ...how);
    await fresh({ ...nodeFileSystem, open });
    const mine = await flood(opened, 4);
    const size = opened.gateway.logSize;
    await expect(opened.gateway.batchRejects()).rejects.toThrow('full');
    for (const waiting of mine.slice(2)) expect(await reasonOfPromise(() => waiting)).toBe('log-unavailable');
    expect([opened.gateway.logSize, (await opened.gateway.readiness()).ready]).toEqual([size, true]);
    expect((await opened.gateway.submit(registration(place, sharedNumber(3)), A)).outcome).toBe('accepted');
    full = false;
    const again = await flood(opened, 1);
    await opened.gateway.batchRejects();
    expect(placeOf(await (again[0] as (typeof again)[0]))).toEqual([size + 1, 0]);
  });

  test('are decided before the gateway ends', async () => {
    await fresh();
    const mine = await flood(opened, 3);
    await opened.gateway.drain();
    expect((await Promise.all(mine)).map(placeOf).at(-1)).toEqual([2, 0]);
  });

  test('share their budget with withdrawals of what is not there; those of what is are never refused for it', async () => {
    await fresh();
    const numbers = [4, 5, 6, 7].map(sharedNumber);
    for (const tn of numbers) {
      const credential = delegateFor(place, 'a.example', tn);
      expect((await opened.gateway.submit(registration(place, tn, { credential }), A)).outcome).toBe('accepted');
    }
    const withdraw = (tn: string) => () => opened.gateway.withdraw({ sii: `tel:+${tn}`, ssi: 'mimi://a.example/u/alice' }, A);
    const outcomes: (string | null)[] = [];
    for (const tn of [...numbers, ...numbers]) outcomes.push(await reasonOfPromise(withdraw(tn)));
    expect(outcomes).toEqual([null, null, null, null, null, null, 'over-budget', 'over-budget']);
    expect(opened.gateway.logSize).toBe(10);
    place.clock.advance(1);
    expect(await reasonOfPromise(withdraw(sharedNumber(8)))).toBeNull();
  });
});

import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import type { Server } from 'node:https';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { DataDirectory } from '../../src/adapters/files/index.js';
import { HttpsWitness } from '../../src/adapters/witness/index.js';
import { isPublicAddress } from '../../src/adapters/x5u/index.js';
import { fsckDirectory } from '../../src/cli/audit-fsck-directory.js';
import { Publication } from '../../src/gateway/publication.js';
import { Publisher } from '../../src/gateway/publish.js';
import { WITNESS_TIMES, Witnessing, type WitnessEvent } from '../../src/gateway/witnessing.js';
import {
  KEY_TYPE,
  leafHash,
  parseVkey,
  toVerificationKey,
  verifyNote,
  verifyTlogProof,
  type VerificationKey,
} from '../../src/log/index.js';
import { appendRefusals, openRun, refusalEntry, treeOf } from '../support/data-run.js';
import { Refusal } from '../../src/reasons/index.js';
import { testSigner } from '../support/log-fixtures.js';
import { serverIdentity } from '../support/tls-origin.js';
import { newFolder, removeFolder, runWitness, trust, type RunWitness } from '../support/witness-run.js';

let folder: string;
let data: DataDirectory;
let now: number;
let events: WitnessEvent[];
let witnesses: RunWitness[];
const closers: (() => Promise<void>)[] = [];

beforeEach(async () => {
  folder = await newFolder();
  data = await openRun(join(folder, 'gateway'));
  now = 1_000_000;
  events = [];
  witnesses = [];
  await grow();
});

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  await data.close();
  await removeFolder(folder);
});

/** Appends to the WAL, without a publisher. */
const grow = (n = data.wal.size): Promise<void> => appendRefusals(data, [refusalEntry(n)]);

const startWitness = async (name: string): Promise<RunWitness> => {
  const directory = join(folder, name);
  await mkdir(directory, { recursive: true });
  const witness = await runWitness({ logs: [data.keys.log], directory, name: `${name}.example/w` });
  closers.push(() => witness.stop().catch(() => undefined));
  witnesses.push(witness);
  return witness;
};

const keyOf = (witness: RunWitness): VerificationKey => parseVkey(witness.handle.vkey);
const linkTo = (url: string): HttpsWitness => new HttpsWitness({ url, ca: trust(), isAllowed: () => true });

const publisherWith = async (witnessing: Witnessing): Promise<Publisher> =>
  Publisher.start(
    { wal: data.wal, storage: data.tiles, lastSigned: data.lastSigned, signer: data.keys.log, witnessing },
    await treeOf(data),
  );

const witnessed = (members: readonly (readonly [VerificationKey, string])[], quorum: number): Witnessing => {
  const witnessing = new Witnessing({ monotonic: () => now }, (event) => events.push(event));
  witnessing.use(
    members.map(([key, url]) => ({ key, link: linkTo(url) })),
    quorum,
  );
  return witnessing;
};

const withWitnesses = (quorum: number): Witnessing =>
  witnessed(
    witnesses.map((witness) => [keyOf(witness), witness.url] as const),
    quorum,
  );

const names = (note: string | null): string[] =>
  verifyNote(note ?? '', [parseVkey(data.keys.logVkey), ...witnesses.map(keyOf)]).lines.map(({ key }) => key.name);

/** A server that answers as the test says, with its own idea of what a witness is. */
const falseWitness = async (answer: (body: string) => { status: number; text: string } | null): Promise<string> => {
  const server: Server = createServer(serverIdentity(['localhost']), (request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const given = answer(body);
      if (given !== null) response.writeHead(given.status, { Location: 'https://localhost:1/' }).end(given.text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `https://localhost:${(server.address() as AddressInfo).port}`;
};

describe('a checkpoint', () => {
  test('is published with the cosignatures, and so is every proof under it', async () => {
    await startWitness('a');
    await startWitness('b');
    const publisher = await publisherWith(withWitnesses(2));
    expect(publisher.publishedSize).toBe(0);
    expect(await publisher.publish()).toBe(1);
    expect(names(publisher.checkpoint)).toEqual([data.keys.log.name, 'a.example/w', 'b.example/w']);
    await grow();
    await grow();
    // Public witnesses are promised a rate.
    expect(await publisher.publish()).toBe(1);
    now += WITNESS_TIMES.interval;
    expect(await publisher.publish()).toBe(3);
    const proof = await publisher.inclusionProofText(1);
    const question = {
      proof,
      leafHash: leafHash(refusalEntry(1)),
      log: data.keys.logVkey,
      witnesses: witnesses.map(({ handle }) => handle.vkey),
    };
    expect(verifyTlogProof({ ...question, quorum: 2 }).witnesses).toEqual(['a.example/w', 'b.example/w']);
    expect(events).toEqual([]);
    expect((await fsckDirectory(join(folder, 'gateway'), {})).problem).toBeNull();
  });

  test('of a restart keeps its cosignatures, and the next continues from what witnesses know', async () => {
    await startWitness('a');
    const first = await publisherWith(withWitnesses(1));
    await first.publish();
    const before = first.checkpoint;
    await grow();
    const second = await publisherWith(withWitnesses(1));
    expect(second.checkpoint).toBe(before);
    expect(await second.publish()).toBe(2);
    expect(names(second.checkpoint)).toHaveLength(2);
  });

  test('is held back without the quorum, then published unwitnessed, and witnessed again when they are back', async () => {
    const a = await startWitness('a');
    const witnessing = withWitnesses(1);
    const publisher = await publisherWith(witnessing);
    await publisher.publish();
    await a.stop();
    await grow();
    now += WITNESS_TIMES.interval;
    expect(await publisher.publish()).toBe(1);
    expect(events).toEqual([
      expect.objectContaining({ event: 'trouble', witness: 'a.example/w' }),
      { event: 'unwitnessed', detail: '0 of 1 cosignatures' },
    ]);
    expect(publisher.isHolding).toBe(true);
    expect(witnessing.remarks()).toHaveLength(1);
    const publication = new Publication(publisher, { logSize: 2 }, { now: () => now, monotonic: () => now }, () => undefined);
    now += 20_000;
    expect(publication.problems()).toEqual([]);
    now += 10_000;
    expect(await publisher.publish()).toBe(2);
    expect(names(publisher.checkpoint)).toEqual([data.keys.log.name]);
    expect(witnessing.isUnwitnessed).toBe(true);
    // Once it is out, every further one goes out as well.
    await grow();
    now += WITNESS_TIMES.interval;
    expect(await publisher.publish()).toBe(3);
    expect(events).toHaveLength(2);
    const again = await runWitness({ logs: [data.keys.log], directory: join(folder, 'a'), name: 'a.example/w' });
    closers.push(() => again.stop());
    witnessing.use([{ key: keyOf(again), link: linkTo(again.url) }], 1);
    expect(await publisher.publish()).toBe(3);
    expect(names(publisher.checkpoint)).toEqual([data.keys.log.name, 'a.example/w']);
    expect(witnessing.isUnwitnessed).toBe(false);
    expect(events.at(-1)).toEqual({ event: 'witnessed', detail: '1 of 1 cosignatures' });
    expect(witnessing.remarks()).toEqual([]);
  });

  test('of an idle log is cosigned again, by and by', async () => {
    await startWitness('a');
    const witnessing = withWitnesses(1);
    const publisher = await publisherWith(witnessing);
    await publisher.publish();
    now += WITNESS_TIMES.idle - 1;
    await publisher.publish();
    expect(witnessing.states()[0]?.age).toBeCloseTo(599.999);
    now += 1;
    await publisher.publish();
    expect(witnessing.states()).toEqual([{ name: 'a.example/w', age: 0, fork: false }]);
    expect(names(publisher.checkpoint)).toHaveLength(2);
  });

  test('with the quorum does not wait for one that never answers', async () => {
    await startWitness('a');
    const silent = await falseWitness(() => null);
    const dead = toVerificationKey('dead.example/w', testSigner('dead').publicKey, KEY_TYPE.cosignature);
    const [a] = witnesses as [RunWitness];
    const publisher = await publisherWith(
      witnessed(
        [
          [dead, silent],
          [keyOf(a), a.url],
        ],
        1,
      ),
    );
    const since = performance.now();
    expect(await publisher.publish()).toBe(1);
    expect(performance.now() - since).toBeLessThan(WITNESS_TIMES.answer);
    expect(events.filter(({ event }) => event === 'unwitnessed')).toEqual([]);
  });
});

describe('a witness that answers', () => {
  const asked = async (answer: (body: string) => { status: number; text: string }): Promise<WitnessEvent[]> => {
    const url = await falseWitness(answer);
    const key = toVerificationKey('false.example/w', testSigner('false').publicKey, KEY_TYPE.cosignature);
    const publisher = await publisherWith(witnessed([[key, url]], 1));
    await publisher.publish();
    expect(publisher.checkpoint).toBeNull();
    return events.filter(({ event }) => event !== 'unwitnessed');
  };

  test.each([
    ['422: a fork', 422, ''],
    ['409 with more than was signed here', 409, '99\n'],
  ])('%s raises the alarm', async (_name, status, text) => {
    expect(await asked(() => ({ status, text }))).toEqual([expect.objectContaining({ event: 'fork', witness: 'false.example/w' })]);
  });

  test.each([
    ['with nothing', 200, ''],
    ['with what is no line', 200, 'x\n'],
    ['with a line of nobody', 200, `\u2014 other.example/w ${Buffer.alloc(76, 1).toString('base64')}\n`],
    ['with 409 and no number', 409, 'x\n'],
    ['with a redirect', 307, ''],
    ['404: it does not know the log', 404, ''],
    ['with too much', 200, 'x'.repeat(40_000)],
  ])('%s is trouble, and nothing of it is published', async (_name, status, text) => {
    expect(await asked(() => ({ status, text }))).toEqual([expect.objectContaining({ event: 'trouble' })]);
  });

  test('with a fork is remembered for it, whatever it says or does not say next, and through a reload', async () => {
    let answer = { status: 422, text: '' };
    const url = await falseWitness(() => answer);
    const key = toVerificationKey('false.example/w', testSigner('false').publicKey, KEY_TYPE.cosignature);
    const witnessing = witnessed([[key, url]], 1);
    const publisher = await publisherWith(witnessing);
    await publisher.publish();
    const alarmed = (): unknown[] => [witnessing.states().map(({ fork }) => fork), witnessing.remarks().length];
    expect(alarmed()).toEqual([[true], 2]);
    answer = { status: 500, text: '' };
    now += WITNESS_TIMES.retry;
    await publisher.publish();
    expect(alarmed()).toEqual([[true], 2]);
    witnessing.use([{ key, link: linkTo(url) }], 1);
    expect(alarmed()).toEqual([[true], 2]);
  });

  test('is not blamed for a proof that this log cannot give', async () => {
    const url = await falseWitness(() => ({ status: 409, text: '1\n' }));
    const key = toVerificationKey('false.example/w', testSigner('false').publicKey, KEY_TYPE.cosignature);
    const prove = (from: number) => (from === 0 ? Promise.resolve([]) : Promise.reject(new Refusal('log-corrupt', 'tile/0/000')));
    const signed = { size: 2, root: Buffer.alloc(32), note: 'x\n2\nAAAA\n\n' };
    await expect(witnessed([[key, url]], 1).cosigned(signed, prove)).rejects.toMatchObject({ reason: 'log-corrupt' });
    expect(events).toEqual([]);
  });

  test('409 twice is not asked a third time', async () => {
    let times = 0;
    const told = await asked(() => {
      times += 1;
      return { status: 409, text: '0\n' };
    });
    expect(told).toHaveLength(1);
    expect(times).toBe(2);
  });
});

describe('the line to a witness', () => {
  const send = (url: string, more: object = {}) =>
    new HttpsWitness({ url, ca: trust(), isAllowed: () => true, ...more }).add('x', AbortSignal.timeout(5000));

  test('goes to no address that is not public, unless the operator says so, and to nobody without a certificate for the name', async () => {
    let times = 0;
    const url = await falseWitness(() => {
      times += 1;
      return { status: 200, text: 'ok' };
    });
    await expect(send(url, { isAllowed: isPublicAddress })).rejects.toThrow('address not allowed');
    await expect(send(url.replace('localhost', '127.0.0.1'), { isAllowed: isPublicAddress })).rejects.toThrow('address not allowed');
    await expect(send(url.replace('localhost', '127.0.0.1'))).rejects.toThrow(/altnames/i);
    await expect(send(url, { ca: undefined })).rejects.toThrow(/certificate/);
    expect(times).toBe(0);
    expect(await send(url)).toEqual({ status: 200, text: 'ok' });
  });
});

test('a gateway restored from a backup is found out by its witness, and cannot publish over it', async () => {
  await startWitness('a');
  const directory = join(folder, 'gateway');
  await (await publisherWith(withWitnesses(1))).publish();
  await data.close();
  await cp(directory, join(folder, 'backup'), { recursive: true });
  data = await openRun(directory);
  for (let i = 0; i < 3; i += 1) await grow();
  await (await publisherWith(withWitnesses(1))).publish();
  await data.close();
  await rm(directory, { recursive: true });
  await cp(join(folder, 'backup'), directory, { recursive: true });
  data = await openRun(directory);
  // Against all advice last-signed came back with the rest: the log itself cannot know, its witness does.
  await grow(500);
  const publisher = await publisherWith(withWitnesses(1));
  expect(await publisher.publish()).toBe(1);
  expect(events).toContainEqual(expect.objectContaining({ event: 'fork', detail: 'it knows 4 entries, and 2 were signed here' }));
  for (let i = 0; i < 4; i += 1) await grow();
  now += WITNESS_TIMES.interval;
  expect(await publisher.publish()).toBe(1);
  expect(events.at(-1)).toMatchObject({ event: 'fork', detail: 'what it knows at 4 entries is not what was signed here' });
  expect(await readFile(join(directory, 'tiles/checkpoint'), 'utf8')).toContain('\n1\n');
});

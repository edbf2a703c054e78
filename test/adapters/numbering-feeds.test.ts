import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  ConfigurationProblems,
  NumberingFeeds,
  planOf,
  type FeedEvent,
  type FeedStanding,
} from '../../src/adapters/configuration/index.js';
import { FileFeedArchive, type FileSystem } from '../../src/adapters/files/index.js';
import { NumberingPlan, NumberingTable } from '../../src/numbering/index.js';
import type { Material } from '../../src/verification/index.js';
import { parseCertificate } from '../../src/x509/index.js';
import { diskError, faultyFileSystem } from '../support/faulty-file-system.js';
import { makeFeed, placeFeed, type FeedPlan } from '../support/numbering-feeds.js';
import { AT } from '../support/raw-certificate.js';
import { entry, issueCrl } from '../support/raw-crl.js';
import { listRoot, listSigner } from '../support/trust-lists.js';

const directory = mkdtempSync(join(tmpdir(), 'signpost-feeds-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const root = listRoot();
const signer = listSigner(root);
const DAY = 86_400;
const IAT = AT / 1000;
const ROWS = ['709J,12025550000,1000,', '505X,12025550100,1,2026-01-01T00:00:00Z'];

let now = AT;
let place = '';
let count = 0;
let events: FeedEvent[] = [];

beforeEach(() => {
  now = AT;
  place = join(directory, String((count += 1)));
  events = [];
});

const feed = (changes: Partial<FeedPlan> = {}): ReturnType<typeof makeFeed> =>
  makeFeed({ signer, rows: ROWS, iat: IAT, exp: IAT + 7 * DAY, ...changes });

/** Another process over the same data directory, as far as feeds go. */
const open = (fs?: FileSystem): NumberingFeeds =>
  new NumberingFeeds({
    archive: new FileFeedArchive(join(place, 'data'), fs),
    clock: { now: () => now },
    onEvent: (event) => events.push(event),
  });

const FILE = (): string => join(place, 'offered', 'national.jws');

const filesOf = (name = 'national', codes = ['1'], file = FILE()) => ({
  policy: { name, file, roots: ['root.pem'], codes },
  roots: [parseCertificate(root.der)],
  octets: existsSync(file) ? readFileSync(file) : null,
  folder: join(file, '..'),
});

const material = (crls: readonly Buffer[] = []): Material =>
  ({ anchors: [], crlAnchors: [], crls, crlSigners: [], numbering: NumberingPlan.of([]) }) as unknown as Material;

const judge = async (feeds: NumberingFeeds, crls: readonly Buffer[] = []): Promise<FeedStanding> => {
  const [standing] = await feeds.judge([filesOf()], material(crls));
  if (standing === undefined) throw new Error('no standing');
  return standing;
};

const offer = (offered: ReturnType<typeof makeFeed>): void => placeFeed(FILE(), offered);

const OWN = NumberingTable.of([{ spc: 'OWN', start: '12025550000', count: 1, validFrom: null }]);

/** Who holds each number by the policies' own rows and the feed. */
const holders = (standing: FeedStanding, ...tns: string[]): string[] =>
  tns.map((tn) => {
    const holder = planOf(OWN, [standing]).holderOf(tn, now);
    return holder.status === 'held' ? holder.spc : holder.status;
  });

/** [sequence in force, code why the newest is not in force] */
const told = ({ inForce, refused }: FeedStanding): unknown[] => [inForce?.sequence ?? null, refused?.split(',')[0] ?? null];

describe('a feed of numbering data', () => {
  test('adds to the own rows, and is kept before it counts', async () => {
    const offered = feed();
    offer(offered);
    const standing = await judge(open());
    expect(told(standing)).toEqual([1, null]);
    expect(holders(standing, '12025550100', '12025550101', '12025550000', '12025560000', '4930')).toEqual([
      '505X',
      '709J',
      'unusable',
      'nobody',
      'nobody',
    ]);
    expect(readdirSync(join(place, 'data', 'national')).sort()).toEqual([`${offered.sha256}.csv`, 'record.json'].sort());
    expect(events).toEqual([{ kind: 'accepted', feed: 'national', sequence: 1, rows: 2, until: IAT + 7 * DAY }]);
  });

  test('takes changes that build on what is in force, one after the other, and a full list again', async () => {
    const feeds = open();
    offer(feed());
    await judge(feeds);
    offer(feed({ sequence: 2, base: 1, rows: ['303Z,12025550101,1,2026-02-01T00:00:00Z'] }));
    expect(told(await judge(feeds))).toEqual([2, null]);
    offer(feed({ sequence: 5, base: 2, rows: ['303Z,12025550102,1,2026-02-01T00:00:00Z'] }));
    const standing = await judge(feeds);
    expect(holders(standing, '12025550100', '12025550101', '12025550102', '12025550103')).toEqual(['505X', '303Z', '303Z', '709J']);
    const again = await judge(open());
    expect([told(again), holders(again, '12025550102')]).toEqual([[5, null], ['303Z']]);
    offer(feed({ sequence: 6 }));
    const whole = await judge(feeds);
    expect([told(whole), holders(whole, '12025550102')]).toEqual([[6, null], ['709J']]);
    expect(readdirSync(join(place, 'data', 'national'))).toHaveLength(2);
  });

  test('has a version of what is in force, and of what is silent', async () => {
    offer(feed());
    const feeds = open();
    const versionOf = (standing: FeedStanding): string => planOf(OWN, [standing]).version;
    const before = versionOf(await judge(feeds));
    expect(versionOf(await judge(open()))).toBe(before);
    offer(feed({ sequence: 2, base: 1, rows: ['303Z,12025550101,1,'] }));
    const after = versionOf(await judge(feeds));
    now += 8 * DAY * 1000;
    const silent = versionOf(await judge(feeds));
    expect(new Set([before, after, silent, new NumberingPlan([OWN]).version]).size).toBe(4);
  });

  test('that has run out leaves its numbers to nobody, those of the own rows too', async () => {
    offer(feed());
    const feeds = open();
    const standing = await judge(feeds);
    expect([feeds.isDue([standing]), holders(standing, '12025550101')]).toEqual([false, ['709J']]);
    now = (IAT + 7 * DAY) * 1000;
    expect(feeds.isDue([standing])).toBe(true);
    const late = await judge(feeds);
    expect([told(late)[0], holders(late, '12025550101', '12025550000', '4930')]).toEqual([null, ['unusable', 'unusable', 'nobody']]);
    offer(feed({ sequence: 2, exp: IAT + 20 * DAY }));
    expect(told(await judge(feeds))).toEqual([2, null]);
  });

  const other = listRoot();
  test.each<[string, string, () => ReturnType<typeof makeFeed>]>([
    ['is not typed for this use', 'feed-malformed', () => feed({ sequence: 2, header: { typ: 'JWT' } })],
    ['has a member more', 'feed-malformed', () => feed({ sequence: 2, payload: { more: 1 } })],
    ['is of another feed', 'feed-malformed', () => feed({ sequence: 2, name: 'other' })],
    ['brings no path', 'feed-malformed', () => feed({ sequence: 2, header: { x5c: undefined } })],
    ['is no JWS', 'feed-malformed', () => ({ ...feed({ sequence: 2 }), statement: 'x' })],
    ['is signed under another root', 'feed-untrusted', () => feed({ sequence: 2, signer: listSigner(other) })],
    [
      'was changed after it was signed',
      'feed-untrusted',
      () => {
        const one = feed({ sequence: 2 });
        const [header, , signature] = one.statement.split('.');
        return { ...one, statement: [header, feed({ sequence: 3 }).statement.split('.')[1], signature].join('.') };
      },
    ],
    ['is older', 'feed-rolled-back', () => feed({ sequence: 0 })],
    ['has other content under its sequence', 'feed-rolled-back', () => feed({ exp: IAT + 8 * DAY })],
    ['has run out', 'feed-expired', () => feed({ sequence: 2, exp: IAT })],
    ['is from the future', 'feed-expired', () => feed({ sequence: 2, iat: IAT + 60 })],
    ['builds on what is not in force', 'feed-base-missing', () => feed({ sequence: 3, base: 2 })],
    ['has other rows than were signed', 'feed-rows-mismatch', () => ({ ...feed({ sequence: 2, rows: ['709J,1202,1,'] }), csv: 'x' })],
    ['has other rows than it counts', 'feed-rows-mismatch', () => feed({ sequence: 2, rows: ['709J,1202,1,'], payload: { rows: 2 } })],
    ['has rows that are none', 'feed-rows-malformed', () => feed({ sequence: 2, rows: ['709J,1202,1'] })],
    ['has a number of another country', 'feed-out-of-scope', () => feed({ sequence: 2, rows: [...ROWS, '709J,4930123,1,'] })],
    ['has a range that runs out of its country', 'feed-out-of-scope', () => feed({ sequence: 2, rows: ['709J,19999999999,2,'] })],
  ])('that %s changes nothing: %s', async (_, reason, make) => {
    const feeds = open();
    offer(feed());
    await judge(feeds);
    offer(make());
    const standing = await judge(feeds);
    expect([told(standing), holders(standing, '12025550101')]).toEqual([[1, reason], ['709J']]);
    await judge(feeds);
    expect(events.filter(({ kind }) => kind === 'refused')).toHaveLength(1);
    // Nothing of it is left for the next start, and a good one follows.
    expect(told(await judge(open()))).toEqual([1, reason]);
    offer(feed({ sequence: 2 }));
    expect(told(await judge(feeds))).toEqual([2, null]);
  });

  test('that signs the rows in force again is taken, and what lies beside it takes nothing from them', async () => {
    offer(feed());
    await judge(open());
    offer({ ...feed({ sequence: 2 }), csv: 'spc,start' });
    // Each by a process that has no rows in memory.
    for (let start = 0; start < 2; start += 1) {
      const standing = await judge(open());
      expect([told(standing), holders(standing, '12025550101')]).toEqual([[2, null], ['709J']]);
    }
  });

  test('whose rows come after its statement is taken when they are there', async () => {
    const offered = feed();
    offer(offered);
    const rows = join(place, 'offered', `${offered.sha256}.csv`);
    rmSync(rows);
    const feeds = open();
    expect(await judge(feeds)).toMatchObject({ inForce: null, isKnown: false, refused: expect.stringMatching(/^feed-rows-mismatch/) });
    writeFileSync(rows, offered.csv);
    expect(told(await judge(feeds))).toEqual([1, null]);
  });

  test('falls with its signer, and comes back with a new one', async () => {
    offer(feed());
    const feeds = open();
    await judge(feeds);
    const crl = issueCrl(root, [entry(parseCertificate(signer.der).serial)]);
    expect(told(await judge(feeds, [crl]))).toEqual([null, 'feed-untrusted']);
    offer(feed({ sequence: 2, signer: listSigner(root) }));
    expect(told(await judge(feeds, [crl]))).toEqual([2, null]);
  });

  test('does not speak for a longer code that another feed has', async () => {
    offer(feed({ rows: ['709J,12425550000,1,'] }));
    const far = join(place, 'offered', 'bahamas.jws');
    placeFeed(far, feed({ name: 'bahamas', rows: ['709J,12425550000,1,'] }));
    const standings = await open().judge([filesOf(), filesOf('bahamas', ['1242'], far)], material());
    expect(standings.map(told)).toEqual([
      [null, 'feed-out-of-scope'],
      [1, null],
    ]);
    const plan = planOf(OWN, standings);
    expect([plan.holderOf('12425550000', now).status, plan.holderOf('12025550000', now).status]).toEqual(['held', 'unusable']);
  });

  test('that had rows outside of its codes is taken once policy gives it the code', async () => {
    offer(feed({ rows: ['709J,4930123,1,'] }));
    const feeds = open();
    expect(told(await judge(feeds))).toEqual([null, 'feed-out-of-scope']);
    const [standing] = await feeds.judge([filesOf('national', ['1', '49'])], material());
    expect(standing?.inForce?.sequence).toBe(1);
  });

  test('whose codes were taken away counts no more for what it had', async () => {
    offer(feed());
    const feeds = open();
    await judge(feeds);
    const [standing] = await feeds.judge([filesOf('national', ['1303'])], material());
    expect(standing).toMatchObject({ inForce: null, isKnown: true, refused: expect.stringMatching(/^feed-out-of-scope/) });
  });

  test('large enough for a thread of its own is the same', async () => {
    const rows = Array.from({ length: 12_000 }, (_, i) => `709J,${12025560000 + i * 7},1,2026-01-01T00:00:00Z`);
    offer(feed({ rows: [...ROWS, ...rows] }));
    const standing = await judge(open());
    expect([told(standing), holders(standing, '12025560007', '12025560008')]).toEqual([
      [1, null],
      ['709J', 'nobody'],
    ]);
    offer(feed({ sequence: 2, rows: [...rows, 'x'] }));
    expect(told(await judge(open()))).toEqual([1, 'feed-rows-malformed']);
  });

  test.each(['record.json', 'rows'])('that is damaged in the data directory stops a start: %s', async (what) => {
    const offered = feed();
    offer(offered);
    await judge(open());
    writeFileSync(join(place, 'data', 'national', what === 'rows' ? `${offered.sha256}.csv` : what), 'x');
    await expect(judge(open())).rejects.toBeInstanceOf(ConfigurationProblems);
  });

  test('is the old or the new one, whichever write was the last', async () => {
    const [first, second] = [feed(), feed({ sequence: 2, base: 1, rows: ['303Z,12025550101,1,'] })];
    let wholes = 0;
    for (let fatal = 1; wholes === 0; fatal += 1) {
      place = join(directory, `fault-${fatal}`);
      offer(first);
      await judge(open());
      offer(second);
      let steps = 0;
      const dying = faultyFileSystem((step) => ((steps = step.number) >= fatal ? { error: diskError('EIO')(step), octets: 7 } : null));
      const standing = await judge(open(dying));
      expect([1, 2]).toContain(standing.inForce?.sequence);
      if (steps < fatal) wholes += 1;
      rmSync(FILE());
      const [sequence] = told(await judge(open()));
      expect([1, 2]).toContain(sequence);
      expect(sequence).toBeGreaterThanOrEqual(standing.inForce?.sequence ?? 3);
      offer(second);
      const after = await judge(open());
      expect([told(after), holders(after, '12025550100')]).toEqual([[2, null], ['505X']]);
    }
  });
});

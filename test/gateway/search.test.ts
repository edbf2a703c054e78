import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { subjectId } from '../../src/identifiers/index.js';
import { leafHash, parseLeaf, parseLeafFilter, type FilterTexts } from '../../src/log/index.js';
import type { EntrySearch } from '../../src/gateway/index.js';
import { BLOCK, SearchBlock, halvesOf } from '../../src/gateway/search-block.js';
import { searchEntries } from '../../src/gateway/search.js';
import { SearchFilling } from '../../src/gateway/search-filling.js';
import { SearchIndex, tagOf } from '../../src/gateway/search-index.js';
import { SearchNames } from '../../src/gateway/search-names.js';
import { ABOUT_NOBODY, rowOf } from '../../src/gateway/search-row.js';
import type { WalRecord } from '../../src/ports/index.js';
import { testEntry, testLeaf } from '../support/log-fixtures.js';
import {
  A,
  B,
  delegateFor,
  makePlace,
  openAt,
  registration,
  sharedNumber,
  withdrawal,
  type Opened,
  type Place,
} from '../support/open-gateway.js';
import { rejectionOf } from '../support/scripted-gateway.js';

const asked = (texts: FilterTexts, more: Partial<EntrySearch> = {}): EntrySearch => ({
  filter: parseLeafFilter(texts),
  sii: null,
  newestFirst: false,
  limit: 100,
  cursor: null,
  ...more,
});

describe('the search of a gateway', () => {
  let place: Place;
  let opened: Opened;

  beforeEach(async () => {
    place = await makePlace();
    opened = await openAt(place);
  });
  afterEach(async () => {
    await opened.close();
    await rm(dirname(place.dataDir), { recursive: true, force: true });
  });

  const submit = (passport: string, client = A) => opened.gateway.submit(passport, client);
  const found = async (texts: FilterTexts, more: Partial<EntrySearch> = {}): Promise<number[]> =>
    (await opened.gateway.search(asked(texts, more))).entries.map(({ index }) => index);
  const reopen = async (): Promise<void> => {
    await opened.close();
    opened = await openAt(place);
    await opened.gateway.searchable();
  };

  /** 0 and 1: registers of two numbers; 2: refused, presented by another AP; 3: withdrawn by connection; 4: a replay, refused. */
  const fill = async (): Promise<void> => {
    await opened.gateway.searchable();
    const [one, two] = [sharedNumber(1), sharedNumber(2)];
    const first = registration(place, one);
    await submit(first);
    place.clock.advance(1);
    await submit(registration(place, two));
    place.clock.advance(1);
    await submit(registration(place, one, { user: 'bob' }), B);
    place.clock.advance(1);
    await opened.gateway.withdraw({ sii: `tel:+${one}`, ssi: 'mimi://a.example/u/alice' }, A);
    place.clock.advance(1);
    await submit(first);
  };

  const check = async (): Promise<void> => {
    expect(await found({})).toEqual([0, 1, 2, 3, 4]);
    expect(await found({}, { newestFirst: true })).toEqual([4, 3, 2, 1, 0]);
    expect(await found({ verdict: 'accepted' })).toEqual([0, 1, 3]);
    expect(await found({ verdict: 'refused', provider: 'b.example' })).toEqual([2]);
    expect(await found({ action: 'withdraw-by-connection' })).toEqual([3]);
    expect(await found({ reason: 'jti-replay' })).toEqual([4]);
    expect(await found({ reason: 'cert-revoked' })).toEqual([]);
    expect(await found({ spc: '709J', verdict: 'accepted' })).toEqual([0, 1]);
    expect(await found({ spc: '505X' })).toEqual([]);
    expect(await found({}, { sii: `tel:+${sharedNumber(1)}` })).toEqual([0, 2, 3, 4]);
    expect(await found({ verdict: 'accepted' }, { sii: `tel:+${sharedNumber(2)}` })).toEqual([1]);
    expect(await found({}, { sii: 'tel:+12025550199' })).toEqual([]);
    const [, second] = (await opened.gateway.search(asked({}))).entries;
    const leaf = parseLeaf(second?.leaf ?? new Uint8Array());
    expect(Buffer.from(second?.leafHash ?? [])).toEqual(leafHash(second?.leaf ?? new Uint8Array()));
    expect(await found({ tok: leaf.tok ?? '' })).toEqual([1]);
    expect(await found({ since: new Date(leaf.t).toISOString(), until: new Date(leaf.t + 1).toISOString() })).toEqual([1]);
  };

  test('finds what fits, at once and after a restart', async () => {
    await fill();
    await check();
    await reopen();
    await check();
  });

  test('pages under one size, in both orders, each entry once', async () => {
    await fill();
    for (const newestFirst of [false, true]) {
      const pages: number[][] = [];
      let cursor: string | null = null;
      do {
        const page = await opened.gateway.search(asked({}, { newestFirst, limit: 2, cursor }));
        pages.push(page.entries.map(({ index }) => index));
        expect(page.size).toBe(5 + (newestFirst ? 1 : 0));
        cursor = page.cursor;
        // What comes meanwhile is not of these pages.
        if (pages.length === 1 && !newestFirst) await submit(registration(place, sharedNumber(3)));
      } while (cursor !== null);
      expect(pages).toEqual(
        newestFirst
          ? [
              [5, 4],
              [3, 2],
              [1, 0],
            ]
          : [[0, 1], [2, 3], [4]],
      );
    }
  });

  test('takes no cursor of another search', async () => {
    await fill();
    const { cursor } = await opened.gateway.search(asked({ verdict: 'accepted' }, { limit: 1 }));
    expect((await opened.gateway.search(asked({ verdict: 'accepted' }, { cursor }))).entries).toHaveLength(2);
    for (const other of [
      asked({ verdict: 'refused' }, { cursor }),
      asked({ verdict: 'accepted' }, { cursor, newestFirst: true }),
      asked({}, { cursor: 'AAAA' }),
    ])
      expect(await rejectionOf(opened.gateway.search(other))).toMatchObject({ reason: 'malformed-request' });
  });

  test('finds nothing about who was erased, refusals under the key of their day included, after a restart either', async () => {
    await fill();
    const operator = { domain: 'operator.example', kind: 'operator', class: null, spc: null } as const;
    await opened.gateway.erase({ sii: `tel:+${sharedNumber(1)}`, case: 'GDPR 17' }, operator);
    place.clock.advance(1);
    await submit(registration(place, sharedNumber(1), { user: 'bob' }), B);
    for (let starts = 0; starts < 3; starts += 1) {
      // 6 was refused after the erasure.
      expect(await found({}, { sii: `tel:+${sharedNumber(1)}` })).toEqual([6]);
      expect(await found({}, { sii: `tel:+${sharedNumber(2)}` })).toEqual([1]);
      expect(await found({})).toEqual([0, 1, 2, 3, 4, 5, 6]);
      await reopen();
    }
  });

  test('names the subjects of a withdrawal by PASSporT and forgets one that is to be erased', async () => {
    const credential = delegateFor(place, 'a.example', sharedNumber(1));
    await opened.gateway.searchable();
    await submit(registration(place, sharedNumber(1), { credential }));
    await submit(registration(place, sharedNumber(2)));
    place.clock.advance(1);
    await submit(withdrawal(place, sharedNumber(1), credential));
    expect(await found({}, { sii: `tel:+${sharedNumber(1)}` })).toEqual([0, 2]);
    await opened.gateway.forget(subjectId(opened.data.keys.pepper, `tel:+${sharedNumber(1)}`));
    expect(await found({}, { sii: `tel:+${sharedNumber(1)}` })).toEqual([]);
    expect(await found({}, { sii: `tel:+${sharedNumber(2)}` })).toEqual([1]);
    expect(await found({})).toEqual([0, 1, 2]);
  });
});

/** A log of so many entries, a new subject each, that is held in memory. */
const logOf = (count: number) => {
  const records = Array.from({ length: count }, (_, n): WalRecord => ({ leaf: testEntry(n), sealed: new Uint8Array(), keySlot: 0 }));
  let reads = 0;
  return {
    records,
    get reads() {
      return reads;
    },
    get size() {
      return records.length;
    },
    get: async (index: number) => records[index] as WalRecord,
    async *read(from: number) {
      for (let index = from; index < records.length; index += 1) {
        reads += 1;
        yield { index, record: records[index] as WalRecord };
      }
    },
  };
};

describe('the search index beside the log', () => {
  const blocks = new Map<number, Uint8Array>();
  const storage = {
    read: async (block: number) => blocks.get(block) ?? null,
    write: async (block: number, octets: Uint8Array) => void blocks.set(block, octets),
  };
  const vault = {
    newSlot: () => 0,
    flush: async () => undefined,
    seal: () => new Uint8Array(),
    open: () => null,
    erase: async () => undefined,
    close: async () => undefined,
  };
  const opened = async (wal: ReturnType<typeof logOf>) => {
    const followed: number[] = [];
    const filling = new SearchFilling({
      wal,
      storage,
      vault,
      pepper: Buffer.alloc(32),
      providerOfRecord: () => null,
      follow: (index) => void followed.push(index),
    });
    filling.begin();
    await filling.filled();
    return { filling, followed };
  };
  const walkAll = (index: SearchIndex, texts: FilterTexts) =>
    index.walk({ filter: parseLeafFilter(texts), subject: null }, { begin: 0, end: index.size, newestFirst: true, most: 5, budget: 1e9 });

  beforeEach(() => blocks.clear());

  test('is made of full blocks and of the records that no block covers', async () => {
    const wal = logOf(BLOCK + 10);
    const first = await opened(wal);
    await first.filling.stop();
    expect([...blocks.keys()]).toEqual([0]);
    expect(wal.reads).toBe(BLOCK + 10);
    const second = await opened(wal);
    expect(wal.reads).toBe(BLOCK + 20);
    expect(second.followed).toEqual(first.followed);
    expect((await walkAll(second.filling.whole(), {})).found).toEqual([...Array(5).keys()].map((i) => BLOCK + 9 - i));
    expect(second.filling.whole().row(3)).toEqual(first.filling.whole().row(3));
    await second.filling.stop();
  });

  test('lets others run while it reads the leaves of a page', async () => {
    const wal = logOf(1_000);
    const { filling } = await opened(wal);
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns += 1;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    const { entries } = await searchEntries({ wal, filling, pepper: Buffer.alloc(32) }, asked({}, { limit: 1_000 }));
    isOver = true;
    expect(entries.map(({ index }) => index)).toEqual([...Array(1_000).keys()]);
    expect(turns).toBeGreaterThan(10);
    await filling.stop();
  });

  test.each([
    ['damaged', (octets: Uint8Array) => octets.map((octet, at) => (at === 5000 ? octet ^ 1 : octet))],
    ['cut off', (octets: Uint8Array) => octets.subarray(0, octets.length - 1)],
    ['empty', () => new Uint8Array()],
  ])('makes a block again that is %s', async (_what, harm) => {
    const wal = logOf(BLOCK);
    await (await opened(wal)).filling.stop();
    const good = blocks.get(0) as Uint8Array;
    blocks.set(0, harm(good));
    const { filling } = await opened(wal);
    await filling.stop();
    expect(wal.reads).toBe(2 * BLOCK);
    expect(Buffer.from(blocks.get(0) as Uint8Array).equals(good)).toBe(true);
  });

  test("does not take another log's block", async () => {
    await (await opened(logOf(BLOCK))).filling.stop();
    const wal = logOf(BLOCK);
    wal.records[BLOCK - 1] = { leaf: testEntry(BLOCK + 7), sealed: new Uint8Array(), keySlot: 0 };
    const { filling } = await opened(wal);
    await filling.stop();
    expect(wal.reads).toBe(BLOCK);
  });

  test('forgets a subject on disk too, and refusals when their evidence is gone', async () => {
    const names = new SearchNames();
    const index = new SearchIndex();
    const ids = ['a'.repeat(16), 'b'.repeat(16)];
    for (let n = 0; n < BLOCK; n += 1)
      index.append(
        { ...rowOf(testEntry(n), ABOUT_NOBODY), kind: n % 2 === 0 ? 'accept' : 'reject', tags: ids.map(tagOf) },
        leafHash(testEntry(n)),
      );
    const about = async (subject: string, at = index) =>
      (await at.walk({ filter: {}, subject }, { begin: 0, end: BLOCK, newestFirst: false, most: BLOCK, budget: 1e9 })).found.length;
    expect([await about(ids[0] as string), await about(ids[1] as string)]).toEqual([BLOCK, BLOCK]);
    const { low, high } = { low: Buffer.from('bbbb').readUInt32LE(), high: Buffer.from('bbbb').readUInt32LE() };
    expect(await index.forget((_time, _kind, h, l) => h === high && l === low)).toEqual([0]);
    expect([await about(ids[0] as string), await about(ids[1] as string)]).toEqual([BLOCK, 0]);
    expect(await index.forget((time, kind) => kind === 'reject' && time < testLeaf(101).t)).toEqual([0]);
    expect(await about(ids[0] as string)).toBe(BLOCK - 50);
    const stored = new SearchIndex();
    stored.adopt(SearchBlock.decode(index.encode(0), stored.names) as SearchBlock);
    expect([await about(ids[0] as string, stored), await about(ids[1] as string, stored)]).toEqual([BLOCK - 50, 0]);
    expect(SearchBlock.decode(new Uint8Array(100), names)).toBeNull();
  });

  test('finds the subjects of great sweeps among others, before and after some are forgotten', () => {
    const names = new SearchNames();
    const block = new SearchBlock();
    const tagAt = (n: number): string => {
      const octets = Buffer.alloc(8);
      octets.writeUInt32LE(n * 7919, 0);
      octets.writeUInt32LE(n, 4);
      return octets.toString('latin1');
    };
    const rowWith = (tags: readonly string[]) => ({ ...rowOf(testEntry(1), ABOUT_NOBODY), tags });
    // Every third entry is a sweep over 400 subjects; subject 5 is in each of them, at the end.
    const subjectsAt = (at: number): number[] =>
      at % 3 === 0 ? [...Array.from({ length: 400 }, (_, i) => 1000 * (at + 1) + i), 5] : [at + 1];
    for (let at = 0; at < 200; at += 1) block.push(rowWith(subjectsAt(at).map(tagAt)), leafHash(testEntry(1)), names);
    const entriesAbout = (n: number): number[] =>
      Array.from({ length: 200 }, (_, at) => at).filter((at) => block.isAbout(at, ...halvesOf(tagAt(n))));
    const sweeps = Array.from({ length: 67 }, (_, i) => 3 * i);
    expect(entriesAbout(5)).toEqual([...sweeps, 4].toSorted((a, b) => a - b));
    expect([1_000, 1_399, 199_399, 199_400, 200].map(entriesAbout)).toEqual([[0], [0], [198], [], [199]]);
    const [goneHigh, goneLow] = halvesOf(tagAt(5));
    expect(block.forget((_at, high, low) => high === goneHigh && low === goneLow)).toBe(true);
    expect([entriesAbout(5), entriesAbout(1_399), entriesAbout(199_399)]).toEqual([[], [0], [198]]);
  });

  test('is not to be had while it is being made', async () => {
    const wal = logOf(300);
    const filling = new SearchFilling({
      wal,
      storage,
      vault,
      pepper: Buffer.alloc(32),
      providerOfRecord: () => null,
      follow: () => undefined,
    });
    filling.begin();
    expect(() => filling.whole()).toThrow(expect.objectContaining({ reason: 'search-unavailable' }));
    await filling.filled();
    expect(filling.whole().size).toBe(300);
  });
});

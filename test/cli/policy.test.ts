import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { NumberingFeeds } from '../../src/adapters/configuration/index.js';
import { makeDevPki } from '../../src/adapters/desk/index.js';
import { FileFeedArchive } from '../../src/adapters/files/index.js';
import { importNumbering } from '../../src/cli/policy-import.js';
import type { Material } from '../../src/verification/index.js';
import { diskError, faultyFileSystem } from '../support/faulty-file-system.js';
import { csvOf, makeFeed, placeFeed, type FeedPlan } from '../support/numbering-feeds.js';
import { parseCertificate } from '../../src/x509/index.js';
import { listAuthority } from '../support/list-authority.js';
import { pemOf } from '../support/trust-lists.js';
import { Verb } from '../support/verb.js';

const directory = mkdtempSync(join(tmpdir(), 'signpost-policy-'));
const made = makeDevPki({ out: join(directory, 'pki'), now: () => Date.now(), random: randomBytes });
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const DAY = 86_400;
const seconds = (): number => Math.floor(Date.now() / 1000);
const { root, signer } = listAuthority();
const feed = (changes: Partial<FeedPlan> = {}): ReturnType<typeof makeFeed> =>
  makeFeed({ signer, rows: ['709J,12025560000,1000,'], iat: seconds(), exp: seconds() + DAY, ...changes });

let count = 0;
interface Place {
  readonly pki: string;
  readonly data: string;
  readonly offered: string;
}
/** A PKI whose policies name a feed, an empty data directory, and a folder for what is to be imported. */
const placeOf = (codes = ['1']): Place => {
  count += 1;
  const [pki, data, offered] = ['pki', 'data', 'offered'].map((what) => join(directory, `${what}-${count}`)) as [string, string, string];
  cpSync(made.directory, pki, { recursive: true });
  for (const folder of [join(pki, 'feeds'), data, offered]) mkdirSync(folder);
  writeFileSync(join(pki, 'feeds/root.pem'), pemOf(root.der));
  const path = join(pki, 'policies/trust.yaml');
  const feeds = [{ name: 'national', file: 'feeds/national.jws', roots: ['feeds/root.pem'], codes }];
  writeFileSync(path, stringify({ ...(parse(readFileSync(path, 'utf8')) as object), numberingFeeds: feeds }));
  return { pki, data, offered };
};

const policy = async ({ pki, data }: Place, ...args: string[]): Promise<{ code: number | null; json: Record<string, unknown> }> => {
  const verb = new Verb('policy', ...args, '--data', data, '--pki', pki, '--json');
  const code = await verb.exit;
  return { code, json: JSON.parse(verb.out.join('') || '{}') as Record<string, unknown> };
};

/** What a gateway has in force of the feed; null: nothing. */
const inForce = async ({ pki, data }: Place): Promise<number | null> => {
  const file = join(pki, 'feeds/national.jws');
  const feeds = new NumberingFeeds({
    archive: new FileFeedArchive(join(data, 'numbering')),
    clock: { now: () => Date.now() },
    onEvent: () => undefined,
  });
  const octets = existsSync(file) ? readFileSync(file) : null;
  const given = {
    policy: { name: 'national', file, roots: [], codes: ['1'] },
    roots: [parseCertificate(root.der)],
    octets,
    folder: join(pki, 'feeds'),
  };
  const material = { anchors: [], crlAnchors: [], crls: [], crlSigners: [] } as unknown as Material;
  const [standing] = await feeds.judge([given], material);
  return standing?.inForce?.sequence ?? null;
};

const offer = (place: Place, offered: ReturnType<typeof makeFeed>): string => {
  const file = join(place.offered, 'national.jws');
  placeFeed(file, offered);
  return file;
};

describe('policy numbering import', () => {
  test('puts a feed in its place, where a gateway takes it up, and then changes of it', async () => {
    const place = placeOf();
    const first = await policy(place, 'numbering', 'import', offer(place, feed()));
    expect([first.code, first.json, await inForce(place)]).toEqual([0, expect.objectContaining({ ok: true, rows: 1, sequence: 1 }), 1]);
    const delta = offer(place, feed({ sequence: 2, base: 1, rows: ['505X,12025560100,10,2026-01-01T00:00:00Z'] }));
    const dry = await importNumbering([delta], { ...place, dryRun: true });
    expect(dry).toMatchObject({
      code: 0,
      json: {
        ok: true,
        dryRun: true,
        changes: [
          { spc: '505X', gained: 10, lost: 0 },
          { spc: '709J', gained: 0, lost: 10 },
        ],
      },
    });
    expect(await inForce(place)).toBe(1);
    expect([(await importNumbering([delta], place)).code, await inForce(place)]).toEqual([0, 2]);
    const { code, json } = await policy(place, 'numbering', 'show', '+12025560100');
    expect([code, json]).toEqual([0, expect.objectContaining({ spc: '505X', since: Date.UTC(2026, 0, 1) })]);
  });

  test.each<[string, Partial<FeedPlan>, string]>([
    ['that is older', { sequence: 0 }, 'feed-rolled-back'],
    ['that has run out', { sequence: 2, exp: 1 }, 'feed-expired'],
    ['of another country', { sequence: 2, rows: ['709J,4930123,1,'] }, 'feed-out-of-scope'],
    ['whose rows are none', { sequence: 2, rows: ['709J'] }, 'feed-rows-malformed'],
    ['whose count is wrong', { sequence: 2, payload: { rows: 9 } }, 'feed-rows-mismatch'],
    ['that builds on what is not in force', { sequence: 9, base: 8 }, 'feed-base-missing'],
    ['of another', { sequence: 2, name: 'other' }, 'feed-malformed'],
  ])('refuses a feed %s, and leaves everything as it was: %s %s', async (_, changes, reason) => {
    const place = placeOf();
    await importNumbering([offer(place, feed())], place);
    await inForce(place);
    const { code, json } = await importNumbering([offer(place, feed(changes))], place);
    expect([code, json, await inForce(place)]).toEqual([1, expect.objectContaining({ ok: false, reason }), 1]);
    expect(readdirSync(place.pki, { recursive: true }).filter((name) => String(name).endsWith('.import'))).toEqual([]);
  });

  test('shows a number of a feed that never was in force as the gateway takes it: of nobody that can be believed', async () => {
    const place = placeOf();
    const { code, json } = await policy(place, 'numbering', 'show', '+12025550100');
    expect([code, json]).toEqual([1, expect.objectContaining({ status: 'unusable' })]);
    await importNumbering([offer(place, feed())], place);
    await inForce(place);
    expect((await policy(place, 'numbering', 'show', '+12025550100')).json).not.toMatchObject({ status: 'unusable' });
  });

  test('puts a CSV in the place of numbering.csv, or names its lines', async () => {
    const place = placeOf();
    const target = join(place.pki, 'policies/numbering.csv');
    const before = readFileSync(target, 'utf8');
    const csv = join(place.offered, 'rows.csv');
    writeFileSync(csv, csvOf(['709J,12025550000,10000,', 'x']));
    expect(await importNumbering([csv], place)).toMatchObject({
      code: 1,
      json: { ok: false, reason: 'feed-rows-malformed', detail: expect.stringMatching(/line 3/) },
    });
    expect(readFileSync(target, 'utf8')).toBe(before);
    writeFileSync(csv, csvOf(['709J,12025550000,10000,']));
    expect(await importNumbering([csv], { ...place, dryRun: true })).toMatchObject({
      code: 0,
      json: { ok: true, dryRun: true, changes: [{ spc: '505X', gained: 0, lost: 10_000 }] },
    });
    expect((await importNumbering([csv], place)).code).toBe(0);
    expect(readFileSync(target, 'utf8')).toBe(csvOf(['709J,12025550000,10000,']));
  });

  test('draws a bar on a terminal', async () => {
    const place = placeOf();
    const drawn: string[] = [];
    const csv = join(place.offered, 'rows.csv');
    writeFileSync(csv, csvOf(['709J,12025550000,10000,']));
    await importNumbering([csv], place, undefined, { isTTY: true, write: (text) => drawn.push(text) });
    expect(drawn.join('')).toMatch(/#{30}/);
  });

  test('cannot be run without files that fit', async () => {
    const place = placeOf();
    for (const args of [['a.csv', 'b.csv'], ['nowhere.csv'], [offer(place, feed()), '--feed', 'other']])
      expect((await policy(place, 'numbering', 'import', ...args)).code).toBe(2);
  });

  test('leaves the old or the new one, whichever write was the last', async () => {
    let wholes = 0;
    for (let fatal = 1; wholes === 0; fatal += 1) {
      const place = placeOf();
      await importNumbering([offer(place, feed())], place);
      const next = offer(place, feed({ sequence: 2, rows: ['505X,12025560000,1000,'] }));
      const csv = join(place.offered, 'own.csv');
      writeFileSync(csv, csvOf(['709J,12025550000,10000,']));
      const target = join(place.pki, 'policies/numbering.csv');
      const before = readFileSync(target, 'utf8');
      let steps = 0;
      const dying = (): ReturnType<typeof faultyFileSystem> => {
        steps = 0;
        return faultyFileSystem((step) => ((steps = step.number) >= fatal ? { error: diskError('EIO')(step), octets: 7 } : null));
      };
      await importNumbering([csv], place, dying()).catch(() => undefined);
      expect([before, readFileSync(csv, 'utf8')]).toContain(readFileSync(target, 'utf8'));
      await importNumbering([next], place, dying()).catch(() => undefined);
      if (steps < fatal) wholes += 1;
      expect([1, 2]).toContain(await inForce(place));
      await importNumbering([next], place);
      expect(await inForce(place)).toBe(2);
    }
  });
});

describe('policy check and diff', () => {
  test('check says what a start would', async () => {
    const place = placeOf();
    expect(await policy(place, 'check')).toEqual({ code: 0, json: { ok: true, versions: expect.anything() } });
    writeFileSync(join(place.pki, 'policies/numbering.csv'), 'x');
    writeFileSync(join(place.pki, 'policies/gateway.yaml'), 'audience: X');
    const { code, json } = await policy(place, 'check');
    expect([code, json['problems']]).toEqual([
      1,
      expect.arrayContaining([expect.stringMatching(/numbering.csv: line 1/), expect.stringMatching(/gateway.yaml: origin/)]),
    ]);
  });

  test('diff names members, lines and numbers that differ', async () => {
    const place = placeOf();
    const [a, b] = [join(made.directory, 'policies'), join(place.pki, 'policies')];
    writeFileSync(join(b, 'numbering.csv'), csvOf(['709J,12025550000,10000,', '505X,13035550000,9999,']));
    writeFileSync(join(b, 'authorization.cedar'), `${readFileSync(join(a, 'authorization.cedar'), 'utf8')}// more\n`);
    const same = new Verb('policy', 'diff', a, a);
    expect([await same.exit, same.out]).toEqual([0, ['the same']]);
    const verb = new Verb('policy', 'diff', a, b, '--json');
    const code = await verb.exit;
    const found = JSON.parse(verb.out.join('')) as { differences: { where: string }[]; numbering: unknown };
    expect([code, found.differences.map(({ where }) => where), found.numbering]).toEqual([
      1,
      ['trust.numberingFeeds.0', 'authorization.cedar'],
      { rows: [2, 2], changes: [{ spc: '505X', gained: 0, lost: 1 }] },
    ]);
    const none = new Verb('policy', 'diff', a, join(directory, 'nowhere'));
    expect(await none.exit).toBe(2);
  });
});

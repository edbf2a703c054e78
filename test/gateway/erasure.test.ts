import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { RedisMappingStore } from '../../src/adapters/redis/index.js';
import type { Submission } from '../../src/gateway/index.js';
import { subjectId } from '../../src/identifiers/index.js';
import { commitCase, parseLeaf } from '../../src/log/index.js';
import { unpackSubject } from '../../src/registry/index.js';
import {
  A,
  AUDITOR,
  B,
  NP1,
  delegateFor,
  makePlace,
  registration,
  release,
  sharedNumber,
  withdrawal,
  type OpenOptions,
  type Place,
} from '../support/open-gateway.js';
import { reasonOfPromise } from '../support/reasons.js';
import { RedisServer, hasRedis } from '../support/redis-server.js';
import { SweptGateway } from '../support/swept-gateway.js';

const OPERATOR = { domain: 'operator.example', kind: 'operator', class: null, spc: null } as const;
const CASE = 'GDPR 2026/17';

const [tn, other] = [1, 2].map(sharedNumber) as [string, string];
const sii = `tel:+${tn}`;

let base: Place;
let place: Place;
let swept: SweptGateway;
let server: RedisServer | null = null;
let epoch = 0;

beforeAll(async () => {
  base = await makePlace();
});

const options = async (): Promise<OpenOptions> =>
  server === null
    ? {}
    : { store: await RedisMappingStore.open({ url: server.url, deadline: 20_000 }), storeIsVolatile: false, epoch: (epoch += 1) };

const reasonOf = (submission: Submission): string => (submission.outcome === 'accepted' ? 'accepted' : submission.reason);
const judge = async (passport: string, client = A): Promise<string> => reasonOf(await swept.submit(passport, client));
const advance = (seconds = 1): void => place.clock.advance(seconds);
const erase = (caseId = CASE) => swept.gateway.erase({ sii, case: caseId }, OPERATOR);

const subjectOf = async (number: string) => {
  const packed = (await swept.packed()).get(subjectId(swept.opened.data.keys.pepper, `tel:+${number}`));
  return packed === undefined ? null : unpackSubject(Buffer.from(packed, 'hex'));
};

/** Every file below a directory. */
const filesOf = async (directory: string): Promise<Buffer[]> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return Promise.all(entries.filter((entry) => entry.isFile()).map((entry) => readFile(join(entry.parentPath, entry.name))));
};

const suites: readonly (readonly [string, boolean])[] = [
  ['in memory', true],
  ['in Redis', false],
];

describe.each(suites)('a subject that is forgotten, with subjects %s', (_, isVolatile) => {
  (isVolatile || hasRedis ? describe : describe.skip)('through the gateway', () => {
    beforeEach(async () => {
      server = isVolatile ? null : await RedisServer.start();
      place = { ...base, dataDir: join(await mkdtemp(join(tmpdir(), 'signpost-erased-')), 'data') };
      swept = await SweptGateway.open(place, await options());
      advance();
    });

    afterEach(async () => {
      await swept.close();
      await server?.stop();
      server = null;
      await rm(join(place.dataDir, '..'), { recursive: true, force: true });
    });

    test('no longer resolves, and its leaf says under which case, to who has its opening, and nothing else', async () => {
      await swept.register(tn);
      await swept.register(other);
      const { erased, logIndex, receipt } = await erase();
      expect([erased, await swept.resolved(tn), await swept.resolved(other)]).toEqual([true, [], ['a.example']]);
      const { leaf, leafHash } = await swept.gateway.entry(logIndex ?? -1);
      const fields = parseLeaf(leaf);
      expect(fields).toMatchObject({ k: 'erase', ap: OPERATOR.domain, act: null, np: null, tok: null, sii: null, map: null, why: 'OK' });
      expect(receipt).toContain(Buffer.from(leafHash).toString('base64'));
      const opened = await swept.gateway.open(logIndex ?? -1, 'check', OPERATOR);
      expect(opened).toMatchObject({ kind: 'erase', case: CASE });
      expect(fields.erased?.case).toBe(commitCase(Buffer.from(opened.opening, 'base64url'), CASE));
      await swept.expectWhole();
    });

    test('is told to those who hold an answer', async () => {
      await swept.register(tn);
      await swept.resolved(tn);
      const reader = swept.gateway.changes(B, null, () => undefined);
      reader.take(10);
      await erase();
      expect(reader.take(10)).toMatchObject([{ sii }]);
      reader.close();
    });

    test('leaves no key, no mapping, no provider, and the fence; a restart from the log alone, from a snapshot and with the store as it is agree', async () => {
      await swept.register(tn);
      expect(await judge(release(place, tn), NP1)).toBe('accepted');
      advance();
      await swept.register(tn);
      const before = await subjectOf(tn);
      await swept.gateway.snapshot();
      await erase();
      const residue = await subjectOf(tn);
      expect(before).toMatchObject({ mappings: [{ provider: 'a.example' }] });
      expect(residue).toEqual({
        ...before,
        keySlot: 0,
        mappings: [],
        order: [{ provider: '*', iat: place.clock.seconds, jti: '' }],
        leafIndex: residue?.leafIndex,
      });
      expect(residue?.fence).toBeGreaterThan(0);
      const told = await swept.packed();
      await swept.expectWhole();
      await swept.restart(await options());
      expect(await swept.packed()).toEqual(told);
      await rm(join(place.dataDir, 'snapshot'), { recursive: true });
      await swept.close();
      await server?.kill();
      await server?.restart();
      swept = await SweptGateway.open(place, await options());
      expect(await swept.packed()).toEqual(told);
      await swept.expectWhole();
    });

    test('does not come back with what was signed before, presented or not, and does with what is signed after, under a new key', async () => {
      const old = delegateFor(place, 'a.example', tn);
      await swept.register(tn, old);
      advance();
      const spent = registration(place, tn, { credential: old });
      expect(await judge(spent)).toBe('accepted');
      const unspent = registration(place, tn, { credential: old, user: 'alice2' });
      const elsewhere = registration(place, tn, { provider: 'b.example' });
      const { keySlot } = (await subjectOf(tn)) ?? { keySlot: 0 };
      await erase();
      expect(await judge(spent)).toBe('jti-replay');
      expect([await judge(unspent), await judge(elsewhere, B)]).toEqual(['superseded', 'superseded']);
      await rm(join(place.dataDir, 'snapshot'), { recursive: true });
      await swept.restart(await options());
      // The replay memory of what was erased is gone with it: the mark over everything refuses in its place.
      expect([await judge(spent), await judge(unspent), await judge(elsewhere, B)]).toEqual(['superseded', 'superseded', 'superseded']);
      expect(await swept.resolved(tn)).toEqual([]);
      advance();
      expect(await judge(registration(place, tn, { credential: old }))).toBe('accepted');
      expect(await swept.resolved(tn)).toEqual(['a.example']);
      const after = await subjectOf(tn);
      expect(after?.keySlot).toBeGreaterThan(keySlot);
      await swept.expectWhole();
      await swept.restart(await options());
      await swept.expectWhole();
    });

    test('keeps a credential of before its release from coming back, through the erasure', async () => {
      const old = delegateFor(place, 'a.example', tn);
      await swept.register(tn, old);
      expect(await judge(release(place, tn), NP1)).toBe('accepted');
      await erase();
      advance(5);
      expect(await judge(registration(place, tn, { credential: old }))).toBe('credential-predates-assignment');
      const fresh = delegateFor(place, 'a.example', tn);
      expect(await judge(registration(place, tn, { credential: fresh }))).toBe('accepted');
    });

    test('is forgotten once: again, and when nothing was held, there is the same answer and no leaf', async () => {
      const nothing = await erase();
      expect([nothing, swept.gateway.logSize]).toEqual([{ erased: false, logIndex: null, receipt: null }, 0]);
      await swept.register(tn);
      const first = await erase();
      const size = swept.gateway.logSize;
      expect(await erase('another case')).toEqual({ ...first, erased: false });
      expect(swept.gateway.logSize).toBe(size);
      advance();
      await swept.register(tn);
      const second = await erase();
      expect([second.erased, second.logIndex]).toEqual([true, size + 1]);
      expect(await reasonOfPromise(() => erase(''))).toBe('case-id');
      expect(await reasonOfPromise(() => erase('naïve'))).toBe('case-id');
      expect(swept.gateway.logSize).toBe(size + 2);
    });

    test('leaves nothing personal in any file or in Redis, but of refusals, and the log published before and after verifies', async () => {
      const passports: string[] = [];
      const credential = delegateFor(place, 'a.example', tn);
      const submit = async (passport: string): Promise<void> => {
        advance();
        passports.push(passport);
        expect(await judge(passport)).toBe('accepted');
      };
      await submit(registration(place, tn, { user: 'forgetme.too', credential }));
      advance();
      await submit(withdrawal(place, tn, credential, 'forgetme.too'));
      advance();
      await submit(registration(place, tn, { user: 'forgetme', credential }));
      await swept.gateway.snapshot();
      await swept.register(other);
      await swept.gateway.snapshot();
      await swept.opened.publisher.publish();
      const [print = Buffer.alloc(0)] = credential.path.map((der) => createHash('sha256').update(der).digest());
      const texts = [tn, sii, 'forgetme', ...passports, ...passports.flatMap((one) => one.split('.'))];
      const secrets = [...texts, ...texts.map((text) => Buffer.from(text).toString('base64'))].map((text) => Buffer.from(text));
      /** In how many files and stored subjects something of it is. */
      const held = async (): Promise<number> => {
        const stored = [...(await swept.packed()).values()].map((hex) => Buffer.from(hex, 'hex'));
        return [...(await filesOf(place.dataDir)), ...stored].filter((octets) =>
          [...secrets, print].some((secret) => octets.includes(secret)),
        ).length;
      };
      // As the subject is stored, and in both snapshots where they hold subjects: it is looked for in the right places.
      expect(await held()).toBe(isVolatile ? 3 : 1);
      await erase();
      expect(await held()).toBe(0);
      // Its entries cannot be opened any more, and the other subject's can.
      const reasons: (string | null)[] = [];
      for (let index = 0; index < 4; index += 1) reasons.push(await reasonOfPromise(() => swept.gateway.open(index, 'why', AUDITOR)));
      expect(reasons).toEqual(['entry-erased', 'entry-erased', 'entry-erased', null]);
      await swept.expectWhole();
      await swept.restart(await options());
      await swept.expectWhole();
      expect(await held()).toBe(0);
    });
  });
});

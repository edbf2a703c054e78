import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { BindingKeyFile, DelegationFiles, JournalFile, type JournalFiles } from '../../src/adapters/acme/index.js';
import { nodeFileSystem } from '../../src/adapters/files/index.js';
import { randomBytes } from 'node:crypto';
import { Unavailable } from '../../src/reasons/index.js';
import { Key, bodyOf, reasonIn, type AcmeCaller } from '../support/acme-client.js';
import { AcmePlace, VALUE } from '../support/acme-place.js';
import { DyingFileSystem, type Death } from '../support/dying-file-system.js';
import { reasonOfPromise } from '../support/reasons.js';

const folder = mkdtempSync(join(tmpdir(), 'acme-journal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const fresh = (): string => join(folder, `journal-${(count += 1)}.jsonl`);

const opened: JournalFile[] = [];
const open = async (path: string, files: JournalFiles): Promise<JournalFile> => {
  const journal = await JournalFile.open(path, files);
  opened.push(journal);
  return journal;
};
afterEach(async () => {
  for (const journal of opened.splice(0)) await journal.close();
});

const DEATHS: readonly Death[] = ['before', 'half', 'after'];
const ENTRIES = [{ event: 'one', text: 'é' }, { event: 'two' }, { event: 'three' }];

describe('the journal of an ACME server', () => {
  test('holds after a death at any write what was answered, and at most the one entry besides that was being written', async () => {
    const live = new DyingFileSystem(0, 'before', 'freeze');
    const whole = await open(fresh(), live);
    for (const entry of ENTRIES) await whole.append(entry);
    expect(live.calls).toBe(2 + 2 * ENTRIES.length);
    for (let fatal = 1; fatal <= live.calls; fatal += 1) {
      for (const death of DEATHS) {
        const path = fresh();
        const files = new DyingFileSystem(fatal, death, 'freeze');
        let answered = 0;
        const working = async (): Promise<void> => {
          const journal = await open(path, files);
          for (const entry of ENTRIES) {
            await journal.append(entry);
            answered += 1;
          }
        };
        await Promise.race([working(), files.dead]);
        await files.bury();
        const again = await open(path, nodeFileSystem);
        const kept = await again.read();
        expect(kept).toEqual(ENTRIES.slice(0, kept.length));
        expect(kept.length - answered).toBeGreaterThanOrEqual(0);
        expect(kept.length - answered).toBeLessThanOrEqual(1);
        // What comes next stands after what is kept, not after what was torn.
        await again.append({ event: 'next' });
        await again.close();
        expect(await (await open(path, nodeFileSystem)).read()).toEqual([...kept, { event: 'next' }]);
      }
    }
  });

  test('drops a last line that was cut short, and stops at any other that is broken', async () => {
    const path = fresh();
    writeFileSync(path, '{"event":"one"}\n{"event":"tw');
    expect(await (await open(path, nodeFileSystem)).read()).toEqual([{ event: 'one' }]);
    expect(readFileSync(path, 'utf8')).toBe('{"event":"one"}\n');
    appendFileSync(path, 'broken\n{"event":"three"}\n');
    await expect(open(path, nodeFileSystem)).rejects.toBeInstanceOf(Error);
  });

  test('takes nothing more once a write failed', async () => {
    let works = true;
    const files: JournalFiles = {
      ...nodeFileSystem,
      open: async (path, how) => {
        const file = await nodeFileSystem.open(path, how);
        return {
          write: (octets, position) => (works ? file.write(octets, position) : Promise.reject(new Error('no room'))),
          datasync: () => file.datasync(),
          truncate: (length) => file.truncate(length),
          close: () => file.close(),
        };
      },
    };
    const journal = await open(fresh(), files);
    await journal.append({ event: 'one' });
    works = false;
    expect(await reasonOfPromise(() => journal.append({ event: 'two' }))).toBe('log-unavailable');
    works = true;
    expect(await reasonOfPromise(() => journal.append({ event: 'three' }))).toBe('log-unavailable');
  });
});

describe('an ACME server that dies at any write', () => {
  let csr: string;
  let key: Key;
  beforeAll(async () => {
    csr = await new AcmePlace().csr();
    key = await Key.make();
  });

  /** From nothing to a certificate; what is there already is found again. */
  const enrol = async (place: AcmePlace, caller: AcmeCaller, printed: { kid: string; key: string }): Promise<string> => {
    caller.nonce = null;
    caller.kid = null;
    const account = await caller.post(caller.url('newAccount'), { externalAccountBinding: await caller.binding(printed) });
    caller.kid = account.headers.get('location') ?? null;
    const { order } = await place.ready(caller);
    return String(bodyOf(await caller.post(String(order['finalize']), { csr }))['status']);
  };

  const place = new AcmePlace();
  const begin = async (files: JournalFiles, path: string): Promise<AcmeCaller> => {
    await place.open({}, await open(path, files));
    const caller = await place.caller();
    caller.key = key;
    return caller;
  };

  test('goes on from what it had answered', async () => {
    const live = new DyingFileSystem(0, 'before', 'freeze');
    expect(await enrol(place, await begin(live, fresh()), place.print('a.example'))).toBe('valid');
    // The file and its folder; account, order, authorization, certificate.
    expect(live.calls).toBe(2 + 2 * 4);
    for (let fatal = 1; fatal <= live.calls; fatal += 1) {
      for (const death of DEATHS) {
        const path = fresh();
        const printed = place.print('a.example');
        const files = new DyingFileSystem(fatal, death, 'freeze');
        const working = async (): Promise<void> => {
          await enrol(place, await begin(files, path), printed);
        };
        await Promise.race([working(), files.dead]);
        await files.bury();
        const caller = await begin(nodeFileSystem, path);
        expect(await enrol(place, caller, printed)).toBe('valid');
        const { orders } = await caller.read(`${caller.kid}/orders`);
        for (const url of orders as string[]) expect(['pending', 'ready', 'valid']).toContain((await caller.read(url))['status']);
      }
    }
  });

  test('says that it cannot go on once its journal failed, and tells nobody yes', async () => {
    let works = true;
    const memory: object[] = [];
    const journal = {
      append: (entry: object) => (works ? Promise.resolve(void memory.push(entry)) : Promise.reject(new Unavailable('log-unavailable'))),
      read: () => Promise.resolve([]),
      close: () => Promise.resolve(),
    };
    const failing = await new AcmePlace().open({}, journal);
    const caller = await failing.enrolled();
    expect([memory.length, failing.server.problems]).toEqual([1, []]);
    works = false;
    const refused = await failing.order(caller);
    expect([refused.status, reasonIn(refused), refused.headers.has('retry-after')]).toEqual([503, 'log-unavailable', true]);
    expect(failing.server.problems).toHaveLength(1);
    expect(await caller.read(`${caller.kid}/orders`)).toEqual({ orders: [] });
  });

  test('knows after a restart which tokens were used', async () => {
    const path = fresh();
    const printed = place.print('a.example');
    const caller = await begin(nodeFileSystem, path);
    await caller.enrol(printed);
    const { kid } = caller;
    const tkauth = await place.token(caller.key);
    const answer = async (by: AcmeCaller): Promise<unknown> => {
      const url = await place.challengeOf(by, bodyOf(await place.order(by)));
      return bodyOf(await by.post(url, { tkauth }))['status'];
    };
    expect(await answer(caller)).toBe('valid');
    const again = await begin(nodeFileSystem, path);
    again.kid = kid;
    expect(await answer(again)).toBe('invalid');
  });
});

describe('what the operator writes', () => {
  test('binding keys: each for one AP, taken back with its line', async () => {
    const path = fresh();
    const keys = new BindingKeyFile(path);
    expect(await keys.find('none')).toBeNull();
    const [a, b] = [keys.add('a.example', randomBytes, 0), keys.add('b.example', randomBytes, 0)];
    expect((await keys.find(a.kid))?.domain).toBe('a.example');
    expect(Buffer.from((await keys.find(b.kid))?.key ?? []).toString('base64url')).toBe(b.key);
    writeFileSync(path, readFileSync(path, 'utf8').split('\n').slice(1).join('\n'));
    expect(await keys.find(a.kid)).toBeNull();
    expect((await keys.find(b.kid))?.domain).toBe('b.example');
    writeFileSync(path, '{}\n');
    await expect(keys.find(b.kid)).rejects.toBeInstanceOf(Error);
  });

  test('delegations: each a file, and a broken one takes none of the others back', async () => {
    const directory = mkdtempSync(join(folder, 'delegations-'));
    const delegations = new DelegationFiles(directory);
    expect(await delegations.of('a.example')).toEqual([]);
    expect(await new DelegationFiles(join(directory, 'none')).of('a.example')).toEqual([]);
    const keyTypes = [{ PublicKeyType: 'id-ecPublicKey', namedCurve: 'secp256r1', SignatureType: 'ecdsa-with-SHA256' }];
    const template = { keyTypes, extensions: { TNAuthList: VALUE } };
    const write = (name: string, value: unknown): void => writeFileSync(join(directory, name), JSON.stringify(value));
    write('one.json', { for: 'a.example', 'csr-template': template });
    write('two.json', { for: 'b.example', 'csr-template': template });
    write('notes.txt', 'of no interest');
    expect((await delegations.of('a.example')).map(({ id }) => id)).toEqual(['one']);
    write('two.json', { for: 'b.example', 'csr-template': {} });
    expect(await reasonOfPromise(() => delegations.of('a.example'))).toBe('not-ready');
  });
});
